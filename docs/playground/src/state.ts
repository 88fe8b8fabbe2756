/* All that the page shows, as one record, and its place in the address. */

import { BREAKS, LAWS, SETS, mostEpsilon, type Settings } from "./instance.ts";
import { STEPS } from "./tour.ts";

export const MODES = { tour: "Guided tour", play: "Free play", model: "Real model" };

export interface State extends Settings {
  mode: keyof typeof MODES;
  step: number; // of the tour, from 1
  alpha: number;
  reach: number; // strengths run from -reach to reach
  kind: number; // which kind of text is looked at
  budget: number; // nats
  beta: number; // strength of a second vector
  bounds: boolean;
  own: string; // a record that was pasted or opened, as JSON; "" if the settings make it
  prompt: number; // of the real model
}

export const DEFAULTS: State = {
  mode: "tour",
  step: 1,
  alpha: 0,
  reach: 2,
  kind: 2,
  budget: 0.1, // as of `ufm strength`
  beta: 0,
  bounds: false,
  own: "",
  prompt: 1,
  law: "tapered",
  concepts: 3,
  size: 3,
  epsilon: 5,
  gamma: 10,
  omega: 24,
  seed: 0,
  sets: "contrastive",
  positive: [0, 1],
  negative: [2, 3],
  broken: "",
};

const RANGES: { [key in keyof State]?: readonly [number, number] } = {
  step: [1, 5],
  alpha: [-60, 60],
  reach: [0.25, 60],
  kind: [0, 99],
  budget: [0.01, 5],
  beta: [-5, 5],
  prompt: [0, 99],
  concepts: [2, 5],
  size: [1, 12],
  epsilon: [1, 45],
  gamma: [4, 40],
  omega: [4, 40],
  seed: [0, 999],
};
const CHOICES: { [key in keyof State]?: readonly string[] } = {
  mode: Object.keys(MODES),
  law: Object.keys(LAWS),
  sets: Object.keys(SETS),
  broken: ["", ...Object.keys(BREAKS)],
};
const WHOLE = new Set(["step", "kind", "prompt", "concepts", "size", "epsilon", "gamma", "omega", "seed"]);

/** What a state is before anything is asked for: a step of the tour starts with its own data. */
function usual({ mode = DEFAULTS.mode, step = DEFAULTS.step }: Partial<State>): State {
  return { ...DEFAULTS, ...(mode === "tour" ? { ...STEPS[step - 1].preset, step } : {}), mode };
}

/** An entry of the state as an address writes it. */
function written(value: State[keyof State]): string {
  if (Array.isArray(value)) return value.join(".");
  return typeof value === "boolean" ? (value ? "1" : "") : String(value);
}

/** What differs from the usual, as "a=1&b=2". */
export function toHash(state: State): string {
  const query = new URLSearchParams();
  const plain = { ...usual(state), mode: DEFAULTS.mode, step: DEFAULTS.step };
  for (const [key, value] of Object.entries(state))
    if (written(value) !== written(plain[key as keyof State])) query.set(key, written(value));
  return query.toString();
}

/** The value nearest to what is asked for; undefined if there is none. */
function nearest(name: keyof State, text: string): State[keyof State] | undefined {
  const range = RANGES[name];
  if (range) {
    const value = WHOLE.has(name) ? Math.round(Number(text)) : Number(text);
    return text === "" || Number.isNaN(value) ? undefined : Math.min(Math.max(value, range[0]), range[1]);
  }
  if (CHOICES[name]) return CHOICES[name].includes(text) ? text : undefined;
  if (name === "bounds") return text === "1";
  if (name === "own") return text;
  if (name !== "positive" && name !== "negative") return undefined;
  const numbers = text.split(".").map(Number);
  return numbers.every((j) => Number.isInteger(j) && j >= 0) ? numbers : undefined;
}

/** The state that an address asks for, and a line on what in it was no good: the nearest is taken, or the usual. */
export function fromHash(hash: string): { state: State; line: string } {
  const asked = [...new URLSearchParams(hash.replace(/^#/, ""))].filter(([name]) => name in DEFAULTS) as [keyof State, string][];
  const found: Partial<State> = Object.fromEntries(asked.map(([name, text]) => [name, nearest(name, text)]).filter(([, value]) => value !== undefined));
  const state = { ...usual(found), ...found };
  state.epsilon = Math.min(state.epsilon, mostEpsilon(state.concepts));
  state.alpha = Math.min(Math.max(state.alpha, -state.reach), state.reach);
  const isOther = ([name, text]: [keyof State, string]) => (RANGES[name] ? text === "" || Number(text) !== state[name] : CHOICES[name] && text !== state[name]);
  const others = asked.filter(isOther).map(([name, text]) => `${name} = ${text} became ${written(state[name]) || "nothing"}`);
  return { state, line: others.length ? `The address was mended: ${others.join(", ")}.` : "" };
}
