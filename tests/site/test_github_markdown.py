"""The pages of docs/ as GitHub shows them, and what this site makes of them."""

import re

import pytest
from github_markdown import for_the_site
from markdown_it import MarkdownIt
from sphinx.errors import ExtensionError

from tests.site.test_extensions import ROOT

PAGES = sorted((ROOT / "docs").glob("*.md"))
# Fenced and indented code, inline code and comments are shown as they are, or not at all.
_CODE = re.compile(r"^(`{3,})(?!\{).*?^\1$|^    .*?$|<!--.*?-->", re.MULTILINE | re.DOTALL)
_ONLY_SPHINX = {
    "a role": r"\{(?:doc|ref|eq|numref|math|term|download|(?:py|cite):\w+)\}`",
    "a directive": r"^\s*(?:`{3,}|:{3,})\{|^:{3,}",
    "a label": r"^\([\w.-]+\)=$",
    # Markdown takes the backslash before a sign: \, would be a comma
    "a backslash that GitHub takes out of a formula": r"\$[^$`\n]*\\[,;:!{}][^$`\n]*\$|^\S.*\\[,;]",
}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_github_shows_no_markup_of_this_site(page):
    text = _CODE.sub("", page.read_text(encoding="utf-8"))
    for what, pattern in _ONLY_SPHINX.items():
        found = re.search(pattern, text, re.MULTILINE)
        assert found is None, f"{what}: {found}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_letters_of_a_formula_are_taken_for_emphasis(page):
    """GitHub looks for formulas in what Markdown has left of them."""
    text = _CODE.sub("", page.read_text(encoding="utf-8"))
    shown = MarkdownIt("commonmark").enable("table").render(text)
    cells = re.findall(r"<(?:td|p|li)[^>]*>(.*?)</(?:td|p|li)>", shown, re.DOTALL)
    formulas = [formula for cell in cells for formula in re.findall(r"\$([^$]+)\$", cell)]
    assert [formula for formula in formulas if re.search("<(em|strong)>", formula[:-1])] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_github_finds_what_a_page_links_to(page):
    text = _CODE.sub("", page.read_text(encoding="utf-8"))
    for path in re.findall(r"\]\((?!https?:|#)([^()#\s]+)", text):
        assert (page.parent / path).exists(), path


def test_comments_become_directives_and_links_to_files_lead_to_pages():
    page = (
        "[the\nceiling](../theorems/statements/ceiling.py#claim-ceiling.forward-kl), "
        "[all](../theorems/statements), [tour](../notebooks/tour.py), [guide](strength.md#what-it-takes)\n\n"
        "<!-- {toctree}\n:hidden:\n\ntable\n-->\n<!-- {include} ../CONTRIBUTING.md -->\n<!-- a remark -->\n"
    )
    assert for_the_site(page, ROOT) == (
        "{ref}`the\nceiling <claim-ceiling.forward-kl>`, {ref}`all <statements>`, "
        "{ref}`tour <notebook-tour>`, [guide](strength.md#what-it-takes)\n\n"
        "```{toctree}\n:hidden:\n\ntable\n```\n```{include} ../CONTRIBUTING.md \n```\n<!-- a remark -->\n"
    )


def test_a_link_to_a_file_without_a_page_stops_the_build():
    with pytest.raises(ExtensionError, match=r"nothing\.py: there is no such file"):
        for_the_site("[x](../nothing.py)", ROOT)
    with pytest.raises(ExtensionError, match=r"does not know the page of conftest\.py"):
        for_the_site("[x](../conftest.py)", ROOT)
