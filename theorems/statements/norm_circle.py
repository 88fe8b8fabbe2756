"""The circle: steered after the last block, before the final norm, the logits run along half an ellipse."""

from dataclasses import replace
from itertools import combinations

import jax
import jax.numpy as jnp
import numpy as np

from ..judging.claim import Certified, Claim, Control, Hypothesis, Statement
from ..judging.head import SteeredHead, random_head
from ..judging.verdict import Verdict, bound, identity, strict, worst
from .prop_4_1 import DIRECTION

SOURCE = "this project; extends Proposition 4.1"
# On either side of a turn, in radians: there the log-odds are 1 - cos 0.3 = 4 % of their amplitude lower.
_BESIDE = 0.3


def _ellipse(head: SteeredHead) -> Verdict:
    """The library's logits, and a cos t + b sin t + c, against the definition, in units of rounding."""
    alphas = head.strengths(head.angles[:, None])
    direct, rounding = head.logits(alphas)
    t, m = head.angles[:, None, None], alphas.shape[1]
    turned = np.cos(t) * head.across + np.sin(t) * head.along + np.asarray(head.circle.offset)
    # of all contexts at each context's strengths, each context at its own
    library = np.asarray(jax.vmap(head.circle.logits)(jnp.asarray(alphas.ravel())))
    own = library.reshape(len(alphas), m, m, -1)[:, np.arange(m), np.arange(m)]
    return worst(
        identity((direct - turned) / rounding, 1.0, "logits against cos t a + sin t b + c"),
        identity((direct - own) / rounding, 1.0, "logits of ufm.NormCircle"),
    )


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    return logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True)


def _limit(head: SteeredHead, sign: int) -> np.ndarray:
    """Log p_±∞ [V], from its formula."""
    return _log_softmax(head.unembedding @ head.bias + sign * head.along)


def _second_order(head: SteeredHead) -> np.ndarray:
    """C_j [m] = R_b + (R_a + R_b)²/8: log p is within C cos²t of its first two terms."""
    across, along = np.ptp(head.across, axis=1), np.ptp(head.along)
    return along + (across + along) ** 2 / 8


def _approach(head: SteeredHead) -> Verdict:
    parts = []
    for sign in (1, -1):
        t = head.angles[sign * head.angles > 0]
        cos = np.cos(t)[:, None, None]
        direct, rounding = head.logits(head.strengths(t[:, None]))
        rounding = 4 * rounding.max(axis=2, keepdims=True)
        away = _log_softmax(direct) - _limit(head, sign)
        lead = np.asarray(head.circle.approach(sign) / head.circle.width[:, None])
        most = _second_order(head)[:, None] * cos**2
        where = f"α → {'+' if sign > 0 else '-'}∞"
        missed = np.abs(away - cos * lead)
        evidence = f"log p - log p_∞ - cos t (a - E a) against C cos²t, {where}"
        parts.append(bound(1 - missed / (most + rounding), 1e-12, evidence))
        # where the second term is at most half of the first, the side is the first's
        seen = (most <= np.abs(cos * lead) / 2) & (8 * rounding <= np.abs(cos * lead))
        if seen.any():
            share = (away / (cos * np.where(lead == 0, 1, lead)))[seen]
            parts.append(strict(share, 1 / 8, f"the side of the plateau, {where}"))
    return worst(*parts)


def _pairs(head: SteeredHead, logits: np.ndarray) -> np.ndarray:
    """Log-odds [..., P] of all pairs of tokens, from logits [..., V]."""
    first, second = np.array(list(combinations(range(len(head.unembedding)), 2))).T
    return logits[..., second] - logits[..., first]


def _log_odds(head: SteeredHead) -> Verdict:
    """The log-odds rise or fall up to the turn, go the other way after it, and are off beside it."""
    direct, rounding = head.logits(head.strengths(head.angles[:, None]))
    log_odds, rounding = _pairs(head, direct), 2 * rounding.max(axis=2, keepdims=True)
    across, along = _pairs(head, head.across), _pairs(head, head.along)
    turn = np.arctan2(np.sign(across) * along, np.abs(across))
    sign = np.where(across == 0, np.sign(along), np.sign(across))
    before, after = head.angles[1:, None, None] <= turn, head.angles[:-1, None, None] >= turn
    direction = np.where(across == 0, sign, sign * (before.astype(int) - after))
    moved = direction * np.diff(log_odds, axis=0) / (rounding[1:] + rounding[:-1])
    parts = [bound(moved[direction != 0], 1.0, "log-odds between neighbours, over rounding")]
    inside = (np.abs(turn) < np.pi / 2 - 2 * _BESIDE) & (across != 0)
    for shift in (-_BESIDE, _BESIDE):
        drop, unit = _drop(head, turn, shift)
        size = np.hypot(across, along) * (1 - np.cos(_BESIDE))
        seen = inside & (size > 8 * unit)
        if seen.any():
            parts.append(
                strict((sign * drop / unit)[seen], 1.0, "log-odds at the turn less those beside it")
            )
    return worst(*parts)


