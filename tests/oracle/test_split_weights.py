"""The paper's experiments on weights split over two devices: the numbers of one device."""

import re

import numpy as np

from tests.ufm.llm.reproduce import tiny_study
from tests.ufm.llm.reproduce.test_reproduce import on_two_devices
from ufm._files import read_arrays

FIGURES = ["6", "A.2", "A.3", "A.6", "A.11", "A.13", "section-5"]


def results(folder):
    """Path of each result by its name, without the digest of strengths, whose last bits differ."""
    found = folder.rglob("results.safetensors")
    return {re.sub("answers-[^/]*", "answers", str(p.relative_to(folder))): p for p in found}


def test_every_measurement_on_split_weights(tmp_path):
    tiny_study.measure(tmp_path / "one", FIGURES)
    on_two_devices(tmp_path / "two", "--split", *FIGURES)
    one, two = results(tmp_path / "one"), results(tmp_path / "two")
    assert one.keys() == two.keys()
    assert len(one) > 20
    for name in one:
        want, found = (read_arrays(of[name])[0] for of in (one, two))
        assert want.keys() == found.keys()
        for key in want:
            if want[key].dtype.kind == "f":
                # derivatives are sums of larger terms
                np.testing.assert_allclose(found[key], want[key], 1e-9, 1e-11, err_msg=name)
            else:
                np.testing.assert_array_equal(found[key], want[key], err_msg=name)
