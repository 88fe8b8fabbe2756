"""Ten kills at random moments: too slow for the plain test command, which kills once."""

import pytest

from tests.ufm import killed_sweep
from tests.ufm.test_llm_sweep import kill_at_random_moments, outputs


@pytest.mark.parametrize("seed", [2])
def test_ten_kills_change_nothing(tmp_path, seed):
    killed_sweep.run(tmp_path / "whole")
    assert kill_at_random_moments(tmp_path / "killed", kills=10, seed=seed) >= 5
    assert outputs(tmp_path / "killed") == outputs(tmp_path / "whole")
