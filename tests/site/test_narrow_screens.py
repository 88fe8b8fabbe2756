"""What tables and pictures are given for a phone, whatever page they are on."""

import narrow_screens
import pytest
from docutils import nodes
from docutils.core import publish_doctree
from myst_parser.parsers.docutils_ import Parser

LONG = "more than forty characters are a sentence, not a name"
OF_WORDS = (
    f"| name | says | needed |\n| --- | --- | --- |\n| a | {LONG} | |\n| b | short | no & |\n"
)
OF_NUMBERS = "| a | b | c | d |\n| --- | --- | --- | --- |\n| 1 | 2 | 3 | 4 |\n"


def table(markdown: str) -> nodes.table:
    (found,) = publish_doctree(markdown, parser=Parser()).findall(nodes.table)
    narrow_screens._name_columns(found)
    return found


def test_a_cell_of_a_table_of_words_has_the_name_of_its_column():
    found = table(OF_WORDS)
    assert found["classes"][-1:] == ["of-words"]
    named = [entry.get("column") for entry in found.findall(nodes.entry)]
    assert named == [None, None, None, None, "says", None, None, "says", "needed"]
    classes = [entry["classes"] for entry in found.findall(nodes.entry)]
    assert classes[5] == ["is-empty"]
    first_is_long = table(f"| name | says |\n| --- | --- |\n| {LONG} | x |\n")
    cells = [(cell["classes"], "column" in cell) for cell in first_is_long.findall(nodes.entry)]
    assert cells[2:] == [(["is-long"], False), ([], False)]  # two columns need no names


def test_a_table_of_numbers_keeps_its_rows():
    found = table(OF_NUMBERS)
    assert found["classes"][-1:] == ["of-many-columns"]
    assert not any("column" in entry for entry in found.findall(nodes.entry))


@pytest.mark.parametrize(
    ("formula", "plain"),
    [
        (r"how $\alpha$ is found", "how α is found"),
        (r"$\Delta \mathrm{CE}$ on the text", "ΔCE on the text"),
        (r"$\alpha_{j}$", "α_j"),
        (r"measured at $\alpha > 0$", "measured at α > 0"),
    ],
)
def test_the_name_of_a_column_is_in_plain_signs(formula, plain):
    tree = publish_doctree(
        f"| name | {formula} | x |\n| --- | --- | --- |\n| a | {LONG} | |\n",
        parser=Parser(),
        settings_overrides={"myst_enable_extensions": {"dollarmath"}},
    )
    (found,) = tree.findall(nodes.table)
    narrow_screens._name_columns(found)
    assert next(cell["column"] for cell in found.findall(nodes.entry) if "column" in cell) == plain


def test_a_table_of_a_notebook_has_the_names_too():
    row = f"<tr><td>a</td><td>{LONG}</td><td></td></tr>"
    page = f"<p>x</p><table><tr><th>a</th><th>b <i>&amp;</i></th><th></th></tr>{row}</table>"
    named = row.replace("<td>more", '<td data-column="b &amp;">more')
    expected = page.replace(row, named).replace("<table>", '<table class="of-words">')
    assert narrow_screens.with_column_names(page) == expected
    short = page.replace(LONG, "short")
    assert narrow_screens.with_column_names(short) == short
    with pytest.raises(ValueError, match="zip"):
        narrow_screens.with_column_names(page.replace("</td></tr>", "</td><td>4</td></tr>"))


@pytest.mark.parametrize("markdown", ["![a](x.svg)", "[![a](x.svg)](https://example.org)"])
def test_a_box_is_around_a_picture_and_its_link(markdown):
    tree = publish_doctree(markdown, parser=Parser())
    (picture,) = tree.findall(nodes.image)
    narrow_screens._let_scroll(picture)
    (box,) = tree.findall(nodes.container)
    assert box["classes"] == ["wide-picture"]
    assert box.parent is tree
    assert list(box.findall(nodes.image)) == [picture]
