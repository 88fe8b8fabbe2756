"""The notebooks as pages of this site: run by marimo, no front end behind them.

A list of headings comes first where there are several, and a switch that shows the code. What marimo leaves
to its front end is put into plain HTML: formulas, pictures, tables; in place of controls,
which nothing would answer, is a link to the playground. A run is kept under docs/_generated and made anew
when the notebook or the code that it shows has changed. The build fails where a notebook does, assertions
included.
"""

import hashlib
import html
import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import ModuleType

import marimo
from narrow_screens import with_column_names
from pages import write_page
from prose_math import with_formulas
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

ROOT = Path(__file__).parents[2]
NOTEBOOKS = ("tour", "statements", "what_the_paper_says", "choosing_a_strength")
NOTEBOOKS += ("from_language_model",)
_EXPORT = ("notebook_pages", "export_notebook", "narrow_figure")  # what runs a notebook


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("builder-inited", _write_pages)
    return {"parallel_read_safe": True}


def load_notebook(name: str) -> ModuleType:
    """The notebook as a module, without running its cells."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "notebooks" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def unless_stamped(stamp: Path, digest: str, make: Callable[[], None]) -> None:
    """Make something anew, unless the stamp says that it was made from what has this digest."""
    if not stamp.exists() or stamp.read_text() != digest:
        stamp.unlink(missing_ok=True)
        make()
        stamp.write_text(digest)


def _write_pages(app: Sphinx) -> None:
    folder = Path(app.srcdir, "_generated", "notebooks")
    folder.mkdir(parents=True, exist_ok=True)
    for name in NOTEBOOKS:
        run = folder / f"{name}.json"
        unless_stamped(folder / f"{name}.stamp", digest_of(name), partial(_run, name, run))
        write_page(app, f"notebooks/{name}", list(_page(name, json.loads(run.read_text()))))


def digest_of(name: str) -> str:
    """A digest of the notebook, both packages and marimo's version."""
    digest = hashlib.sha256(marimo.__version__.encode())
    code = sorted([*ROOT.glob("ufm/**/*.py"), *ROOT.glob("theorems/**/*.py")])
    own = [Path(__file__).with_name(f"{module}.py") for module in _EXPORT]
    for file in (ROOT / "notebooks" / f"{name}.py", *own, *code):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _run(name: str, kept: Path) -> None:
    """Run a notebook, and keep the code and the outputs of its cells."""
    page = kept.with_suffix(".html")
    exporter = str(
        Path(__file__).with_name("export_notebook.py")
    )  # marimo's, with pictures for phones
    command = [sys.executable, exporter, "export", "html", f"notebooks/{name}.py"]
    command += ["--force", "--output", str(page)]
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if run.returncode:
        raise ExtensionError(f"notebooks/{name}.py: {run.stdout}{run.stderr}")
    text = page.read_text(encoding="utf-8")
    page.unlink()
    cells = zip(_part(text, "notebook"), _part(text, "session"), strict=True)
    kept.write_text(json.dumps([{**source, **told} for source, told in cells]), encoding="utf-8")


def _part(page: str, key: str) -> list[dict[str, object]]:
    """The cells under a key of the JSON that a page of marimo's holds."""
    start = f'"{key}": '
    if start not in page:
        raise ExtensionError(f"marimo {marimo.__version__} exports otherwise: no {start}")
    return json.JSONDecoder().raw_decode(page, page.index(start) + len(start))[0]["cells"]


def _page(name: str, cells: list[dict[str, object]]) -> Iterator[str]:
    shown = ["\n".join(_outputs(cell)) for cell in cells]
    title = re.search(r"<h1[^>]*>(.*?)</h1>", "".join(shown), re.S)
    if title is None:
        raise ExtensionError(f"notebooks/{name}.py has no title")
    yield f"(notebook-{name})=\n# {title[1].strip()}\n"
    if contents := _contents("".join(shown)):
        yield f"```{{raw}} html\n{contents}\n```\n"
    yield f"```{{raw}} html\n{_SWITCH}\n```\n"
    has_said = False  # that controls are not on this page
    silent = ""  # the code of cells without output comes below the next output
    about = title[1].strip()
    for cell, output in zip(cells, shown, strict=True):
        silent += f"```python\n{cell['code']}\n```\n\n"
        about = ([about, *re.findall(r"<h2[^>]*>(.*?)</h2>", output, re.S)])[-1]
        if output:
            page = plain_html(output.replace(title[0], ""), about)
            yield f"```{{raw}} html\n{page.replace(_CONTROLS, '') if has_said else page}\n```\n"
            has_said |= _CONTROLS in page
            yield _code(silent)
            silent = ""
    yield _code(silent, "assertions")
    # a page with formulas in raw HTML alone would be without MathJax
    where = "and has controls for the data" if has_controls(shown) else "as it is"
    yield f"`marimo edit notebooks/{name}.py` runs it {where}; every $\\alpha$ can be changed in its code.\n"


# Shows or hides the code of all cells at once, without a script.
_SWITCH = '<label class="show-code"><input type="checkbox"> show the code</label>'


