"""The notebooks that teach: each runs whole, its assertions included, and these can fail."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

import theorems
from theorems.findings import Confirmation

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
NAMES = ("statements", "what_the_paper_says", "choosing_a_strength", "from_language_model")


@pytest.fixture(scope="module", params=NAMES)
def notebook(request):
    """The module, the text of all outputs, and what its cells defined."""
    spec = importlib.util.spec_from_file_location(request.param, NOTEBOOKS / f"{request.param}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    outputs, defined = module.app.run()  # raises where an assertion of the notebook fails
    shown = "".join(output.text for output in outputs if hasattr(output, "text"))
    return module, shown, dict(defined)


def test_a_notebook_runs_shows_and_can_fail(notebook):
    module, shown, defined = notebook
    name = module.__name__
    assert [cell for cell in vars(module) if cell.startswith("test_")], name
    assert shown.startswith("<span") or "<h1" in shown
    TOLD[name](module, shown, defined)


def _statements(module, shown, defined):
    figures = module.figures()
    assert len(figures) == 20
    for number in ("3.3", "3.6", "3.8", "4.1", "B.1"):
        assert number in shown
    # a limit that is approached more slowly than promised is seen
    figure = defined["rate"]
    line = next(line for line in figure.axes[0].lines if line.get_gid() == "bound 2")
    line.set_ydata(np.asarray(line.get_ydata()) / 1e4)
    with pytest.raises(AssertionError):
        module.test_the_limit_is_reached_at_the_promised_rate.run(rate=figure)


def _what_the_paper_says(module, shown, defined):
    assert list(defined["confirmations"]) == [finding.id for finding in theorems.FINDINGS]
    for finding in theorems.FINDINGS:
        assert finding.id in shown
    false = {**defined["confirmations"], "finding-5.linear": Confirmation(False, "")}
    with pytest.raises(AssertionError):
        module.test_every_finding_is_confirmed.run(confirmations=false)
    with pytest.raises(AssertionError):
        module.test_the_mass_falls_rises_and_falls.run(humps_mass=np.linspace(1, 0, 6))


def _choosing_a_strength(module, shown, defined):
    for choice in (*defined["spent"], *defined["letter_choices"]):
        assert f"{choice.alpha:.4f}" in shown
    assert "no: stays below 2." in shown
    late = [choice._replace(alpha=choice.alpha * (1 + 1e-6)) for choice in defined["spent"]]
    given = {name: defined[name] for name in ("letter_choices", "letters", "model")}
    with pytest.raises(AssertionError):
        module.test_budgets_are_spent_and_no_more.run(spent=late, **given)


def _from_language_model(module, shown, defined):
    assert f"{defined['found'].alpha:.3f}" in shown
    assert "GPU" in shown
    given = {name: defined[name] for name in ("by_tilt", "steered")}
    with pytest.raises(AssertionError):
        module.test_the_steered_model_is_the_tilt.run(worst=1e-9, **given)


TOLD = {
    "statements": _statements,
    "what_the_paper_says": _what_the_paper_says,
    "choosing_a_strength": _choosing_a_strength,
    "from_language_model": _from_language_model,
}
