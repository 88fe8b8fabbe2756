/* The playground: one state, in the address; α moves the pictures, all else redraws them. */

import { percent } from "./bars.ts";
import { readRecord } from "./instance.ts";
import { READS, whatIs } from "./files.ts";
import { RealModel } from "./model.ts";
import { Panel } from "./panel.ts";
import { readRecording, type Recording } from "./recording.ts";
import { sceneOf, type Scene } from "./scene.ts";
import { Stage } from "./stage.ts";
import { DEFAULTS, fromHash, toHash, type State } from "./state.ts";
import { PRICED, SEEN_IN, STEPS } from "./tour.ts";
import smollm2 from "./smollm2.json";

const find = <T extends HTMLElement = HTMLElement>(selector: string) => document.querySelector<T>(selector)!;
const [slider, output, sweep, zero] = [find<HTMLInputElement>("#alpha"), find("#alpha-value"), find("#sweep"), find("#zero")];
const [pictures, chips, stack, status] = [find(".pictures"), find(".chips"), find("#masses .stack"), find(".status")];
const [fill, tick, cost] = [find("#gauge .fill"), find("#gauge .budget"), find("#gauge .number")];
const still = matchMedia("(prefers-reduced-motion: reduce)");

let state: State = first();
let scene: Scene = sceneOf(state);
const stage = new Stage((alpha) => change({ alpha }));
const real = new RealModel(smollm2 as Recording, (alpha) => change({ alpha: alpha / unit() }));
const panel = new Panel(find("#panel"), {
  scene: () => scene,
  state: () => state,
  recording: () => real.recording,
  ours: smollm2 as Recording,
  change: (changes) => change(changes),
  best: () => (state.mode === "model" ? real.best(state.budget) : scene.best),
  unit,
  go: (step) => enter({ ...STEPS[step - 1].preset, step }),
  playFreely: () => enter({ ...afterTour(), mode: "play" }),
  open,
  say,
});

/** The state of the address; the first step of the tour if it asks for nothing. */
function first(): State {
  const { state: asked, line } = fromHash(location.hash);
  say(line);
  try {
    sceneOf(asked);
    return asked;
  } catch (error) {
    say(`The address asks for what is no instance: ${error instanceof Error ? error.message : error}`);
    return { ...asked, own: "", sets: "contrastive" };
  }
}

/** What the tour set for its own ends is unset when it is left: a broken hypothesis, and a budget that is well seen. */
function afterTour(): Partial<State> {
  return state.mode === "tour" ? { broken: DEFAULTS.broken, budget: DEFAULTS.budget } : {};
}

/** The real model's strength where the toy's is 1: both run through their ranges, or the same part of them. */
function unit(): number {
  return real.reach / Math.max(2, state.reach);
}

function say(words: string): void {
  if (status.textContent !== words) status.textContent = words;
}

let waiting = 0;
let isStale = { data: true, layout: true };
let isEntering = false;

/** Change to another step or mode, and bring its words into sight. */
function enter(changes: Partial<State>): void {
  isEntering = true;
  change(changes);
}

/** Change the state; the next frame shows it. */
function change(changes: Partial<State>): void {
  const next = { ...state, ...changes };
  if (changes.concepts && state.sets === "picked") Object.assign(next, { positive: [0, 1], negative: [2, 3] });
  next.alpha = Math.min(Math.max(next.alpha, -next.reach), next.reach);
  const keys = Object.keys(changes) as (keyof State)[];
  const moved = keys.filter((key) => next[key] !== state[key]);
  if (moved.length) say("");
  if (moved.some((key) => key !== "alpha")) {
    try {
      scene = sceneOf(next);
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
      return panel.sync(state);
    }
    isStale.data = true;
  }
  if (moved.includes("mode") || moved.includes("step")) isStale.layout = true;
  state = next;
  if (state.mode === "tour" && moved.includes("broken")) pick(SEEN_IN[state.broken] ?? STEPS[state.step - 1].pictures[0]);
  waiting ||= requestAnimationFrame(show);
}

function show(): void {
  waiting = 0;
  if (isStale.layout) layOut();
  if (isStale.data) {
    slider.min = String(-state.reach);
    slider.max = String(state.reach);
    stage.draw(scene, state);
    if (state.mode === "model") real.draw(state.prompt, state.reach * unit(), state.budget);
    drawMeters();
    panel.sync(state);
    panel.judge(scene);
  }
  isStale = { data: false, layout: false };
  moveTo(state.alpha);
  if (isEntering) panel.enter();
  isEntering = false;
  remember();
}

const CHIPS: { [id: string]: string } = {
  tokens: "words", bars: "next word", concepts: "concepts", price: "price", windows: "sweet spots", "real-tokens": "words", "real-mass": "joy", "real-price": "price",
}; // prettier-ignore

