/* What is beside the pictures: a step of the tour, the controls of free play, or the real model's facts. */

import { claims } from "./claims.ts";
import { button, choice, listed, made, note, radios, slider, texts, toggle, type Change, type Control } from "./controls.ts";
import formulas from "./formulas.json";
import { BREAKS, LAWS, SETS, readRecord } from "./instance.ts";
import { readRecording, type Recording } from "./recording.ts";
import type { Scene } from "./scene.ts";
import type { State } from "./state.ts";
import { CONDITIONS, STEPS, type Formula } from "./tour.ts";

export interface Page {
  scene(): Scene;
  state(): State;
  recording(): Recording;
  change: Change;
  best(): number | null; // the strength that the budget pays for
  go(step: number): void;
  playFreely(): void;
  ours: Recording; // that comes with the page
  unit(): number; // what the slider's 1 is to the real model
  open(recording: Recording): void;
  say(words: string): void;
}

const MINUS = (value: number, digits = 2) => value.toFixed(digits).replace("-", "−");
const NARROW = "(max-width: 1099px)"; // as in style.css: words above pictures

/** To the page with all letters, where it is beside this one. */
function lettersLink(): string {
  const { letters } = document.documentElement.dataset;
  return letters ? ` <a href="${letters}">All letters</a>` : "";
}

export class Panel {
  private controls: Control[] = [];
  private shown = "";
  private verdicts: HTMLElement | null = null;
  private judged = "";

  constructor(private root: HTMLElement, private page: Page) {}

  /** The panel of a mode and step is built once, and then follows the state. */
  sync(state: State): void {
    const key = `${state.mode} ${state.mode === "tour" ? state.step : ""}`;
    if (key !== this.shown) {
      this.shown = key;
      this.controls = [];
      this.verdicts = null;
      this.root.replaceChildren();
      this.root.setAttribute("aria-labelledby", `tab-${state.mode}`);
      ({ tour: () => this.tour(state.step), play: () => this.play(), model: () => this.model() })[state.mode]();
      this.root.scrollTop = 0;
    }
    for (const control of this.controls) control.sync(state);
  }

  /** The verdicts follow the data, not α. */
  judge(scene: Scene): void {
    if (!this.verdicts) return;
    const found = claims(scene.instance, scene.peaks);
    const key = JSON.stringify(found);
    if (key === this.judged) return;
    this.judged = key;
    this.verdicts.replaceChildren(
      ...found.map((claim) => {
        const [kind, word] = verdict(claim.isMet, claim.isTrue);
        const row = made("li", `claim ${kind}`, "<span class='verdict'></span><div><b></b> <span class='source'></span><p class='says'></p><p class='seen'></p></div>");
        row.dataset.claim = claim.id;
        const [sign, ...rest] = word.split(" ");
        row.querySelector(".verdict")!.innerHTML = `${sign} <span>${rest.join(" ")}</span>`;
        row.querySelector("b")!.textContent = claim.name;
        row.querySelector(".source")!.textContent = claim.source;
        row.querySelector(".says")!.textContent = claim.says;
        row.querySelector(".seen")!.textContent = claim.isMet ? claim.seen : `Checked under: ${claim.needs}. Here: ${claim.seen}.`;
        return row;
      }),
    );
  }

  private paid = (budget: number): string => {
    const best = this.page.best();
    return best === null ? `${budget} nats` : `${budget} nats pay for α = ${best.toFixed(2)}`;
  };

  private add(...parts: (HTMLElement | Control)[]): void {
    for (const part of parts) {
      if (part instanceof HTMLElement) this.root.append(part);
      else {
        this.root.append(part.root);
        this.controls.push(part);
      }
    }
  }

