import pytest

from tests.planted_faults import DIFFERENCE, Fault, exchanged, must_be_seen, standard, wrap
from ufm import UFM

FAULTS = [
    Fault("P and N exchanged in v", "lemma-b2.affine", standard, wrap(*DIFFERENCE, exchanged)),
    Fault("sign of the strength ignored", "lemma-b2.affine", standard,
          wrap(UFM, "steer", lambda f: lambda self, v, alpha: f(self, v, abs(alpha)))),
    Fault("h(1 + αv) for h + αv", "lemma-b2.affine", standard,
          wrap(UFM, "steer", lambda f: lambda self, v, alpha: (
              self.embeddings * (1 + alpha * v[None, :])) @ self.decoder.T)),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_planted_fault_makes_its_claim_fail(fault, monkeypatch):
    must_be_seen(fault, monkeypatch)