/** Which pictures are there, in which order; on a narrow screen the chips pick one. */
function layOut(): void {
  const { mode, step } = state;
  const every = { ...stage.pictures, "real-tokens": real.tokens.root, "real-mass": real.mass.root, "real-price": real.price.root };
  const order =
    mode === "tour" ? STEPS[step - 1].pictures : mode === "play" ? ["tokens", "bars", "concepts", "price", "windows"] : ["real-tokens", "real-mass", "real-price", "tokens", "concepts", "price"];
  pictures.dataset.layout = mode === "tour" ? `tour${order.length}` : mode;
  pictures.replaceChildren(...order.map((id) => every[id as keyof typeof every]));
  chips.replaceChildren(
    ...order.map((id) => {
      const chip = document.createElement("button");
      chip.type = "button";
      chip.textContent = mode === "model" && id in stage.pictures ? `toy: ${CHIPS[id]}` : CHIPS[id];
      chip.addEventListener("click", () => pick(id));
      chip.dataset.for = id;
      return chip;
    }),
  );
  pick(order[0]);
  find("#alpha-name").textContent = mode === "model" ? "hidden-state lengths" : "steering strength";
  find("#gauge .name").textContent = mode === "model" && !real.recording.cost ? "KL" : "price";
  for (const tab of document.querySelectorAll<HTMLElement>("[role=tab]")) {
    const isOn = tab.dataset.mode === mode;
    tab.setAttribute("aria-selected", String(isOn));
    tab.tabIndex = isOn ? 0 : -1;
  }
  document.body.dataset.mode = mode;
  document.body.dataset.used = "stage";
  document.body.classList.toggle("unpriced", isUnpriced());
  panel.sync(state);
}

function pick(id: string): void {
  for (const picture of pictures.children) picture.classList.toggle("picked", (picture as HTMLElement).dataset.picture === id);
  for (const chip of chips.children) chip.setAttribute("aria-pressed", String((chip as HTMLElement).dataset.for === id));
}

/** Whether the tour has not come to the price yet: what has not been explained is not shown. */
const isUnpriced = () => state.mode === "tour" && state.step < PRICED;

let segments: HTMLElement[] = [];
let named: string[] = []; // what they are shares of
let dearest = 1; // the price at the gauge's right end
let wide = 400; // of the bar of concepts, in pixels
new ResizeObserver(() => {
  wide = stack.clientWidth;
  moveTo(state.alpha);
}).observe(stack);
function drawMeters(): void {
  const isReal = state.mode === "model";
  named = isReal ? [real.recording === smollm2 ? "joy" : "target", "other words"] : scene.instance.concepts;
  segments = named.map((name, k) => {
    const segment = document.createElement("span");
    segment.className = `hue${k}`;
    segment.innerHTML = "<b></b><i></i>";
    segment.querySelector("b")!.textContent = name;
    return segment;
  });
  if (isReal) segments[1].className = "hue-1";
  stack.replaceChildren(...segments);
  dearest = Math.max(...(isReal ? [real.most] : scene.cost), state.budget);
  tick.style.left = `${(100 * state.budget) / dearest}%`;
}

const signed = (value: number) => value.toFixed(2).replace("-", "−");

/** Show α. In the real model's tab the dock's numbers are the real model's, and the toy's are in its last line. */
function moveTo(alpha: number): void {
  const toy = stage.move(scene, alpha);
  const isReal = state.mode === "model";
  const found = isReal ? real.move(alpha * unit()) : null;
  const masses = found ? [found.mass, 1 - found.mass] : toy.masses;
  const price = found ? found.price : toy.price;
  output.textContent = signed(isReal ? alpha * unit() : alpha);
  if (Number(slider.value) !== alpha) slider.value = String(alpha);
  segments.forEach((segment, k) => {
    segment.style.flexGrow = String(Math.max(masses[k], 0.0001));
    const room = masses[k] * wide - 16 - 9 * named[k].length;
    segment.classList.toggle("narrow", room < 0);
    segment.classList.toggle("short", room < 40);
    segment.lastElementChild!.textContent = percent(masses[k]);
  });
  fill.style.transform = `scaleX(${Math.max(0, Math.min(1, price / dearest)).toFixed(4)})`;
  find("#gauge").classList.toggle("over", price > state.budget);
  cost.textContent = `${signed(price)} nats`;
  if (state.mode !== "tour") find(".efficiency").textContent = isReal ? `The toy at α = ${signed(alpha)}: ${scene.instance.concepts[0]} ${percent(toy.masses[0])}, price ${signed(toy.price)} nats` : efficiency(alpha);
  find("#masses-name").textContent = isReal ? `${named[0]} ${percent(masses[0])}` : "next word"; // the real model's share is too small for words in its bar
  const words = named.map((name, k) => `${name} ${percent(masses[k])}`).join(", ");
  slider.setAttribute("aria-valuetext", `α = ${output.textContent}: ${words}${isUnpriced() ? "" : `; price ${price.toFixed(2)} nats`}`);
  stack.setAttribute("aria-label", words);
}

