/* The five steps: one sentence of plain English, its formula, and the data that show it. */

import type { State } from "./state.ts";

export interface Step {
  title: string;
  sentence: string;
  formula: string; // its name in formulas.json
  theorem: string;
  hint: string;
  pictures: string[]; // the large one first
  preset: Partial<State>;
}

const PAPER: Partial<State> = {
  law: "tapered", concepts: 3, size: 3, epsilon: 5, gamma: 10, omega: 24, sets: "contrastive", kind: 2, reach: 2, broken: "", own: "", bounds: false,
}; // prettier-ignore

/** The smallest instance whose windows are apart: V = 4. */
export const APART = JSON.stringify({
  in_concept: ["3/5", "1/5", "3/5", "1/5"],
  off_concept: ["1/10", "1/10", "1/10", "1/10"],
  token_concept: [0, 0, 1, 1],
  contexts: [0, 1],
  positive: [0],
  negative: [1],
});

export const STEPS: Step[] = [
  {
    title: "Push, and most words rise, then fade",
    sentence: "Steering multiplies every word’s probability by e to the power αM, with M > 0 for joyful words, M < 0 for gloomy ones and M = 0 for food, and then rescales them to 100 %, so all but the two most extreme words rise to a single peak and then fade.",
    formula: "tilt",
    theorem: "Theorem 3.3",
    hint: "Drag α from 0 to 2. The food words fade first, then “merry” peaks, then “glad”; “happy” is left.",
    pictures: ["tokens", "bars"],
    preset: { ...PAPER, alpha: 0.6 },
  },
  {
    title: "The words of joy together only gain",
    sentence: "Single words come and go, but the words of joy taken together only gain, along a curve that may bend several times, while every other concept vanishes in the end.",
    formula: "curve",
    theorem: "Theorem 3.6",
    hint: "Drag α to −2 as well: gloom takes over there, and food is lost on both sides.",
    pictures: ["concepts", "bars"],
    preset: { ...PAPER, alpha: 0.8 },
  },
  {
    title: "Every push has a price",
    sentence: "The harder you push, the worse the model predicts the texts it was trained on: the price grows like α² at first, and then along a straight line.",
    formula: "price",
    theorem: "Theorem 3.8 (α²); the straight line is this project’s addition",
    hint: "Move the budget: the dashed mark is the largest α that it pays for. At 0.69 nats the right word gets half its probability.",
    pictures: ["price", "concepts"],
    preset: { ...PAPER, alpha: 0.5, budget: 0.3 },
  },
  {
    title: "The sweet spot, and why one α need not serve all",
    sentence: "After each kind of text there is a window of α in which every word of joy still rises and every other word already fades, but the windows of two kinds of text need not overlap.",
    formula: "window",
    theorem: "A consequence of Theorem 3.3",
    hint: "Drag α into one window, then the other. No α is in both.",
    pictures: ["windows", "tokens"],
    preset: { ...PAPER, own: APART, alpha: 0.5, reach: 1.5, kind: 1 },
  },
  {
    title: "Break a hypothesis, see which conclusion is lost",
    sentence: "The theorems need joyful words to be likelier in joyful texts, a vector made of joyful texts against others, and a fully trained model; take one of these away and some conclusions are lost.",
    formula: "margin",
    theorem: "",
    hint: "",
    pictures: ["concepts", "tokens", "price"],
    preset: { ...PAPER, alpha: 0.8, broken: "vector" },
  },
];