  private tour(number: number): void {
    const { change, go } = this.page;
    const step = STEPS[number - 1];
    const steps = made("nav", "steps");
    steps.setAttribute("aria-label", "Steps of the tour");
    const back = button("Back", () => go(number - 1), "back");
    back.disabled = number === 1;
    steps.append(back);
    STEPS.forEach((each, i) => {
      const dot = button(String(i + 1), () => go(i + 1));
      dot.className = "dot-of-step";
      dot.setAttribute("aria-label", `Step ${i + 1}: ${each.title}`);
      if (i + 1 === number) dot.setAttribute("aria-current", "step");
      steps.append(dot);
    });
    steps.append(number < STEPS.length ? button("Next", () => go(number + 1), "primary") : button("Play freely", () => this.page.playFreely(), "primary"));
    this.root.dataset.step = String(number);
    const words = made("div", "step", "<h2></h2><p class='sentence'></p><p class='hint'></p><div class='formula'></div><p class='key'></p><p class='theorem'></p>");
    words.querySelector("h2")!.textContent = step.title;
    words.querySelector(".sentence")!.textContent = step.sentence;
    const hint = words.querySelector<HTMLElement>(".hint")!;
    hint.innerHTML = step.hint;
    hint.hidden = !step.hint;
    this.add({ root: words, sync: (state) => explain(words, number === STEPS.length ? CONDITIONS[state.broken] : step) }, steps); // the title is read before the buttons, which style.css shows above it
    // what is done in a step comes before its formula
    const give = (control: Control) => {
      words.querySelector(".hint")!.after(control.root);
      this.controls.push(control);
    };
    if (number === 3) give(slider("budget", "Budget", [0.05, 3, 0.05], this.paid, change));
    if (number === 4) give(listed("kind", "Text in the other picture", () => this.page.scene().instance.kinds.map(({ name }) => name), change));
    if (number === 5) {
      give(radios("broken", "What to break?", { "": "nothing: as the theorems want it", ...BREAKS }, change));
      this.addVerdicts("What is true now", "claims brief");
    }
  }

  /** Show the panel from its first words on, to the eye and to a screen reader, wherever the page was scrolled to. */
  enter(): void {
    const heading = this.root.querySelector<HTMLElement>("h2")!;
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
    if (matchMedia(NARROW).matches) this.root.scrollIntoView({ block: "start" });
  }

  private addVerdicts(title: string, kind = "claims"): void {
    const whole = made("div", "verdicts", `<h2 class='small'>${title} <span class='signs'>✗ false, ○ true anyway, – silent</span></h2>`);
    this.verdicts = made("ul", kind);
    this.verdicts.setAttribute("aria-live", "polite");
    whole.append(this.verdicts);
    this.judged = "";
    this.add(whole);
    this.judge(this.page.scene());
  }

  private play(): void {
    const { change, scene } = this.page;
    const ifToy = (control: Control, when: (state: State) => boolean = () => true): Control => ({
      root: control.root,
      sync: (state) => {
        control.root.hidden = state.own !== "" || !when(state);
        control.sync(state);
      },
    });
    const heading = (words: string) => {
      const element = made("h2", "small");
      element.textContent = words;
      return element;
    };
    const whole = (value: number) => String(value);
    this.add(
      heading("Data"),
      ifToy(choice("law", "Words", LAWS, change)),
      ifToy(slider("concepts", "Concepts", [2, 5, 1], whole, change)),
      ifToy(slider("size", "Words a concept", [1, 12, 1], whole, change)),
      ifToy(slider("epsilon", "Mass off the concept, ε", [1, 45, 1], (value) => MINUS(value / 100), change)),
      ifToy(slider("gamma", "Each word against the last, in its concept (γ)", [4, 40, 1], (value) => MINUS(value / 20), change), (state) => state.law === "tapered"),
      ifToy(slider("omega", "… and elsewhere (ω)", [4, 40, 1], (value) => MINUS(value / 20), change), (state) => state.law === "tapered"),
      ifToy(slider("seed", "Seed", [0, 99, 1], whole, change), (state) => state.law === "random"),
      this.own(),
      heading("Steering vector"),
      this.given(),
      ifToy(choice("sets", "Texts for and against", SETS, change)),
      texts(() => textNames(scene()), change),
      this.second(),
      heading("View"),
      listed("kind", "Next word after a", () => scene().instance.kinds.map(({ name }) => name), change),
      slider("reach", "Range of α", [0.5, 20, 0.5], (value) => `±${value}`, change),
      slider("budget", "Budget", [0.05, 3, 0.05], this.paid, change),
      note("A nat is the unit of natural logarithms, 1.44 bits: at a price of 0.69 nats the right word is half as probable, on average. The tick beside the price is the budget."),
      note(`Efficiency: what the target gains, as a share of the ceiling, the most that any change of the probabilities <i>p</i> could give it at the same KL(<i>p</i>‖<i>p</i><sub>α</sub>), the mean of log <i>p</i> − log <i>p</i><sub>α</sub>: the price, if the model is fully trained.${lettersLink()}`),
      toggle("bounds", "Show bounds, limits, asymptotes and the ceiling", change),
      heading("Break a hypothesis"),
      this.breaks(),
    );
    this.addVerdicts("What is true here");
  }

