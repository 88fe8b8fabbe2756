"""Texts side by side: narrow columns, in which no word is cut where a line of the text ends."""

import io

import pytest
from rich.console import Console
from rich.text import Text

from ufm._visible import visible
from ufm.app.printing.tables import side_by_side

TEXT = "What an experience.\n\nI've added so\nmuch enthusiasm. In C:\\new\\names too.\n"


@pytest.mark.parametrize("count", [3, 4])
def test_no_word_is_broken_where_a_line_ends(count):
    console = Console(file=io.StringIO(), width=80)
    console.print(side_by_side(["α"] * count, [[Text(visible(TEXT))] * count], 80))
    lines = [line.rstrip() for line in console.file.getvalue().splitlines()]
    assert max(map(len, lines)) <= 80
    each = (80 - 2 * (count - 1)) // count
    words = " ".join(line[:each].strip() for line in lines[1:]).split()
    marked = visible(TEXT).replace("experience.\\n\\nI", "experience.\\n\\n I")
    assert words == marked.replace("so\\nmuch", "so\\n much").split()
