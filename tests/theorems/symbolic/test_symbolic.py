import re
from itertools import combinations

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest
import sympy as sp

import ufm
from theorems.symbolic import (
    ALPHA,
    CLAIM_IDS,
    Identity,
    SymbolicTilt,
    asymptote,
    bell,
    concept_limit,
    identities,
    latex,
    limit,
    tends_to,
)

SIZES = range(2, 7)
PROVED_HERE = {
    "lemma-b3.tilt",
    "lemma-b5.derivative",
    "thm-3.3.bump",
    "thm-3.6.tanh",
    "thm-3.6.logistic",
    "thm-3.8.quadratic",
    "tilt.all-orders",
    "ce.kl-identity",
    "ce.convex",
    "peak.height",
    "contrastive.geometric-path",
    "side-effect.cross-talk",
    "park.separable",
    "park.together",
}
LAW = [sp.Rational(n, 60) for n in (7, 19, 3, 11, 5, 15)]
ODDS = [sp.Rational(n, 10) for n in (13, -7, 22, -7, 4, -18)]
ALPHA_VALUE = sp.Rational(7, 10)


def numbers(size: int) -> dict:
    """Exact values for the symbols, with a tie in M from size 4 on."""
    tilt = SymbolicTilt(size)
    total = sum(LAW[:size])
    law = {p: q / total for p, q in zip(tilt.probabilities, LAW, strict=False)}
    odds = dict(zip(tilt.log_odds, ODDS, strict=False))
    return law | odds | {ALPHA: ALPHA_VALUE}


def evaluated(size: int, expression) -> mp.mpf:
    values = numbers(size)
    function = sp.lambdify(list(values), expression, modules="mpmath", cse=True)
    return function(*(mp.mpf(x.p) / x.q for x in values.values()))


def arrays(size: int) -> tuple[np.ndarray, np.ndarray, float]:
    law = np.array([float(q / sum(LAW[:size])) for q in LAW[:size]])
    return law, np.array(ODDS[:size], dtype=float), float(ALPHA_VALUE)


# Identities.


@pytest.mark.parametrize("size", SIZES)
def test_every_identity_is_proved(size):
    proofs = [identity.prove() for identity in identities(size)]
    assert [proof.name for proof in proofs if not proof.proved] == []
    assert {proof.claim_id for proof in proofs} == PROVED_HERE
    assert {proof.size for proof in proofs} == {size}
    assert all(proof.seconds > 0 for proof in proofs)


@pytest.mark.parametrize(("size", "tokens"), [(3, [1]), (4, [0, 2, 3]), (5, [4, 1])])
def test_the_tanh_form_is_proved_for_other_concepts(size, tokens):
    about_the_concept = [x for x in identities(size, tokens) if x.claim_id == "thm-3.6.tanh"]
    assert [identity.prove().proved for identity in about_the_concept] == [True] * 3


def test_an_error_too_small_to_sample_is_refused_in_every_identity():
    for identity in identities(2):
        off = identity.right + identity.tilt.probabilities[0] / 10**30
        wrong = Identity("x", "x", identity.tilt, identity.left, off, identity.tokens)
        assert not wrong.prove().proved, identity.name


