"""Steering vectors from prompts, and their files: safetensors with all that use of them needs."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path

import numpy as np

from ufm._files import digest, read_arrays, write_arrays

from ..decoder.adapted import Model
from ..decoder.arguments import POSITIONS, SITES, one_of
from ..decoder.limits import is_rounding
from .directions import METHODS, direction_between
from .embeddings import POOLINGS, embed_prompts
from .prompt_states import PromptStates

# The fields that a file has since its format; a difference of means is written in the format 2, which more
# programs read.
_SINCE_2, _SINCE_3 = {"median_hidden_norm", "sinks"}, {"method"}
_MISSING = {
    "ufm steering vector 1": _SINCE_2 | _SINCE_3,
    "ufm steering vector 2": _SINCE_3,
    "ufm steering vector 3": set[str](),
}
_OF_MEANS, _FORMAT = "ufm steering vector 2", "ufm steering vector 3"


@dataclass(frozen=True, eq=False)
class SteeringVector:
    """A direction v [d] and where it belongs.

    - `layer`, `site`: the block it was measured after and is added after. `positions`: "all" or
      "last", the positions at which it is meant to be added. `pooling`: how the hidden states of a
      prompt were pooled.
    - `norm`: |v|. `normalised`: scaled to |v| = 1.
    - `median_hidden_norm`: median of |h| over the prompts' tokens there, each prompt's first left out;
      the portable unit of strength. `mean_hidden_norm`: the mean over all tokens, which one
      attention sink a prompt can make ten times as large. `sinks`: how many tokens are
      sinks, longer than ten times the median of their prompt; pooling "mean" leaves them out. Of vectors
      from files of version 0.1, median and sinks are None.
    - `method`: how it was found, "mean", "pca" or "probe" (`steering_vectors`).
    - `model`, `revision` and `fingerprint` identify the model. `prompts`: a digest of P and N, whose
      sizes are `positive` and `negative`.
    """

    values: np.ndarray
    layer: int
    site: str
    positions: str
    pooling: str
    normalised: bool
    norm: float
    mean_hidden_norm: float
    model: str
    revision: str | None
    fingerprint: str
    prompts: str
    positive: int
    negative: int
    median_hidden_norm: float | None = None
    sinks: int | None = None
    method: str = "mean"

    @property
    def hidden_norm(self) -> float:
        """The length of a usual hidden state there: the median where it is known, else the mean."""
        return self.median_hidden_norm or self.mean_hidden_norm

    def relative(self, alpha: float) -> float:
        """Strength α as a share of a usual hidden state: α |v| / median |h|."""
        return alpha * self.norm / self.hidden_norm

    def save(self, path: str | Path) -> None:
        """Write the vector to a safetensors file, whole or not at all."""
        version = _OF_MEANS if self.method == "mean" else _FORMAT
        written = {f.name for f in fields(self)} - {"values"} - _MISSING[version]
        about = {f.name: getattr(self, f.name) for f in fields(self) if f.name in written}
        write_arrays(Path(path), {"vector": self.values}, {"format": version, **about})

    @classmethod
    def read(cls, path: str | Path, model: Model | None = None) -> "SteeringVector":
        """Read a vector's file; with `model`, also check that it was made from that model.

        Raises `ValueError` naming the field that is missing, malformed or does not fit.
        """
        arrays, about = read_arrays(Path(path))
        version = str(about.pop("format", None))
        if version not in _MISSING or set(arrays) != {"vector"}:
            raise ValueError(f"{path} is not a steering vector of the format {_FORMAT!r}")
        expected = {f.name for f in fields(cls)} - {"values"} - _MISSING[version]
        if set(about) != expected:
            odd = sorted(set(about) ^ expected)[0]
            raise ValueError(f"{path}: field {odd!r} is {'unknown' if odd in about else 'missing'}")
        found = cls(arrays["vector"], **about)
        _check(found, f"{path}: ")
        if model is not None:
            found.check_fits(model)
        return found

    def check_fits(self, model: Model) -> None:
        """Raise unless the vector was made from this model."""
        if self.values.shape != (model.dimension,):
            raise ValueError(
                f"the vector has {self.values.size} entries, the model's width is {model.dimension}"
            )
        layer, last = self.layer, model.blocks - 1
        if layer > last:
            raise ValueError(f"the vector is of block {layer}, the model has 0..{last}")
        if self.site == "post-norm" and layer != last:
            raise ValueError(f"a post-norm vector is of the last block; this one is of {layer}")
        if self.fingerprint != model.source.fingerprint:
            raise ValueError(
                f"the vector was made from {self.model} (fingerprint {self.fingerprint}), not from "
                f"{model.source.name} ({model.source.fingerprint})"
            )


def _check(vector: SteeringVector, where: str) -> None:
    one_of(f"{where}site", vector.site, SITES)
    one_of(f"{where}positions", vector.positions, POSITIONS)
    one_of(f"{where}pooling", vector.pooling, POOLINGS)
    one_of(f"{where}method", vector.method, METHODS)
    for name, least in (("layer", 0), ("positive", 1), ("negative", 1)):
        value = getattr(vector, name)
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ValueError(
                f"{where}field {name} = {value!r} must be a whole number of at least {least}"
            )
    if vector.sinks is not None and (type(vector.sinks) is not int or vector.sinks < 0):
        raise ValueError(
            f"{where}field sinks = {vector.sinks!r} must be a whole number of at least 0"
        )
    for name in ("norm", "mean_hidden_norm", "median_hidden_norm"):
        value = getattr(vector, name)
        if value is None and name in _SINCE_2:
            continue
        if not isinstance(value, float) or not 0 < value < math.inf:
            raise ValueError(f"{where}field {name} = {value!r} must be positive and finite")
    for name in ("model", "fingerprint", "prompts"):
        if not isinstance(getattr(vector, name), str):
            raise ValueError(f"{where}field {name} must be a string")
    if vector.values.ndim != 1 or not np.isfinite(vector.values.astype(np.float64)).all():
        raise ValueError(f"{where}the vector must be one row of finite numbers")
    actual = _length(vector.values)
    if abs(actual - vector.norm) > 1e-3 * vector.norm:
        raise ValueError(f"{where}field norm = {vector.norm:.6g}, but the vector's is {actual:.6g}")
    if vector.normalised and abs(vector.norm - 1) > 1e-3:
        raise ValueError(f"{where}a normalised vector has norm 1; got {vector.norm:.6g}")


def _length(values: np.ndarray) -> float:
    return float(np.linalg.norm(values.astype(np.float64)))


def steering_vectors(
    model: Model,
    positive: Sequence[Sequence[int]],
    negative: Sequence[Sequence[int]],
    layers: Sequence[int] | None = None,
    *,
    method: str = "mean",
    pooling: str = "last",
    positions: str = "all",
    site: str = "residual",
    normalise: bool = False,
    batch_size: int | None = None,
) -> tuple[SteeringVector, ...]:
    """v = mean_P h - mean_N h (Eq 3) after each block of `layers` (default: all), in one pass.

    P = `positive` and N = `negative` are prompts as lists of tokens. `normalise`: scale to |v| = 1.
    `method`: "mean"; "pca", the first principal direction of the differences of pairs; or "probe", the
    weights of a logistic regression (`ufm.llm.direction_between`). A vector of length 0 (P and N alike)
    raises `ValueError`.

    >>> import ufm.llm
    >>> model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    >>> found = ufm.llm.steering_vectors(model, [[3, 4], [5, 6]], [[7, 8]])
    >>> print([v.layer for v in found], f"{found[1].norm:.2f}")
    [0, 1] 1.71
    """
    recipe = Recipe(method, pooling, positions, site, normalise)
    found = vectors_and_states(model, positive, negative, layers, recipe, batch_size)
    return tuple(vector for vector, _ in found)


@dataclass(frozen=True)
class Recipe:
    """How a vector is made of prompts, as `steering_vectors` says."""

    method: str = "mean"
    pooling: str = "last"
    positions: str = "all"
    site: str = "residual"
    normalise: bool = False


_USUAL = Recipe()


def vectors_and_states(
    model: Model,
    positive: Sequence[Sequence[int]],
    negative: Sequence[Sequence[int]],
    layers: Sequence[int] | None = None,
    recipe: Recipe = _USUAL,
    batch_size: int | None = None,
) -> list[tuple[SteeringVector, PromptStates]]:
    """The vectors of `steering_vectors`, each with the states that it is made of."""
    _check_recipe(recipe, positive, negative)
    if layers is None:
        layers = [model.blocks - 1] if recipe.site == "post-norm" else range(model.blocks)
    sides = [[list(map(int, row)) for row in side] for side in (positive, negative)]
    how = {"pooling": recipe.pooling, "site": recipe.site}
    found = embed_prompts(model, sides[0] + sides[1], layers, **how, batch_size=batch_size)
    vector = partial(
        SteeringVector,
        **how,
        positions=recipe.positions,
        method=recipe.method,
        normalised=recipe.normalise,
        model=model.source.name,
        revision=model.source.revision,
        fingerprint=model.source.fingerprint,
        prompts=digest(*sides),
        positive=len(positive),
        negative=len(negative),
    )
    made = []
    for k, (layer, states) in enumerate(zip(layers, found.states, strict=True)):
        of_sides = _sides(states, len(positive), recipe)
        v = _direction(of_sides, found.mean_norms[k], layer)
        measured = vector(
            values=v,
            layer=int(layer),
            norm=_length(v),
            mean_hidden_norm=float(found.mean_norms[k]),
            median_hidden_norm=float(found.median_norms[k]),
            sinks=int(found.sinks[k]),
        )
        made.append((measured, of_sides))
    return made


def _check_recipe(
    recipe: Recipe, positive: Sequence[Sequence[int]], negative: Sequence[Sequence[int]]
) -> None:
    one_of("positions", recipe.positions, POSITIONS)
    one_of("method", recipe.method, METHODS)
    for name, prompts in (("positive", positive), ("negative", negative)):
        if not prompts:
            raise ValueError(f"{name} holds no prompt")


def _sides(states: np.ndarray, positive: int, recipe: Recipe) -> PromptStates:
    """States [prompts, d] of which the first `positive` are those of P; float32 at least."""
    wide = states.astype(np.promote_types(states.dtype, np.float32))
    return PromptStates(wide[:positive], wide[positive:], recipe.normalise, recipe.method)


def _direction(sides: PromptStates, usual: float, layer: int) -> np.ndarray:
    """v [d], in the dtype of the states, whose `usual` length tells whether it is 0."""
    v = sides.positive.mean(axis=0) - sides.negative.mean(axis=0)
    if is_rounding(v, usual, v.dtype):
        raise ValueError(
            f"the steering vector after block {layer} is zero: positive and negative prompts have "
            "the same mean hidden state"
        )
    if sides.method != "mean":
        v = direction_between(sides.positive, sides.negative, sides.method).astype(v.dtype)
    return v / v.dtype.type(_length(v)) if sides.normalised else v
