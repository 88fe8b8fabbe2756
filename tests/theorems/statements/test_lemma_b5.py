import pytest

import ufm.tilt.tilt
from tests.planted_faults import Fault, in_single_precision, must_be_seen, standard, wrap
from ufm import ExponentialTilt


def _mean_forgotten(f):
    return lambda self, alpha, order=1: self.probs(alpha) * self.log_odds[None, :]


def _eighth_cumulant_doubled(f):
    def cumulants(self, alpha, order):
        return f(self, alpha, order).at[:, 7:].multiply(2)

    return cumulants


def _fourth_moment_for_cumulant(f):
    def cumulants(self, alpha, order):
        kappa = f(self, alpha, order)
        return kappa if order < 4 else kappa.at[:, 3].add(3 * kappa[:, 1] ** 2)

    return cumulants


FAULTS = [
    Fault("float32 in the tilt, differentiated", "lemma-b5.derivative", standard,
          wrap(ExponentialTilt, "log_probs_at", in_single_precision)),
    Fault("p M for p (M - E M)", "lemma-b5.derivative", standard,
          wrap(ExponentialTilt, "derivative", _mean_forgotten)),
    Fault("+κ_n for -κ_n in the Bell polynomial", "tilt.all-orders", standard,
          wrap(ufm.tilt.tilt, "bell", lambda f: lambda x: f([x[0], *(-a for a in x[1:])]))),
    Fault("fourth moment for fourth cumulant", "tilt.all-orders", standard,
          wrap(ExponentialTilt, "cumulants", _fourth_moment_for_cumulant)),
    Fault("eighth cumulant doubled", "tilt.all-orders", standard,
          wrap(ExponentialTilt, "cumulants", _eighth_cumulant_doubled)),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_planted_fault_makes_its_claim_fail(fault, monkeypatch):
    must_be_seen(fault, monkeypatch)
