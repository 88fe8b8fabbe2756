from dataclasses import replace
from itertools import pairwise

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest

import theorems
from tests.planted_faults import Fault, must_be_seen, output, wrap
from theorems.judging.head import SteeredHead, random_head
from theorems.statements import norm_circle as statement
from theorems.statements.prop_4_1 import TransformerInstance, random_transformer
from ufm import NormCircle

ELLIPSE, APPROACH, LOG_ODDS, TURNS, PLATEAU = (
    f"norm-circle.{name}" for name in ("ellipse", "approach", "log-odds", "turns", "plateau")
)


def drawn(vocabulary: int, centred: bool = False) -> SteeredHead:
    """The first random head with so many tokens and this norm, with a bias and eps = 0.1."""
    heads = (random_head(np.random.default_rng([7, k])) for k in range(100))
    found = next(h for h in heads if (len(h.unembedding), h.centred) == (vocabulary, centred))
    return replace(found, bias=np.linspace(-1, 1, found.vector.size), eps=0.1)


def nine() -> SteeredHead:
    return drawn(9)


def two() -> SteeredHead:
    return drawn(2)


def sharp() -> SteeredHead:
    """b = 0 and two tokens of opposite a: C = R_a²/8 is what log cosh(cos t a) needs."""
    base = statement.three_turns()
    return replace(base, unembedding=np.array([[1.0, 0.0], [-1.0, 0.0]]))


def _other_arguments(places):
    """Plants `places`: {place of an argument: what becomes of it}."""

    def change(f):
        def build(self, *given, **named):
            f(self, *[places.get(k, lambda x: x)(x) for k, x in enumerate(given)], **named)

        return build

    return wrap(NormCircle, "__init__", change)


def _folded(f):
    """A path that comes to the closest state and goes back to where it came from."""

    def logits(self, alphas):
        closest = np.asarray(self.circle.closest)
        return f(self, closest + np.abs(alphas - closest))

    return logits


def _wider(f):
    return lambda self, angles: (
        np.asarray(self.circle.closest)
        + np.asarray(self.circle.width) * np.tan(angles) * (1 + 1e-9)
    )