T = SymbolicTilt(3)
P, M, Q = T.probabilities, T.log_odds, T.tilted_probs()
K1, K2, K3 = T.cumulants(3)
CE = T.cross_entropy_increase()
VARIANCE = K2.subs(ALPHA, 0)
WRONG = {
    "tilt with the sign of α turned": (Q[0], Q[0].subs(ALPHA, -ALPHA)),
    "tilt without normalisation": (Q[0], T.weights()[0]),
    "derivative with plus": (Q[0].diff(ALPHA), Q[0] * (M[0] + K1)),
    "derivative without p": (Q[0].diff(ALPHA), M[0] - K1),
    "derivative with the unsteered mean": (Q[0].diff(ALPHA), Q[0] * (M[0] - K1.subs(ALPHA, 0))),
    "order 2 with plus kappa_2": (Q[0].diff(ALPHA, 2), Q[0] * bell([M[0] - K1, K2])),
    "order 2 without the square": (Q[0].diff(ALPHA, 2), Q[0] * (M[0] - K1 - K2)),
    "order 3 without kappa_3": (Q[0].diff(ALPHA, 3), Q[0] * bell([M[0] - K1, -K2, sp.S.Zero])),
    "third cumulant doubled": (CE.diff(ALPHA, 3), 2 * K3),
    "tanh form without the half": (T.concept_increase([0]), 2 * T.tanh_form([0])),
    "tanh form of the complement": (T.concept_increase([0]), T.tanh_form([1, 2])),
    "nu' with plus": (T.nu([0]).diff(ALPHA), M[0] + T.cumulants(1, [1, 2])[0]),
    "nu' against the mean of all": (T.nu([0]).diff(ALPHA), M[0] - K1),
    "quadratic without the half": (CE.diff(ALPHA, 2).subs(ALPHA, 0) / 2, VARIANCE),
    "steering free of charge": (CE, sp.S.Zero),
    "KL the other way round": (CE, sum(q * sp.log(q / p) for q, p in zip(Q, P, strict=True))),
    "curvature frozen at α = 0": (CE.diff(ALPHA, 2), VARIANCE),
    "true on uniform laws alone": (P[0], sp.Rational(1, 3)),
    "true at α = 0 alone": (Q[0], P[0]),
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("tokens", [None, [0]], ids=["all", "concept"])
def test_a_planted_wrong_identity_is_refused(name, tokens):
    left, right = WRONG[name]
    assert Identity("x", name, T, left, right, tokens).prove().proved is False


def test_the_prover_uses_that_probabilities_sum_to_one():
    assert T.vanishes(sum(P) - 1)
    assert T.vanishes(sp.log(sum(P)))
    assert not T.vanishes(sp.log(P[0] + P[1]))
    assert T.vanishes(0)
    assert not T.vanishes(1)


def test_the_prover_refuses_what_it_cannot_judge():
    assert not T.vanishes((sum(P) - 1) / (1 - sum(P)))
    with pytest.raises(ValueError, match=r"no rule for sqrt\(p1\): use sums, products"):
        T.vanishes(sp.sqrt(P[0]) - P[1])
    with pytest.raises(ValueError, match=r"no rule for sin\(p1\)"):
        T.vanishes(sp.sin(P[0]))


# Fifty digits, against values that come from definitions and not from the formulas.


def tilted_value(size: int, i: int):
    values = numbers(size)
    tilt = SymbolicTilt(size)
    law = [mp.mpf(values[p].p) / values[p].q for p in tilt.probabilities]
    odds = [mp.mpf(values[m].p) / values[m].q for m in tilt.log_odds]

    def weights(alpha):
        return [p * mp.exp(alpha * m) for p, m in zip(law, odds, strict=True)]

    return lambda alpha: weights(alpha)[i] / mp.fsum(weights(alpha)), law, odds, weights


@pytest.mark.parametrize("size", [2, 4, 6])
def test_formulas_at_fifty_digits(size):
    with mp.workdps(50):
        tilt, at = SymbolicTilt(size), mp.mpf(7) / 10
        prob, law, odds, weights = tilted_value(size, 0)
        inside = list(range(size - 1))

        def log_partition(alpha):
            return mp.log(mp.fsum(weights(alpha)))

        def mass(alpha):
            return mp.fsum(weights(alpha)[i] for i in inside) / mp.fsum(weights(alpha))

        drift = mp.fsum(p * m for p, m in zip(law, odds, strict=True))
        pairs = [
            (tilt.tilted_probs()[0], prob(at)),
            (tilt.cross_entropy_increase(), log_partition(at) - at * drift),
            (tilt.concept_increase(inside), (mass(at) - mass(0)) / len(inside)),
            (tilt.tanh_form(inside), (mass(at) - mass(0)) / len(inside)),
            (tilt.nu(inside), mp.log(mass(at) / (1 - mass(at)) * (1 - mass(0)) / mass(0))),
        ]
        for order in (1, 2, 3, 4):
            pairs.append((tilt.derivative(order)[0], mp.diff(prob, at, order)))
            pairs.append((tilt.concept_derivative(inside, order), mp.diff(mass, at, order)))
            pairs.append((tilt.cumulants(order)[-1], mp.diff(log_partition, at, order)))
        for formula, expected in pairs:
            assert mp.almosteq(evaluated(size, formula), expected, rel_eps=mp.mpf(10) ** -35)


# Limits.


def tie_patterns(size: int) -> list[tuple[int, ...]]:
    everything = [c for k in range(1, size + 1) for c in combinations(range(size), k)]
    return everything if size <= 4 else [(0,), (size - 1,), (0, 2), (1, 2, 4), tuple(range(size))]


PATTERNS = [(size, top) for size in SIZES for top in tie_patterns(size)]


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("size", "top"), PATTERNS)
def test_limits_are_proved_for_every_tie_pattern(size, top, sign):
    proof, line = limit(size, top, sign), asymptote(size, top, sign)
    assert (proof.proved, line.proved) == (True, True)
    assert proof.claim_id == ("prop-b1.limit-plus" if sign > 0 else "prop-b1.limit-minus")
    assert [i for i, value in enumerate(proof.value) if value != 0] == list(top)
    assert sp.simplify(sum(proof.value)) == 1
    assert (line.claim_id, line.size) == ("ce.asymptote", size)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("size", "top", "tokens"), [(3, (0,), (1, 2)), (5, (0, 2), (3, 4))])
