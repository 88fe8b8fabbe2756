/* What `ufm llm` recorded of a real model: curves at some strengths, read between them along straight lines. */

import { READS, whatIs } from "./files.ts";

export interface Recording {
  format: string;
  model: { name: string; caveat: string | null; blocks: number; vocabulary: number };
  steering: { layer: number; site: string; positive: number; negative: number };
  hidden_states: number; // usual hidden states in one multiple of the vector
  target_tokens: number | null;
  alphas: number[];
  prompts: {
    text: string;
    tokens: { text: string; in_target: boolean; probability: number[] }[];
    target_mass: number[] | null;
    nats: number[];
  }[];
  cost: { alphas: number[]; increase: number[]; tokens: number } | null;
}

/** A recording from the text of a file; throws an `Error` that says what is wrong. */
export function readRecording(source: string): Recording {
  const what = whatIs(source);
  if (what === "instance") throw new Error("it is an instance or a certificate: drop it on the page, or open it in Free play");
  if (what !== "recording") throw new Error(`${what}; ${READS}`);
  const found = JSON.parse(source);
  const length = found.alphas?.length;
  const isCurve = (values: unknown) => Array.isArray(values) && values.length === length && values.every(Number.isFinite);
  const fits =
    length > 1 && isCurve(found.alphas) && Array.isArray(found.prompts) && found.prompts.length > 0 && Number.isFinite(found.hidden_states) &&
    found.prompts.every(
      (prompt: any) => typeof prompt.text === "string" && isCurve(prompt.nats) && (prompt.target_mass === null || isCurve(prompt.target_mass)) &&
        prompt.tokens.every((token: any) => typeof token.text === "string" && isCurve(token.probability)),
    );
  if (!fits) throw new Error("this recording is damaged: its curves differ in length");
  return found;
}

/** A curve's value at a strength, on the straight line between the two nearest recorded ones. */
export function between(alphas: readonly number[], values: readonly number[], alpha: number): number {
  const last = alphas.length - 1;
  if (alpha <= alphas[0]) return values[0];
  if (alpha >= alphas[last]) return values[last];
  let [low, high] = [0, last];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (alphas[middle] <= alpha) low = middle;
    else high = middle;
  }
  const share = (alpha - alphas[low]) / (alphas[high] - alphas[low]);
  return values[low] + share * (values[high] - values[low]);
}
