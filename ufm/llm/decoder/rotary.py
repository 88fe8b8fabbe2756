"""Rotary position embeddings: the frequencies of each known kind, and tables of cos and sin."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from ufm._json import JSON

_Given = dict[str, Any]  # settings that are read, and checked here


@dataclass(frozen=True)
class Llama3Scaling:
    """How Llama 3.1 stretches slow frequencies; `original` is the context length before."""

    factor: float
    low: float
    high: float
    original: int


@dataclass(frozen=True)
class Rotary:
    """Rotary embedding of the first `head_dim` numbers of a head: base θ, and a scaling.

    Scalings are a linear factor, Llama 3's, and `divisors` of the frequencies one by one, which are
    YaRN's, Longrope's, or Llama 3's as files of llama.cpp store it. What is turned is multiplied by
    `length`. Texts of more than `longest` tokens are refused: Longrope has other divisors for them,
    and dynamic scaling another base for each length.
    """

    head_dim: int
    theta: float
    factor: float = 1.0
    llama3: Llama3Scaling | None = None
    divisors: tuple[float, ...] | None = None
    length: float = 1.0
    longest: int | None = None

    def inverse_frequencies(self) -> np.ndarray:
        """θ^(-2i/head_dim) for i < head_dim/2, scaled; float64."""
        half = np.arange(0, self.head_dim, 2) / self.head_dim
        inverse = self.theta**-half / self.factor
        if self.divisors is not None:
            return inverse / np.asarray(self.divisors)
        if self.llama3 is None:
            return inverse
        s = self.llama3
        # turns that a frequency makes over the original context: few turns are slowed by `factor`,
        # many are kept, and those between are blended linearly
        turns = s.original * inverse / (2 * math.pi)
        kept = np.clip((turns - s.low) / (s.high - s.low), 0.0, 1.0)
        return inverse * (kept + (1 - kept) / s.factor)

    @lru_cache(maxsize=16)  # noqa: B019 (a `Rotary` is small, and equal ones share an entry)
    def table(self, length: int) -> tuple[np.ndarray, np.ndarray]:
        """Cos and sin [length, head_dim] of position × frequency, in float64."""
        if self.longest is not None and length > self.longest:
            raise ValueError(
                f"texts of more than {self.longest} tokens (here {length}) need the frequencies that "
                "Longrope or dynamic scaling has for long texts, which are not supported"
            )
        # worked out on the host in float64: a float32 product is off by 6e-3 rad at position 100,000
        angle = np.arange(length)[:, None] * self.inverse_frequencies()[None, :]
        both = np.concatenate([angle, angle], axis=1)
        return self.length * np.cos(both), self.length * np.sin(both)


def read_rotary(
    settings: Mapping[str, Any],
    head_dim: int,
    theta: float,
    positions: int | None = None,
) -> Rotary:
    """The rotary embedding that `settings` (rope_parameters or rope_scaling) ask for.

    `theta` is the base if `settings` name none; `positions` (max_position_embeddings) the length that
    Longrope and YaRN stretch to, and up to which dynamic scaling changes nothing. Kinds: default, linear,
    llama3, yarn, longrope, dynamic, and "divided", which no config.json knows: the divisors that a
    GGUF file holds. Another kind or setting raises `ValueError` naming it.
    """
    given = dict(settings)
    kind = given.pop("rope_type", None) or given.pop("type", None) or "default"
    given.pop("type", None)
    base = float(given.pop("rope_theta", theta))
    if given.pop("partial_rotary_factor", 1.0) != 1.0:
        raise ValueError("config.json asks for partial_rotary_factor, which is not supported")
    if not isinstance(kind, str) or kind not in _KINDS:
        *most, last = (name for name in _KINDS if name != "divided")
        raise ValueError(
            f"config.json asks for rope type {kind!r}; known are {', '.join(most)} and {last}"
        )
    if kind in _STRETCHED and positions is None:
        raise ValueError(f"config.json: rope type {kind!r} needs max_position_embeddings")
    rotary = _KINDS[kind](given, head_dim, base, positions or 0)
    if given:
        raise ValueError(
            f"config.json: unknown rope setting {sorted(given)[0]!r} for type {kind!r}"
        )
    return rotary


def _default(given: _Given, head_dim: int, theta: float, positions: int) -> Rotary:
    given.pop("factor", None)  # without a kind it scales nothing
    return Rotary(head_dim, theta)


def _linear(given: _Given, head_dim: int, theta: float, positions: int) -> Rotary:
    return Rotary(head_dim, theta, factor=_number(given, "factor"))


def _llama3(given: _Given, head_dim: int, theta: float, positions: int) -> Rotary:
    scaling = Llama3Scaling(
        factor=_number(given, "factor"),
        low=_number(given, "low_freq_factor"),
        high=_number(given, "high_freq_factor"),
        original=int(_number(given, "original_max_position_embeddings")),
    )
    if not scaling.low < scaling.high:
        raise ValueError(
            f"config.json: low_freq_factor {scaling.low} must be below high_freq_factor {scaling.high}"
        )
    return Rotary(head_dim, theta, llama3=scaling)


def _dynamic(given: _Given, head_dim: int, theta: float, positions: int) -> Rotary:
    # transformers scales from max_position_embeddings on, whatever the length before
    given.pop("original_max_position_embeddings", None)
    _number(given, "factor")
    return Rotary(head_dim, theta, longest=positions)


def _divided(given: _Given, head_dim: int, theta: float, positions: int) -> Rotary:
    return Rotary(head_dim, theta, divisors=tuple(given.pop("divisors")))


def _yarn(given: _Given, head_dim: int, theta: float, positions: int) -> Rotary:
    """YaRN (arXiv:2309.00071): slow frequencies are divided by `factor`, fast ones kept, longer heads.

    Frequency i makes L θ^(-2i/d) / 2π turns over the original context of L tokens. Those of more than
    beta_fast turns are kept, those of fewer than beta_slow divided by `factor`, and those between
    blended linearly in i. `length` is attention_factor: 0.1 log(factor) + 1 unless given.
    """
    given.setdefault("original_max_position_embeddings", positions)
    before = _number(given, "original_max_position_embeddings")
    factor = _number(given, "factor") if given.get("factor") else positions / before
    many, few = (
        _number(given, name) if given.get(name) else default
        for name, default in (("beta_fast", 32.0), ("beta_slow", 1.0))
    )
    # the numbers of the frequencies that make so many turns
    low, high = (
        head_dim * math.log(before / (turns * 2 * math.pi)) / (2 * math.log(theta))
        for turns in (many, few)
    )
    if given.pop("truncate", True):
        low, high = math.floor(low), math.ceil(high)
    low, high = max(low, 0), min(high, head_dim - 1)
    ramp = (np.arange(head_dim // 2) - low) / (high - low if high != low else 0.001)
    slowed = np.clip(ramp, 0.0, 1.0)
    length = _yarn_length(factor)
    if given.get("mscale") and given.get("mscale_all_dim"):
        above, below = (_number(given, name) for name in ("mscale", "mscale_all_dim"))
        length = _yarn_length(factor, above) / _yarn_length(factor, below)
    if given.get("attention_factor") is not None:
        length = _number(given, "attention_factor")
    for name in (
        "attention_factor",
        "factor",
        "beta_fast",
        "beta_slow",
        "mscale",
        "mscale_all_dim",
    ):
        given.pop(name, None)
    divisors = 1 / (1 - slowed + slowed / factor)
    return Rotary(head_dim, theta, divisors=tuple(divisors.tolist()), length=length)


def _yarn_length(factor: float, scale: float = 1.0) -> float:
    return 1.0 if factor <= 1 else 0.1 * scale * math.log(factor) + 1


def _longrope(given: _Given, head_dim: int, theta: float, positions: int) -> Rotary:
    """Longrope (arXiv:2402.13753) for texts of the length trained on: its factors for short texts."""
    before = int(_number(given, "original_max_position_embeddings"))
    factor = _number(given, "factor") if given.get("factor") else positions / before
    length = math.sqrt(1 + math.log(factor) / math.log(before)) if factor > 1 else 1.0
    if given.get("attention_factor"):
        length = _number(given, "attention_factor")
    for name in ("attention_factor", "factor", "long_factor"):
        given.pop(name, None)
    short = given.pop("short_factor", None)
    if not isinstance(short, list) or len(short) != head_dim // 2:
        raise ValueError(f"config.json: short_factor must list {head_dim // 2} numbers")
    divisors = tuple(_number({"short_factor": one}, "short_factor") for one in short)
    return Rotary(head_dim, theta, divisors=divisors, length=length, longest=before)


def _number(settings: dict[str, JSON], name: str) -> float:
    value = settings.pop(name, None)
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise ValueError(
            f"config.json: rope setting {name} must be a positive number; got {value!r}"
        )
    return float(value)


# Each takes its settings out of those given.
_KINDS = {
    "default": _default,
    "linear": _linear,
    "llama3": _llama3,
    "yarn": _yarn,
    "longrope": _longrope,
    "dynamic": _dynamic,
    "divided": _divided,
}
# These stretch to a length, max_position_embeddings.
_STRETCHED = ("yarn", "longrope", "dynamic")
