/* The pictures of the toy model: drawn when the data change, moved when α does. */

import { Bars, percent } from "./bars.ts";
import { Chart, type Curve } from "./chart.ts";
import * as numbers from "./numbers.ts";
import { priceBounds, type Scene } from "./scene.ts";
import type { State } from "./state.ts";
import { Windows } from "./windows.ts";

export class Stage {
  readonly bars = new Bars("bars");
  readonly tokens: Chart;
  readonly concepts: Chart;
  readonly price: Chart;
  readonly windows: Windows;
  private p = new Float64Array(0);

  constructor(onAlpha: (alpha: number) => void) {
    this.tokens = new Chart("tokens", onAlpha);
    this.concepts = new Chart("concepts", onAlpha);
    this.price = new Chart("price", onAlpha);
    this.windows = new Windows("windows", onAlpha);
  }

  get pictures(): { [id: string]: HTMLElement } {
    const { tokens, bars, concepts, price, windows } = this;
    return { tokens: tokens.root, bars: bars.root, concepts: concepts.root, price: price.root, windows: windows.root };
  }

  draw(scene: Scene, state: State): void {
    const { instance } = scene;
    this.p = new Float64Array(instance.M.length);
    const after = `after a ${instance.kinds[scene.kind].name}`.replace("a text", "text");
    const lines = this.drawTokens(scene, state, after);
    this.drawConcepts(scene, state, after);
    this.drawPrice(scene, state);
    this.drawWindows(scene, state);
    const words = instance.tokens.map((name, z) => ({ name, hue: instance.concept[z], line: lines[z] }));
    const before = numbers.tilted(instance.logP[scene.shown], instance.M, 0);
    const top = Math.max(...scene.tokens.map((values) => Math.max(...values)));
    this.bars.draw(`${after}; the tick is α = 0`, words, before, top);
  }

  /** Draw the words' curves; returns how each word's is drawn, or null where there are too many to tell apart. */
  private drawTokens(scene: Scene, state: State, after: string): (number | null)[] {
    const { instance, alphas } = scene;
    const many = instance.M.length > 16;
    const quarter = alphas.length >> 2;
    const seen = new Map<string, number>(); // tokens of one curve are drawn once: its dash
    const lines: (number | null)[] = [];
    const curves: Curve[] = instance.tokens.map((name, z) => {
      const k = instance.concept[z];
      const key = `${k} ${scene.tokens[z][0]} ${scene.tokens[z][quarter]} ${scene.tokens[z][3 * quarter]}`;
      const twins = instance.M.filter((m, y) => m === instance.M[z] && instance.concept[y] === k && scene.tokens[y][quarter] === scene.tokens[z][quarter]).length;
      const isFirst = !seen.has(key);
      const place = instance.concept.slice(0, z).filter((other) => other === k).length;
      if (isFirst) seen.set(key, place);
      lines.push(many ? null : seen.get(key)!);
      const alpha = scene.moves ? scene.peaks[scene.shown][z] : NaN;
      return {
        label: !isFirst ? "" : twins > 1 ? `each of ${instance.concepts[k]}` : name,
        hue: k,
        dash: many ? 0 : place,
        isThin: many,
        values: scene.tokens[z],
        peak: Math.abs(alpha) < state.reach ? { alpha, value: numbers.tilted(instance.logP[scene.shown], instance.M, alpha)[z] } : undefined,
        limits: state.bounds && scene.moves ? ([-1, 1].map((sign) => numbers.limit(instance.logP[scene.shown], instance.M, sign)[z]) as [number, number]) : undefined,
      };
    });
    const peaking = curves.filter((curve) => curve.peak).length;
    this.tokens.draw({
      title: !scene.moves ? "Nothing moves" : peaking ? "Most words rise, then fade" : "No word peaks in this range",
      subtitle: `probability ${after}; discs are peaks`,
      describe: `Probability of ${curves.length} words ${after} against the strength α from ${-state.reach} to ${state.reach}. ${peaking} of them peak in this range.`,
      alphas, curves, percent: true,
      top: 1.12 * Math.max(...scene.tokens.map((values) => Math.max(...values))),
    }); // prettier-ignore
    return lines;
  }

