"""The door to torch, where torch is absent; tests/oracle/test_adapter.py goes through it."""

import subprocess
import sys

import pytest

import ufm.llm


def test_without_torch_it_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    for name in [name for name in sys.modules if name.startswith("ufm.llm.adapter.")]:
        if name != "ufm.llm.adapter.from_transformers":
            monkeypatch.delitem(sys.modules, name)
    door = ufm.llm.from_transformers
    with pytest.raises(ImportError, match=r"needs torch: pip install 'ufm\[torch\]'"):
        getattr(door, "__wrapped__", door)(None)


def test_the_door_imports_no_torch():
    code = "import sys, ufm.llm; ufm.llm.from_transformers; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