def _code(markdown: str, called: str = "") -> str:
    """The code behind an output, which the page's switch shows."""
    heading = f"**{called.capitalize()}**\n\n" if called else ""
    return f"::::{{container}} notebook-code\n{heading}{markdown}::::\n"


def _contents(shown: str) -> str:
    """The page's own headings, as links; a page with few of them needs none."""
    headings = re.findall(r"<h2[^>]*\bid=\"([^\"]+)\"[^>]*>(.*?)</h2>", shown, re.S)
    if len(headings) < _FEW:
        return ""
    links = (f'<li><a href="#{place}">{_title(title)}</a></li>' for place, title in headings)
    return f'<nav class="notebook-contents"><p>On this page</p><ul>{"".join(links)}</ul></nav>'


def _title(heading: str) -> str:
    """A heading in words, without the tags that a front end would fill."""
    return re.sub(r"<[^>]*>", "", heading).strip()


_FEW = 3


def _outputs(cell: dict[str, object]) -> Iterator[str]:
    outputs = cell["outputs"]
    assert isinstance(outputs, list)
    for output in outputs:
        for kind, data in output["data"].items():
            if kind in ("text/html", "text/markdown"):
                yield data


def has_controls(outputs: list[str]) -> bool:
    """Whether something in a notebook is there to be moved: an element that is no table."""
    return any(
        "<marimo-table" not in element
        for output in outputs
        for element in re.findall(r"<marimo-ui-element.*?</marimo-ui-element>", output, re.S)
    )


def plain_html(output: str, about: str = "this notebook") -> str:
    """The HTML of an output without the elements that marimo's front end would fill.

    `about` is the heading that it is under: what its pictures are called for those who do not see them.
    """
    # the theme of this site takes the class "contents" for a table of contents
    output = re.sub(r'class="markdown [^"]*"', 'class="markdown"', output)
    output = re.sub(r"<marimo-tex[^>]*>(.*?)</marimo-tex>", _formula, output, flags=re.S)
    bundle = r"<marimo-mime-renderer data-mime='[^']*' data-data='([^']*)'></marimo-mime-renderer>"
    output = re.sub(bundle, partial(_picture, about=re.sub(r"<[^>]*>", "", about)), output)
    element = r"<marimo-ui-element[^>]*>{}</marimo-ui-element>"
    table = element.format(r"<marimo-table [^>]*?data-data='([^']*)'[^>]*></marimo-table>")
    output = re.sub(table, _table, output)
    output, controls = re.subn(element.format("(?:.|\n)*?"), "", output)
    if left := re.search(r"<marimo-[\w-]+", output):
        raise ExtensionError(f"a notebook shows {left[0]}>, which is not known here")
    return with_column_names(_LEFT.sub(_words, output)) + _CONTROLS * (controls > 0)


_CONTROLS = (
    "<p>On your own machine this notebook has sliders here (the command is at the end of this page). "
    'On this site, <a href="../../play.html">the playground</a> has some like them.</p>'
)


# What holds no words of its own: code, formulas, single tags; or else the words up to the next of these.
_LEFT = re.compile(
    r"<(code|pre|style|script|svg)\b.*?</\1>|<(span|div) class=\"math.*?</\2>|<[^>]*>|(?P<words>[^<]+)",
    re.S,
)


def _words(found: re.Match[str]) -> str:
    """Words with what is a formula by its signs, such as p_{j,α}(z), set as one."""
    if not found["words"]:
        return found[0]
    text = with_formulas(html.unescape(found[0]), is_one_line=True)
    return re.sub(
        r"\$([^$]*)\$", lambda formula: _mathjax(formula[1]), html.escape(text, quote=False)
    )


def _data(attribute: str) -> object:
    """What an attribute of an element of marimo's holds: JSON, in a string in JSON."""
    return json.loads(json.loads(html.unescape(attribute)))


def _formula(found: re.Match[str]) -> str:
    formula = html.unescape(found[1])
    return _mathjax(html.escape(formula[3:-3]), is_display=formula.startswith("||["))


def _mathjax(tex: str, is_display: bool = False) -> str:
    left, right = (r"\[", r"\]") if is_display else (r"\(", r"\)")
    tag = "div" if is_display else "span"
    return f'<{tag} class="math notranslate nohighlight">{left}{tex}{right}</{tag}>'


def _picture(found: re.Match[str], about: str) -> str:
    bundle = _data(found[1])
    assert isinstance(bundle, dict)
    called = html.escape(f"Picture: {html.unescape(about)}")
    shapes = {"wide-page": bundle["image/png"], "narrow-page": bundle["narrow"]}
    return "".join(
        f'<img class="{shape}" src="{address}" alt="{called}">' for shape, address in shapes.items()
    )


def _table(found: re.Match[str]) -> str:
    rows = _data(found[1])
    assert isinstance(rows, list)

    def cells(tag: str, values: list[object]) -> str:
        return "".join(f"<{tag}>{html.escape(str(value))}</{tag}>" for value in values)

    lines = [cells("th", list(rows[0])), *(cells("td", list(row.values())) for row in rows)]
    return f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"
