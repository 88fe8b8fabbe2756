/* Exact rationals, as certificates want them: "3/5", "0.6", "7". */

export interface Fraction {
  readonly over: bigint;
  readonly under: bigint;
}

export function fraction(over: bigint | number, under: bigint | number = 1n): Fraction {
  let [a, b] = [BigInt(over), BigInt(under)];
  if (b === 0n) throw new Error("a fraction's denominator must not be 0");
  if (b < 0n) [a, b] = [-a, -b];
  const divisor = greatestCommonDivisor(a < 0n ? -a : a, b) || 1n;
  return { over: a / divisor, under: b / divisor };
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  while (b) [a, b] = [b, a % b];
  return a;
}

export const ZERO = fraction(0);
export const ONE = fraction(1);
export const plus = (p: Fraction, q: Fraction) => fraction(p.over * q.under + q.over * p.under, p.under * q.under);
export const minus = (p: Fraction, q: Fraction) => fraction(p.over * q.under - q.over * p.under, p.under * q.under);
export const times = (p: Fraction, q: Fraction) => fraction(p.over * q.over, p.under * q.under);
export const sum = (terms: readonly Fraction[]) => terms.reduce(plus, ZERO);
export const text = ({ over, under }: Fraction) => (under === 1n ? `${over}` : `${over}/${under}`);

/** The nearest float, also of numerators that no float holds. */
export function toNumber({ over, under }: Fraction): number {
  const excess = Math.max(bits(over), bits(under)) - 1000;
  if (excess <= 0) return Number(over) / Number(under);
  const shift = BigInt(excess);
  return Number(over >> shift) / Number(under >> shift);
}

const bits = (value: bigint) => (value < 0n ? -value : value).toString(2).length;

/** The fraction that a text says: "3/5", "0.6" or "1e-3". Throws on anything else. */
export function parse(source: unknown): Fraction {
  const found = /^\s*([+-]?\d+)\s*(?:\/\s*(\d+)|(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?)\s*$/.exec(String(source));
  if (!found) throw new Error(`${String(source).slice(0, 24)} is not a number such as "3/5" or "0.6"`);
  const [, whole, under, decimals = "", exponent = "0"] = found;
  if (under) return fraction(BigInt(whole), BigInt(under));
  const power = Number(exponent) - decimals.length;
  const digits = BigInt(whole + decimals);
  return power >= 0 ? fraction(digits * 10n ** BigInt(power)) : fraction(digits, 10n ** BigInt(-power));
}
