/* An instance: next-token distributions of a few kinds of texts, P and N. Exact, as certificates need it, and in floats. */

import { READS, whatIs } from "./files.ts";
import * as q from "./fractions.ts";
import type { Fraction } from "./fractions.ts";
import { logOdds } from "./numbers.ts";
import { CONCEPTS, WORDS } from "./words.ts";

/** What `ufm certify` reads: rates a and b, or a table of probabilities. */
export interface Record {
  in_concept?: string[];
  off_concept?: string[];
  next_token_probs?: string[][];
  target?: boolean[];
  token_concept?: number[];
  contexts?: number[];
  context_weights?: string[];
  positive: number[];
  negative: number[];
}

export interface Instance {
  record: Record;
  logP: Float64Array[]; // log p(z|c) [m][V]
  M: number[]; // log-odds [V]
  target: boolean[];
  weights: number[];
  concept: number[]; // of each token
  tokens: string[];
  concepts: string[];
  kinds: { context: number; weight: number; name: string }[]; // contexts of one distribution are one kind
  positive: number[];
  negative: number[];
  data?: number[][]; // the distributions of the data where training is not finished
}

export const LAWS = { tapered: "words of unequal weight (γ/ω)", uniform: "all words of a concept alike", random: "random rates" };
export const SETS = {
  contrastive: "joy against gloom",
  random: "joy against all the rest",
  mixed: "a careless mix: joy and another, against gloom",
  picked: "my own choice",
};
export const BREAKS = {
  separation: "one word of joy is rare in joyful texts",
  vector: "the vector’s texts are mostly not joyful",
  training: "the model is not trained to the end",
  constant: "the vector’s two sets of texts are alike",
};

export interface Settings {
  law: keyof typeof LAWS;
  concepts: number;
  size: number;
  epsilon: number; // in hundredths
  gamma: number; // in twentieths
  omega: number;
  seed: number;
  sets: keyof typeof SETS;
  positive: number[];
  negative: number[];
  broken: "" | keyof typeof BREAKS;
}

/** Two texts of each concept. */
const EACH = 2;

/** The largest ε of a dataset, in hundredths, below (G-1)/G. */
export const mostEpsilon = (concepts: number) => Math.min(45, Math.ceil((100 * (concepts - 1)) / concepts) - 1);

/** The exact record of some settings: Assumption 1 throughout, unless it is broken on purpose. */
export function recordOf(settings: Settings): Record {
  const { concepts: G, size: s } = settings;
  const epsilon = q.fraction(Math.min(settings.epsilon, mostEpsilon(G)), 100);
  const concept = Array.from({ length: G * s }, (_, z) => Math.floor(z / s));
  let outside: Fraction[]; // b
  let own: Fraction[]; // on each concept, how a exceeds b
  if (settings.law === "random") {
    const draw = generator(settings.seed);
    outside = shares(concept.map(() => BigInt(50 + draw(1000)))).map((share) => q.times(epsilon, share));
    own = Array.from({ length: G }, () => shares(Array.from({ length: s }, () => BigInt(20 + draw(1000))))).flat();
  } else {
    const [gamma, omega] = [settings.gamma, settings.omega].map((ratio) => geometric(settings.law === "uniform" ? 20 : ratio, s));
    outside = concept.map((_, z) => q.times(q.times(epsilon, q.fraction(1, G - 1)), omega[z % s]));
    own = concept.map((_, z) => gamma[z % s]);
  }
  // a = b + (1 - Σb) u: all that Assumption 1 allows, and nothing else
  const rest = q.minus(q.ONE, q.sum(outside));
  const inside = outside.map((b, z) => q.plus(b, q.times(rest, own[z])));
  if (settings.broken === "separation" && s > 1) {
    const rare = q.times(outside[0], q.fraction(1, 2)); // its log-odds fall to -log 2
    inside[1] = q.plus(inside[1], q.minus(inside[0], rare));
    inside[0] = rare;
  }
  const [positive, negative] = chosenTexts(settings);
  return {
    in_concept: inside.map(q.text),
    off_concept: outside.map(q.text),
    token_concept: concept,
    contexts: Array.from({ length: G * EACH }, (_, j) => Math.floor(j / EACH)),
    positive,
    negative,
  };
}

