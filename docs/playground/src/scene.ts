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
  price: (alpha: number) => number; // ΔCE, of both vectors
  efficiency: (alpha: number) => number; // what they gain of the target, of the most that any change at their KL could
  second: { name: string; undo: (alpha: number) => number } | null; // towards which texts, and which β takes α back
  cost: number[]; // at `alphas`
  best: number | null; // the α that spends the budget, of a trained model
}

export function sceneOf(state: State): Scene {
  const record = state.own ? JSON.parse(state.own) : recordOf(state);
  const plain = instanceOf(record, state.broken);
  const second = secondOf(plain);
  const beta = state.mode === "play" ? state.beta : 0; // it has its control there
  const instance = second ? pushed(plain, second.M, beta) : plain;
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
  const extra = second && beta ? priceOf(plain, second.M)(beta) : 0;
  const along = priceOf(instance, M);
  const price = (alpha: number) => extra + along(alpha);
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
    efficiency: efficiencyOf(plain, instance),
    second: second && { name: second.name, undo: (alpha) => numbers.undoingStrength(weighted(plain)[0], M, second.M, weighted(plain)[2], alpha) },
    cost: alphas.map(price),
    best: moves && separated && !instance.data ? numbers.budgetRoot(...weighted(instance), state.budget) : null,
  };
}

/** One context of each kind, and its weight: contexts of one distribution cost the same. */
function weighted(instance: Instance): [Float64Array[], number[], number[]] {
  const { kinds, logP, M } = instance;
  return [kinds.map(({ context }) => logP[context]), M, kinds.map(({ weight }) => weight)];
}

/** ΔCE along log-odds `M`, which need not be the instance's own. */
function priceOf(instance: Instance, M: number[]): (alpha: number) => number {
  const [rows, , weights] = weighted(instance);
  return numbers.costCurve(rows, M, weights, instance.data && instance.kinds.map(({ context }) => instance.data![context]));
}

/** A second vector: towards the texts of the last kind, against all others. None if it moves nothing. */
function secondOf({ logP, kinds }: Instance): { name: string; M: number[] } | null {
  const last = kinds.at(-1)!;
  const others = kinds.filter((kind) => kind !== last).map(({ context }) => context);
  if (!others.length) return null;
  const M = numbers.logOdds(logP, [last.context], others);
  return numbers.range(M) > 0 ? { name: last.name, M } : null;
}

/** The instance steered by β of the second vector: a tilt is tilted from there on. Its data stay what they were. */
function pushed(instance: Instance, second: number[], beta: number): Instance {
  if (!beta) return instance;
  const seen = new Map([...new Set(instance.logP)].map((row) => [row, numbers.logTilted(row, second, beta)]));
  const data = instance.data ?? instance.logP.map((row) => Array.from(row, Math.exp));
  return { ...instance, logP: instance.logP.map((row) => seen.get(row)!), data };
}

/** What the target gains in the mean over texts, as a share of what any change at the same KL could gain. */
function efficiencyOf(plain: Instance, instance: Instance): (alpha: number) => number {
  const [rows, M, weights] = weighted(plain);
  const before = rows.map((logP) => numbers.tilted(logP, M, 0));
  const off = plain.target.map((inside) => !inside);
  const [on, rest] = [plain.target, off].map((tokens) => before.map((p) => numbers.mass(p, tokens)));
  const [after] = weighted(instance);
  return (alpha) => {
    let [price, gained] = [0, 0];
    after.forEach((logP, j) => {
      const q = numbers.tilted(logP, M, alpha);
      gained += weights[j] * (numbers.mass(q, plain.target) - on[j]);
      price += weights[j] * before[j].reduce((sum, p, z) => sum + p * Math.log(p / Math.max(q[z], 1e-300)), 0);
    });
    return price > 1e-9 ? gained / numbers.ceilingGain(on, rest, weights, price) : NaN;
  };
}

/** What encloses ΔCE at the scene's strengths. */
export function priceBounds(scene: Scene) {
  return scene.alphas.map(numbers.costBounds(...weighted(scene.instance)));
}