def _drop(head: SteeredHead, turn: np.ndarray, shift: float) -> tuple[np.ndarray, np.ndarray]:
    """Log-odds [m, P] at the turn less those at an angle `shift` from it, and the rounding of that."""
    ends = [head.logits(head.strengths(t.T)) for t in (turn, turn + shift)]
    values = [
        np.stack([_pairs(head, logits)[k, :, k] for k in range(turn.shape[1])], axis=1)
        for logits, _ in ends
    ]
    unit = sum(2 * rounding.max(axis=2).T for _, rounding in ends)
    return values[0] - values[1], np.asarray(unit)


def _turns(head: SteeredHead) -> Verdict:
    """How often logit p(z) turns, where it moves by more than rounding; at most once."""
    direct, rounding = head.logits(head.strengths(head.angles[:, None]))
    unit = 4 * rounding.max(axis=2, keepdims=True)
    moved = np.diff(_logit(_log_softmax(direct)), axis=0)
    signs = np.where(np.abs(moved) > unit[1:] + unit[:-1], np.sign(moved), 0)
    turns = [
        np.count_nonzero(np.diff(column[column != 0])) for column in signs.reshape(len(signs), -1).T
    ]
    return bound(1.0 - np.array(turns), 0.5, "1 less the turns of p(z)")


def _logit(log_p: np.ndarray) -> np.ndarray:
    """log p(z) - log(1 - p(z)), without the cancellation in 1 - p."""
    others = [np.delete(log_p, z, axis=-1) for z in range(log_p.shape[-1])]
    rest = [np.logaddexp.reduce(part, axis=-1) for part in others]
    return log_p - np.stack(rest, axis=-1)


def _plateau(head: SteeredHead) -> Verdict:
    pi, start = head.context_weights, np.zeros((1, len(head.states)))
    before, unit = head.logits(start)
    before = _log_softmax(before)[0]
    parts = []
    for sign in (1, -1):
        far = np.abs(np.asarray(head.circle.closest)).max()
        reach = far + np.asarray(head.circle.width).max() * 10.0 ** np.arange(9)
        alphas = np.repeat(sign * reach[:, None], len(pi), axis=1)
        direct, rounding = head.logits(alphas)
        cost = (np.exp(before) * (before - _log_softmax(direct))).sum(axis=2) @ pi
        plateau = float(np.asarray(head.circle.plateau(sign)) @ pi)
        lead = np.asarray(head.circle.approach(sign) / head.circle.width[:, None])
        cos = head.cosines(alphas)
        first = (cos * (np.exp(before) * lead).sum(axis=1)) @ pi
        rough = 8 * (rounding + unit).max(axis=2) * (1 + np.abs(before).max())
        most = (cos**2 * _second_order(head) + rough) @ pi
        evidence = f"ΔCE - plateau + Σπ cos t (E_0 a - E_∞ a), α → {'+' if sign > 0 else '-'}∞"
        parts.append(bound(1 - np.abs(cost - plateau + first) / most, 1e-12, evidence))
    return worst(*parts)


def _followed(head: SteeredHead) -> str | None:
    return None if head.block is None else "a block follows the layer where v is added"


def _on_axis(head: SteeredHead) -> str | None:
    on = np.flatnonzero(np.asarray(head.circle.width) == 0)
    return f"eps = 0, and h_{on[0]} is a multiple of v" if on.size else None


def _more_tokens(head: SteeredHead) -> str | None:
    count = len(head.unembedding)
    return None if count == 2 else f"there are {count} tokens"


LAST_BLOCK = Hypothesis("last-block", "v is added after the last block", _followed)
OFF_AXIS = Hypothesis("off-axis", "eps > 0, or no h_j is a multiple of v", _on_axis)
TWO_TOKENS = Hypothesis("two-tokens", "V = 2", _more_tokens)


def _example() -> SteeredHead:
    return random_head(np.random.default_rng(3))


def with_a_block() -> SteeredHead:
    """The example with one more block, whose weights are of the size of the states."""
    head = _example()
    d = head.vector.size
    return replace(head, block=2 * np.random.default_rng(2).standard_normal((d, d)))


