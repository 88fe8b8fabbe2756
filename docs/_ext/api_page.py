"""The API reference, a page for each room: a table of its public names, and the docstring of each.

Docstrings are Markdown. The build fails on a public name without one.
"""

import ast
import importlib
import inspect
import re
import textwrap
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from pages import write_page
from plain_formula import latex
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
# Their names come from many rooms, each of which has a page.
_OF_ROOMS = ("ufm", "ufm.llm")


class Room(NamedTuple):
    """A page: the module that tells what the room is for, and the public names it holds of a package."""

    module: ModuleType
    package: ModuleType
    names: list[str]


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("builder-inited", _write_pages)
    return {"parallel_read_safe": True}


def _write_pages(app: Sphinx) -> None:
    every = list(rooms())
    for room in every:
        write_page(app, f"api/{room.module.__name__}", list(_page(room)))
    write_page(app, "api", list(_contents(every)))


def rooms() -> Iterator[Room]:
    """Every public name of the packages, room by room, in the order of the packages."""
    for name in PACKAGES:
        package = importlib.import_module(name)
        if name not in _OF_ROOMS:
            yield Room(package, package, _public_names(package))
            continue
        found: dict[str, list[str]] = {}
        for public in _public_names(package):
            found.setdefault(_room_of(getattr(package, public), name), []).append(public)
        for room in sorted(found):
            yield Room(importlib.import_module(room), package, found[room])


def _room_of(value: object, package: str) -> str:
    """The room in which a name is defined; the package itself for what is in no room."""
    module = getattr(value, "__module__", package)
    room = module.removeprefix(package).split(".")[1:2]
    return f"{package}.{room[0]}" if room and not room[0].startswith("_") else package


def _contents(every: list[Room]) -> Iterator[str]:
    yield "(api)=\n# API reference\n"
    yield "Names are imported from the package in the second column; the rooms tell where they are at home.\n"
    yield (
        "In signatures `Numbers` is whatever NumPy makes an array of, nested lists too; "
        '`Float[Array, "m V"]` is '
        "an array of numbers with its shape ([jaxtyping](https://docs.kidger.site/jaxtyping/)); `JSON` is "
        "what `json.loads` returns.\n"
    )
    yield "| room | import from | what is in it |\n| --- | --- | --- |"
    for room in every:
        page = f"{{doc}}`{room.module.__name__} <api/{room.module.__name__}>`"
        yield f"| {page} | `{room.package.__name__}` | {_cell(_summary(room.module))} |"
    pages = "\n".join(f"api/{room.module.__name__}" for room in every)
    yield f"\n```{{toctree}}\n:hidden:\n\n{pages}\n```"


def _page(room: Room) -> Iterator[str]:
    name, package = room.module.__name__, room.package.__name__
    yield f"# `{name}`\n"
    yield f"```{{py:{'module' if name == package else 'currentmodule'}}} {package}\n```\n"
    yield _markdown(room.module, name)
    if name != package:
        yield f"\nImport these names from `{package}`.\n"
    elif package in _OF_ROOMS:
        yield from _every_name(room.package)
    if room.names:
        yield "\n| name | |\n| --- | --- |"
    for public in room.names:
        yield f"| {{py:obj}}`~{package}.{public}` | {_cell(_in_short(room.package, public))} |"
    yield ""
    for public in room.names:  # below their module, which gives them their full names
        yield from _entry(getattr(room.package, public), package, public, "`" * 6)


def _every_name(package: ModuleType) -> Iterator[str]:
    """All that can be imported from a package whose names have homes in many rooms."""
    name = package.__name__
    yield f"\n## All names\n\n| import from `{name}` | at home in | what it is |\n| --- | --- | --- |"
    for public in sorted(_public_names(package), key=str.lower):
        home = _room_of(getattr(package, public), name)
        says = _cell(_in_short(package, public))
        yield f"| {{py:obj}}`~{name}.{public}` | {{doc}}`{home} </_generated/api/{home}>` | {says} |"
    yield "\n## Names of no room\n"


def _in_short(package: ModuleType, public: str) -> str:
    """What a name is: the first sentence of its docstring, or of a table the comment above it."""
    value = getattr(package, public)
    if callable(value):
        return _summary(value)
    assigned = re.compile(rf"((?:^# .*\n)+){public}\b[^\n]*=", re.MULTILINE)
    for file in sorted(Path(str(package.__file__)).parent.rglob("*.py")):
        if found := assigned.search(file.read_text(encoding="utf-8")):
            return " ".join(line.removeprefix("# ") for line in found[1].splitlines())
    raise ExtensionError(f"{package.__name__}.{public} is public: write a comment above it")


def _summary(value: object) -> str:
    """The first sentence of a docstring."""
    first = (inspect.getdoc(value) or "").split("\n\n")[0].replace("\n", " ")
    return re.split(r"(?<=[^.]\.)\s+(?=[A-Z])", first)[0]


def _cell(text: str) -> str:
    return _without_links(text).replace("|", "\\|")


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
    if not callable(value):  # a table such as STATEMENTS: the table of names has its comment
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
    """The docstring, its doctests fenced and its formulas set."""
    text = inspect.getdoc(value)
    if not text:
        raise ExtensionError(f"{name} is public and has no docstring: write one")
    text = _with_displays(text)
    text = re.sub(
        r"^>>> (?:.+\n?)+", lambda t: f"```pycon\n{t[0].rstrip()}\n```\n", text, flags=re.M
    )
    return _without_links(text)


def _without_links(text: str) -> str:
    """`[a](b)` is a formula here, no link."""
    code = r"```.*?```|`[^`]*`|^ {4}.*?$"
    return re.sub(
        rf"({code})|\](?=\((?!https?:))", lambda m: m[1] or r"\]", text, flags=re.M | re.S
    )


def _with_displays(text: str) -> str:
    """Indented lines that are formulas, no code, as formulas on lines of their own."""

    def display(block: re.Match[str]) -> str:
        if re.search(r"[\"']|[a-z]\.[a-z]", block[0]) or not re.search(r"[α-ωΣΠ]", block[0]):
            return block[0]
        lines = [re.split(r"\s{3,}", line.strip()) for line in block[0].splitlines()]
        formula = r" \\ ".join(r"\qquad ".join(map(latex, parts)) for parts in lines)
        return f"$$\n\\begin{{gathered}}{formula}\\end{{gathered}}\n$$\n"

    return re.sub(r"(?<=\n\n)(?: {4}\S.*(?:\n|$))+", display, text)


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
