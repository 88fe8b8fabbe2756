/* The numbers of the playground: the exponential tilt of next-token distributions, and what is made of it.

   p_α(z) = p(z) e^{αM(z)} / Σ_y p(y) e^{αM(y)}: one row of log p [V] and the log-odds M [V] at a time. Tested
   against the Python library to 1e-10, at α = 1e8, p = 1e-300 and gaps of M down to rounding as well. */

export type Row = ArrayLike<number>;
export type Mask = ArrayLike<boolean>;

/** log Σ e^{values}, with the values shifted by their largest; -∞ of none. */
export function logSumExp(values: Row): number {
  let top = -Infinity;
  for (let z = 0; z < values.length; z++) top = Math.max(top, values[z]);
  if (top === -Infinity) return top;
  let sum = 0;
  for (let z = 0; z < values.length; z++) sum += Math.exp(values[z] - top);
  return top + Math.log(sum);
}

/** M(z) = mean_{i in P} log p(z|c_i) - mean_{i in N} log p(z|c_i) (Definition 3.2), ties of rounding merged. */
export function logOdds(rows: readonly Row[], positive: readonly number[], negative: readonly number[]): number[] {
  const mean = (group: readonly number[], z: number) =>
    group.reduce((sum, j) => sum + rows[j][z], 0) / group.length;
  const odds = Array.from(rows[0], (_, z) => mean(positive, z) - mean(negative, z));
  let largest = 0;
  for (const row of rows) for (let z = 0; z < row.length; z++) largest = Math.max(largest, Math.abs(row[z]));
  const order = odds.map((_, z) => z).sort((y, z) => odds[y] - odds[z]);
  const slack = 8 * Number.EPSILON * largest;
  for (let begin = 0; begin < order.length; ) {
    let end = begin + 1;
    while (end < order.length && odds[order[end]] - odds[order[begin]] <= slack) end++;
    const middle = odds[order[begin + Math.floor((end - begin) / 2)]];
    for (let i = begin; i < end; i++) odds[order[i]] = middle;
    begin = end;
  }
  return odds;
}

/** The likeliest token at α, found by differences, so that a large αM costs no digits. */
function pivot(logP: Row, M: Row, alpha: number): number {
  let r = 0;
  for (let z = 1; z < M.length; z++) {
    if (logP[z] - logP[r] + alpha * (M[z] - M[r]) > 0) r = z;
  }
  return r;
}

/** p_α(z) [V] (Lemma B.3); written into `into` if given. */
export function tilted(logP: Row, M: Row, alpha: number, into?: Float64Array): Float64Array {
  const out = into ?? new Float64Array(M.length);
  const r = pivot(logP, M, alpha);
  let sum = 0;
  for (let z = 0; z < M.length; z++) sum += out[z] = Math.exp(logP[z] - logP[r] + alpha * (M[z] - M[r]));
  for (let z = 0; z < M.length; z++) out[z] /= sum;
  return out;
}

/** log p_α(z) [V], also where p_α(z) is below all floats. */
export function logTilted(logP: Row, M: Row, alpha: number): Float64Array {
  const r = pivot(logP, M, alpha);
  const logits = Float64Array.from(M, (m, z) => logP[z] - logP[r] + alpha * (m - M[r]));
  const total = logSumExp(logits);
  return logits.map((value) => value - total);
}

/** Σ_{z in C} p_α(z): the mass of a concept C. */
export function mass(p: Row, tokens: Mask): number {
  let sum = 0;
  for (let z = 0; z < p.length; z++) if (tokens[z]) sum += p[z];
  return sum;
}

/** M - E_α[M] [V], from the gaps to the likeliest token: exact also where it is tiny (Lemma B.5). */
export function centred(logP: Row, M: Row, alpha: number): number[] {
  const p = tilted(logP, M, alpha);
  const r = pivot(logP, M, alpha);
  let excess = 0;
  for (let z = 0; z < M.length; z++) excess += p[z] * (M[z] - M[r]);
  return Array.from(M as ArrayLike<number>, (m) => m - M[r] - excess);
}

/** E_α[M] = K'(α). */
export function mean(logP: Row, M: Row, alpha: number): number {
  return M[0] - centred(logP, M, alpha)[0];
}

/** Var_α(M) = K''(α). */
export function variance(logP: Row, M: Row, alpha: number): number {
  const [p, x] = [tilted(logP, M, alpha), centred(logP, M, alpha)];
  return p.reduce((sum, share, z) => sum + share * x[z] * x[z], 0);
}

