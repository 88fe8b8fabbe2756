"""Edited certificates of heads: what the checker accepts is true, and says no less than it could."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from tests.theorems.certificates.heads.head_edits import EDITS

ROOT = Path(__file__).parents[4]
# In the suite, and under --hypothesis-profile=nightly.
EDITED = 50_000 if settings().max_examples >= 2000 else 250


@pytest.fixture(scope="module")
def found():
    program = [sys.executable, "-m", "tests.theorems.certificates.heads.fuzz", "--faults"]
    run = subprocess.run(
        [*program, "--edits", str(EDITED)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return json.loads(run.stdout)


def test_what_is_accepted_after_edits_is_true(found):
    print(f"{EDITED} edited: {found['outcomes']} in {found['seconds']} s")
    assert found["false"] == []
    assert sum(found["outcomes"].values()) == EDITED
    assert found["outcomes"]["accepted"] > EDITED / 20


def test_every_kind_of_edit_was_tried_and_has_its_outcome(found):
    outcomes = {
        outcome: {k for k, c in found["kinds"].items() if c.get(outcome)}
        for outcome in found["outcomes"]
    }
    assert outcomes["refused"] | outcomes["accepted"] == set(EDITS)
    assert {"reorder_keys", "say_defaults", "share_scale", "rescale_states"} <= outcomes["accepted"]
    weaker = {
        "rename",
        "add_key",
        "blank_curve",
        "drop_turns",
        "flip_first",
        "change_claim",
        "tell_open",
    }
    assert not weaker & outcomes["accepted"]


def test_faults_planted_in_the_checker_are_found(found):
    assert all(found["faults"].values()), found["faults"]