FAULTS = [
    Fault("eps forgotten", ELLIPSE, nine, _other_arguments({5: lambda eps: 0.0})),
    Fault("bias forgotten", ELLIPSE, nine, _other_arguments({4: np.zeros_like})),
    Fault("weight forgotten", ELLIPSE, nine, _other_arguments({3: np.ones_like})),
    Fault("α* and w 1e-9 off", ELLIPSE, nine, wrap(SteeredHead, "strengths", _wider)),
    Fault("logits of the other end", ELLIPSE, nine,
          wrap(NormCircle, "logits", lambda f: lambda self, alpha: f(self, -alpha))),
    Fault("the next term of the other end", APPROACH, nine,
          wrap(NormCircle, "approach", lambda f: lambda self, sign: f(self, -sign))),
    Fault("a next term 1e-3 too large", APPROACH, nine,
          output(NormCircle, "approach", lambda g: 1.001 * g)),
    Fault("the mean left in", APPROACH, nine,
          wrap(NormCircle, "approach", lambda f: lambda self, sign: self.width[:, None] * self.across)),
    Fault("a second term a hundredth as large", APPROACH, nine,
          output(statement, "_second_order", lambda most: most / 100)),
    Fault("a second term 1e-3 too small", APPROACH, sharp,
          output(statement, "_second_order", lambda most: 0.999 * most)),
    Fault("eps forgotten", LOG_ODDS, nine, _other_arguments({5: lambda eps: 0.0})),
    Fault("a path that goes back", LOG_ODDS, nine, wrap(SteeredHead, "logits", _folded)),
    Fault("a path that goes back", TURNS, two, wrap(SteeredHead, "logits", _folded)),
    Fault("the plateau of the other end", PLATEAU, nine,
          wrap(NormCircle, "plateau", lambda f: lambda self, sign: f(self, -sign))),
    Fault("a plateau 1e-9 off", PLATEAU, nine,
          output(NormCircle, "plateau", lambda x: x * (1 + 1e-9))),
    Fault("the plateau without its next term", PLATEAU, nine,
          output(NormCircle, "approach", lambda g: 0.0 * g)),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_planted_fault_makes_its_claim_fail(fault, monkeypatch):
    must_be_seen(fault, monkeypatch)


def exact_logits(head: SteeredHead, j: int, alpha: mp.mpf) -> list[mp.mpf]:
    """W N(h_j + αv) in 50 digits, from the definition."""
    d = head.vector.size
    x = [mp.mpf(float(head.states[j, i])) + alpha * float(head.vector[i]) for i in range(d)]
    if head.centred:
        x = [value - mp.fsum(x) / d for value in x]
    root = mp.sqrt(mp.fsum(value**2 for value in x) / d + mp.mpf(head.eps))
    y = [
        float(head.weight[i]) * value / root + mp.mpf(float(head.bias[i]))
        for i, value in enumerate(x)
    ]
    return [
        mp.fsum(float(w) * value for w, value in zip(row, y, strict=True))
        for row in head.unembedding
    ]


def exact_log_probs(head: SteeredHead, j: int, alpha: mp.mpf) -> list[mp.mpf]:
    logits = exact_logits(head, j, alpha)
    total = mp.log(mp.fsum(map(mp.exp, logits)))
    return [x - total for x in logits]


HEADS = pytest.mark.parametrize(
    "head", [drawn(9), drawn(2, centred=True)], ids=["RMSNorm", "LayerNorm"]
)


@HEADS
@mp.workdps(50)
def test_logits_and_their_rounding_are_those_of_50_digits(head):
    alphas = head.strengths(np.array([[-1.4], [0.0], [1.0], [np.pi / 2 - 1e-6]]))
    found, rounding = head.logits(alphas)
    for k, j in np.ndindex(alphas.shape):
        want = [float(x) for x in exact_logits(head, j, mp.mpf(float(alphas[k, j])))]
        assert (np.abs(found[k, j] - want) <= rounding[k, j]).all()


@HEADS
@mp.workdps(50)
def test_the_next_term_is_what_50_digits_leave_far_out(head):
    """α (log p_α - log p_∞) at α = ±1e12 w, where p_∞ is taken at 1e30 w."""
    for sign, j in ((1, 0), (-1, 2)):
        width = mp.mpf(float(head.circle.width[j]))
        alpha = sign * width * mp.mpf(10) ** 12
        far = exact_log_probs(head, j, sign * width * mp.mpf(10) ** 30)
        near = exact_log_probs(head, j, alpha)
        want = [float(abs(alpha) * (x - y)) for x, y in zip(near, far, strict=True)]
        found = np.asarray(head.circle.approach(sign))[j]
        np.testing.assert_allclose(found, want, rtol=1e-9, atol=1e-9 * np.abs(found).max())
        # and its sign says on which side of the plateau the token ends
        assert [x > y for x, y in zip(near, far, strict=True)] == (found > 0).tolist()


@HEADS
def test_log_odds_have_slope_zero_at_the_turn_by_autodiff(head):
    def log_odds(alpha, j):
        x = head.states[j] + alpha * head.vector
        x = x - x.mean() if head.centred else x
        normed = head.weight * x / jnp.sqrt((x**2).mean() + head.eps) + head.bias
        logits = head.unembedding @ normed
        return logits[1] - logits[0]

    for j in range(3):
        across, along = (float(x[..., 1] - x[..., 0]) for x in (head.across[j], head.along))
        closest, width = float(head.circle.closest[j]), float(head.circle.width[j])
        turn = closest + width * along / across
        slope, steepest = (abs(jax.grad(log_odds)(a, j)) for a in (turn, turn + width))
        assert slope < 1e-12 * steepest
        bend = jax.grad(jax.grad(log_odds))(turn, j)
        assert np.sign(bend) == -np.sign(across)


def turns_of_first(head: SteeredHead, angles: list[float]) -> int:
    """How often p(token 0) turns on these angles, in 50 digits."""
    with mp.workdps(50):
        path = [exact_log_probs(head, 0, mp.tan(mp.mpf(t)))[0] for t in angles]
    return int(np.count_nonzero(np.diff([b > a for a, b in pairwise(path)])))


def test_a_probability_of_v_tokens_turns_2v_minus_3_times():
    """The turns known of V = 3 and 4: a dip at each of V - 1 angles, and a peak between neighbours."""
    assert turns_of_first(statement.three_turns(), [-1.176, -0.6435, 0.0, 0.6435, 1.176]) == 3
    base, angles = statement.three_turns(), np.array([-1.1, 0.0, 1.1])
    rows = 40 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    head = replace(base, unembedding=np.vstack([np.zeros(2), rows]))
    assert turns_of_first(head, [-1.5, -1.1, -0.55, 0.0, 0.55, 1.1, 1.5]) == 5


@HEADS
@mp.workdps(50)
def test_the_loss_tends_to_its_plateau_in_50_digits(head):
    for sign in (1, -1):
        cost = mp.mpf(0)
        for j, weight in enumerate(head.context_weights):
            before = exact_log_probs(head, j, mp.mpf(0))
            after = exact_log_probs(head, j, sign * mp.mpf(10) ** 30)
            kl = mp.fsum(mp.exp(x) * (x - y) for x, y in zip(before, after, strict=True))
            cost += float(weight) * kl
        found = float(np.asarray(head.circle.plateau(sign)) @ head.context_weights)
        assert found == pytest.approx(float(cost), rel=1e-12)


def test_a_budget_above_the_plateau_can_still_bind():
    """ΔCE goes above its plateau, and comes down to it."""
    head = replace(
        statement.three_turns(),
        unembedding=np.array([[3.0, 0.0], [0.0, 1.0]]),
        states=np.array([[1.0, 4.0]]),
        vector=np.array([0.0, -1.0]),
    )
    before = np.exp(np.array(exact_log_probs(head, 0, mp.mpf(0)), float))

    def cost(alpha):
        after = np.array(exact_log_probs(head, 0, mp.mpf(alpha)), float)
        return before @ (np.log(before) - after)

    plateau = float(np.asarray(head.circle.plateau(1))[0])
    assert cost(1e9) == pytest.approx(plateau, rel=1e-6)
    assert max(cost(a) for a in range(3, 12)) > 1.1 * plateau


@pytest.mark.parametrize("norm", ["rmsnorm", "layernorm"])
def test_a_transformer_steered_after_its_last_block_is_such_a_head(norm):
    case = random_transformer(np.random.default_rng(4), norm, 1, "last")
    head = of_transformer(case)
    alphas = np.array([[-3.0], [0.0], [0.5], [40.0]])
    site = {"vector": case.vector, "layer": 1, "positions": "last"}
    want = [case.transformer.logits(case.hidden, a, **site) for a in alphas[:, 0]]
    found, rounding = head.logits(alphas)
    assert (np.abs(found[:, 0] - np.asarray(want)) <= rounding[:, 0]).all()
    assert theorems.check(ELLIPSE, head).verdict == "holds"


def of_transformer(case: TransformerInstance) -> SteeredHead:
    norm, last = case.transformer.final_norm, case.transformer.hidden_states(case.hidden)[-1]
    return SteeredHead(
        unembedding=np.asarray(case.transformer.decoder),
        states=np.asarray(last)[None],
        vector=np.asarray(case.vector),
        weight=np.asarray(norm.scale),
        bias=np.zeros(8) if norm.bias is None else np.asarray(norm.bias),
        eps=norm.eps,
        centred=case.is_layernorm,
        context_weights=np.ones(1),
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"vector": np.zeros(8)}, "direction: v is zero"),
        ({"block": np.eye(8)}, "last-block: a block follows the layer where v is added"),
        ({"eps": 0.0, "states": np.outer([1.0, 2.0, 3.0], np.ones(8)), "vector": np.ones(8)},
         "off-axis: eps = 0, and h_0 is a multiple of v"),
    ],
)  # fmt: skip
def test_what_an_instance_lacks_is_named(change, reason):
    verdict = theorems.check(APPROACH, replace(nine(), **change))
    assert (verdict.verdict, verdict.evidence) == ("hypotheses unmet", reason)
    tokens = theorems.check(TURNS, nine())
    assert tokens.evidence == "two-tokens: there are 9 tokens"