/** lim p_α(z) [V] as α → ±∞ (Proposition B.1): p conditioned on argmax M, or on argmin M. */
export function limit(logP: Row, M: Row, sign: number): number[] {
  const end = extreme(M, sign);
  const kept = Array.from(logP, (value, z) => (M[z] === end ? value : -Infinity));
  const total = logSumExp(kept);
  return kept.map((value) => Math.exp(value - total));
}

export function extreme(M: Row, sign: number): number {
  return Array.from(M).reduce((best, m) => (sign * m > sign * best ? m : best));
}

/** R = max M - min M. */
export const range = (M: Row): number => extreme(M, 1) - extreme(M, -1);

/** δ = min_T M - max_{not T} M, the separation margin. */
export function margin(M: Row, target: Mask): number {
  let [inside, outside] = [Infinity, -Infinity];
  for (let z = 0; z < M.length; z++) {
    if (target[z]) inside = Math.min(inside, M[z]);
    else outside = Math.max(outside, M[z]);
  }
  return inside - outside;
}

/** p φ(y), φ(y) = e^y - 1 - y >= 0; by its series for |y| < 1, where the difference would cancel. */
function remainder(p: number, grown: number, y: number): number {
  if (Math.abs(y) >= 1) return grown - p * (1 + y);
  let series = 0;
  for (let n = 20; n >= 2; n--) series = (series * y + 1) / n; // Horner: 1/2! + y/3! + …
  return p * y * y * series;
}

/** KL(p || p_α) = K(α) - αK'(0): what steering costs on one context, in nats. `x` is M - E_0[M]. */
export function forwardKL(logP: Row, M: Row, alpha: number, x: Row = centred(logP, M, 0)): number {
  let [rise, largest] = [0, -Infinity];
  for (let z = 0; z < x.length; z++) {
    const exponent = logP[z] + alpha * x[z];
    largest = Math.max(largest, exponent);
    rise += remainder(Math.exp(logP[z]), Math.exp(exponent), alpha * x[z]);
  }
  return largest < 300 ? Math.log1p(rise) : logSumExp(Array.from(x, (value, z) => logP[z] + alpha * value));
}

/** KL(p_α || p) = αK'(α) - K(α); it saturates at -log p(argmax M). */
export function reverseKL(logP: Row, M: Row, alpha: number): number {
  const r = pivot(logP, M, alpha);
  const after = tilted(logP, M, alpha);
  let [change, rest] = [0, 0];
  for (let z = 0; z < M.length; z++) {
    const growth = alpha * (M[z] - M[r]);
    change += growth > 1 ? Math.exp(logP[z] + growth) - Math.exp(logP[z]) : Math.exp(logP[z]) * Math.expm1(growth);
    if (z !== r) rest += Math.exp(logP[z] - logP[r] + growth);
  }
  const logMean = change < -0.5 ? logP[r] + Math.log1p(rest) : Math.log1p(change); // log E_0[e^growth]
  return after.reduce((sum, q, z) => sum + remainder(q, Math.exp(logP[z]), logMean - alpha * (M[z] - M[r])), 0);
}

/** ΔCE (Definition 3.7), averaged over contexts by their weights, as a function of α; of `data` if given. */
export function costCurve(rows: readonly Row[], M: Row, weights: Row, data?: readonly Row[]): (alpha: number) => number {
  const centres = rows.map((logP) => centred(logP, M, 0));
  // E_data[M] - E_model[M] is 0 once the model is trained (Assumption 2)
  const drifts = centres.map((x, j) => (data ? x.reduce((sum, value, z) => sum + data[j][z] * value, 0) : 0));
  return (alpha) =>
    rows.reduce((sum, logP, j) => sum + weights[j] * (forwardKL(logP, M, alpha, centres[j]) - alpha * drifts[j]), 0);
}

/** σ² = Σ_j π_j Var_j(M), twice the curvature of the price (Theorem 3.8). */
export function meanVariance(rows: readonly Row[], M: Row, weights: Row): number {
  return rows.reduce((sum, logP, j) => sum + weights[j] * variance(logP, M, 0), 0);
}

/** g(α) = log Σ_above e^{t + αx} - log Σ_below e^{t + αx} and its slope: increasing, with one root. */
function logBalance(alpha: number, x: Row, t: Row, above: Mask): [number, number] {
  const top = [-Infinity, -Infinity];
  for (let z = 0; z < x.length; z++) top[+above[z]] = Math.max(top[+above[z]], t[z] + alpha * x[z]);
  const [sum, rate] = [[0, 0], [0, 0]];
  for (let z = 0; z < x.length; z++) {
    const side = +above[z];
    if (top[side] === -Infinity) continue;
    const weight = Math.exp(t[z] + alpha * x[z] - top[side]);
    sum[side] += weight;
    rate[side] += weight * x[z];
  }
  const log = (side: number) => top[side] + Math.log(sum[side]);
  return [log(1) - log(0), rate[1] / sum[1] - rate[0] / sum[0]];
}

