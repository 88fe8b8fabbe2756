"""What a strength spends on text: cross-entropy, divergences and target mass, pass by pass."""

import math
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import replace

import jax.numpy as jnp
import numpy as np
from scipy.special import kl_div

from ufm._progress import Progress, silent
from ufm.tilt.ceiling import mass_ceiling

from ..decoder.adapted import Model
from ..decoder.limits import limit_states
from ..decoder.steering import Steering
from ..steering.batches import at_once
from ..steering.strengths import check_strengths
from .token_curves import token_set
from .window_cost import KINDS, CostWindow, check_text

_KEPT_BYTES = 1 << 30  # hidden states up to this size are kept; other windows are run anew


class TextSpend:
    """What steering spends on windows of text, in each of `KINDS`, at any strength.

    In a window each token but the first is predicted from those before it, with v added at all
    positions; all is averaged over the n predicted tokens. p_t is the unsteered distribution at t,
    and z_t the token that follows:

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
        model: Model,
        windows: Sequence[Sequence[int]],
        steering: Steering,
        *,
        length: int,
        target: np.ndarray | None = None,
        progress: Progress | None = None,
    ):
        self.windows = [list(map(int, row)) for row in windows]
        if not self.windows:
            raise ValueError("the text holds no window: pass at least one list of tokens")
        check_text(self.windows, length, steering)
        self.target = None if target is None else token_set(target, model.vocabulary)
        self.model, self.steering, self.length = model, steering, length
        self.progress = progress or silent
        self.predicted = np.array([len(row) - 1 for row in self.windows])
        self.passes = 0
        self._sums: dict[float, np.ndarray] = {}
        self._kept: dict[int, CostWindow] = {}
        model.place(steering)

    def at(self, alphas: Sequence[float] | np.ndarray) -> np.ndarray:
        """The spending [A, 4], columns as in `KINDS`, at each strength; ΔCE and KL are 0 at α = 0."""
        return self.by_window(alphas).sum(axis=1) / self.predicted.sum()

    def by_window(self, alphas: Sequence[float] | np.ndarray) -> np.ndarray:
        """Sums over the predicted tokens of each window, [A, windows, 4]."""
        strengths = [self.rounded(a) for a in check_strengths(alphas, self.model, self.steering)]
        missing = np.array(sorted({a for a in strengths if a not in self._sums}))
        if missing.size:
            found = self._measure(missing)
            self._sums.update(zip(missing.tolist(), found, strict=True))
        return self._without_target(np.stack([self._sums[a] for a in strengths]))

    def standard_error(self, alpha: float) -> np.ndarray:
        """The standard error [4] of `at([alpha])[0]` if windows are independent; NaN for one window."""
        n, total = len(self.windows), self.predicted.sum()
        if n < 2:
            return np.full(len(KINDS), np.nan)
        spread = self.by_window([alpha])[0] - np.outer(self.predicted, self.at([alpha])[0])
        return np.sqrt((spread**2).sum(axis=0) * n / (n - 1)) / total

    def rounded(self, alpha: float) -> float:
        """The strength as the model sees it, in the dtype in which it steers."""
        return float(np.asarray(alpha).astype(self.model.wide))

    def derivatives(self) -> np.ndarray:
        """Value, first and second derivative at α = 0 of each of `KINDS`, exact: [3, 4]."""
        total = sum(window.derivatives(2) for window in self._pass())
        return self._without_target(total / self.predicted.sum())

    def gradient(self, alpha: float, kind: str) -> np.ndarray:
        """The gradient [d] of the spending of `kind` in the shift αv, at α, exact.

        Its product with v is the slope in α. Models that another library runs have none: `ValueError`.
        """
        total = sum(window.gradient(self.rounded(alpha), kind) for window in self._pass())
        return np.asarray(total / self.predicted.sum())

    def along(self, vector: np.ndarray) -> "TextSpend":
        """This text, steered along another v [d] at the same place; what is kept of it serves both.

        The rows of several blocks may come end to end.
        """
        other = copy(self)
        v = np.asarray(vector, self.model.wide).reshape(np.shape(self.steering.vector))
        other.steering = replace(self.steering, vector=v)
        other.passes, other._sums = 0, {}  # noqa: SLF001  the same class
        other._kept = {k: window.along(vector) for k, window in self._kept.items()}  # noqa: SLF001
        return other

    def efficiency(self, alpha: float) -> float:
        """What steering gains of the target's mass over the most that its price could gain.

        The price is that of "forward_kl". No change of the p_t that costs as much gains more than
        `ufm.mass_ceiling` says, for which each predicted token is a context. Below 0 where the target
        loses mass; NaN without a target, and where steering costs nothing.
        """
        (_, price, _, mass), n = self.at([alpha])[0], int(self.predicted.sum())
        if self.target is None or not price > 0:
            return math.nan
        before, _ = self.target_masses()
        return (mass - before.mean()) / mass_ceiling(before, np.full(n, 1 / n), price).gain

    def target_price(self, alpha: float) -> float:
        """How much of the price of "forward_kl" moves mass between the target and the rest, nats a token.

        It is 1/n Σ_t kl(F_t||f_t), of the masses F_t at 0 and f_t at α, with kl(a||b) = a log(a/b) +
        (1 - a) log((1 - a)/(1 - b)). By the chain rule the rest of KL(p_t||p_{t,α}) moves tokens of the
        target among themselves, and others among themselves. NaN without a target.
        """
        if self.target is None:
            return math.nan
        (before, _), (after, _) = self.target_masses(), self.target_masses(self.rounded(alpha))
        return float((kl_div(before, after) + kl_div(1 - before, 1 - after)).mean())

    def target_masses(self, alpha: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
        """The mass of the target at α where each token is predicted, and which window that is in."""
        found = np.concatenate([window.target_masses(alpha) for window in self._pass()])
        # next to 0 a mass is lost in the model's dtype, as next to 1 the rest of it is
        found = np.clip(found, np.finfo(self.model.wide).tiny, 1.0)
        return found, np.repeat(np.arange(len(self.windows)), self.predicted)

    def limit(self, sign: float = 1.0) -> np.ndarray | None:
        """The spending as α → ±∞ (Proposition 4.1), [4], where every context has one distribution.

        None at the site "post-norm", without a final norm, and where it leaves nothing of v.
        """
        has_limit = self.steering.site != "post-norm"
        states = limit_states(self.model, self.steering) if has_limit else None
        if states is None:
            return None
        hidden = states[int(sign > 0)][None, None]
        one, total = jnp.ones(1, self.model.wide), np.zeros(len(KINDS))
        for window in self._pass():
            everywhere = jnp.broadcast_to(hidden, window.hidden.shape)
            total += window.sums_of(everywhere, one)[0]
        return self._without_target(total / self.predicted.sum())

    def _measure(self, alphas: np.ndarray) -> np.ndarray:
        """Sums [A, windows, 4] by one run over the text."""
        self.passes += 1
        size = at_once(self.model, self.length * self.model.vocabulary, most=4)
        # one strength or `size` at a time: two programs, not one for each number of strengths
        filled = alphas if alphas.size == 1 else np.pad(alphas, (0, -alphas.size % size), "edge")
        found = [window.sums(filled, size)[: alphas.size] for window in self._pass()]
        return np.stack(found, axis=1)

    def _pass(self) -> Iterator[CostWindow]:
        """All windows, as many of them kept from pass to pass as the memory allows."""
        for k, row in enumerate(self.windows):
            window = self._kept.get(k)
            if window is None:
                window = CostWindow(self.model, row, self.steering, self.length, target=self.target)
                size = window.nbytes
                if (len(self._kept) + 1) * size <= _KEPT_BYTES:
                    self._kept[k] = window
            yield window
            self.progress(k + 1, len(self.windows))

    def _without_target(self, found: np.ndarray) -> np.ndarray:
        if self.target is None:
            found[..., KINDS.index("target_mass")] = np.nan
        return found