def test_a_concept_without_extremal_token_vanishes(size, top, tokens, sign):
    proof = concept_limit(size, top, tokens, sign)
    lost = SymbolicTilt(size).initial_mass(tokens)
    assert (proof.claim_id, proof.proved) == ("thm-3.6.vanishing", True)
    assert sp.expand(proof.value + lost / len(tokens)) == 0


@pytest.mark.parametrize(("size", "top", "tokens"), [(4, (3,), (3,)), (4, (0, 1), (1, 2))])
def test_a_concept_with_extremal_tokens_keeps_their_share(size, top, tokens):
    proof, p = concept_limit(size, top, tokens), SymbolicTilt(size).probabilities
    kept = sum(p[i] for i in top if i in tokens) / sum(p[i] for i in top)
    assert (proof.claim_id, proof.proved) == ("prop-b1.limit-plus", True)
    assert sp.simplify(proof.value - (kept - sum(p[i] for i in tokens)) / len(tokens)) == 0


def test_limits_and_line_at_fifty_digits():
    values = numbers(4) | {ALPHA: -400}  # M is smallest on tokens 1 and 3
    tilt, proof, line = SymbolicTilt(4), limit(4, {1, 3}, -1), asymptote(4, {1, 3}, -1)
    for prob, value in zip(tilt.tilted_probs(), proof.value, strict=True):
        assert abs(sp.N((prob - value).subs(values), 50)) < 1e-150
    rest = sp.N((tilt.cross_entropy_increase() - line.value).subs(values), 200)
    assert 0 < rest < 1e-150


U = SymbolicTilt(4)
PU, MU = U.probabilities, U.log_odds
MASS, RISE = U.concept_mass([3]), U.concept_increase([3])
LINE = ALPHA * (MU[0] - sum(p * m for p, m in zip(PU, MU, strict=True)))
WRONG_LIMITS = {
    "back to the unsteered value": (U.concept_increase([2, 3]), sp.S.Zero, [0]),
    "the paper's (9): p divided by |top|": (U.tilted_probs()[0], PU[0] / 2, [0, 1]),
    "uniform over the ties": (U.tilted_probs()[0], sp.Rational(1, 2), [0, 1]),
    "everything to one of the ties": (U.tilted_probs()[0], sp.S.One, [0, 1]),
    "what sympy.limit says of this one": (RISE, -PU[3], [3]),
    "mass of a token that does not win": (MASS, sp.S.One, [0]),
    "line with no intercept": (sp.exp(U.cross_entropy_increase() - LINE), sp.S.One, [0]),
    "depends on the size of M": (sp.log(sum(U.weights())), sp.log(PU[0]), [0]),
    "α outside an exponential": (ALPHA * MASS, sp.S.Zero, [0]),
    "a denominator that dies out": ((1 - MASS) / (1 - MASS) ** 2, sp.S.One, [3]),
}


@pytest.mark.parametrize("name", WRONG_LIMITS)
def test_a_planted_wrong_limit_is_refused(name):
    expression, value, top = WRONG_LIMITS[name]
    assert tends_to(U, expression, value, top, 1) is False


# LaTeX.

COMMANDS = re.findall(
    r"\\(?:[A-Za-z]+|.)",
    r"""\ \alpha \beta \chi \gamma \delta \epsilon \varepsilon \eta \kappa \mu \nu \omega \pi \rho \sigma \tau
    \Delta \mathbb \mathbf \mathrm \operatorname \text \frac \tfrac \sqrt \sum \sup \max \min \lim
    \log \tanh \left \right \bigl \bigr \Bigl \Bigr \lvert \rvert \lVert \rVert \Vert \mid \iff \to
    \pm \infty \le \ge \ne \in \notin \exists \subset \cup \cap \bigcap
    \setminus \emptyset \odot \top \bar \dots
    \cos \sin \tan \cdot \quad \qquad \begin \end \, \; \\ \{ \}""",
)


