"""Peaks of all tokens of a large vocabulary in near-linear time: numpy on the host.

E_α[M] is one increasing curve, and the peak of a token is where it passes the token's M. The line of
strengths is cut in pieces, until a piece is served by one anchor's moments (`tilted_moments`) or holds so few
tokens, or feels so few, that the log-balance of each is solved on its own. Tokens whose influence on
every peak of a piece is below 1e-18 are left out of it and of the pieces that it is cut into; of those that
lie apart from its own, whole cells are replaced by a few nodes (`gauss_nodes`). Where M spans many scales,
nearly all peaks are found beforehand, an octave of strengths at a time (`octaves`).
"""

import math
from typing import NamedTuple

import numpy as np

from .bracket import Bracket
from .gauss_nodes import gathered
from .log_balance import balanced
from .octaves import peaks_by_octaves
from .roots import middle_of
from .tilted_moments import Anchor, anchor_at, evaluate, roots, series, slopes

_DIRECT = 1 << 13  # tokens x tokens felt: below this, solving each costs less than an anchor
_TINY = 1e-18
_WIDE_TOKENS, _WIDE = 2048, 1e5  # tokens, and how many times the nearer ones the farthest are away
_GATHERED = 2048  # fewer tokens are not worth the nodes of their cells


class _Distribution(NamedTuple):
    """One context: distinct values of M, ascending, and the log weight of each.

    `tokens` are log p in the order of M, with ties: those of the n-th value begin at `starts`[n].
    """

    log_odds: np.ndarray
    log_weights: np.ndarray
    tokens: np.ndarray
    starts: np.ndarray


class _Piece(NamedTuple):
    """Tokens first..last-1 have their peaks in the bracket and feel `log_odds`, ascending, alone.

    `log_odds` and `log_weights` hold tokens, and nodes in place of tokens; token n is at n - `shift` in them.
    `guess` is where to put the next anchor (NaN: in the middle); a piece is `dense` if it lies beside
    an anchor that served many tokens, so that the next one beside it will as well.
    """

    bracket: Bracket[float]
    first: int
    last: int
    log_odds: np.ndarray
    log_weights: np.ndarray
    shift: int
    guess: float = math.nan
    dense: bool = False


def vocabulary_peaks(log_probs: np.ndarray, log_odds: np.ndarray) -> np.ndarray:
    """α(j,z) [m, V] as `ufm.peak_strengths` has it, of float64 arrays; contexts share the sort of M."""
    # M in units of its range, to a power of two, so that squares of it neither over- nor underflow
    exponent = int(np.frexp(log_odds.max() / 2 - log_odds.min() / 2)[1])
    order = np.argsort(log_odds, kind="stable")
    ascending = np.ldexp(log_odds[order], -exponent)
    is_new = np.append(True, np.diff(ascending) > 0)
    starts, group = np.flatnonzero(is_new), np.cumsum(is_new) - 1
    distinct = ascending[starts]
    found = np.empty(log_probs.shape)
    for j, row in enumerate(log_probs):
        tokens = row[order]
        merged = tokens if distinct.size == row.size else _merged(tokens, starts)
        peaks = np.ldexp(_peaks_of(_Distribution(distinct, merged, tokens, starts)), -exponent)
        # told apart here, in the units of the answer: a smallest float is lost when it is scaled
        peaks[1:-1] = strictly_ordered(peaks[1:-1])
        found[j, order] = peaks[group]
    return found


def strictly_ordered(peaks: np.ndarray) -> np.ndarray:
    """Ascending `peaks` [..., n], raised by as many units in the last place as make each exceed the last.

    Neighbouring values of M can have peaks closer to each other than rounding errors.
    """
    bits = (peaks + 0.0).view(np.int64)  # + 0.0: no -0
    rank = np.where(bits < 0, np.int64(-(2**63)) - bits, bits)  # in the order of the floats
    count: int = peaks.shape[-1]
    steps = np.broadcast_to(np.arange(count), peaks.shape)
    rank = np.maximum.accumulate(rank - steps, axis=-1) + steps
    rank = np.minimum(rank, np.float64(np.inf).view(np.int64))
    return np.where(rank < 0, np.int64(-(2**63)) - rank, rank).view(np.float64)