  private drawConcepts(scene: Scene, state: State, after: string): void {
    const { instance, alphas, masses } = scene;
    const curves: Curve[] = masses.map((values, k) => ({ label: instance.concepts[k], hue: k, dash: 0, values }));
    if (state.bounds && scene.moves) {
      const R = numbers.range(instance.M);
      const share = numbers.mass(numbers.tilted(instance.logP[scene.shown], instance.M, 0), instance.target);
      for (const side of [0, 1] as const)
        curves.push({ label: side ? "at most" : "at least", hue: 0, dash: 0, isBound: true, values: alphas.map((alpha) => numbers.massBounds(share, R, alpha)[side]) });
      if (!instance.data) {
        const logP = instance.logP[scene.shown];
        const most = (alpha: number) => share + numbers.ceilingGain([share], [1 - share], [1], numbers.forwardKL(logP, instance.M, alpha));
        curves.push({ label: "ceiling", hue: 3, dash: 0, isBound: true, values: alphas.map(most) });
      }
    }
    const joy = masses[0];
    const rises = joy.every((value, i) => !i || value >= joy[i - 1] - 1e-12) && scene.moves;
    const [name] = instance.concepts;
    this.concepts.draw({
      title: !scene.moves ? "No concept moves" : rises ? `“${name}” only rises` : `“${name}” gains and loses`,
      subtitle: `share of each concept ${after}, against α`,
      describe: `Share of each concept ${after} against α. ${instance.concepts.map((concept, k) => `${concept}: ${percent(masses[k][0])} at the left, ${percent(masses[k][alphas.length >> 1])} at 0, ${percent(masses[k].at(-1)!)} at the right`).join("; ")}.`,
      alphas, curves, percent: true, top: 1.09,
    }); // prettier-ignore
  }

  private drawPrice(scene: Scene, state: State): void {
    const { alphas, cost, best } = scene;
    const curves: Curve[] = [{ label: "price", hue: -1, dash: 0, values: cost }];
    const [low, high] = [Math.min(...cost), Math.max(...cost, 0.02)];
    if (scene.moves && !scene.instance.data && (state.bounds || state.mode === "tour")) {
      const bounds = priceBounds(scene);
      const added: [string, number[], number][] = [["½σ²α²", bounds.map((each) => each.quadratic), 3]];
      if (state.bounds)
        added.push(["at most α²R²/8", bounds.map((each) => each.upper), 1], ["at least", bounds.map((each) => each.lower), 2], ["asymptote", bounds.map((each) => each.asymptote), 0]);
      for (const [label, values, hue] of added) curves.push({ label, hue, dash: 0, isBound: true, values });
    }
    const inside = best !== null && best <= state.reach;
    this.price.draw({
      title: state.mode === "play" && state.beta ? "The price of two vectors" : scene.instance.data ? "A small push can lower the loss" : !scene.moves ? "It costs nothing" : "The price: α², then linear",
      subtitle: "how much worse it predicts its texts, in nats a word",
      describe: `Price ΔCE in nats against α: ${cost[0].toFixed(2)} at the left, 0 at α = 0, ${cost.at(-1)!.toFixed(2)} at the right.${best === null ? "" : ` A budget of ${state.budget} nats pays for α = ${best.toFixed(2)}.`}`,
      alphas, curves, percent: false, top: Math.min(1.13 * high, low < 0 ? -6 * low : Infinity), // a dip below 0 is to be seen
      bottom: low < 0 ? 1.3 * low : 0,
      level: best === null || state.budget > high ? undefined : { value: state.budget, label: `budget ${state.budget}` },
      marks: inside ? [{ alpha: best, value: state.budget, label: `α = ${best.toFixed(2)}` }] : [],
    }); // prettier-ignore
  }

  private drawWindows(scene: Scene, state: State): void {
    const { instance } = scene;
    const spots = scene.separated ? instance.kinds.map(({ context, name }) => [name, ...numbers.sweetSpot(scene.peaks[context], instance.target)] as const) : [];
    const windows = spots.map(([name, low, high], i) => ({ name, low, high, hue: hueOf(scene, i) }));
    const common = Math.max(...windows.map((each) => each.low)) < Math.min(...windows.map((each) => each.high));
    const [joy] = instance.concepts;
    const title = !windows.length ? "No sweet spot" : common ? "One α serves all texts" : "No α serves all texts";
    const subtitle = windows.length ? `where every word of ${joy} still rises and all others fade` : `the words of ${joy} do not all peak last`;
    this.windows.root.classList.toggle("none", !windows.length);
    this.windows.draw(title, subtitle, windows, state.reach);
  }

  /** What one frame of an α drag costs: a softmax a kind of text. */
  move(scene: Scene, alpha: number): { masses: number[]; price: number } {
    const { instance } = scene;
    numbers.tilted(instance.logP[scene.shown], instance.M, alpha, this.p);
    const masses = instance.concepts.map(() => 0);
    for (let z = 0; z < this.p.length; z++) masses[instance.concept[z]] += this.p[z];
    const cost = scene.price(alpha);
    this.tokens.move(alpha, this.p);
    this.concepts.move(alpha, masses);
    this.price.move(alpha, [cost]);
    this.windows.move(alpha);
    this.bars.move(this.p);
    return { masses, price: cost };
  }
}

function hueOf(scene: Scene, kind: number): number {
  const { record, kinds, concepts } = scene.instance;
  const k = record.contexts?.[kinds[kind].context];
  return k !== undefined && k < concepts.length ? k : -1;
}
