import pytest

import ufm.tilt.peaks
from tests.planted_faults import PEAKS, Fault, must_be_seen, output, standard, uniform
from theorems import Instance
from theorems.judging import controls


def tied_below() -> Instance:
    """M = (log 6, log 2, -log 4, -log 4): no token off the target has a peak, and the window no beginning."""
    data = controls.rate_table(["3/5", "1/5", "2/5", "2/5"], ["1/10"] * 4, [0, 0, 1, 1], 2)
    return Instance.from_dataset(data, [0, 1], [2, 3])


FAULTS = [
    Fault("ends exchanged", "sweet-spot.nonempty", standard,
          output(ufm.tilt.peaks, "sweet_spot", lambda a: a[:, ::-1])),
    # windows of the library that fit its peaks: only the derivatives inside see the first three
    Fault("window begins too early", "sweet-spot.nonempty", standard,
          output(*PEAKS, lambda a: a.at[:, 3].add(-0.1))),
    Fault("window ends too late", "sweet-spot.nonempty", standard,
          output(*PEAKS, lambda a: a.at[:, 1].add(0.1))),
    Fault("window without an end begins too early", "sweet-spot.nonempty", uniform,
          output(*PEAKS, lambda a: a.at[:, 6:9].add(-0.2))),
    Fault("window without a beginning ends too late", "sweet-spot.nonempty", tied_below,
          output(*PEAKS, lambda a: a.at[:, 1].add(0.2))),
    Fault("window shorter than 4δ/R²", "sweet-spot.nonempty", standard,
          output(*PEAKS, lambda a: a.at[:, 1].add(-0.15).at[:, 3].add(0.15))),
    Fault("window off by 1e-9", "sweet-spot.nonempty", standard,
          output(ufm.tilt.peaks, "sweet_spot", lambda a: a + 1e-9)),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_planted_fault_makes_its_claim_fail(fault, monkeypatch):
    must_be_seen(fault, monkeypatch)
