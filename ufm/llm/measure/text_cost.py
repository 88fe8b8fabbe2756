"""What a strength spends on text: cross-entropy, divergences and target mass, pass by pass."""

from collections.abc import Callable, Sequence

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from ..decoder.blocks import Context, context_of, normalise, run_blocks, unembed
from ..decoder.model import LanguageModel
from ..decoder.steering import Steering, add
from ..decoder.taylor import run_blocks_series, straight
from ..steering.steered_prompt import check_strengths, chunks
from ..text.tokenizer import pad
from .text_cost_sums import sums_at, sums_series
from .token_curves import _token_set

KINDS = ("cross_entropy", "forward_kl", "reverse_kl", "target_mass")

_BATCH_BYTES = 1 << 27  # of the largest array of one batch of strengths
_KEPT_BYTES = 1 << 30  # of hidden states kept from pass to pass; other windows are run anew


class TextSpend:
    """What steering spends on windows of text, in each of `KINDS`, at any strength.

    In a window each token but the first is predicted from those before it, with v added at all
    positions; all is averaged over the n predicted tokens. p_t is the unsteered law at t, z_t the
    token that comes:

    - "cross_entropy": ΔCE = 1/n Σ_t log p_t(z_t) - log p_{t,α}(z_t), nats a token;
    - "forward_kl", "reverse_kl": 1/n Σ_t KL(p_t||p_{t,α}) and KL(p_{t,α}||p_t), nats a token;
    - "target_mass": 1/n Σ_t p_{t,α}(T) for a token set T fixed beforehand; NaN without one.

    `windows`: lists of 2 to `length` tokens (`ufm.llm.windows`). `target`: T [V] bool. `progress` is
    called with the windows done of each pass over the text, and their number. What was asked
    once is remembered. Strengths are rounded as the model rounds them.

    >>> import numpy as np, ufm.llm
    >>> model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    >>> steering = ufm.llm.Steering(np.linspace(-1, 1, 16), layer=0)
    >>> spend = ufm.llm.TextSpend(model, [[3, 4, 5, 6], [7, 8]], steering, length=8)
    >>> print(spend.at([0.0, 2.0])[:, 1].round(4))
    [0.     0.2886]
    """

    def __init__(
        self,
        model: LanguageModel,
        windows: Sequence[Sequence[int]],
        steering: Steering,
        *,
        length: int,
        target: np.ndarray | None = None,
        progress: Callable[[int, int], None] | None = None,
    ):
        if steering.positions != "all":
            raise ValueError('the cost on text steers "all" positions; a text has no "last" one')
        if target is not None:
            target = _token_set(target, model.vocabulary)
        self.windows = [list(map(int, row)) for row in windows]
        if not self.windows:
            raise ValueError("the text holds no window: pass at least one list of tokens")
        for row in self.windows:
            if not 2 <= len(row) <= length:
                raise ValueError(f"a window must hold 2 to {length} tokens; got {len(row)}")
        self.model, self.steering, self.length = model, steering, length
        self.target, self.progress = target, progress
        self.predicted = np.array([len(row) - 1 for row in self.windows])
        self.passes = 0
        self._placed = model.place(steering)
        # without a target none is a member, and `_without_target` makes the sums NaN
        nobody = np.zeros(model.vocabulary, bool)
        self._members = jnp.asarray(nobody if target is None else target)
        self._sums: dict[float, np.ndarray] = {}
        self._kept: dict[int, _Window] = {}

    def at(self, alphas: Sequence[float] | np.ndarray) -> np.ndarray:
        """The spending [A, 4], columns as in `KINDS`, at each strength; ΔCE and KL are 0 at α = 0."""
        sums = self.by_window(alphas)
        return sums.sum(axis=1) / self.predicted.sum()

    def by_window(self, alphas: Sequence[float] | np.ndarray) -> np.ndarray:
        """Sums over the predicted tokens of each window, [A, windows, 4]."""
        strengths = [self.rounded(a) for a in check_strengths(alphas)]
        missing = np.array(sorted({a for a in strengths if a not in self._sums}))
        if missing.size:
            found = self._pass(missing)
            self._sums.update(zip(missing.tolist(), found, strict=True))
        return self._without_target(np.stack([self._sums[a] for a in strengths]))

    def standard_error(self, alpha: float) -> np.ndarray:
        """Of `at([alpha])[0]`, [4], taking the windows for independent draws; NaN for one window."""
        n, total = len(self.windows), self.predicted.sum()
        if n < 2:
            return np.full(len(KINDS), np.nan)
        spread = self.by_window([alpha])[0] - np.outer(self.predicted, self.at([alpha])[0])
        return np.sqrt((spread**2).sum(axis=0) * n / (n - 1)) / total

    def rounded(self, alpha: float) -> float:
        """The strength as the model sees it, in the dtype in which it steers."""
        return float(np.asarray(alpha).astype(self.model.params.final_norm.scale.dtype))

    def derivatives(self) -> np.ndarray:
        """Value, first and second derivative at α = 0 of each of `KINDS`, exact: [3, 4]."""
        total = np.zeros((3, len(KINDS)))
        for k in range(len(self.windows)):
            window = self._window(k)
            step = jnp.broadcast_to(self._placed.vector, window.before.shape)  # pyright: ignore
            series = run_blocks_series(
                self.model.params,
                self.model.config,
                straight(window.before, step.astype(window.before.dtype), 2),
                window.context,
                self._placed.layer + 1,
                only_last=False,
            )
            found = sums_series(
                self.model.params,
                self.model.config,
                series,
                self._base(window),
                window.targets,
                window.weight,
                self._members,
                self._placed.site == "post-norm",
            )
            total += np.stack([np.asarray(d, np.float64)[0] for d in found])
            self._report(k)
        # ΔCE and both KL are 0 at 0, where the series has rounding
        total[0, :3] = 0.0
        return self._without_target(total / self.predicted.sum())

    def limit(self, sign: float = 1.0) -> np.ndarray | None:
        """The spending as α → ±∞ at site "residual" (Proposition 4.1), [4]; None at "post-norm".

        Every steered state then points along ±v, and the final norm keeps its direction alone: all
        contexts have the law softmax(W LN_0(±v)).
        """
        if self._placed.site == "post-norm":
            return None
        v = np.asarray(self._placed.vector, np.float64)
        v = v - v.mean() if self.model.params.final_norm.bias is not None else v
        size = np.linalg.norm(v)
        if size == 0:  # a constant vector moves nothing through a LayerNorm
            return None
        # so long that the norm's eps is nothing to it, so short that no square overflows
        long = jnp.asarray((sign * 1e12 / size * v)[None, None, :], self.model.dtype)
        hidden = normalise(self.model.params, self.model.config, long)
        total = np.zeros(len(KINDS))
        for k in range(len(self.windows)):
            window = self._window(k)
            everywhere = jnp.broadcast_to(hidden, window.before.shape)
            logits = unembed(self.model.params, self.model.config, everywhere)
            ones = jnp.ones(1, logits.dtype)
            total += np.asarray(self._measure(logits, ones, window), np.float64)[0]
        return self._without_target(total / self.predicted.sum())

    def _pass(self, alphas: np.ndarray) -> np.ndarray:
        """Sums [A, windows, 4] by one run over the text."""
        self.passes += 1
        out = np.zeros((alphas.size, len(self.windows), len(KINDS)))
        size = max(1, min(4, _BATCH_BYTES // (4 * self.length * self.model.vocabulary)))
        # one strength or `size` at a time: two programs, not one for each number of strengths
        filled = alphas if alphas.size == 1 else np.pad(alphas, (0, -alphas.size % size), "edge")
        wide = self.model.params.final_norm.scale.dtype
        for k in range(len(self.windows)):
            window = self._window(k)
            for where, chunk in chunks(filled, size, wide):
                x = add(window.before, self._placed.vector[None, None, :], chunk)
                hidden = _finish(self.model, x, window.context, self._placed)
                logits = unembed(self.model.params, self.model.config, hidden)
                found = np.asarray(self._measure(logits, chunk, window), np.float64)
                out[where, k] = found[: len(out[where])]
            self._report(k)
        return out

    def _measure(self, logits: Array, alphas: Array, window: "_Window") -> Array:
        base, targets, weight = self._base(window), window.targets, window.weight
        return sums_at(logits, alphas, base, targets, weight, self._members)

    def _base(self, window: "_Window") -> Array:
        return unembed(self.model.params, self.model.config, window.hidden)

    def _window(self, k: int) -> "_Window":
        if k in self._kept:
            return self._kept[k]
        window = _Window(self.model, self.windows[k], self.length, self._placed)
        if (len(self._kept) + 1) * (window.before.nbytes + window.hidden.nbytes) <= _KEPT_BYTES:
            self._kept[k] = window
        return window

    def _without_target(self, found: np.ndarray) -> np.ndarray:
        if self.target is None:
            found[..., KINDS.index("target_mass")] = np.nan
        return found

    def _report(self, k: int) -> None:
        if self.progress is not None:
            self.progress(k + 1, len(self.windows))


class _Window:
    """One window up to the steered block, and its unsteered last hidden states."""

    def __init__(self, model: LanguageModel, row: list[int], length: int, steering: Steering):
        tokens, mask = pad([row], length)
        ids, real, _ = model.batch(tokens, mask)
        self.context = context_of(real)
        # the window's last token predicts nothing: its own next token does not count
        weight = np.roll(mask, -1, axis=1)
        weight[:, -1] = False
        self.targets, self.weight = jnp.asarray(np.roll(tokens, -1, axis=1)), jnp.asarray(weight)
        self.before = model.before_steering(ids, self.context, steering, only_last=False)
        self.hidden = _finish(model, self.before, self.context, steering)


def _finish(model: LanguageModel, x: Array, context: Context, steering: Steering) -> Array:
    """Hidden states [A, T, d] before the head, from those after the steered block."""
    start = steering.layer + 1
    if start < model.blocks:
        x = run_blocks(model.params, model.config, x, context, start, model.blocks)
    return normalise(model.params, model.config, x) if steering.site == "residual" else x
