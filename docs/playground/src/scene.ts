/* All numbers of one instance that do not move with α: curves, peaks, windows, prices. */

import { instanceOf, recordOf, type Instance } from "./instance.ts";
import * as numbers from "./numbers.ts";
import type { State } from "./state.ts";

/** Of a curve: odd, so that α = 0 is one. */
const points = (V: number) => (V > 30 ? 101 : 161);

export interface Scene {
  instance: Instance;
  moves: boolean; // M is not constant
  separated: boolean; // δ > 0
  shown: number; // the context that is looked at
  kind: number;
  alphas: number[];
  peaks: number[][]; // of each context
  tokens: number[][]; // p_α(z) of the context shown, [V][A]
  masses: number[][]; // of each concept, [G][A]
  price: (alpha: number) => number; // ΔCE
  cost: number[]; // at `alphas`
  best: number | null; // the α that spends the budget, of a trained model
}

export function sceneOf(state: State): Scene {
  const record = state.own ? JSON.parse(state.own) : recordOf(state);
  const instance = instanceOf(record, state.broken);
  const { logP, M, concept, kinds, target } = instance;
  const moves = numbers.range(M) > 0;
  const kind = Math.min(state.kind, kinds.length - 1);
  const shown = kinds[kind].context;
  const count = points(M.length);
  const alphas = Array.from({ length: count }, (_, i) => state.reach * ((2 * i) / (count - 1) - 1));
  const rows = alphas.map((alpha) => numbers.tilted(logP[shown], M, alpha));
  const groups = instance.concepts.map((_, k) => concept.map((other) => other === k));
  const peaks: number[][] = [];
  if (moves) for (const { context } of kinds) peaks[context] = numbers.peaks(logP[context], M);
  const price = priceCurve(instance);
  const separated = numbers.margin(M, target) > 0;
  return {
    instance,
    moves,
    separated,
    shown,
    kind,
    alphas,
    peaks,
    tokens: M.map((_, z) => rows.map((row) => row[z])),
    masses: groups.map((group) => rows.map((row) => numbers.mass(row, group))),
    price,
    cost: alphas.map(price),
    best: moves && separated && !instance.data ? numbers.budgetRoot(...weighted(instance), state.budget) : null,
  };
}

/** One context of each kind, and its weight: contexts of one distribution cost the same. */
function weighted(instance: Instance): [Float64Array[], number[], number[]] {
  const { kinds, logP, M } = instance;
  return [kinds.map(({ context }) => logP[context]), M, kinds.map(({ weight }) => weight)];
}

function priceCurve(instance: Instance): (alpha: number) => number {
  const data = instance.data && instance.kinds.map(({ context }) => instance.data![context]);
  return numbers.costCurve(...weighted(instance), data);
}

/** What encloses ΔCE at the scene's strengths. */
export function priceBounds(scene: Scene) {
  return scene.alphas.map(numbers.costBounds(...weighted(scene.instance)));
}
