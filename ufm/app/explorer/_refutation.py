"""A conclusion that is false on the instance: the numbers that prove it, and a picture of the place."""

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from fractions import Fraction
from html import escape
from typing import NamedTuple, cast

import numpy as np
from flint import ctx
from scipy.special import softmax

from theorems.falsify.contradictions.contradiction import Contradiction
from theorems.falsify.map import MAP
from theorems.falsify.needed import Needed
from theorems.falsify.search import PRECISION
from theorems.falsify.steered import Steered
from theorems.judging.claim import Claim

from ._scene import Scene

Curve = tuple[str, np.ndarray]  # its name, and its values at the strengths of the picture
# A telephone shows it about as wide, so that its letters can be read there.
_WIDE, _HIGH, _LEFT, _FLOOR, _LINE = 360, 190, 64, 168, 15
_POINTS = 161


class Refutation(NamedTuple):
    """What contradicts a claim on this instance.

    - `says`: what the claim demands there; `found`: what is so instead, in a sentence, or "".
    - `values`: name, and number in four digits; each is certain in balls. `picture`: SVG, or "".
    """

    says: str
    found: str
    values: tuple[tuple[str, str], ...]
    picture: str


def refute(claim: Claim, lost: Sequence[str], scene: Scene) -> Refutation | None:
    """What the falsifier's test of `claim` without one of the hypotheses `lost` sees on the instance."""
    for hypothesis in lost:
        entry = MAP.get((claim.id, hypothesis))
        if not isinstance(entry, Needed):
            continue
        # the tests are of instances that break this hypothesis alone
        with (
            ctx.workprec(PRECISION),
            suppress(ValueError, ArithmeticError, LookupError, StopIteration),
        ):
            # of a claim about tilts it judges these
            contradicts = cast(Callable[[Steered], Contradiction | None], entry.contradicts)
            found = contradicts(Steered(scene.exact, data=scene.data))
            if found is not None:
                values = tuple((name, f"{float(ball.mid()):.4g}") for name, ball in found.values)
                drawn = picture(scene, f"{found.text}. {found.found}")
                return Refutation(found.text, found.found, values, drawn)
    return None


def picture(scene: Scene, words: str) -> str:
    """The curves that the words are about, with the strengths that they name; or M, token by token."""
    named = dict.fromkeys(re.findall(r"α = (-?\d+(?:[./]\d+)?)", words))
    alphas = [float(Fraction(text)) for text in named]
    tokens = [int(text) for text in dict.fromkeys(re.findall(r"token (\d+)", words))]
    context = re.search(r"context (\d+)", words)
    if not alphas or not (context or "ΔCE" in words or "KL" in words):
        return _log_odds(scene, tokens)
    reach = 1.6 * max(1e-3, *map(abs, alphas))
    strengths = np.linspace(-reach, reach, _POINTS)
    if context is None:
        curves = [("ΔCE in nats", _cost(scene, strengths))]
        if "½σ²α²" in words:
            curves.append(("½σ²α²", scene.instance.variance / 2 * strengths**2))
    else:
        probs = _steered(scene, strengths)[:, int(context[1])]
        concept = re.search(r"concept (\d+)", words)
        mask = scene.instance.target
        name = "probability of the target"
        if concept:
            mask = scene.instance.token_concept == int(concept[1])
            name = f"probability of concept {concept[1]}"
        curves = [(f"probability of token {z}", probs[:, z]) for z in tokens[:2]]
        curves = curves or [(name, probs[:, mask].sum(axis=1))]
        curves = [(f"{name}, context {context[1]}", values) for name, values in curves]
    return _drawn(strengths, curves, alphas)


def _steered(scene: Scene, strengths: np.ndarray) -> np.ndarray:
    """p_{j,α}(z) as [A, m, V], in NumPy: to compile would take longer, and `ufm.plots` loads matplotlib."""
    instance = scene.instance
    return softmax(instance.log_probs + strengths[:, None, None] * instance.odds, axis=-1)


