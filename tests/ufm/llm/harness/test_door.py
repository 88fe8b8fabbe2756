"""The door to lm-evaluation-harness, where that is absent."""

import sys

import pytest

import ufm.llm.harness
from ufm.llm.harness import __main__


def test_without_the_harness_it_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "lm_eval", None)
    monkeypatch.delitem(sys.modules, "ufm.llm.harness.model", raising=False)
    with pytest.raises(ImportError, match=r"pip install 'ufm\[harness\]'"):
        _ = ufm.llm.harness.HarnessModel
    with pytest.raises(SystemExit, match=r"pip install 'ufm\[harness\]'"):
        __main__.main()
