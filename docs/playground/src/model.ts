/* The real model's pictures, beside the toy's: the curves that ufm llm recorded. */

import { percent } from "./bars.ts";
import { Chart } from "./chart.ts";
import { between, type Recording } from "./recording.ts";

const SEEN = 0.01; // a share that moves by less is not said to gain or lose

export class RealModel {
  readonly tokens: Chart;
  readonly mass: Chart;
  readonly price: Chart;
  recording: Recording;
  private prompt = 0;
  private alphas: number[] = [];

  /** `ours` is the recording that comes with the page, of which the titles say what is to be seen. */
  constructor(private readonly ours: Recording, onAlpha: (alpha: number) => void) {
    this.recording = ours;
    this.tokens = new Chart("real-tokens", onAlpha);
    this.mass = new Chart("real-mass", onAlpha);
    this.price = new Chart("real-price", onAlpha);
  }

  /** The largest strength that was recorded, in lengths of a typical hidden state. */
  get reach(): number {
    const { alphas, hidden_states } = this.recording;
    return Number(Math.max(...alphas.map((alpha) => Math.abs(alpha * hidden_states))).toPrecision(3));
  }

  /** Draw the curves after a prompt, at strengths from -range to range. */
  draw(chosen: number, range: number, budget: number): void {
    const { recording } = this;
    this.prompt = Math.min(chosen, recording.prompts.length - 1);
    const { text, tokens, target_mass } = recording.prompts[this.prompt];
    const unit = this.reach / Math.max(...recording.alphas.map(Math.abs));
    this.alphas = recording.alphas.map((alpha) => alpha * unit);
    const alphas = [-range, ...this.alphas.filter((alpha) => Math.abs(alpha) < range * (1 - 1e-6)), range];
    const seen = (values: readonly number[]) => alphas.map((alpha) => between(this.alphas, values, alpha));
    const title = (words: string, plain: string) => (recording === this.ours ? words : plain);
    let place = 0;
    const curves = tokens.map((token) => ({
      label: token.text.trim() || token.text,
      hue: token.in_target ? 0 : 1 + (place++ % 4),
      dash: token.in_target ? 0 : Math.floor(place / 4),
      values: seen(token.probability),
    }));
    const after = `after “${text}”`;
    this.tokens.draw({
      title: title("Words rise and fade here too", "Some words"),
      subtitle: `some words ${after}`,
      describe: `Recorded probability of ${tokens.length} words ${after}: ${curves.map((curve) => `${curve.label} up to ${percent(Math.max(...curve.values))}`).join(", ")}.`,
      alphas, curves, percent: true, top: 1.14 * Math.max(...curves.map((curve) => Math.max(...curve.values))),
    }); // prettier-ignore
    const mass = target_mass ? seen(target_mass) : alphas.map(() => 0);
    const moved = target_mass ? Math.max(...target_mass) - Math.min(...target_mass) : 0;
    this.mass.draw({
      title: target_mass ? title(moved < SEEN ? "“joy” hardly moves" : "“joy” gains, then is lost again", "The target’s share") : "No concept was named",
      subtitle: `share of the target’s ${recording.target_tokens ?? 0} words ${after}`,
      describe: `Recorded share of the target: at most ${percent(Math.max(...mass))}.`,
      alphas, curves: [{ label: target_mass ? title("joy", "target") : "", hue: 0, dash: 0, values: mass }], percent: true, top: Math.max(0.02, 1.3 * Math.max(...mass)),
    }); // prettier-ignore
    const cost = seen(this.cost());
    const best = this.best(budget);
    const most = 1.15 * Math.max(...cost);
    this.price.draw({
      title: recording.cost ? title("The price levels off", "The price") : "What steering does, in nats",
      subtitle: recording.cost ? "how much worse the model predicts a text, in nats a token" : `KL(p‖p_α) ${after}`,
      describe: `Recorded price: ${cost[0].toFixed(2)} nats at the left, ${cost[cost.length - 1].toFixed(2)} at the right.`,
      alphas, curves: [{ label: "price", hue: -1, dash: 0, values: cost }], percent: false, top: most, bottom: Math.min(0, 1.2 * Math.min(...cost)),
      level: budget < most ? { value: budget, label: `budget ${budget}` } : undefined,
      marks: best !== null && best <= range ? [{ alpha: best, value: budget, label: `α = ${best.toFixed(2)}` }] : [],
    }); // prettier-ignore
  }

  /** The least positive strength that spends the budget; null if none that was recorded does. */
  best(budget: number): number | null {
    const [cost, { alphas }] = [this.cost(), this];
    const i = alphas.findIndex((alpha, k) => alpha > 0 && cost[k] > budget);
    if (i < 1) return null;
    return alphas[i - 1] + ((alphas[i] - alphas[i - 1]) * (budget - cost[i - 1])) / (cost[i] - cost[i - 1]);
  }

  /** The largest price that was recorded. */
  get most(): number {
    return Math.max(...this.cost());
  }

  private cost(): number[] {
    const { cost, alphas, prompts } = this.recording;
    return cost ? alphas.map((alpha) => between(cost.alphas, cost.increase, alpha)) : prompts[this.prompt].nats;
  }

  /** Follow α; returns the target's mass and the price there. */
  move(alpha: number): { mass: number; price: number } {
    const { tokens, target_mass } = this.recording.prompts[this.prompt];
    const at = (values: readonly number[]) => between(this.alphas, values, alpha);
    this.tokens.move(alpha, tokens.map((token) => at(token.probability)));
    const mass = target_mass ? at(target_mass) : 0;
    this.mass.move(alpha, [mass]);
    const cost = at(this.cost());
    this.price.move(alpha, [cost]);
    return { mass, price: cost };
  }
}