def _cost(scene: Scene, strengths: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return scene.instance.cross_entropy_from(np.log(_steered(scene, strengths)))


def _drawn(strengths: np.ndarray, curves: Sequence[Curve], alphas: Sequence[float]) -> str:
    """Curves against α, their names above them, and on each a mark at its strength."""
    every = np.concatenate([values for _, values in curves])
    low, span = float(every.min()), float(np.ptp(every)) or 1.0
    first, last, top = strengths[0], strengths[-1], 24 + _LINE * len(curves)

    def place(alpha: int | float, value: int | float) -> tuple[float, float]:
        x = _LEFT + (alpha - first) / (last - first) * (_WIDE - _LEFT - 24)
        return x, _FLOOR - (value - low) / span * (_FLOOR - top)

    heights = zip((low, low + span), _apart(low, low + span), strict=True)
    parts = [_words(_LEFT - 6, place(0, v)[1] + 4, text, "end") for v, text in heights]
    parts += [_words(place(a, low)[0], _FLOOR + 17, f"{a:.2g}", "middle") for a in (first, 0, last)]
    parts.append(_words(_WIDE - 2, _FLOOR + 4, "α", "end"))
    for i, (name, values) in enumerate(curves):
        places = (place(*point) for point in zip(strengths, values, strict=True))
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline class="curve line{i}" points="{points}"></polyline>')
        # of several strengths on one curve each is marked, of several curves each at its own
        own = alphas if len(curves) == 1 else alphas[i : i + 1]
        for alpha in own:
            x, y = place(alpha, float(np.interp(alpha, strengths, values)))
            parts.append(f'<circle class="mark" cx="{x:.1f}" cy="{y:.1f}" r="5"></circle>')
        marked = (
            f"{name}, marked at α = {', '.join(f'{alpha:.3g}' for alpha in own)}" if own else name
        )
        parts.append(_words(4, _LINE * (i + 1), marked, "start", f"name{i}"))
    return _svg("; ".join(name for name, _ in curves), _HIGH, parts)


def _apart(low: float, high: float) -> list[str]:
    """Both as text, in as many digits as tell them apart; what rounding left of 0 is 0."""
    ends = [0.0 if abs(end) < 1e-12 * (high - low) else end for end in (low, high)]
    digits = next((n for n in range(2, 6) if len({f"{end:.{n}g}" for end in ends}) == 2), 6)
    return [f"{end:.{digits}g}" for end in ends]


def _log_odds(scene: Scene, tokens: Sequence[int]) -> str:
    """M of every token on a line: above it those of T, below it the others."""
    odds, target = scene.instance.odds, scene.instance.target
    low, span = float(odds.min()), float(np.ptp(odds)) or 1.0
    parts = [f'<line class="axis" x1="20" x2="{_WIDE - 20}" y1="58" y2="58"></line>']
    for z, (value, is_target) in enumerate(zip(odds.tolist(), target.tolist(), strict=True)):
        x, y = 30 + (value - low) / span * (_WIDE - 60), 46 if is_target else 70
        kind = "mark" if z in tokens else f"dot{int(is_target)}"
        parts.append(f'<circle class="{kind}" cx="{x:.1f}" cy="{y}" r="5"></circle>')
        if z in tokens:
            parts.append(_words(x, y - 10 if is_target else y + 20, f"token {z}", "middle"))
    parts += [
        _words(20, 16, "M of the target's tokens", "start"),
        _words(20, 110, "M of the others", "start"),
    ]
    reach = (
        f"M from {low:.3g} to {odds.max():.3g}" if odds.max() > low else f"M = {low:.3g} for all"
    )
    parts.append(_words(_WIDE - 20, 110, reach, "end"))
    return _svg("M of the target's tokens above a line, of all others below it", 118, parts)


def _words(x: int | float, y: int | float, words: str, anchor: str, kind: str = "") -> str:
    text = escape(words.replace("-", "−"))
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>'


def _svg(label: str, height: int, parts: Sequence[str]) -> str:
    return (
        f'<svg class="place" viewBox="0 0 {_WIDE} {height}" role="img" aria-label="{escape(label)}">'
        f"{''.join(parts)}</svg>"
    )
