"""Sums under softmax(cos t · a + sin t · b + c) at any number of angles, by moments about a few of them.

Let q be the distribution at the anchor t0, and x and y the values of A = cos t0 · a + sin t0 · b and of
B = cos t0 · b - sin t0 · a, less their means under q. The distribution at t0 + s is ∝ q e^{uy + vx} with
u = sin s, v = cos s - 1, and

    Z(s) = Σ q e^{uy + vx} = Σ_{i,j} c_ij (u/ρ)^i (2v/ρ²)^j,   c_ij = Σ q (ρy)^i (ρ²x/2)^j / (i! j!)

for |s| <= ρ: 36 x 20 moments serve all angles within the radius ρ, at which what is cut off is below
rounding. All of it in numpy, on the host.
"""

import math
from itertools import pairwise
from typing import NamedTuple

import numpy as np

_ROWS, _COLUMNS = 36, 20
_FACTORIALS = np.outer(
    [float(math.factorial(i)) for i in range(_ROWS)],
    [float(math.factorial(j)) for j in range(_COLUMNS)],
)
# As in `tilted_moments`: a token that holds the share e^-s of the variance may lie further out by 1 + s/34.
_REACH, _ACROSS, _WIDEST = 3.5, 1.0, 0.5
# Pieces for which OpenBLAS starts no threads, several to a block that stays in the cache.
_PIECE, _PIECES = 128, 8
_TOGETHER = 2048  # angles, whose powers stay in the cache as well


class Arc(NamedTuple):
    """One state's logits cos t · a + sin t · b + c: `across` a, `along` b and `offset` c [n]."""

    across: np.ndarray
    along: np.ndarray
    offset: np.ndarray


class Angles(NamedTuple):
    """The angles t of strengths α [A], tan t = (α - α*) / w, cos t >= 0; `closest` α* and `width` w.

    At α* of width 0 there is no angle, and the logits are c.
    """

    alphas: np.ndarray
    closest: float
    width: float

    @property
    def beyond(self) -> np.ndarray:
        """α - α* [A]."""
        return self.alphas - self.closest

    @property
    def radii(self) -> np.ndarray:
        """√(width² + beyond²) [A]; 1 where it would be 0."""
        found = np.hypot(self.width, self.beyond)
        return np.where(found > 0, found, 1.0)

    def cos_sin(self) -> tuple[np.ndarray, np.ndarray]:
        """Cos t and sin t [A]."""
        return self.width / self.radii, self.beyond / self.radii

    def beside(self, alpha: float) -> tuple[np.ndarray, np.ndarray]:
        """Sin s and cos s - 1 [A] for the angles s from that of `alpha`, exact also where s is tiny."""
        of = self._replace(alphas=np.array([alpha]))
        sin = (self.width / self.radii) * ((self.alphas - alpha) / of.radii)
        (cos, sine), (cos0, sine0) = self.cos_sin(), of.cos_sin()
        same = cos * cos0 + sine * sine0
        return sin, np.where(same > 0, -sin * sin / (1 + np.where(same > 0, same, 0)), same - 1)


class ArcSums(NamedTuple):
    """At each angle [A]: log Σ e^logit, by how much it has risen from α = 0, and more.

    Mean and variance are those of d logit/dt; KL(p0||p) is from the distribution p0 at α = 0.
    """

    log_total: np.ndarray
    log_rise: np.ndarray
    mean: np.ndarray
    variance: np.ndarray
    entropy: np.ndarray
    forward_kl: np.ndarray


class _Anchor(NamedTuple):
    """The distribution at `alpha`: log q, q, y and x [n]; E_q[B] and E_q[A]; log Σ e^logit; the radius."""

    alpha: float
    log_weights: np.ndarray
    weights: np.ndarray
    y: np.ndarray
    x: np.ndarray
    means: tuple[float, float]
    log_total: float
    radius: float