def test_claim_ids_are_the_projects():
    expected = re.findall(
        r"\S+",
        """lemma-b2.affine lemma-b3.tilt lemma-b4.sign lemma-b5.derivative thm-3.3.bump
        thm-3.3.peak-order thm-3.3.monotone remark-3.4.positive-peaks prop-b1.limit-plus
        prop-b1.limit-minus thm-3.6.tanh thm-3.6.target-increasing thm-3.6.vanishing
        thm-3.6.decreasing thm-3.6.growth thm-3.8.quadratic prop-4.1.rmsnorm prop-4.1.layernorm
        prop-4.1.rate assumption-2.trained ce.kl-identity ce.convex ce.upper-bounds ce.lower-bounds
        ce.remainder ce.asymptote tilt.all-orders peak.height sweet-spot.nonempty sweet-spot.width
        sweet-spot.shared
        half-saturation.bounds sign-rule contrastive.geometric-path limit.rate
        strength.budget ceiling.reverse-kl ceiling.forward-kl ceiling.mean-log-odds
        estimated.log-probability estimated.total-variation estimated.cross-entropy estimated.feasible
        side-effect.first-order side-effect.cross-talk side-effect.two-vectors
        park.separable park.together
        norm-circle.ellipse norm-circle.approach norm-circle.log-odds norm-circle.turns
        norm-circle.plateau
        sequence.divergence sequence.presence sequence.count
        thm-3.6.logistic scaling.length scaling.unit-length sign-separation.order
        sign-separation.pairs presence.mass presence.half prompt-free.tilt prompt-free.norm
        dominating.limit dominating.last-block
        literature.tanh literature.quadratic literature.benefit literature.damage literature.pairs
        literature.masses literature.monotone literature.inverted-u""",
    )
    assert sorted(CLAIM_IDS) == sorted(expected)


@pytest.mark.parametrize("claim_id", CLAIM_IDS)
def test_latex_is_what_mathjax_reads(claim_id):
    text = latex(claim_id)
    assert set(re.findall(r"\\(?:[A-Za-z]+|.)", text)) <= set(COMMANDS)
    bare = re.sub(r"\\[{}]", "", text)
    depths = np.cumsum([(c == "{") - (c == "}") for c in bare])
    assert depths.min() >= 0
    assert depths[-1] == 0
    for opening, closing in [("left", "right"), ("bigl", "bigr"), ("Bigl", "Bigr")]:
        found = [len(re.findall(rf"\\{word}(?![A-Za-z])", text)) for word in (opening, closing)]
        assert found[0] == found[1]
    assert re.findall(r"\\begin(\{\w+\})", text) == re.findall(r"\\end(\{\w+\})", text)
    assert not set("$|\n#&") & set(text.replace(r"\begin{cases}", "").replace(" & ", " "))


def test_latex_states_the_corrected_forms():
    assert r"\frac{p_{j}(z) e^{\alpha M(z)}}{\sum_{y=1}^{V}" in latex("lemma-b3.tilt")
    assert r"c_j \notin T" in latex("remark-3.4.positive-peaks")
    assert r"M_{\mathrm{bot}}}(z) p_{j}(z)}{\sum" in latex("prop-b1.limit-minus")
    assert r"= - \frac{\sum_{y=1}^{V} \mathbf{1}_{C}(y)" in latex("thm-3.6.vanishing")
    assert r"\pm W' N_0(v)" not in latex("prop-4.1.layernorm")


# JAX.