/** The root of an increasing function: Newton's steps, and halves where they leave the bracket or are slow. */
function increasingRoot(f: (alpha: number) => [number, number], low: number, high: number, start: number): number {
  let alpha = Math.min(Math.max(start, low), high);
  let before = Infinity;
  for (let i = 0; i < 400; i++) {
    const [value, slope] = f(alpha);
    if (value === 0) return alpha;
    if (value < 0) low = alpha;
    else high = alpha;
    let next = alpha - value / slope;
    if (!(next > low && next < high) || Math.abs(value) > 0.5 * before) next = low + (high - low) / 2;
    if (next === alpha || next <= low || next >= high) return next;
    if (Math.abs(next - alpha) <= 2e-16 * Math.abs(next)) return next;
    before = Math.abs(value);
    alpha = next;
  }
  return alpha;
}

/** The root of a log-balance whose slope lies between `least` and `most`. */
function balanced(x: Row, t: Row, above: Mask, least: number, most: number): number {
  const f = (alpha: number) => logBalance(alpha, x, t, above);
  const [atZero] = f(0);
  const ends = [-atZero / most, -atZero / least].map((end) => [end - 1e-9 * Math.abs(end), end + 1e-9 * Math.abs(end)]);
  const [low, high] = [Math.min(ends[0][0], ends[1][0]), Math.max(ends[0][1], ends[1][1])];
  return increasingRoot(f, low - 1e-300, high + 1e-300, -atZero / most);
}

/** α(z) [V], where each token is likeliest (Theorem 3.3): E_α[M] = M(z); ±∞ where M is largest or least. */
export function peaks(logP: Row, M: Row): number[] {
  const [bottom, top] = [extreme(M, -1), extreme(M, 1)];
  const found = new Map<number, number>([[top, Infinity]]).set(bottom, -Infinity);
  const [gaps, terms, above] = [new Float64Array(M.length), new Float64Array(M.length), new Array<boolean>(M.length)];
  return Array.from(M, (m) => {
    if (!found.has(m)) {
      let [up, down] = [Infinity, Infinity]; // to the next larger and the next smaller log-odds
      for (let z = 0; z < M.length; z++) {
        const gap = M[z] - m;
        if (gap > 0) up = Math.min(up, gap);
        else if (gap < 0) down = Math.min(down, -gap);
        [gaps[z], above[z], terms[z]] = [gap, gap > 0, logP[z] + Math.log(Math.abs(gap))];
      }
      found.set(m, balanced(gaps, terms, above, up + down, top - bottom));
    }
    return found.get(m)!;
  });
}

/** W = (lower, upper): between them every other token is past its peak and no target token is. Needs δ > 0. */
export function sweetSpot(peakStrengths: Row, target: Mask): [number, number] {
  let [lower, upper] = [-Infinity, Infinity];
  for (let z = 0; z < peakStrengths.length; z++) {
    if (target[z]) upper = Math.min(upper, peakStrengths[z]);
    else lower = Math.max(lower, peakStrengths[z]);
  }
  return [lower, upper];
}

/** The α at which the target has half of the mass. Needs δ > 0. */
export function halfSaturation(logP: Row, M: Row, target: Mask): number {
  const delta = margin(M, target);
  const cut = Math.min(...Array.from(M).filter((_, z) => target[z])) - delta / 2;
  return balanced(Array.from(M, (m) => m - cut), logP, target, delta, range(M));
}

/** The positive α that spends a budget κ > 0 of cross-entropy, in nats: ΔCE is convex, so Newton closes in. */
export function budgetRoot(rows: readonly Row[], M: Row, weights: Row, budget: number): number {
  const cost = costCurve(rows, M, weights);
  const price = (alpha: number): [number, number] => {
    const rise = rows.reduce((sum, logP, j) => sum + weights[j] * (mean(logP, M, alpha) - mean(logP, M, 0)), 0);
    return [cost(alpha) - budget, rise];
  };
  const low = Math.sqrt(8 * budget) / range(M); // Hoeffding: no smaller α spends so much
  let high = 2 * low;
  while (price(high)[0] < 0) high *= 2;
  return increasingRoot(price, low * (1 - 1e-9), high, Math.sqrt((2 * budget) / meanVariance(rows, M, weights)));
}

