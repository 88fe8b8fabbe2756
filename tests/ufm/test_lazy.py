"""Names that load on first use: what is said where the extra behind them is not installed."""

import pytest

from ufm._lazy import attach_stub


def test_a_missing_extra_is_named(tmp_path, monkeypatch):
    package = tmp_path / "needy"
    package.mkdir()
    (package / "__init__.pyi").write_text("from .home import name as name\n")
    (package / "__init__.py").write_text("")
    (package / "home.py").write_text("import a_module_that_nobody_has\n")
    monkeypatch.syspath_prepend(tmp_path)
    load, names, public = attach_stub("needy", str(package / "__init__.py"), extra="llm")
    assert names() == public == ["name"]
    message = "needy needs a_module_that_nobody_has: pip install 'ufm[llm]'"
    with pytest.raises(ImportError) as caught:
        load("name")
    assert str(caught.value) == message
    with pytest.raises(AttributeError, match="No needy attribute other"):
        load("other")
