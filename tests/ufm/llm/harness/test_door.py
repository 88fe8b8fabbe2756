"""The door to lm-evaluation-harness, where that is absent."""

import sys

import pytest

import ufm.llm.harness
from ufm.llm.harness import __main__


def test_without_the_harness_it_names_the_extra(monkeypatch):
    known = ("lm_eval.", "ufm.llm.harness.model")
    for name in [name for name in sys.modules if name.startswith(known)]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "lm_eval", None)
    for name in ("model", "HarnessModel"):  # what an earlier test has looked up
        monkeypatch.delitem(vars(ufm.llm.harness), name, raising=False)
    with pytest.raises(ImportError, match=r"pip install 'ufm\[harness\]'"):
        _ = ufm.llm.harness.HarnessModel
    with pytest.raises(SystemExit, match=r"pip install 'ufm\[harness\]'"):
        __main__.main()