  /** The texts that own data bring with them. */
  private given(): Control {
    const root = made("p", "note");
    const sync = (state: State) => {
      const scene = this.page.scene();
      const [names, { positive, negative }] = [textNames(scene), scene.instance];
      const list = (texts: number[]) => texts.slice(0, 3).map((j) => names[j]).join(", ") + (texts.length > 3 ? ` and ${texts.length - 3} more` : "");
      root.hidden = state.own === "";
      root.textContent = `As your data say: for, ${list(positive)}; against, ${list(negative)}.`;
    };
    return { root, sync };
  }

  /** What is broken; in own data only the training can be. */
  private breaks(): Control {
    const control = choice("broken", "Break", { "": "nothing", ...BREAKS }, this.page.change);
    const sync = (state: State) => {
      control.sync(state);
      for (const option of control.root.querySelectorAll("option")) option.disabled = state.own !== "" && !["", "training"].includes(option.value);
    };
    return { root: control.root, sync };
  }

  /** β of a second vector, and the one that takes back what α did to its words. */
  private second(): Control {
    const { change, scene, state } = this.page;
    const strength = slider("beta", "Strength β", [-5, 5, 0.05], (value) => MINUS(value), change);
    const root = made("div", "second", "<h2 class='small'>A second vector</h2><p class='hint'></p>");
    const undo = button("Take back what α did to it", () => {
      const beta = scene().second!.undo(state().alpha);
      change({ beta: Math.min(Math.max(Number(beta.toFixed(4)), -5), 5) });
    });
    const row = made("div", "row");
    row.append(undo, button("β = 0", () => change({ beta: 0 })));
    root.querySelector("h2")!.after(strength.root);
    root.append(row);
    const sync = (state: State) => {
      const second = scene().second;
      strength.sync(state);
      root.hidden = second === null;
      root.querySelector("p")!.textContent = second ? `Towards ${second.name.replace(/ text$/, " texts")}, against all others. Curves in α start from where β has put the model.` : "";
    };
    return { root, sync };
  }

  /** Own data in, the instance out. */
  private own(): Control {
    const { change, scene, say } = this.page;
    const root = made("details", "own", "<summary>Your own rates; save for ufm certify</summary><label for='own-text'>Paste the JSON of an instance, or one line of probabilities for each text, a joyful one first</label><textarea id='own-text' rows='5' spellcheck='false'></textarea><p class='wrong' role='alert'></p>");
    const [field, wrong] = [root.querySelector("textarea")!, root.querySelector<HTMLElement>(".wrong")!];
    const use = (source: string) => {
      try {
        change({ own: JSON.stringify(readRecord(source)), broken: "", kind: 0 });
        wrong.textContent = "";
        say("These are your own data now.");
      } catch (error) {
        wrong.textContent = error instanceof Error ? error.message : String(error);
      }
    };
    const back = button("Back to the toy’s words", () => change({ own: "", kind: 2 }));
    const row = made("div", "row");
    row.append(button("Use this", () => use(field.value), "primary"), picker("Open a file", use), back);
    const out = made("div", "row");
    const record = () => JSON.stringify(scene().instance.record, null, 1) + "\n";
    out.append(
      button("Save instance.json", () => {
        const link = document.createElement("a");
        link.href = URL.createObjectURL(new Blob([record()], { type: "application/json" }));
        link.download = "instance.json";
        link.click();
        URL.revokeObjectURL(link.href);
      }),
      button("Show it here", () => (field.value = record())),
    );
    root.append(row, out);
    return { root, sync: (state) => void (back.hidden = state.own === "") };
  }

