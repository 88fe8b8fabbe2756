"""Pages of the site on a phone and a desk, light and dark: nothing is cut, too small, or white at night."""

import re
import shutil
import subprocess
import sys

import pytest

from tests.browser.conftest import ROOT

PAGES = ["findings", "literature", "results", "thm-3.3", "laws", "notation", "index"]
CONF = """
import sys
sys.path.insert(0, {extensions!r})
extensions = ["myst_parser", "sphinx_proof", "github_markdown", "narrow_screens"]
extensions += ["offline_math", "prose_math"]
myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence"]
html_theme = "furo"
html_static_path = [{static!r}]
html_css_files = ["site.css"]
"""
WRITE = """
import sys
from pathlib import Path
sys.path.insert(0, "docs/_ext")
import findings_page, literature_page, results_page, statement_pages, theorems
out = Path(sys.argv[1])
statement = next(s for s in theorems.STATEMENTS if s.id == "thm-3.3")
for name, lines in {
    "findings": findings_page._findings(),
    "literature": literature_page._page(),
    "results": results_page._page(),
    "thm-3.3": statement_pages._page(statement),
}.items():
    (out / f"{name}.md").write_text("\\n".join(lines))
"""
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="787" height="300"/>'
FAULTS = """() => {
  const found = {};
  const put = (kind, what) => (found[kind] ??= []).push(what);
  const article = document.querySelector('article'), shown = e => e.getBoundingClientRect().width > 0;
  const name = e => e.outerHTML.slice(0, 120);
  if (document.documentElement.scrollWidth > innerWidth) put('wider than the screen', 'the page');
  const isPhone = innerWidth <= 600;
  for (const box of article.querySelectorAll('.table-wrapper:has(.of-words)'))
    if (isPhone && box.scrollWidth > box.clientWidth) put('scrolls', name(box));
  for (const box of article.querySelectorAll('.admonition'))
    if (box.scrollWidth > box.clientWidth) put('cut', name(box));
  const words = document.createTreeWalker(article, NodeFilter.SHOW_TEXT);
  while (words.nextNode()) {
    const around = words.currentNode.parentElement;
    const isRead = words.currentNode.data.trim() && shown(around);
    if (!isRead || around.closest('mjx-container, script, style')) continue;
    if (parseFloat(getComputedStyle(around).fontSize) < 11) put('small', name(around));
  }
  for (const picture of article.querySelectorAll('img')) {
    if (!shown(picture)) continue;
    if (!picture.alt) put('without words', name(picture));
    if (picture.clientWidth < 600 && picture.naturalWidth > 700) put('small', name(picture));
    const isTurned = getComputedStyle(picture).filter.includes('invert');
    if (isTurned !== matchMedia('(prefers-color-scheme: dark)').matches) put('white at night', name(picture));
  }
  for (const link of article.querySelectorAll('a[href]'))
    if (shown(link) && !link.textContent.trim() && !link.querySelector('img'))
      put('without words', name(link));
  let level = 0;
  for (const heading of article.querySelectorAll('h1, h2, h3, h4')) {
    if (+heading.tagName[1] > level + 1) put('skips a heading', name(heading));
    level = +heading.tagName[1];
  }
  return found;
}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A small site of pages that were once cut on a phone, as the extensions write them."""
    source = tmp_path_factory.mktemp("docs")
    static, extensions = ROOT / "docs" / "_static", ROOT / "docs" / "_ext"
    (source / "conf.py").write_text(CONF.format(extensions=str(extensions), static=str(static)))
    subprocess.run([sys.executable, "-c", WRITE, str(source)], cwd=ROOT, check=True)
    for name in ("index.md", "laws.md", "notation.md"):
        text = (ROOT / "docs" / name).read_text(encoding="utf-8")
        text = re.sub(r"<!-- \{toctree\}.*?-->", "", text, flags=re.DOTALL)
        (source / name).write_text(re.sub(r"\]\(\.\./[^)]*\)", "](notation.md)", text))
    for page in source.glob("*.md"):
        for picture in re.findall(r"[\w./-]+\.(?:svg|png)", page.read_text(encoding="utf-8")):
            place = (source / picture).resolve()
            if "figures" in picture and not place.exists():
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(SVG)
            elif (ROOT / "docs" / picture).exists():
                shutil.copy(ROOT / "docs" / picture, place)
    built = source / "built"
    command = [sys.executable, "-m", "sphinx", "-q", "-b", "html", str(source), str(built)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return built


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
def test_nothing_is_cut_or_too_small(chromium, site, width, scheme):
    page = chromium.new_page()
    page.set_viewport_size({"width": width, "height": 850})
    page.emulate_media(color_scheme=scheme)
    found = {}
    for name in PAGES:
        page.goto((site / f"{name}.html").as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        page.evaluate("window.MathJax?.startup?.promise")
        found[name] = page.evaluate(FAULTS)
    assert not any(found.values()), {name: kinds for name, kinds in found.items() if kinds}
    page.close()


def test_on_a_phone_a_row_is_a_paragraph_that_names_its_columns(chromium, site):
    page = chromium.new_page()
    page.set_viewport_size({"width": 400, "height": 850})
    page.goto((site / "findings.html").as_uri())
    cell = page.locator("td[data-column=severity]").first
    assert cell.evaluate("e => getComputedStyle(e).display") == "block"
    label = cell.evaluate("e => getComputedStyle(e, '::before').content")
    assert label.replace('" "', "") == '"severity: "'
    assert not page.locator("thead").first.is_visible()
    assert not page.locator("td[data-column='what is true']").first.is_visible()
    page.set_viewport_size({"width": 1280, "height": 850})
    assert cell.evaluate("e => getComputedStyle(e).display") == "table-cell"
    assert page.locator("thead").first.is_visible()
    assert page.locator("td[data-column='what is true']").first.is_visible()
    page.close()