@pytest.mark.parametrize("size", [2, 4, 6])
def test_lambdified_formulas_agree_with_numpy(size):
    law, odds, alpha = arrays(size)
    tilt = SymbolicTilt(size)
    tilted = law * np.exp(alpha * odds)
    total = tilted.sum()
    tilted = tilted / total
    mean = tilted @ odds
    central = [tilted @ (odds - mean) ** k for k in range(5)]
    kappa = [mean, central[2], central[3], central[4] - 3 * central[2] ** 2]
    inside = slice(0, size // 2)
    rise = (tilted[inside].sum() - law[inside].sum()) / (size // 2)
    expected = [
        (tilt.tilted_probs(), tilted),
        (tilt.derivative(), tilted * (odds - mean)),
        (tilt.derivative(2), tilted * ((odds - mean) ** 2 - kappa[1])),
        (tilt.cumulants(4), kappa),
        (tilt.cross_entropy_increase(), np.log(total) - alpha * (law @ odds)),
        (tilt.tanh_form(range(size // 2)), rise),
    ]
    for formula, value in expected:
        found = tilt.lambdify(formula)(jnp.log(law), jnp.asarray(odds), alpha)
        assert found.shape == np.shape(value)
        # κ_4 is made of terms of size max|M|^4.
        np.testing.assert_allclose(found, value, rtol=1e-12, atol=1e-14 * abs(odds).max() ** 4)


def test_lambdified_functions_work_under_transformations_and_keep_the_dtype():
    law, odds, _ = arrays(3)
    log_probs, odds = jnp.log(law), jnp.asarray(odds)
    prob = T.lambdify(T.tilted_probs()[1])
    alphas = jnp.linspace(-2.0, 2.0, 5)
    slopes = jax.jit(jax.vmap(jax.grad(prob, argnums=2), in_axes=(None, None, 0)))
    exact = jax.vmap(T.lambdify(T.derivative()[1]), in_axes=(None, None, 0))
    np.testing.assert_allclose(
        slopes(log_probs, odds, alphas), exact(log_probs, odds, alphas), rtol=1e-12
    )
    single = jnp.float32
    assert prob(log_probs.astype(single), odds.astype(single), single(0.5)).dtype == single


def test_the_library_computes_these_formulas():
    law, odds, _ = arrays(5)  # with a tie in M
    log_probs, odds = jnp.log(law), jnp.asarray(odds)
    numeric, symbolic = ufm.ExponentialTilt(log_probs[None], odds), SymbolicTilt(5)
    formulas = [symbolic.tilted_probs(), symbolic.cumulants(4)]
    formulas += [symbolic.derivative(order) for order in (1, 2, 3)]

    @jax.jit
    def computed(alpha):
        derivatives = [numeric.derivative(alpha, order) for order in (1, 2, 3)]
        return [numeric.probs(alpha), numeric.cumulants(alpha, 4), *derivatives]

    for alpha in (-1.5, 0.7):
        for found, formula in zip(computed(alpha), formulas, strict=True):
            expected = symbolic.lambdify(formula)(log_probs, odds, alpha)
            # κ_4 is made of terms of size max|M|^4.
            np.testing.assert_allclose(
                found[0], expected, rtol=1e-12, atol=1e-14 * float(abs(odds).max()) ** 4
            )
    (top,) = np.flatnonzero(odds == odds.max())
    ends = symbolic.lambdify(limit(5, [int(top)]).value)(log_probs, odds, 0.0)
    np.testing.assert_allclose(numeric.limit(+1)[0], ends, rtol=1e-12)


# Bad input.

BAD_INPUT = {
    "size 1": (lambda: SymbolicTilt(1), r"size must be one of 2, 3, 4, 5, 6; got 1"),
    "size 7": (lambda: identities(7), r"size must be one of .*; got 7"),
    "empty concept": (lambda: T.nu([]), r"tokens must name some of the tokens 0\.\.2; got \[\]"),
    "full concept": (lambda: T.tanh_form([0, 1, 2]), r"leave out at least one token; got all of"),
    "full concept mass": (lambda: T.concept_mass([0, 1, 2]), r"leave out at least one token"),
    "no such token": (lambda: T.concept_mass([3]), r"tokens must name some .* 0\.\.2; got \[3\]"),
    "negative token": (lambda: T.cumulants(1, [-1]), r"tokens must name some .* got \[-1\]"),
    "empty top": (lambda: limit(3, []), r"top must name some of the tokens 0\.\.2; got \[\]"),
    "empty top, concept": (lambda: concept_limit(3, [], [1]), r"top must name some"),
    "empty top, line": (lambda: asymptote(3, []), r"top must name some"),
    "full concept, limit": (lambda: concept_limit(3, [0], [0, 1, 2]), r"leave out at least one"),
    "empty concept, limit": (
        lambda: concept_limit(3, [0], []),
        r"tokens must name some .* got \[\]",
    ),
    "sign": (lambda: limit(3, [0], 2), r"sign must be \+1 or -1; got 2"),
    "order": (lambda: T.derivative(0), r"order must be at least 1; got 0"),
    "misspelt claim": (
        lambda: latex("thm-3.6.tan"),
        r"there is no claim 'thm-3.6.tan'; did you mean thm-3.6.tanh",
    ),
    "unknown claim": (
        lambda: latex("?"),
        r"there is no claim '\?'; there are assumption-2.trained, ",
    ),
}


@pytest.mark.parametrize("name", BAD_INPUT)
def test_bad_input_is_refused_in_one_clear_line(name):
    call, message = BAD_INPUT[name]
    with pytest.raises(ValueError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