/** P and N as numbers of texts. */
function chosenTexts(settings: Settings): [number[], number[]] {
  const G = settings.concepts;
  if (settings.broken === "constant") return [[0], [1]];
  const last = EACH * (G - 1);
  if (settings.broken === "vector") return [[0, last, last + 1], G > 2 ? [2, 3] : [1]];
  if (settings.sets === "mixed") return [[0, last], G > 2 ? [2, 3] : [3]];
  if (settings.sets === "random") return [[0, 1], Array.from({ length: G - 1 }, (_, k) => EACH * (k + 1))];
  if (settings.sets === "picked") return [settings.positive, settings.negative];
  return [[0, 1], [2, 3]];
}

function shares(weights: bigint[]): Fraction[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0n);
  return weights.map((weight) => q.fraction(weight, total));
}

/** Shares of which each is `ratio`/20 of the one before. */
function geometric(ratio: number, size: number): Fraction[] {
  return shares(Array.from({ length: size }, (_, z) => BigInt(ratio) ** BigInt(z) * 20n ** BigInt(size - 1 - z)));
}

/** Whole numbers below `end`, the same for the same seed: mulberry32. */
function generator(seed: number): (end: number) => number {
  let state = seed + 1;
  return (end) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % end;
  };
}

/** The instance that a record describes; throws an `Error` that says what is wrong with it. */
export function instanceOf(record: Record, broken: Settings["broken"] = ""): Instance {
  const rows = record.next_token_probs ? tableRows(record) : rateRows(record);
  const [m, V] = [rows.length, rows[0].length];
  [...new Set(rows)].forEach((row) => {
    const j = rows.indexOf(row);
    if (row.length !== V) throw new Error(`row ${j} has ${row.length} entries, row 0 has ${V}`);
    if (row.some((value) => value.over <= 0n)) throw new Error(`row ${j} holds a probability that is not positive`);
    const total = q.sum(row);
    if (q.text(total) !== "1") throw new Error(`row ${j} sums to ${q.toNumber(total)}, not to 1 exactly`);
  });
  const { positive, negative } = record;
  for (const [name, group] of [["positive", positive], ["negative", negative]] as const) {
    if (!Array.isArray(group) || !group.length) throw new Error(`${name} must name at least one text`);
    const wrong = group.find((j) => !Number.isInteger(j) || j < 0 || j >= m);
    if (wrong !== undefined) throw new Error(`${name} names text ${wrong}; there are 0 to ${m - 1}`);
  }
  const shared = positive.find((j) => negative.includes(j));
  if (shared !== undefined) throw new Error(`text ${shared} is in both sets: give it to one of them`);
  const given = record.token_concept;
  const target = record.target ?? given!.map((k) => k === record.contexts![positive[0]]);
  if (!target.includes(true) || !target.includes(false)) throw new Error("the target must hold some words, not all");
  // the target comes first, as its colour does
  const numbers = given ? [...new Set(given)].sort((k, l) => +isTarget(l) - +isTarget(k) || k - l) : [];
  function isTarget(k: number): boolean {
    return given!.every((other, z) => other !== k || target[z]);
  }
  const concept = given ? given.map((k) => numbers.indexOf(k)) : target.map((inside) => (inside ? 0 : 1));
  const logs = new Map([...new Set(rows)].map((row) => [row, Float64Array.from(row, (value) => Math.log(q.toNumber(value)))]));
  const logP = rows.map((row) => logs.get(row)!);
  const weights = record.context_weights?.map((w) => q.toNumber(q.parse(w))) ?? rows.map(() => 1 / m);
  const names = named(record, concept, numbers);
  const kinds = new Map<string, Instance["kinds"][number]>();
  logP.forEach((row, j) => {
    const key = row.join(" ");
    const seen = kinds.get(key);
    if (seen) seen.weight += weights[j];
    else kinds.set(key, { context: j, weight: weights[j], name: names.contexts[j] });
  });
  const instance: Instance = {
    record,
    logP,
    M: logOdds(logP, positive, negative),
    target,
    weights,
    concept,
    tokens: names.tokens,
    concepts: names.concepts,
    kinds: [...kinds.values()],
    positive,
    negative,
  };
  if (broken === "training") {
    // the data say the target more often than the model does: a quarter of the mass, evenly
    const count = target.filter(Boolean).length;
    instance.data = logP.map((row) => Array.from(row, (value, z) => 0.75 * Math.exp(value) + (target[z] ? 0.25 / count : 0)));
  }
  return instance;
}