  private model(): void {
    const { change, recording } = this.page;
    const { model, steering, cost, target_tokens } = recording();
    const isOurs = recording() === this.page.ours;
    const words = made("div", "step", "<h2>The toy beside a real model</h2><p class='sentence'></p>");
    words.querySelector("p")!.textContent = `The real curves are those of ${isOurs ? "SmolLM2-135M-Instruct" : model.name}, steered after block ${steering.layer} of ${model.blocks}, as they were recorded; the slider moves them and the theory’s toy. The large numbers are the real model’s.`;
    const facts = made("ul", "facts");
    const lines = [
      isOurs ? "Alike: a push towards joy makes words of joy likelier, other words rise and fade, and every large push costs." : "",
      isOurs ? "Unlike: the real model normalises its hidden state before it reads off words, so the price levels off, and too large a push loses joy again. Its curves wiggle, and its price is not least at α = 0: the theorems' hypotheses are not met." : "",
      `The real model’s α counts lengths of a typical hidden state: at 1 the push is as long as what it is added to.${cost ? ` The price was measured on ${cost.tokens} tokens of text.` : ""}`,
      target_tokens ? `Its “joy” is ${target_tokens} words${isOurs ? `, among them ${joyful(recording())}` : ""}.`.replace("joy", isOurs ? "joy" : "target") : "",
      model.caveat ? `Mind: ${model.caveat.replace(/ \(GGUF types [^)]*\)/, "")}.` : "",
    ];
    for (const line of lines.filter(Boolean)) facts.append(Object.assign(document.createElement("li"), { textContent: line }));
    this.add(
      words,
      listed("prompt", "The real model continues", () => recording().prompts.map(({ text }) => `“${text} …”`), change),
      slider("reach", "Range of α", [0.25, 2, 0.25], (value) => `±${Number((value * this.page.unit()).toPrecision(3))}`, change),
      slider("budget", "Budget", [0.05, 3, 0.05], this.paid, change),
      note("A nat is the unit of natural logarithms, 1.44 bits: at a price of 0.69 nats the right word is half as probable, on average."),
      facts,
    );
    const drop = made("div", "drop", "<p>Your own model: run <code>ufm llm … --out FOLDER</code> and drop <code>FOLDER/recording.json</code> on this page.</p><p class='wrong' role='alert'></p>");
    drop.prepend(
      picker("Open recording.json", (source) => {
        try {
          this.page.open(readRecording(source));
        } catch (error) {
          drop.querySelector(".wrong")!.textContent = error instanceof Error ? error.message : String(error);
        }
      }),
    );
    this.add(drop);
  }

  /** Build the panel anew, of another recording. */
  refresh(state: State): void {
    this.shown = "";
    this.sync(state);
  }
}

/** Set a step's formula with its key, where it is another than before. */
function explain(words: HTMLElement, { formula, key, theorem }: Formula): void {
  if (words.dataset.theorem === theorem) return;
  words.dataset.theorem = theorem;
  words.querySelector(".formula")!.innerHTML = formulas[formula as keyof typeof formulas];
  words.querySelector(".key")!.innerHTML = key + lettersLink();
  words.querySelector(".theorem")!.textContent = theorem;
}

/** The target's words that the recording shows. */
function joyful({ prompts }: Recording): string {
  const words = prompts.flatMap(({ tokens }) => tokens.filter((token) => token.in_target).map((token) => token.text.trim()));
  return [...new Set(words)].map((word) => `“${word}”`).join(", ");
}

function verdict(isMet: boolean, isTrue: boolean | null): [string, string] {
  if (isMet) return isTrue ? ["holds", "✓ holds"] : ["false", "✗ false"];
  if (isTrue === null) return ["empty", "– says nothing"];
  return isTrue ? ["anyway", "○ true anyway"] : ["false", "✗ false here"];
}

function textNames(scene: Scene): string[] {
  const { record, kinds, logP } = scene.instance;
  const ofConcept = new Map(kinds.map(({ context, name }) => [record.contexts?.[context], name]));
  return logP.map((_, j) => ofConcept.get(record.contexts?.[j]) ?? `text ${j}`);
}

function picker(words: string, read: (source: string) => void): HTMLElement {
  const label = made("label", "file");
  label.textContent = words;
  const input = document.createElement("input");
  input.type = "file";
  input.accept = ".json,.txt,.csv,application/json";
  input.addEventListener("change", async () => {
    if (input.files?.[0]) read(await input.files[0].text());
    input.value = "";
  });
  label.append(input);
  return label;
}
