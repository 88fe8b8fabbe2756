import pytest
import sympy as sp

from theorems.symbolic import ALPHA, circle_identities
from theorems.symbolic._circle import vanishes


@pytest.mark.parametrize("size", [2, 3])
def test_what_the_claims_rest_on_is_proved(size):
    proofs = circle_identities(size)
    assert [proof.name for proof in proofs if not proof.proved] == []
    assert {p.claim_id for p in proofs} == {
        f"norm-circle.{name}" for name in ("ellipse", "approach", "log-odds")
    }


W, S, A, B = sp.symbols("w s A B", positive=True)
ROOT = sp.sqrt(W**2 + (ALPHA - S) ** 2)
ODDS = (W * A + (ALPHA - S) * B) / ROOT
WRONG = {
    "slope with plus": ODDS.diff(ALPHA) - W * (W * B + (ALPHA - S) * A) / ROOT**3,
    "slope without w": ODDS.diff(ALPHA) - (W * B - (ALPHA - S) * A) / ROOT**3,
    "true at the closest state alone": ODDS - A,
    "off by 1e-30": ODDS - ODDS - sp.Rational(1, 10**30),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_planted_wrong_identity_is_refused(name):
    assert vanishes(WRONG[name]) is False
