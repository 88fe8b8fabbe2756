/* The numbers against fixtures that the Python library wrote: node --test docs/playground/test/*.test.ts */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import * as numbers from "../src/numbers.ts";

const FILE = new URL("../../../tests/data/playground_numbers.json", import.meta.url);
const CASES: Record<string, any> = JSON.parse(readFileSync(FILE, "utf8"), (_, value) =>
  value === "inf" ? Infinity : value === "-inf" ? -Infinity : value,
);
const TOLERANCE = 1e-10;

let largest = 0;
/** Equal to 1e-10 of the number itself, or of `unit`, the size of the terms that it is a difference of. */
function close(found: any, expected: any, unit: number, where: string): void {
  if (Array.isArray(expected)) {
    assert.equal(found.length, expected.length, where);
    expected.forEach((value, i) => close(found[i], value, unit, `${where}[${i}]`));
    return;
  }
  if (found === expected) return;
  const error = Math.abs(found - expected) / Math.max(Math.abs(expected), unit);
  largest = Math.max(largest, error);
  assert.ok(error <= TOLERANCE, `${where}: ${found}, the library says ${expected}: off by ${error}`);
}

for (const [name, want] of Object.entries(CASES)) {
  const { log_probs: rows, log_odds: M, weights } = want;
  const target = want.target.map(Boolean);
  const R = numbers.range(M);

  const atEach = (f: (alpha: number) => unknown) => want.alphas.map(f);
  const ofEach = (f: (logP: number[], alpha: number) => number) =>
    atEach((alpha) => rows.map((row: number[]) => f(row, alpha)));

  test(`${name}: the tilt, its moments and its limits`, () => {
    // what is below 1e-300 may be 0 on either side
    close(atEach((alpha) => numbers.tilted(rows[0], M, alpha)), want.probs, 1e-290, "p");
    close(ofEach((row, alpha) => numbers.mean(row, M, alpha)), want.mean, R, "E[M]");
    close(ofEach((row, alpha) => numbers.variance(row, M, alpha)), want.variance, 1e-290, "Var M");
    close([-1, 1].map((sign) => rows.map((row: number[]) => numbers.limit(row, M, sign))), want.limits, 0, "limit");
  });

  test(`${name}: what steering costs`, () => {
    close(ofEach((row, alpha) => numbers.forwardKL(row, M, alpha)), want.forward_kl, 1e-290, "KL(p||p_α)");
    close(ofEach((row, alpha) => numbers.reverseKL(row, M, alpha)), want.reverse_kl, 1e-290, "KL(p_α||p)");
    close(atEach(numbers.costCurve(rows, M, weights)), want.cost, 1e-290, "ΔCE");
    close(atEach((alpha) => numbers.targetMass(rows, M, weights, target, alpha)), want.target_mass, 1e-290, "F_T");
    const found = want.alphas.map(numbers.costBounds(rows, M, weights));
    for (const key of ["quadratic", "upper", "lower", "asymptote"])
      close(found.map((each: any) => each[key]), want.bounds[key], key === "asymptote" ? 1 : 1e-290, key);
  });

  test(`${name}: the ceiling of a price, and what undoes a strength`, () => {
    const share = (side: boolean) => rows.map((row: number[]) => numbers.mass(numbers.tilted(row, M, 0), target.map((inside: boolean) => inside === side)));
    close(want.prices.map((price: number) => numbers.ceilingGain(share(true), share(false), weights, price)), want.ceilings, 1, "ceiling");
    const undone = want.undone_at.map((alpha: number) => numbers.undoingStrength(rows, M, [...M].reverse(), weights, alpha));
    close(undone, want.undoing, 1 / R, "β");
  });

  test(`${name}: peaks, windows and chosen strengths`, () => {
    const peaks = rows.map((row: number[]) => numbers.peaks(row, M));
    close(peaks, want.peaks, 1 / R, "α(z)");
    close(numbers.margin(M, target), want.margin, 0, "δ");
    if (!(want.margin > 0)) return;
    close(peaks.map((each: number[]) => numbers.sweetSpot(each, target)), want.sweet_spots, 1 / R, "W");
    close(rows.map((row: number[]) => numbers.halfSaturation(row, M, target)), want.half_saturation, 1 / R, "F = 1/2");
    close(want.budgets.map((budget: number) => numbers.budgetRoot(rows, M, weights, budget)), want.choices, 0, "α(κ)");
  });
}

test("log-odds of a table, ties merged", () => {
  const { log_probs: rows, log_odds: M } = CASES["gamma and omega"];
  close(numbers.logOdds(rows, [0, 1], [2, 3]), M, 0, "M");
  // .1 + .2 + .3 is not .3 + .2 + .1 in floats
  const permuted = [[-1, -1], [-0.1, -0.3], [-0.2, -0.2], [-0.3, -0.1]];
  const [first, second] = numbers.logOdds(permuted, [0], [1, 2, 3]);
  assert.equal(first, second, "tokens that tie but for rounding");
});

test("the largest error", () => console.log(`largest error of the numbers: ${largest.toExponential(1)}`));
