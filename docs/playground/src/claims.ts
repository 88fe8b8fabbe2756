/* The theorems on the instance at hand: does each one's hypothesis hold, and is what it says true here?

   A look at some strengths, not a proof: `ufm certify` decides the same for every α. */

import * as numbers from "./numbers.ts";
import type { Instance } from "./instance.ts";

export interface Claim {
  id: string;
  name: string; // in a few words
  source: string; // in the paper
  says: string;
  needs: string;
  isMet: boolean; // whether what it needs is so
  isTrue: boolean | null; // null: it means nothing here
  seen: string;
}

export const trained = (instance: Instance) => !instance.data;

export function claims(instance: Instance, peaks: number[][]): Claim[] {
  const { logP, M, target, kinds, weights, data } = instance;
  const [R, delta] = [numbers.range(M), numbers.margin(M, target)];
  const [moves, separated] = [R > 0, delta > 0];
  const [joy] = instance.concepts;
  const number = (value: number) => (Number.isFinite(value) ? value.toFixed(2) : value > 0 ? "∞" : "−∞").replace("-", "−");

  const signs = M.every((m, z) => m > 0 === target[z]);
  const wrongSign = M.findIndex((m, z) => m > 0 !== target[z]);
  const spots = moves ? kinds.map(({ context }) => numbers.sweetSpot(peaks[context], target)) : [];
  const fall = moves ? firstFall(instance) : null;
  const drift = data ? numbers.costCurve(logP, M, weights, data)(1) - numbers.costCurve(logP, M, weights)(1) : 0;
  const top = numbers.extreme(M, 1);
  const winners = M.map((m, z) => (m === top ? z : -1)).filter((z) => z >= 0);
  const wins = winners.every((z) => target[z]);
  const bottom = numbers.extreme(M, -1);
  const peakOnce = moves && kinds.every(({ context }) => M.every((m, z) => (m === top || m === bottom) !== Number.isFinite(peaks[context][z])));
  const constant = "the words' log-odds M are not all equal";
  const gap = `the log-odds of ${joy} lie above all others (δ > 0)`;

  return [
    {
      id: "signs",
      name: `M > 0 on ${joy} alone`,
      source: "Lemma B.4",
      says: `M is positive on the words of ${joy} and on no others`,
      needs: "Assumption 1: words are likelier in texts of their concept",
      isMet: separated && signs,
      isTrue: signs,
      seen: signs ? `δ = ${number(delta)}` : `M(${instance.tokens[wrongSign]}) = ${number(M[wrongSign])}`,
    },
    {
      id: "bump",
      name: "words peak once",
      source: "Theorem 3.3",
      says: "every word rises to one peak and then fades, but for the words with the largest or the least M",
      needs: constant,
      isMet: moves,
      isTrue: moves ? peakOnce : null,
      seen: moves ? "one peak each" : "nothing moves",
    },
    {
      id: "order",
      name: `${joy} peaks last`,
      source: "Theorem 3.3",
      says: `words of ${joy} peak after all others`,
      needs: gap,
      isMet: separated,
      isTrue: moves ? spots.every(([lower, upper]) => lower < upper) : null,
      seen: moves ? `last other peak at ${number(spots[0][0])}, first of ${joy} at ${number(spots[0][1])}` : "there is no peak",
    },
    {
      id: "rises",
      name: `${joy} only rises`,
      source: "Theorem 3.6",
      says: `the mass of ${joy} only rises`,
      needs: gap,
      isMet: separated,
      isTrue: moves ? fall === null : false,
      seen: !moves ? "it does not move" : fall === null ? "it rises at every strength looked at" : `it falls at α = ${number(fall)}`,
    },
    {
      id: "wins",
      name: `${joy} wins in the end`,
      source: "Theorem 3.6",
      says: `in the end ${joy} takes everything`,
      needs: gap,
      isMet: separated,
      isTrue: moves && wins,
      seen: !moves ? "it does not move" : `as α → ∞: ${winners.slice(0, 3).map((z) => instance.tokens[z]).join(", ")}`,
    },
    {
      id: "price",
      name: "every push costs",
      source: "Theorem 3.8",
      says: "every push has a price, which grows like α² at first",
      needs: "Assumption 2: the model is trained to the end; and M is not constant",
      isMet: !data && moves,
      isTrue: moves ? drift === 0 : false,
      seen: !moves ? "steering costs nothing" : drift ? `at α = 0 the loss falls by ${number(-drift)} nats per unit of α` : "the price is 0 at α = 0 alone",
    },
  ];
}

/** A strength at which the target's mass falls in some kind of text, or null. */
function firstFall(instance: Instance): number | null {
  const { logP, M, target, kinds } = instance;
  const reach = 40 / numbers.range(M);
  for (const { context } of kinds) {
    for (let i = -60; i <= 60; i++) {
      const alpha = (reach * i) / 60;
      const p = numbers.tilted(logP[context], M, alpha);
      let average = 0;
      for (let z = 0; z < M.length; z++) average += p[z] * M[z];
      let [slope, size] = [0, 0];
      for (let z = 0; z < M.length; z++) {
        if (!target[z]) continue;
        slope += p[z] * (M[z] - average);
        size += p[z] * Math.abs(M[z] - average);
      }
      if (slope < -1e-9 * size) return alpha;
    }
  }
  return null;
}
