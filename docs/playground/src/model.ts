/* The real model's pictures, beside the toy's: the curves that ufm llm recorded. */

import { percent } from "./bars.ts";
import { Chart } from "./chart.ts";
import { between, type Recording } from "./recording.ts";

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

  /** Strengths run from -reach to reach, in usual hidden states. */
  get reach(): number {
    const { alphas, hidden_states } = this.recording;
    return Number(Math.max(...alphas.map((alpha) => Math.abs(alpha * hidden_states))).toPrecision(3));
  }

  draw(chosen: number): void {
    const { recording } = this;
    this.prompt = Math.min(chosen, recording.prompts.length - 1);
    const { text, tokens, target_mass } = recording.prompts[this.prompt];
    const unit = this.reach / Math.max(...recording.alphas.map(Math.abs));
    this.alphas = recording.alphas.map((alpha) => alpha * unit);
    const { alphas } = this;
    const title = (words: string, plain: string) => (recording === this.ours ? words : plain);
    let place = 0;
    const curves = tokens.map((token) => ({
      label: token.text.trim() || token.text,
      hue: token.in_target ? 0 : 1 + (place++ % 4),
      dash: token.in_target ? 0 : Math.floor(place / 4),
      values: token.probability,
    }));
    const after = `after “${text}”`;
    this.tokens.draw({
      title: title("Words rise and fade here too", "Some words"),
      subtitle: `some words ${after}`,
      describe: `Recorded probability of ${tokens.length} words ${after}: ${curves.map((curve) => `${curve.label} up to ${percent(Math.max(...curve.values))}`).join(", ")}.`,
      alphas, curves, percent: true, top: 1.14 * Math.max(...curves.map((curve) => Math.max(...curve.values))),
    }); // prettier-ignore
    const mass = target_mass ?? alphas.map(() => 0);
    this.mass.draw({
      title: target_mass ? title("“joy” gains, then is lost again", "The target’s share") : "No concept was named",
      subtitle: `share of the target’s ${recording.target_tokens ?? 0} words ${after}`,
      describe: `Recorded share of the target: at most ${percent(Math.max(...mass))}.`,
      alphas, curves: [{ label: target_mass ? title("joy", "target") : "", hue: 0, dash: 0, values: mass }], percent: true, top: Math.max(0.02, 1.3 * Math.max(...mass)),
    }); // prettier-ignore
    const cost = this.cost();
    this.price.draw({
      title: recording.cost ? title("The price levels off", "The price") : "What steering does, in nats",
      subtitle: recording.cost ? "how much worse the model predicts a text, in nats a token" : `KL(p‖p_α) ${after}`,
      describe: `Recorded price: ${cost[0].toFixed(2)} nats at the left, ${cost[cost.length - 1].toFixed(2)} at the right.`,
      alphas, curves: [{ label: "price", hue: -1, dash: 0, values: cost }], percent: false, top: 1.15 * Math.max(...cost), bottom: Math.min(0, 1.2 * Math.min(...cost)),
    }); // prettier-ignore
  }

  private cost(): number[] {
    const { cost, alphas, prompts } = this.recording;
    return cost ? alphas.map((alpha) => between(cost.alphas, cost.increase, alpha)) : prompts[this.prompt].nats;
  }

  /** Follow α; returns what it costs there, in words. */
  move(alpha: number): string {
    const { tokens, target_mass } = this.recording.prompts[this.prompt];
    const at = (values: readonly number[]) => between(this.alphas, values, alpha);
    this.tokens.move(alpha, tokens.map((token) => at(token.probability)));
    this.mass.move(alpha, [target_mass ? at(target_mass) : 0]);
    const cost = at(this.cost());
    this.price.move(alpha, [cost]);
    const signed = (value: number) => value.toFixed(2).replace("-", "−");
    return `${this.recording.cost ? "price" : "KL"} ${signed(cost)} nats at its α = ${signed(alpha)}`;
  }
}