/** The toy's own words where the shape is the toy's, else numbers. */
function named(record: Record, concept: number[], numbers: number[]) {
  const G = Math.max(...concept) + 1;
  const counts = Array.from({ length: G }, () => 0);
  const fits = numbers.every((k, i) => k === i) && G <= CONCEPTS.length && G === numbers.length;
  const places = concept.map((k) => counts[k]++);
  const isToy = fits && Math.max(...counts) <= 12;
  const concepts = isToy ? CONCEPTS.slice(0, G) : counts.map((_, k) => (k ? (G > 2 ? `concept ${k}` : "the rest") : "target"));
  return {
    tokens: concept.map((k, z) => (isToy ? WORDS[k][places[z]] : `token ${z}`)),
    concepts: [...concepts],
    contexts: (record.contexts ?? []).length
      ? record.contexts!.map((k) => (isToy ? `${CONCEPTS[k]} text` : `text of concept ${k}`))
      : record.next_token_probs!.map((_, j) => `text ${j}`),
  };
}

function rateRows(record: Record): Fraction[][] {
  for (const key of ["in_concept", "off_concept", "token_concept", "contexts"] as const)
    if (!Array.isArray(record[key])) throw new Error(`${key} is missing`);
  const [a, b] = [record.in_concept!.map(q.parse), record.off_concept!.map(q.parse)];
  const { token_concept: tokens, contexts } = record;
  if (a.length !== b.length || a.length !== tokens!.length) throw new Error("in_concept, off_concept and token_concept differ in length");
  // texts of one concept share their row
  const row = new Map([...new Set(contexts)].map((k) => [k, a.map((value, z) => (tokens![z] === k ? value : b[z]))]));
  return contexts!.map((k) => row.get(k)!);
}

function tableRows(record: Record): Fraction[][] {
  if (!record.next_token_probs!.length) throw new Error("next_token_probs holds no row");
  if (!record.target && !(record.token_concept && record.contexts)) throw new Error("target is missing");
  return record.next_token_probs!.map((row) => row.map(q.parse));
}

/** A record from what was pasted: the certificate's JSON, or rows of numbers, one text a line, the target's first. */
export function readRecord(source: string): Record {
  const trimmed = source.trim();
  if (trimmed.startsWith("{")) {
    const what = whatIs(trimmed);
    if (what.startsWith("it is a ")) throw new Error(`${what}; ${READS}`);
    if (what === "recording") throw new Error("it is recording.json: drop it on the page, or open it at Real model");
    const found = JSON.parse(trimmed);
    const record = found.instance ?? found; // a certificate holds its instance
    instanceOf(record);
    return record;
  }
  const rows = trimmed.split(/\n+/).map((line) => line.split(/[\s,;]+/).filter(Boolean).map(q.parse));
  if (rows.length < 2) throw new Error("give at least two lines: a joyful text and one that is not");
  const half = Math.max(1, Math.floor(rows[0].length / 3));
  const record: Record = {
    next_token_probs: rows.map((row) => {
      const total = q.sum(row);
      if (total.over <= 0n) throw new Error("a line sums to nothing");
      return row.map((value) => q.text(q.fraction(value.over * total.under, value.under * total.over)));
    }),
    target: rows[0].map((_, z) => z < half),
    positive: [0],
    negative: [1],
  };
  instanceOf(record);
  return record;
}
