/* All that the page shows, as one record, and its place in the address. */

import { BREAKS, LAWS, SETS, mostEpsilon, type Settings } from "./instance.ts";

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

/** What differs from the defaults, as "a=1&b=2". */
export function toHash(state: State): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(state)) {
    const text = Array.isArray(value) ? value.join(".") : typeof value === "boolean" ? (value ? "1" : "") : String(value);
    const usual = DEFAULTS[key as keyof State];
    if (text !== (Array.isArray(usual) ? usual.join(".") : usual === false ? "" : String(usual))) query.set(key, text);
  }
  return query.toString();
}

/** The state that an address asks for; what is no good in it stays at its default. */
export function fromHash(hash: string): State {
  const state: State = { ...DEFAULTS };
  for (const [key, text] of new URLSearchParams(hash.replace(/^#/, ""))) {
    const name = key as keyof State;
    const range = RANGES[name];
    if (range) {
      const value = Number(text);
      if (text !== "" && value >= range[0] && value <= range[1] && (!WHOLE.has(key) || Number.isInteger(value)))
        Object.assign(state, { [name]: value });
    } else if (CHOICES[name]?.includes(text)) Object.assign(state, { [name]: text });
    else if (name === "bounds") state.bounds = text === "1";
    else if (name === "own") state.own = text;
    else if (name === "positive" || name === "negative") {
      const numbers = text.split(".").map(Number);
      if (numbers.every((j) => Number.isInteger(j) && j >= 0)) state[name] = numbers;
    }
  }
  state.epsilon = Math.min(state.epsilon, mostEpsilon(state.concepts));
  state.alpha = Math.min(Math.max(state.alpha, -state.reach), state.reach);
  return state;
}