def _merged(row: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """log Σ p over the tokens that share a value of M."""
    top = np.maximum.reduceat(row, starts)
    sizes = np.diff(np.append(starts, row.size))
    return top + np.log(np.add.reduceat(np.exp(row - np.repeat(top, sizes)), starts))


def _peaks_of(distribution: _Distribution) -> np.ndarray:
    n = distribution.log_odds.size
    peaks = np.empty(n)
    peaks[0], peaks[-1] = -np.inf, np.inf
    if n > 2:
        beside = _from_zero(distribution, peaks)
        pieces = [part for piece in beside for part in _by_octaves(distribution, piece, peaks)]
        while pieces:
            pieces += _solve_or_cut(distribution, pieces.pop(), peaks)
    return peaks


def _from_zero(distribution: _Distribution, peaks: np.ndarray) -> list[_Piece]:
    """Solve the tokens that peak near α = 0; what lies on its two sides is left to do."""
    n = distribution.log_odds.size
    felt = distribution.log_odds, distribution.log_weights
    anchor = anchor_at(0.0, *felt)
    reach = anchor.radius
    far = _farthest(distribution)
    inside = slice(1, n - 1)
    if not reach > 0:
        split = 1 + int(np.searchsorted(anchor.offset_of(distribution.log_odds[inside]), 0.0))
        below = _Piece(Bracket(-far, 0.0), 1, split, *felt, 0)
        return [below, _Piece(Bracket(0.0, far), split, n - 1, *felt, 0)]
    # A peak next to 0 is E_0[M] - M over the variance: its own digits need E_0[M] with more of them.
    offsets = _exact_offsets(distribution, anchor)
    coefficients = series(anchor, reach)
    coefficients[1] = 0.0
    first, last = _covered(coefficients, reach, offsets[inside])
    solved = slice(1 + first, 1 + last)
    peaks[solved] = roots(coefficients, anchor, reach, offsets[solved])
    below = _Piece(Bracket(-far, -reach), 1, 1 + first, *felt, 0)
    above = _Piece(Bracket(reach, far), 1 + last, n - 1, *felt, 0)
    return _guessed(anchor, last - first, below, above)


def _by_octaves(distribution: _Distribution, piece: _Piece, peaks: np.ndarray) -> list[_Piece]:
    """Solve tokens whose distances from the end of M next to them span many scales; what is left to do."""
    odds, count, is_below = distribution.log_odds, piece.last - piece.first, piece.bracket.low < 0
    x = odds - odds[0] if is_below else odds[-1] - odds
    own, outwards = slice(piece.first, piece.last), slice(None, None, 1 if is_below else -1)
    distances = x[own][outwards]
    if count < _WIDE_TOKENS or distances[-1] < _WIDE * distances[count // 10]:
        return [piece]
    found = peaks_by_octaves(x[outwards], distribution.log_weights[outwards])[outwards]
    if is_below:
        found = -found
    is_left = np.isnan(found[own])
    peaks[own] = np.where(is_left, peaks[own], found[own])
    edges = np.flatnonzero(np.diff(np.concatenate([[False], is_left, [False]])))
    (low, high), pieces = piece.bracket, list[_Piece]()
    for first, last in (piece.first + edges.reshape(-1, 2)).tolist():
        ends = Bracket(
            low if first == piece.first else float(peaks[first - 1]),
            high if last == piece.last else float(peaks[last]),
        )
        pieces.append(
            piece._replace(bracket=ends, first=first, last=last, guess=math.nan, dense=False)
        )
    return pieces


def _farthest(distribution: _Distribution) -> float:
    """A bound on |α| at any finite peak: |g(0)| over the least slope of the log-balance g."""
    gaps = np.diff(distribution.log_odds)
    height = np.ptp(distribution.log_weights) + math.log(distribution.log_odds.size)
    height += math.log(distribution.log_odds[-1] - distribution.log_odds[0]) - math.log(gaps.min())
    return float(min(1.01 * height / max(gaps.min(), 1e-300), 1e300))


def _exact_offsets(distribution: _Distribution, anchor: Anchor) -> np.ndarray:
    """M - E_0[M], summed in extended precision where the machine has it (x86)."""
    tokens = distribution.tokens.astype(np.longdouble)
    weights = np.exp(tokens - distribution.log_weights[anchor.pivot])
    if distribution.log_odds.size < distribution.tokens.size:
        weights = np.add.reduceat(weights, distribution.starts)
    gaps = distribution.log_odds.astype(np.longdouble) - anchor.pivot_log_odds
    return (gaps - (weights * gaps).sum() / weights.sum()).astype(float)


def _covered(coefficients: np.ndarray, reach: float, offsets: np.ndarray) -> tuple[int, int]:
    """Which of the ascending `offsets` are E_α[M] - E_a[M] somewhere in |α - a| <= `reach`."""
    z, slope = evaluate(np.stack([coefficients, slopes(coefficients)]), np.array([-1.0, 1.0]))
    first, last = np.searchsorted(offsets, np.asarray(slope / z / reach)).tolist()
    return first, last


def _solve_or_cut(distribution: _Distribution, piece: _Piece, peaks: np.ndarray) -> list[_Piece]:
    """Fill in the peaks of `piece`, or of some of its tokens and return the pieces that are left."""
    count = piece.last - piece.first
    if count == 0:
        return []
    if not piece.dense and 4 * count < piece.log_odds.size:
        piece = _narrowed(piece)
    if count * piece.log_odds.size <= _DIRECT:
        _solve_directly(piece, peaks)
        return []
    (low, high), middle = piece.bracket, piece.guess
    if not low < middle < high:
        middle = float(middle_of(piece.bracket, np))
        if not low < middle < high:  # no strength is left between: they share it
            peaks[piece.first : piece.last] = middle
            return []
    anchor = anchor_at(middle, piece.log_odds, piece.log_weights)
    own = slice(piece.first, piece.last)
    offsets = anchor.offset_of(distribution.log_odds[own])
    reach = anchor.radius
    first, last = np.searchsorted(offsets, [-reach * anchor.variance, reach * anchor.variance])
    if first < last:
        coefficients = series(anchor, reach)
        first, last = _covered(coefficients, reach, offsets)
        peaks[own][first:last] = roots(coefficients, anchor, reach, offsets[first:last])
        served = last - first
    else:
        first = last = int(np.searchsorted(offsets, 0.0))
        reach, served = 0.0, 0
    below = piece._replace(bracket=Bracket(low, middle - reach), last=piece.first + first)
    above = piece._replace(bracket=Bracket(middle + reach, high), first=piece.first + last)
    return _guessed(anchor, served, below, above)


def _guessed(anchor: Anchor, served: int, below: _Piece, above: _Piece) -> list[_Piece]:
    """The pieces on the two sides of an anchor, with the place of the next anchor in each.

    Next to an anchor that served many tokens, another follows; else the peak of the piece's median
    token is guessed by a step of Newton's method on its log-balance.
    """
    dense = 64 * served > below.log_odds.size
    pieces: list[_Piece] = []
    for piece, sign in ((below, -1), (above, 1)):
        if piece.first == piece.last:
            continue
        guess = beside = anchor.alpha + sign * 1.9 * anchor.radius
        if not dense or piece.last - piece.first <= served // 64:
            guess = _guess(anchor, piece)
            guess = sign * max(sign * guess, sign * beside)  # NaN stays
        pieces.append(piece._replace(guess=guess, dense=dense))
    return pieces


def _guess(anchor: Anchor, piece: _Piece) -> float:
    place = (piece.first + piece.last) // 2 - piece.shift
    gaps = piece.log_odds - piece.log_odds[place]
    weighted = anchor.weights * gaps
    squared = weighted * gaps
    down, up = -weighted[:place].sum(), weighted[place + 1 :].sum()
    if not (down > 0 and up > 0):  # too unlikely from here to be seen
        return math.nan
    slope = float(squared[:place].sum() / down + squared[place + 1 :].sum() / up)
    return anchor.alpha - (math.log(up) - math.log(down)) / max(slope, 1e-300)


def _narrowed(piece: _Piece) -> _Piece:
    """Drop the tokens at both ends that weigh less than 1e-18 in the balance of every peak; gather others.

    The weight of what lies below, against the nearer ones, falls with α and with the token: it is
    largest at the piece's lower end for its first token. Above, the other way round.
    """
    odds, logs = piece.log_odds, piece.log_weights
    first, last = piece.first - piece.shift, piece.last - piece.shift
    gaps = odds[first] - odds[:first]
    terms = logs[:first] - piece.bracket.low * gaps + np.log(gaps)
    shares = np.cumsum(np.exp(terms - terms.max()))
    start = int(np.searchsorted(shares, _TINY * float(shares[-1])))
    gaps = odds[last:] - odds[last - 1]
    terms = logs[last:] + piece.bracket.high * gaps + np.log(gaps)
    shares = np.cumsum(np.exp(terms - terms.max())[::-1])
    stop = odds.size - int(np.searchsorted(shares, _TINY * float(shares[-1])))
    below, above = slice(start, first), slice(last, stop)
    ends = [(odds[below], logs[below]), (odds[above], logs[above])]
    if stop - start > _GATHERED + 4 * (last - first):
        reach = 0.5 * (piece.bracket.high - piece.bracket.low)
        middle = piece.bracket.low + reach
        ends = [
            gathered(*end, np.abs(end[0] - odds[token]), middle, reach)
            for end, token in zip(ends, (first, last - 1), strict=True)
        ]
    parts = ends[0], (odds[first:last], logs[first:last]), ends[1]
    odds, logs = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    shift = piece.first - ends[0][0].size
    return piece._replace(log_odds=odds, log_weights=logs, shift=shift)


def _solve_directly(piece: _Piece, peaks: np.ndarray) -> None:
    """The root of each token's log-balance over the tokens that the piece feels."""
    log_odds, logs = piece.log_odds, piece.log_weights
    low, high = piece.bracket
    slack = 1e-9 * max(abs(low), abs(high))
    middle = float(middle_of(piece.bracket, np))
    logs = logs - logs[np.argmax(logs + middle * (log_odds - log_odds[log_odds.size // 2]))]
    for start in range(piece.first, piece.last, 64):
        own = np.arange(start, min(start + 64, piece.last))
        gaps = log_odds[None, :] - log_odds[own - piece.shift][:, None]
        with np.errstate(divide="ignore"):
            terms = logs[None, :] + np.log(np.abs(gaps))
        place = own - piece.shift
        sides = np.arange(log_odds.size)[None, :] > place[:, None]
        ends = Bracket(np.full(own.size, low - slack), np.full(own.size, high + slack))
        peaks[own] = balanced(gaps, terms, sides, ends)
