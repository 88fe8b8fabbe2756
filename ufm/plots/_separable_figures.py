"""Figures of an M with few values: a mass that is a tanh of the strength, and shares that stay."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..tilt.tilt import ExponentialTilt
from . import _gallery_datasets as datasets
from ._picture import Picture, label, note, panels
from .numpy_laws import Row
from .style import PALETTE, prepared

_FLAT, _BENT, _THIRD, _FOURTH = PALETTE[:4]
_INK = "0.25"


def _row(probs: list[float], log_odds: list[float]) -> Row:
    """The tilt of one context."""
    return Row(ExponentialTilt(np.log([probs]), np.array(log_odds)), 0)


def _curve(axes: Axes, x: np.ndarray, y: np.ndarray, gid: str, ink: str, dashes: str = "-") -> None:
    axes.plot(x, y, color=ink, linestyle=dashes, gid=gid)


def _tanh() -> Figure:
    alphas = datasets.strengths(-6.0, 6.0)
    figure, (mass, logit) = panels(2, 2.8)
    for axes, name in ((mass, "mass of T (probability)"), (logit, "log-odds of the mass (nats)")):
        prepared(axes, name, alphas)
    for gid, log_odds, ink in (("line", [1.0, 0.0, 0.0], _FLAT), ("bent", [1.0, 0.0, -1.0], _BENT)):
        on = _row([1 / 3] * 3, log_odds).laws(alphas)[:, 0]
        _curve(mass, alphas, on, gid, ink)
        _curve(logit, alphas, np.log(on) - np.log1p(-on), gid, ink)
    tanh = (1 + np.tanh((np.log(0.5) + alphas) / 2)) / 2
    mass.plot(alphas, tanh, color="black", linestyle=":", linewidth=2.4, gid="tanh")
    mass.set_title("where M has one value on T and one off it, the mass is a tanh of α", loc="left")
    logit.set_title("its log-odds are then a line in α; with a third value they bend", loc="left")
    label(mass, "line", "above left", -0.6, "M = (1, 0, 0)")
    label(mass, "bent", "below right", 0.1, "M = (1, 0, −1)")
    label(mass, "tanh", "below right", 2.2, "dotted: (1 + tanh((r + α)/2))/2")
    label(logit, "line", "above left", -2.5, "M = (1, 0, 0): slope 1")
    label(logit, "bent", "below right", -2.0, "M = (1, 0, −1): slope 1.88 at α = −2, 1.12 at α = 2")
    return figure


TANH = Picture(
    "tanh",
    "When a mass is a tanh of α itself",
    "claims of others; Theorem 3.6",
    "The mass of T, the first of three equally likely tokens: where M has one value on T and one off it "
    "(blue) it is a tanh of α, and where M has two values off T (orange) it is none. Below, the log-odds of "
    "the mass are a line in the first case alone. M = (1, 0, 0) and M = (1, 0, −1); r = −log 2.",
    _tanh,
)

_PROBS = [0.4, 0.3, 0.2, 0.1]


def _separable() -> Figure:
    alphas = datasets.strengths(-2.0, 3.0)
    flat, uneven = np.log([6, 2, 2, 2]).tolist(), np.log([6, 4, 2, 1]).tolist()
    law, other = (_row(_PROBS, log_odds).laws(alphas) for log_odds in (flat, uneven))
    figure, (masses, given, pairs) = panels(3, 2.5)
    for axes, name in (
        (masses, "probability"),
        (given, "share off T"),
        (pairs, "share of the two"),
    ):
        prepared(axes, name, alphas)
        axes.set_ylim(-0.03, 1.03)
    for z in range(4):
        _curve(masses, alphas, law[:, z], f"token {z + 1}", PALETTE[z])
    for z in (1, 2, 3):
        _curve(given, alphas, law[:, z] / law[:, 1:].sum(1), f"stays {z + 1}", PALETTE[z])
        _curve(given, alphas, other[:, z] / other[:, 1:].sum(1), f"moves {z + 1}", PALETTE[z], "--")
    for one, two in ((0, 1), (1, 2)):
        share = law[:, one] / law[:, [one, two]].sum(1)
        _curve(pairs, alphas, share, f"pair {one + 1}", PALETTE[one])
    masses.set_title("T, the first of four tokens, rises; the others fall together", loc="left")
    given.set_title("given that it is not in T: each stays where M is the same", loc="left")
    pairs.set_title("given one of two tokens: the one with the larger M gains", loc="left")
    masses.set_ylim(-0.16, 1.03)
    note(masses, (-1.95, 0.9), "M = log (6, 2, 2, 2)", _INK)
    label(masses, "token 1", "above left", 0.5, "token 1 = T")
    label(masses, "token 2", "above right", -1.9, "token 2")
    label(masses, "token 3", "above right", -1.9, "token 3")
    label(masses, "token 4", "below", -0.2, "token 4")
    note(given, (-1.95, 0.9), "solid: M = log (6, 2, 2, 2)    dashed: M = log (6, 4, 2, 1)", _INK)
    label(pairs, "pair 1", "above left", 0.6, "token 1 against 2")
    label(pairs, "pair 2", "below", 2.2, "token 2 against 3: the same M")
    return figure


SEPARABLE = Picture(
    "separable",
    "What stays while the target rises",
    "this project; after Park et al.",
    "Of four tokens only the first, T, has a larger M: the others fall together (above), each keeps its "
    "probability given that the next token is not in T (middle, solid), and given one of two tokens only a "
    "larger M gains (below). With a third and a fourth value of M (middle, dashed) they do not keep it. "
    "p = (4, 3, 2, 1)/10.",
    _separable,
)