def along_arc(arc: Arc, angles: Angles) -> ArcSums:
    """The sums at `angles`, in any order.

    KL is exact to relative accuracy within the radius of α = 0; elsewhere, like log Σ e^logit, to some units
    in the last place of the logits.
    """
    order = np.argsort(angles.alphas, kind="stable")
    points = angles._replace(alphas=angles.alphas[order])
    turns = np.arctan2(points.beyond, points.width)
    found = np.empty((6, turns.size))
    start = _anchor_at(arc, 0.0, angles)

    def fill(anchor: _Anchor, first: int, last: int) -> list[tuple[int, int]]:
        turn = math.atan2(anchor.alpha - angles.closest, angles.width)
        low = first + int(np.searchsorted(turns[first:last], turn - anchor.radius, side="left"))
        high = first + int(np.searchsorted(turns[first:last], turn + anchor.radius, side="right"))
        moments = _moments(anchor) if low < high else np.empty(0)
        for begin in range(low, high, _TOGETHER):
            part = slice(begin, min(begin + _TOGETHER, high))
            served = points._replace(alphas=points.alphas[part])
            found[:, part] = _about(anchor, start, moments, served)
        return [(first, low), (high, last)]

    left = fill(start, 0, turns.size)
    while left:
        first, last = left.pop()
        if first < last:
            middle = float(points.alphas[(first + last) // 2])
            left += fill(_anchor_at(arc, middle, angles), first, last)
    result = np.empty_like(found)
    result[:, order] = found
    return ArcSums(*result)


def _anchor_at(arc: Arc, alpha: float, angles: Angles) -> _Anchor:
    (cos,), (sin,) = angles._replace(alphas=np.array([alpha])).cos_sin()
    level = cos * arc.across + sin * arc.along
    slope = cos * arc.along - sin * arc.across
    r = int(np.argmax(level + arc.offset))
    # counted from the likeliest token, so that nothing small is lost where it has nearly all the mass
    x, y = level - level[r], slope - slope[r]
    logs = x + (arc.offset - arc.offset[r])
    weights = np.exp(logs)
    weights[r] = 0.0
    rest = float(weights.sum())
    weights[r] = 1.0
    weights /= 1 + rest
    logs -= math.log1p(rest)
    past_level, past_slope = (float((weights * gaps).sum()) for gaps in (x, y))
    x -= past_level
    y -= past_slope
    log_total = float(level[r] + arc.offset[r]) + math.log1p(rest)
    means = float(slope[r]) + past_slope, float(level[r]) + past_level
    return _Anchor(alpha, logs, weights, y, x, means, log_total, _radius(logs, weights, y, x))


def _radius(logs: np.ndarray, weights: np.ndarray, y: np.ndarray, x: np.ndarray) -> float:
    """How far an anchor's moments serve: ρ(|y| + |x|/4) <= 3.5 and ρ²|x|/2 <= 1 for all that weighs."""
    distance = np.abs(y) + 0.25 * np.abs(x)
    variance = float((weights * distance * distance).sum())
    if not variance > 0:
        return _WIDEST
    distance = np.maximum(distance, 1e-300)
    rarity = np.maximum(math.log(variance) - 2 * np.log(distance) - logs, 0.0)
    along = (_REACH * (1 + rarity / (_ROWS - 2)) / distance).min()
    across = (2 * _ACROSS * (1 + rarity / (_COLUMNS - 2)) / np.maximum(np.abs(x), 1e-300)).min()
    return float(min(along, math.sqrt(across), _WIDEST))


def _moments(anchor: _Anchor) -> np.ndarray:
    """c_ij, and the same of q log q in place of q, [2, 36, 20]."""
    rho, n = anchor.radius, anchor.weights.size
    size = _PIECE * _PIECES
    sums = np.zeros((_ROWS, 2 * _COLUMNS))
    low, high = np.empty((_ROWS, size)), np.empty((2 * _COLUMNS, size))
    for start in range(0, n, size):
        part = slice(start, start + size)
        held = anchor.weights[part]
        # so unlikely that the weight underflows, and perhaps so far out that powers overflow
        kept = held > 0
        count = held.size
        low[:, count:], high[:, count:] = 0.0, 0.0
        _powers(held, np.where(kept, rho * anchor.y[part], 0.0), low[:, :count])
        x = np.where(kept, 0.5 * rho * rho * anchor.x[part], 0.0)
        _powers(1.0, x, high[:_COLUMNS, :count])
        np.multiply(high[:_COLUMNS, :count], anchor.log_weights[part], out=high[_COLUMNS:, :count])
        left, right = (
            array.reshape(len(array), _PIECES, _PIECE).transpose(1, 0, 2) for array in (low, high)
        )
        sums += np.matmul(left, right.transpose(0, 2, 1)).sum(axis=0)
    return sums.reshape(_ROWS, 2, _COLUMNS).transpose(1, 0, 2) / _FACTORIALS


def _powers(first: np.ndarray | float, t: np.ndarray, rows: np.ndarray) -> None:
    """`rows`[i] = first · t^i."""
    rows[0] = first
    for before, after in pairwise(rows):
        np.multiply(before, t, out=after)


def _about(
    anchor: _Anchor, origin: _Anchor, moments: np.ndarray, angles: Angles
) -> tuple[np.ndarray, ...]:
    """The fields of `ArcSums` at `angles`, which the anchor serves."""
    rho = anchor.radius
    table, surprise = moments[0].copy(), moments[1]
    table[0, 0] = 0.0
    if anchor is origin:  # means of y and x, of which rounding has left a little
        table[1, 0] = table[0, 1] = 0.0
    u, v = angles.beside(anchor.alpha)
    rows, columns = _with_slopes(u / rho, _ROWS), _with_slopes(2 * v / rho**2, _COLUMNS)
    by_row = [power @ table for power in rows]

    def of(i: int, j: int) -> np.ndarray:
        return (by_row[i] * columns[j]).sum(axis=1) / rho**i / (0.5 * rho * rho) ** j

    growth = of(0, 0)
    total = 1 + growth
    y, x, yy, xy, xx = (of(*ij) / total for ij in ((1, 0), (0, 1), (2, 0), (1, 1), (0, 2)))
    expected = ((rows[0] @ surprise) * columns[0]).sum(axis=1) / total
    cos, log_z = 1 + v, np.log1p(growth)
    slope, level = anchor.means
    rise, kl = u * slope + v * level + log_z, log_z
    if anchor is not origin:
        rise = (anchor.log_total - origin.log_total) + rise
        turned, short = angles.beside(0.0)
        kl = np.maximum(rise - turned * origin.means[0] - short * origin.means[1], 0.0)
    return (
        origin.log_total + rise,
        rise,
        cos * (slope + y) - u * (level + x),
        cos * cos * (yy - y * y) - 2 * cos * u * (xy - x * y) + u * u * (xx - x * x),
        log_z - expected - u * y - v * x,
        kl,
    )


def _with_slopes(t: np.ndarray, count: int) -> list[np.ndarray]:
    """t^n for n < `count`, and its first and second derivatives in t, each [len(t), count]."""
    n = np.arange(count)
    powers = np.ones((t.size, count))
    np.cumprod(np.broadcast_to(t[:, None], (t.size, count - 1)), axis=1, out=powers[:, 1:])
    first, second = np.zeros_like(powers), np.zeros_like(powers)
    first[:, 1:] = n[1:] * powers[:, :-1]
    second[:, 2:] = n[2:] * (n[2:] - 1) * powers[:, :-2]
    return [powers, first, second]