function efficiency(alpha: number): string {
  const share = scene.efficiency(alpha);
  if (Number.isNaN(share)) return "Efficiency: nothing is paid yet";
  return `Efficiency: ${(100 * share).toFixed(0).replace("-", "−")} % of what any change at this price could give ${scene.instance.concepts[0]}`;
}

let later = 0;
/** The address follows the state, a moment later: browsers refuse to be told more often. */
function remember(): void {
  clearTimeout(later);
  later = window.setTimeout(() => {
    const hash = toHash({ ...state, alpha: Number(state.alpha.toFixed(4)) });
    if (hash !== location.hash.slice(1)) history.replaceState(null, "", `#${hash}`);
  }, 250);
}

function open(recording: Recording): void {
  real.recording = recording;
  isStale.layout = true;
  state = { ...state, prompt: 0 };
  change({ mode: "model", kind: state.kind });
  isStale.data = true;
  panel.refresh(state);
  say(`This is ${recording.model.name} now.`);
}

// α

slider.addEventListener("input", () => change({ alpha: Number(slider.value) }));
/** Move α by so many hundredths of its range, for a key that means that. */
function nudge(event: KeyboardEvent, hundredths: number | undefined): void {
  if (!hundredths || event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  change({ alpha: Number((state.alpha + (hundredths * state.reach) / 100).toFixed(6)) });
}
slider.addEventListener("keydown", (event) => nudge(event, { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key]));
const USES_ARROWS = "input:not([type=checkbox], [type=file]), select, textarea, [role=tab]";
addEventListener("keydown", (event) => {
  if (!(event.target as Element).matches(USES_ARROWS)) nudge(event, { ArrowRight: 1, ArrowLeft: -1 }[event.key]);
});
// whoever presses a picture goes on with the keys of α, not with those of a control used before
pictures.addEventListener("pointerdown", () => slider.focus({ preventScroll: true }));
zero.addEventListener("click", () => change({ alpha: 0 }));

let sweeping = 0;
sweep.addEventListener("click", () => {
  if (sweeping) return stop();
  sweep.textContent = "❚❚";
  sweep.setAttribute("aria-label", "Stop the sweep");
  let before = performance.now();
  const turn = (now: number) => {
    const next = state.alpha + ((now - before) / 7000) * 2 * state.reach;
    before = now;
    change({ alpha: next > state.reach ? -state.reach : next });
    sweeping = requestAnimationFrame(turn);
  };
  sweeping = requestAnimationFrame(turn);
});
function stop(): void {
  cancelAnimationFrame(sweeping);
  sweeping = 0;
  sweep.textContent = "▶";
  sweep.setAttribute("aria-label", "Sweep α from left to right");
}
find(".stage").addEventListener("pointerdown", (event) => {
  if (sweeping && event.target !== sweep) stop();
});
const follow = () => {
  sweep.hidden = still.matches;
  if (still.matches && sweeping) stop();
};
still.addEventListener("change", follow);
follow();

// on a phone the picture is small while the panel is in use, and large while the stage is

for (const part of ["panel", "stage"])
  for (const start of ["pointerdown", "focusin"])
    find(`.${part}`).addEventListener(start, (event) => {
      if (start === "pointerdown" || (event.target as Element).matches("input, select, textarea, button, summary")) document.body.dataset.used = part;
    });
new ResizeObserver(() => document.body.style.setProperty("--stage", `${find(".stage").offsetHeight}px`)).observe(find(".stage"));

// modes, addresses, files

const tabs = [...document.querySelectorAll<HTMLElement>("[role=tab]")];
tabs.forEach((tab, i) => {
  tab.addEventListener("click", () => {
    const mode = tab.dataset.mode as State["mode"];
    if (mode === "tour") change({ ...STEPS[state.step - 1].preset, mode });
    else if (mode === "model") change({ ...STEPS[0].preset, ...afterTour(), mode, alpha: 0.5 });
    else change({ ...afterTour(), mode });
  });
  tab.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    const next = tabs[(i + by + tabs.length) % tabs.length];
    next.focus();
    next.click();
  });
});
addEventListener("hashchange", () => {
  state = first();
  scene = sceneOf(state);
  isStale = { data: true, layout: true };
  waiting ||= requestAnimationFrame(show);
});
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", async (event) => {
  event.preventDefault();
  const source = await event.dataTransfer?.files[0]?.text();
  if (source === undefined) return;
  try {
    const what = whatIs(source);
    if (what === "instance") change({ own: JSON.stringify(readRecord(source)), mode: "play", kind: 0, broken: "" });
    else if (what === "recording") open(readRecording(source));
    else throw new Error(`${what}; ${READS}`);
  } catch (error) {
    say(`This file cannot be shown: ${error instanceof Error ? error.message : error}`);
  }
});

isEntering = state.mode === "tour" && state.step > 1; // a link to a step shows it as Next does
show();