/** The mean mass of the target over contexts. */
export function targetMass(rows: readonly Row[], M: Row, weights: Row, target: Mask, alpha: number): number {
  return rows.reduce((sum, logP, j) => sum + weights[j] * mass(tilted(logP, M, alpha), target), 0);
}

/** What encloses ΔCE (nats) at α: Hoeffding's α²R²/8, the quadratic ½σ²α², a lower bound, and the asymptote. */
export function costBounds(rows: readonly Row[], M: Row, weights: Row) {
  const [sigma2, R] = [meanVariance(rows, M, weights), range(M)];
  const line = (sign: number) => {
    const end = extreme(M, sign);
    const mean = (f: (logP: Row) => number) => rows.reduce((sum, logP, j) => sum + weights[j] * f(logP), 0);
    const slope = mean((logP) => Array.from(M, (m, z) => Math.exp(logP[z]) * Math.abs(end - m)).reduce((a, b) => a + b));
    return [slope, mean((logP) => logSumExp(Array.from(logP).filter((_, z) => M[z] === end)))];
  };
  const lines = [line(-1), line(1)];
  return (alpha: number) => {
    const y = Math.abs(alpha) * R;
    const [slope, level] = lines[alpha < 0 ? 0 : 1];
    return {
      quadratic: 0.5 * sigma2 * alpha * alpha,
      upper: (y * y) / 8,
      lower: (sigma2 / (R * R)) * remainder(1, Math.exp(-y), -y),
      asymptote: Math.abs(alpha) * slope + level,
    };
  };
}

/** Where a mass F can be at α at the furthest: logit F moves by at most R|α| (Appendix B.4). */
export function massBounds(share: number, R: number, alpha: number): [number, number] {
  const logit = Math.log(share) - Math.log1p(-share);
  const squash = (value: number) => 1 / (1 + Math.exp(-value));
  return [squash(logit - R * Math.abs(alpha)), squash(logit + R * Math.abs(alpha))];
}

/** The most that any change of the distributions at a price of `budget` nats, Σπ KL(p||q), adds to Σπ q(T).

    `on` and `off` are the target's mass F and 1 - F in each context. The best q keeps p given T and given not
    T, and has the mass f on T with f - F = μ f (1 - f), one μ for all contexts. */
export function ceilingGain(on: Row, off: Row, weights: Row, budget: number): number {
  if (!(budget > 0)) return 0;
  let variance = 0;
  for (let j = 0; j < on.length; j++) variance += weights[j] * on[j] * off[j];
  if (!(variance > 0)) return 0;
  let gain = 0;
  const excess = (logMu: number): [number, number] => {
    const mu = Math.exp(logMu);
    let [cost, slope] = [0, 0];
    gain = 0;
    for (let j = 0; j < on.length; j++) {
      const root = Math.hypot(1 - mu, 2 * Math.sqrt(mu * on[j]));
      const rest = (2 * off[j]) / (1 + mu + root);
      const after = mu <= 1 ? (2 * on[j]) / (1 - mu + root) : (mu - 1 + root) / (2 * mu);
      const gained = mu * after * rest;
      const [rise, fall] = [Math.log1p(gained / on[j]), -Math.log1p(mu * after)];
      cost += weights[j] * (remainder(on[j], after, rise) + remainder(off[j], rest, fall));
      slope += (weights[j] * mu * mu * after * rest) / root;
      gain += weights[j] * gained;
    }
    return [Math.log(cost / budget), slope / cost];
  };
  increasingRoot(excess, -600, 600, 0.5 * Math.log((2 * budget) / variance));
  return gain;
}

/** The strength β of a second vector that brings the mean of its log-odds back to where it was before α. */
export function undoingStrength(rows: readonly Row[], M: Row, second: Row, weights: Row, alpha: number): number {
  const pushed = rows.map((logP) => Array.from(logP, (value, z) => value + alpha * (M[z] - M[0])));
  const before = rows.map((logP) => mean(logP, second, 0));
  const moved = (beta: number): [number, number] => {
    let [shift, slope] = [0, 0];
    for (let j = 0; j < rows.length; j++) {
      shift += weights[j] * (mean(pushed[j], second, beta) - before[j]);
      slope += weights[j] * variance(pushed[j], second, beta);
    }
    return [shift, slope];
  };
  const unit = 1 / range(second);
  let [low, high] = [-unit, unit];
  while (moved(low)[0] > 0) low *= 2;
  while (moved(high)[0] < 0) high *= 2;
  return increasingRoot(moved, low, high, 0);
}
