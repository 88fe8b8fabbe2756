"""The API reference: every public name of the packages, with its docstring, which is Markdown.

The build fails on a public name without a docstring.
"""

import ast
import importlib
import inspect
import re
import textwrap
from collections.abc import Iterator
from functools import cached_property
from types import ModuleType

from pages import write_page
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

PACKAGES = (
    "ufm",
    "ufm.plots",
    "ufm.strategies",
    "ufm.llm",
    "ufm.llm.toy",
    "theorems",
    "theorems.table",
    "theorems.exact",
    "theorems.certificates",
    "theorems.falsify",
    "theorems.verify",
    "theorems.proofs",
    "theorems.symbolic",
    "theorems.strategies",
)


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("builder-inited", _write_page)
    return {"parallel_read_safe": True}


def _write_page(app: Sphinx) -> None:
    lines = ["# API reference\n"]
    for package in PACKAGES:
        lines += _package(importlib.import_module(package))
    write_page(app, "api", lines)


def _package(package: ModuleType) -> Iterator[str]:
    yield f"## `{package.__name__}`\n"
    yield f"```{{py:module}} {package.__name__}\n```\n"
    yield _markdown(package, package.__name__)
    for name in _public_names(package):  # below their module, which gives them their full names
        yield from _entry(getattr(package, name), package.__name__, name, "`" * 6)


def _public_names(package: ModuleType) -> list[str]:
    """The names of `__all__`, or else all public names that the module itself defines."""
    if hasattr(package, "__all__"):
        return list(package.__all__)
    return [
        name
        for name, value in vars(package).items()
        if not name.startswith("_") and getattr(value, "__module__", "") == package.__name__
    ]


def _entry(value: object, owner: str, name: str, fence: str) -> Iterator[str]:
    if not callable(value):  # a table such as STATEMENTS: its comment or type tells what it is
        yield f"{fence}{{py:data}} {name}\n{fence}\n"
        return
    kind = "class" if inspect.isclass(value) else "function"
    yield f"{fence}{{py:{kind}}} {name}{_signature(value)}\n"
    yield _markdown(value, f"{owner}.{name}")
    if kind == "class":
        for member in vars(value):
            if not member.startswith("_"):
                yield from _member(value, member, f"{name}.{member}", fence[1:])
    yield f"{fence}\n"


def _member(cls: type, member: str, name: str, fence: str) -> Iterator[str]:
    value = getattr(cls, member)
    if isinstance(value, property | cached_property):
        yield f"{fence}{{py:property}} {name}\n"
        value = value.fget if isinstance(value, property) else value.func
    elif inspect.isroutine(value):
        option = "\n:classmethod:" if inspect.ismethod(value) else ""
        yield f"{fence}{{py:method}} {name}{_signature(value)}{option}\n"
    else:
        return  # the docstring of their class describes fields
    yield _markdown(value, name)
    yield f"{fence}\n"


def _markdown(value: object, name: str) -> str:
    """The docstring, its doctests fenced, and `[a](b)` escaped where it is a formula, no link."""
    text = inspect.getdoc(value)
    if not text:
        raise ExtensionError(f"{name} is public and has no docstring: write one")
    text = re.sub(
        r"^>>> (?:.+\n?)+", lambda t: f"```pycon\n{t[0].rstrip()}\n```\n", text, flags=re.M
    )
    code = r"```.*?```|`[^`]*`|^ {4}.*?$"
    return re.sub(
        rf"({code})|\](?=\((?!https?:))", lambda m: m[1] or r"\]", text, flags=re.M | re.S
    )


def _signature(value: object) -> str:
    """Parameters and result as in the source; for a class those of __init__, or its fields."""
    node = ast.parse(textwrap.dedent(inspect.getsource(value))).body[0]
    if isinstance(node, ast.ClassDef):
        inits = [d for d in node.body if isinstance(d, ast.FunctionDef) and d.name == "__init__"]
        if not inits:
            fields = [d for d in node.body if isinstance(d, ast.AnnAssign)]
            return f"({', '.join(ast.unparse(field) for field in fields)})" if fields else ""
        node = inits[0]
    assert isinstance(node, ast.FunctionDef)
    arguments = re.sub(r"^(self|cls)(, )?", "", ast.unparse(node.args))
    result = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return re.sub(r"'([A-Z]\w+)'", r"\1", f"({arguments}){result}")  # unquote forward references
