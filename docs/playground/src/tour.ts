/* The five steps: one sentence of plain English, its formula with a key to its letters, and the data that show it. */

import type { State } from "./state.ts";

export interface Formula {
  formula: string; // its name in formulas.json
  key: string; // what its letters mean, as HTML
  theorem: string;
}

export interface Step extends Formula {
  title: string;
  sentence: string;
  hint: string; // HTML
  pictures: string[]; // the large one first
  preset: Partial<State>;
}

const PAPER: Partial<State> = {
  law: "tapered", concepts: 3, size: 3, epsilon: 5, gamma: 10, omega: 24, sets: "contrastive", kind: 2, reach: 2, broken: "", own: "", bounds: false,
}; // prettier-ignore

/** The first step that speaks of the price: before it the page shows none. */
export const PRICED = 3;

/** A short piece of the line that a word of joy is drawn with, by its place among them. */
function swatch(place: number): string {
  return `<i class="hue0 line${place}"></i>`;
}

const GAP = {
  formula: "margin",
  key: "<i>δ</i>: the gap in <i>M</i> between the least joyful word of joy (<i>z</i>&nbsp;∈&nbsp;<i>T</i>) and the most joyful other word.",
};

export const STEPS: Step[] = [
  {
    title: "Push, and most words rise, then fade",
    sentence: "Steering multiplies each word’s probability by e to the power αM, where M scores its joy (food: 0; gloom: below 0), and rescales all to 100 %, so all but the two most extreme words rise to one peak and then fade.",
    formula: "tilt",
    key: "<i>M</i>(<i>z</i>): how much likelier the word <i>z</i> is after texts of joy than after texts of gloom, as a logarithm. <i>p</i>(<i>z</i>): its probability without a push, <i>p</i><sub>α</sub>(<i>z</i>): with a push of strength α. <i>y</i>: every word in turn.",
    theorem: "Theorem 3.3",
    hint: `Drag α to 2. The food words fade, then “merry” ${swatch(2)} peaks, then “glad” ${swatch(1)}; “happy” ${swatch(0)} is left.`,
    pictures: ["tokens", "bars"],
    preset: { ...PAPER, alpha: 0.6 },
  },
  {
    title: "The words of joy together only gain",
    sentence: "Single words come and go, but the words of joy taken together only gain, along a curve that may bend several times, while every other concept vanishes in the end.",
    formula: "curve",
    key: "<i>T</i>: the words of joy. <i>F</i><sub><i>T</i></sub>(α): their share at strength α, short <i>F</i>. <i>r</i>: log <i>F</i> − log(1 − <i>F</i>) at α = 0. <i>ν</i>(α): how far α has moved it; <i>ν</i>′ &gt; 0: always upwards.",
    theorem: "Theorem 3.6",
    hint: "Drag α to −2 as well: gloom takes over there, and food is lost on both sides.",
    pictures: ["concepts", "bars"],
    preset: { ...PAPER, alpha: 0.8 },
  },
  {
    title: "Every push has a price",
    sentence: "The harder you push, the worse the model predicts the texts it was trained on: the price grows like α² at first, then along a straight line.",
    formula: "price",
    key: "ΔCE: the price, the mean rise of −log <i>p</i> of the right word, in <b>nats</b>, the unit of natural logarithms (1 nat = 1.44 bits). Var<sub><i>j</i></sub>(<i>M</i>): how widely <i>M</i> varies over the next word after text <i>j</i>; <i>π</i><sub><i>j</i></sub>: the share of such texts; <i>σ</i>² in the picture: the whole sum. <i>o</i>(α²): little beside α² if α is small.",
    theorem: "Theorem 3.8 (the straight line: this project)",
    hint: "Move the budget: the dashed mark is the largest α that it pays for. At 0.69 nats the right word is half as probable, on average.",
    pictures: ["price", "concepts"],
    preset: { ...PAPER, alpha: 1, budget: 0.3 },
  },
  {
    title: "The sweet spot, and why one α need not serve all",
    sentence: "After each kind of text there is a window of α in which every word of joy still rises and every other word already fades, but the windows of two kinds of text need not overlap.",
    formula: "window",
    key: "<i class='board'>E</i><sub><i>j</i>,α</sub>[<i>M</i>]: the mean of <i>M</i> over the next word after text <i>j</i> at strength α; a word rises while its <i>M</i> is above this mean. <i>z</i>&nbsp;∈&nbsp;<i>T</i>: words of joy. <i>z</i>&nbsp;∉&nbsp;<i>T</i>: all others.",
    theorem: "A consequence of Theorem 3.3",
    hint: "Drag α from window to window: no α is in all three. The joy text’s is below 0: joy leads there, so its weakest word fades even without a push.",
    pictures: ["windows", "tokens"],
    preset: { ...PAPER, alpha: 0.62, kind: 1, reach: 1.5 },
  },
  {
    title: "Break a hypothesis, see which conclusion is lost",
    sentence: "Take one condition of the theorems away, and some of these conclusions are lost.",
    ...GAP,
    theorem: "",
    hint: "",
    pictures: ["concepts", "tokens", "price"],
    preset: { ...PAPER, kind: 0, alpha: 2, reach: 3.5, broken: "vector" },
  },
];

/** The condition that each choice of the last step takes away. */
export const CONDITIONS: { [broken: string]: Formula } = {
  "": { ...GAP, theorem: "A condition of Theorems 3.3 and 3.6: met" },
  separation: {
    formula: "rates",
    key: "<i>a</i>(<i>z</i>), <i>b</i>(<i>z</i>): probability of <i>z</i> after texts of joy, and after others. <i>T</i>: the words of joy; “happy” fails.",
    theorem: "Assumption 1: not met",
  },
  vector: { ...GAP, theorem: "A condition of Theorems 3.3 and 3.6: not met" },
  training: {
    formula: "trained",
    key: "<i>p<sub>j</sub></i>(<i>z</i>): the model’s probability of <i>z</i> after text <i>j</i>. <i>q<sub>j</sub></i>(<i>z</i>): its share in the data, larger for joy.",
    theorem: "Assumption 2: not met",
  },
  constant: {
    formula: "moves",
    key: "<i>M</i>(<i>z</i>): how joyful the word <i>z</i> is to the vector; 0 now for every word, so that nothing moves.",
    theorem: "A condition of Theorems 3.3 and 3.8: not met",
  },
};

/** The picture in which a broken hypothesis is best seen. */
export const SEEN_IN: { [broken: string]: string } = { separation: "tokens", training: "price" };