def three_turns() -> SteeredHead:
    """a = (0, 4, 4), b = (0, 3, -3): p(0) dips near tan t = ±3/4, where the others peak: 2V - 3 turns."""
    return SteeredHead(
        unembedding=np.array([[0.0, 0.0], [4.0, 3.0], [4.0, -3.0]]) / np.sqrt(2),
        states=np.array([[1.0, 0.0]]),
        vector=np.array([0.0, 1.0]),
        weight=np.ones(2),
        bias=np.zeros(2),
        eps=0.0,
        centred=False,
        context_weights=np.ones(1),
    )


_FAMILY = ("heads",)
_BLOCK = Control("last-block", "a block of its own after the layer where v is added", with_a_block)
_HYPOTHESES = (DIRECTION, LAST_BLOCK, OFF_AXIS)
_CONSTANTS = "A Coq theorem about all heads; a certificate of a head has"

STATEMENT = Statement(
    id="norm-circle",
    title="The circle before the final norm",
    in_short="""after the last block the logits run through half an ellipse: the log-odds of two
        tokens turn at most once, and the price levels off""",
    source=SOURCE,
    idea=r"""
        The line $h + \alpha v$ is closest to 0 at $\alpha^* = -h \cdot v / \lVert v \rVert^2$, in the state
        $h^\perp$ at a right angle to $v$. So $\lVert h + \alpha v \rVert^2 + d\epsilon = \rho^2 +
        (\alpha - \alpha^*)^2 \lVert v \rVert^2$ with $\rho^2 = \lVert h^\perp \rVert^2 + d\epsilon$: what
        $\epsilon$ does is to lengthen one leg of a right triangle, and with its angle $t$ the normed state is
        $\sqrt d\,(\cos t\, h^\perp/\rho + \sin t\, v/\lVert v \rVert)$. LayerNorm does the same to what is
        left of $h$ and $v$ without their means. Any number of strengths costs two products with the head.

        *Ends.* Against the limit the logits are off by $f = \cos t\, a - (1 - \sin t)\, b$, and
        $0 \le 1 - \sin t \le \cos^2 t$. Then $\log p - \log p_\infty = f - \log E_\infty e^f$, where
        $E f \le \log E e^f \le E f + R_f^2/8$ (Jensen, Hoeffding). With $b = 0$ and two tokens of
        opposite $a$ the bound is attained as $\cos t \to 0$.

        *Turns.* The log-odds of two tokens are $r \cos(t - \varphi)$ up to a constant, which on an open half
        circle turns once or not at all. A probability can turn $2V - 3$ times: $1/p(z)$ is
        $1 + \sum_y \exp(r_y \cos(t - \varphi_y) + c_y)$, in which every $y \ne z$ may have a peak of its own.
        That is not the most: with a bias a probability of three tokens turns 4 times, where one $y$ has a dip
        in place of a peak (certified, see the open questions). With two tokens it turns once at most.

        *Budgets.* $\Delta\mathrm{CE}$ levels off, so a budget above its plateau allows every strength far
        enough out. It does not allow all strengths: $\Delta\mathrm{CE}$ comes down to its plateau from above
        where $\sum \pi \rho (E_0 a - E_\infty a) < 0$.
    """,
    claims=(
        Claim(
            id="norm-circle.ellipse",
            title="ellipse",
            text="""Steered after the last block, the logits are a_j cos t + b sin t + c with
                tan t = (α - α*_j) / w_j, for every eps >= 0.""",
            formula=r"""W N_\epsilon(h_j + \alpha v) = \cos t \cdot a_j + \sin t \cdot b + c, \qquad
                \tan t = \frac{\alpha - \alpha^*_j}{w_j}, \quad \alpha^*_j = -\frac{h_j \cdot v}{\lVert v
                \rVert^2}, \quad w_j = \frac{\rho_j}{\lVert v \rVert}, \quad \rho_j^2 = \lVert h_j +
                \alpha^*_j v \rVert^2 + d\,\epsilon, \quad a_j = \frac{\sqrt{d}\, W(\gamma \odot (h_j +
                \alpha^*_j v))}{\rho_j}, \quad b = \frac{\sqrt{d}\, W(\gamma \odot v)}{\lVert v \rVert},
                \quad c = W \beta \quad \text{(LayerNorm: } h_j, v \text{ less their means)}""",
            source=SOURCE,
            hypotheses=_HYPOTHESES,
            conclusion=_ellipse,
            families=_FAMILY,
            control=_BLOCK,
            figures=("statements/norm-circle",),
            certificate=Certified(
                f"{_CONSTANTS} α* exactly and w enclosed, and that v and all states meet the hypotheses."
            ),
        ),
        Claim(
            id="norm-circle.approach",
            title="approach to the limits",
            text="""As α → ±∞, log p_α(z) = log p_±∞(z) + (a(z) - E_±∞[a]) cos t + r with
                p_±∞ = softmax(c ± b) and |r| <= C cos²t beyond α*: a token ends above its plateau if
                a(z) > E_±∞[a], below it if a(z) < E_±∞[a].""",
            formula=r"""\Bigl\lvert \log p_{j,\alpha}(z) - \log p_{\pm\infty}(z) - \cos t \,\bigl(a_j(z) -
                \mathbb{E}_{\pm\infty}[a_j]\bigr) \Bigr\rvert \le \cos^2 t \left(R_b + \tfrac{1}{8}(R_{a_j} +
                R_b)^2\right) \quad \text{if } \pm(\alpha - \alpha^*_j) \ge 0, \qquad \cos t =
                \frac{w_j}{\sqrt{w_j^2 + (\alpha - \alpha^*_j)^2}}, \quad R_f = \max f - \min f""",
            source=SOURCE,
            hypotheses=_HYPOTHESES,
            conclusion=_approach,
            families=_FAMILY,
            control=_BLOCK,
            figures=("statements/norm-circle",),
            certificate=Certified(
                f"{_CONSTANTS} both limits, the coefficient of 1/|α| and C enclosed, by token and context."
            ),
        ),
        Claim(
            id="norm-circle.log-odds",
            title="one turn of log-odds",
            text="""The log-odds of two tokens turn once, where tan t = (b(y) - b(z)) / (a(y) - a(z)), and not
                at all where a(y) = a(z).""",
            formula=r"""\log \frac{p_{j,\alpha}(y)}{p_{j,\alpha}(z)} \text{ increases for } \alpha \le
                \alpha_0 \text{ and decreases for } \alpha \ge \alpha_0 = \alpha^*_j + w_j \frac{b(y) -
                b(z)}{a_j(y) - a_j(z)} \quad \text{if } a_j(y) > a_j(z)""",
            source=SOURCE,
            hypotheses=_HYPOTHESES,
            conclusion=_log_odds,
            families=_FAMILY,
            control=_BLOCK,
            figures=("statements/norm-circle-log-odds",),
            certificate=Certified(
                f"{_CONSTANTS} the α where the log-odds of each token against the one that dominates as "
                "α → ∞ turn, exactly: the roots cancel."
            ),
        ),
        Claim(
            id="norm-circle.turns",
            title="turns of two tokens",
            text="""Of two tokens each probability turns at most once; of three it may turn three times.""",
            formula=r"""p_{j,\alpha}(y) = 1 - p_{j,\alpha}(z) \text{ increases for } \alpha \le \alpha_0
                \text{ and decreases for } \alpha \ge \alpha_0 = \alpha^*_j + w_j \frac{b(y) - b(z)}{a_j(y) -
                a_j(z)} \quad \text{if } V = 2,\ a_j(y) > a_j(z)""",
            source=SOURCE,
            hypotheses=(*_HYPOTHESES, TWO_TOKENS),
            conclusion=_turns,
            families=_FAMILY,
            control=Control(
                "two-tokens",
                "three tokens, of which the first dips where each of the others peaks",
                three_turns,
            ),
            figures=("statements/norm-circle-log-odds",),
            certificate=Certified(
                "Each turn of each probability is bracketed by two balls, and on all the rest of the half "
                "circle balls enclose the slope away from 0; so is it with three tokens and more, where the "
                "claim's hypothesis is unmet."
            ),
        ),
        Claim(
            id="norm-circle.plateau",
            title="plateau of the loss",
            text="""ΔCE tends to Σπ KL(p_j||p_±∞) as α → ±∞, from above where Σπ w (E_0[a] - E_±∞[a]) < 0: a
                budget below that leaves a bounded range of strengths on that side, one above it allows every
                strength far enough out.""",
            formula=r"""\Delta\mathrm{CE}(\alpha) = \sum_j \pi_j \mathrm{KL}(p_j \Vert
                p_{\pm\infty}) - \sum_j \pi_j \cos t_j \,\bigl(\mathbb{E}_{p_j}[a_j] -
                \mathbb{E}_{\pm\infty}[a_j]\bigr) + r(\alpha), \quad \lvert r(\alpha) \rvert \le
                \sum_j \pi_j \cos^2 t_j \left(R_b + \tfrac{1}{8}(R_{a_j} + R_b)^2\right) \quad
                \text{if } \pm(\alpha - \alpha^*_j) \ge 0 \text{ for every } j""",
            source=SOURCE,
            hypotheses=_HYPOTHESES,
            conclusion=_plateau,
            families=_FAMILY,
            control=_BLOCK,
            figures=("statements/norm-circle-cost",),
            certificate=Certified(
                f"{_CONSTANTS} both plateaus enclosed, and the coefficient with which ΔCE comes to them."
            ),
        ),
    ),
)
