"""Sets as formulas what the pages' sentences write in plain characters, such as p_{j,α}(z) ≤ e^{-|α|R}.

Docstrings, claims and findings are read in a terminal too, where "Σ_j π_j" is plainer than LaTeX. On the
site the words stay as they are, and what is a formula by its signs goes to MathJax. Code, links, headings
and what is a formula already are left alone.
"""

import re
from collections.abc import Iterator

from plain_formula import FUNCTIONS, latex
from sphinx.application import Sphinx

# What a sentence holds beside words: code and roles, formulas, pictures and links, addresses, pages, tags.
_KEPT = re.compile(
    r"(?:\{[\w:]+\})?(`+)(?:.|\n)*?\1|\$\$?(?:.|\n)*?\$\$?|!?\[[^\]\n]*[^\]\\\n]\]\((?:\w|[/#.:?=-])+\)|https?://\S+|"
    r"\bpp?\. \d|</?[a-z]+(?:\s[^<>]*)?>|\*\*|(?<!\S)\*(?=\w)|(?<=[A-Za-z.])\*(?!\S)|\\?\n(?=\s*$)"
)
_LIST = re.compile(r"\s*(?:[-*+>]|\d+\.|:)\s+")
_FENCE = re.compile(r"\s*(`{3,}|:{3,})\s*(?:\{([\w:-]+)\})?(.*)")
_NESTED = ("container", "py:", "prf:", "note", "admonition")  # directives that hold Markdown
_SIGN = "α-ωΑ-Ωϵ∂√∞≤≥≠≈∝∈∉→±×²³½¼⅛∩∪⊂∅∇‖⊥⊙∑ℝ−⁻⁰¹⁴-⁹₀-₉\u0302\u0304"  # the last two: hat and bar
# strong: only a formula looks like this
_STRONG = re.compile(
    rf"[{_SIGN}]|(?<![A-Za-z])[A-Za-z]'?_[{{A-Za-z0-9]|\^[{{\w+-]|(?<![A-Za-z])[A-Za-z]'?\([a-z0-9\-]|"
    r"\|[^|\s]+\||\bM(top|bot)\b|^(?:min|max|mean|log|sup|inf)_|[a-z]<=|\d\[[a-z]|"
    r"\b(?:LN|Var|Cov)_|\b(?:log|exp|cos|sin|tan|tanh) [a-z]\b|^\[[A-Za-z](?:, [A-Za-z])*\]$|^\w [+-] \w$|"
    r"^[A-Za-z]=[\w(]|\([A-Z]-1\)/[A-Z]|^C'$|\b1_[A-Z]"
)
_RELATION = re.compile(r"^(?:[=<>]|<=|>=|!=)$")
_OPERATOR = re.compile(r"^(?:[=<>+/*·→±≤≥≠≈∝∈∉×∩∪⊂|-]|<=|>=|!=|->|\|\||…)$")
_SHAPE = re.compile(rf"^[\w{_SIGN}()\[\]{{}}+\-/*=<>|.,'^·…\\%!]+$")
_LONE = set("MTPNVGRKFHWQBzyvhwdpqmnjktr")  # letters that are variables also by themselves
_LONG = 24  # letters of a formula that should not force a line, or a column, to be as wide
_TOO_LONG = 40  # of a part of a formula that is wider than a phone
_INSIDE = {
    "in",
    "not",
    "of",
    "if",
    "y",
    "a",
    "token",
    "tokens",
    "and",
    "or",
    "for",
}  # words within braces


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("source-read", _read)
    return {"parallel_read_safe": True}


def _read(app: Sphinx, name: str, source: list[str]) -> None:
    source[0] = with_formulas(source[0])


def with_formulas(markdown: str, is_one_line: bool = False) -> str:
    """The page with its plain formulas between dollars; or one sentence, in which no line is Markdown."""
    if is_one_line:
        return _sentences(markdown)
    return "".join(_pieces(markdown.splitlines(keepends=True)))


def _pieces(lines: list[str]) -> Iterator[str]:
    """Text by paragraphs, list items and table cells; whatever else a page holds as it is."""
    block: list[str] = []
    closing: list[str] = []  # of the directives that are open
    place = 0
    while place < len(lines):
        line = lines[place]
        fence = _FENCE.fullmatch(line.rstrip("\n"))
        is_table = not block and line.startswith("|") and line.rstrip().endswith("|")
        is_kept = _is_kept(line, place, block)
        if fence or is_table or is_kept or _LIST.match(line) or not line.strip():
            yield _sentences("".join(block))
            block = []
        if fence:
            sign, directive, rest = fence.groups()
            if closing and sign == closing[-1] and not directive and not rest.strip():
                closing.pop()
            elif (directive or "").startswith(_NESTED):
                closing.append(sign)
                yield line
                place += 1
                while place < len(lines) and re.match(r"\s*:[\w-]+:", lines[place]):
                    yield lines[place]
                    place += 1
                continue
            else:
                end = _end_of(lines, place, sign)
                yield "".join(lines[place:end])
                place = end
                continue
            yield line
        elif line.startswith("$$") or (line.startswith("---") and place == 0):
            end = (
                _end_of(lines, place, line.rstrip())
                if line.rstrip() in ("$$", "---")
                else place + 1
            )
            yield "".join(lines[place:end])
            place = end
            continue
        elif is_table:
            yield _row(line)
        elif is_kept or not line.strip():
            yield line
        else:
            block.append(line)
        place += 1
    yield _sentences("".join(block))


def _is_kept(line: str, place: int, block: list[str]) -> bool:
    """Headings, labels, options of directives, comments, and indented code."""
    is_code = not block and line.startswith("    ") and not _LIST.match(line)
    return is_code or bool(
        re.match(r"#{1,6} |\(\S+\)=|:[\w-]+:|%|\s*<(?:details|p|img|script)", line)
    )


def _end_of(lines: list[str], start: int, sign: str) -> int:
    """The line after the one that closes what begins at `start`."""
    for place in range(start + 1, len(lines)):
        if lines[place].strip().startswith(sign):
            return place + 1
    return len(lines)


def _row(line: str) -> str:
    """A row of a table, cell by cell; a bar inside a cell is escaped, and none is left in a formula."""
    cells = re.split(r"(?<!\\)\|", line.rstrip("\n"))
    done = (_sentences(cell.replace("\\|", "|")) for cell in cells)
    return "|".join(re.sub(r"(?<!\\)\|", r"\\|", cell) for cell in done) + "\n"


def _sentences(text: str) -> str:
    marker = _LIST.match(text)
    start = marker.end() if marker else 0
    parts = [text[:start]]
    for kept in _KEPT.finditer(text, start):
        parts += [_words(text[start : kept.start()]), kept[0]]
        start = kept.end()
    return "".join([*parts, _words(text[start:])])


def _words(text: str) -> str:
    """Plain text with each run of words that make a formula set between dollars."""
    text = re.sub(r"\bon R\b", "on ℝ", text)
    words = re.split(r"(\s+)", text)  # words at even places, spaces between
    parts: list[str] = []
    place = 0
    while place < len(words):
        for end in range(_end_of_run(words, place), place, -2):  # shorter where it is no formula
            found = _formula("".join(words[place:end]))
            if found is not None:
                before, formula, after = found
                # after {} a sign at the beginning of a line is between two terms
                set_parts = (re.sub(r"^[+-] ", r"{}\g<0>", latex(p)) for p in _breakable(formula))
                lines = " ".join(f"${part}$" for part in set_parts)
                parts += [before, lines, after]
                place = end
                break
        else:
            parts.append(words[place])
            place += 1
    return "".join(parts)


def _end_of_run(words: list[str], start: int) -> int:
    """The place after the last word of a formula that begins at `start`."""
    depth, place, end = 0, start, start
    while place < len(words):
        word = words[place]
        is_call = bool(re.search(r"\w\([^()]*$", "".join(words[start:place])))
        is_inside = (depth > 0 or is_call) and (word == ":" or word.strip("]}).,;") in _INSIDE)
        is_variable = word.strip("(),.;:") in ("a", "b") and _is_beside_operator(words, place)
        if not (is_inside or is_variable or _is_mathematical(word, place > start)):
            break
        depth += sum(word.count(sign) for sign in "[{") - sum(word.count(sign) for sign in "]}")
        end = place + 1
        is_over = (word.endswith((".", ";", ":", "?")) and depth <= 0) or (
            word.endswith(",") and not _open(words[start:end])
        )
        place += 2
        if is_over:
            break
    while end > start and (_OPERATOR.match(words[end - 1]) or _is_beside(words[start:end])):
        end -= 2
    return max(end, start)


def _is_beside(run: list[str]) -> bool:
    """Whether a run ends with a number that follows a formula without being of it, as in "R² .998"."""
    is_number = re.fullmatch(r"[.\d]+[,.;:)]*", run[-1])
    return bool(is_number) and len(run) > 2 and not _OPERATOR.match(run[-3]) and not _open(run[:-2])


def _is_beside_operator(words: list[str], place: int) -> bool:
    """Whether the letter a is a variable here, no article."""
    before = words[place - 2] if place >= 2 else ""
    after = words[place + 2] if place + 2 < len(words) else ""
    return bool(_OPERATOR.match(before) or _OPERATOR.match(after) or before.endswith("Σ"))


def _open(words: list[str]) -> bool:
    text = "".join(words)
    is_product = len(re.findall(r"(?<!\S)<(?=[^\s=])", text)) > len(re.findall(r"(?<=\w)>", text))
    return is_product or any(text.count(a) > text.count(b) for a, b in ("()", "[]", "{}"))


def _is_mathematical(word: str, is_further: bool) -> bool:
    core = word.strip('(),.;:"')
    if is_further and _OPERATOR.match(word):
        return True
    if not core or not _SHAPE.match(core) or core in ("a", "b", "A", "I", "-", "i.e", "e.g"):
        return False
    if re.fullmatch(r"[A-Z]\.\d+|v\d+|\d+(\.\d+)+\.\d+|C\+\+", core):
        return False
    if core.endswith("%") and not is_further:
        return False
    if re.search(r"[A-Za-z]{2,}_[a-z]{3,}|\d[A-Za-z]{2,}", core.replace("log1p", "")):
        return False  # a name in the code
    core = re.sub(rf"^[a-z]{{3,}}-(?=[{_SIGN}])", "", core)
    head = re.sub(r"(-[a-z]{3,}[\w-]*|'s)$", "", core.replace("|not", "|").replace("(token", "("))
    return all(
        len(letters) == 1 or letters in FUNCTIONS
        for letters in re.findall(
            r"[A-Za-z]+", re.sub(r"[_^]\{[^}]*\}|_\{?[A-Za-z]+|\d\.?\d*e-?\d+", "", head)
        )
    )


def _formula(run: str) -> tuple[str, str, str] | None:
    """What comes before the formula of a run, the formula, and what follows; None if there is none."""
    before, text, after = "", run, ""
    while True:
        if text[:1] and text[0] in "\"'":
            before, text = before + text[0], text[1:]
        elif text[-1:] and text[-1] in '.,;:?"':
            text, after = text[:-1], text[-1] + after
        elif (suffix := re.search(r"(?<=\w)(-[a-z]{3,}[\w-]*|'s)$", text)) and suffix.start():
            text, after = text[: suffix.start()], suffix[0] + after
        elif prefix := re.match(r"[a-z]{3,}-(?=[α-ω])", text):
            before, text = before + prefix[0], text[prefix.end() :]
        elif text[:1] == "(" and not _closes(text):
            before, text = before + "(", text[1:]
        elif text[-1:] in (")", "]") and text.count(text[-1]) > text.count("(["[text[-1] == "]"]):
            text, after = text[:-1], text[-1] + after
        else:
            break
    if _OPERATOR.match(text.split()[-1] if text.split() else "="):
        return None
    if (text[0] == "|" and text.count("|") == 1) or not _is_balanced(text):
        return None
    is_relation = any(map(_RELATION.match, text.split())) and re.search(r"[A-Za-z]", text)
    is_formula = _STRONG.search(text) or is_relation or re.search(r"^\w=[\w-]+$", text)
    is_letter = text.rstrip("'") in _LONE
    return (before, text, after) if is_formula or is_letter else None


def _breakable(formula: str) -> list[str]:
    """A long formula in parts, each but the first beginning with a relation: a line may end between them.

    A part that is still too long for a phone begins its further parts with + or -.
    """
    if len(formula) < _LONG:
        return [formula]
    parts: list[str] = []
    for part in _parted(formula, r" (?:[=≤≥→∝]|[<>]=?) "):
        parts += _parted(part, r" [+-] ") if len(part) > _TOO_LONG else [part]
    return parts


def _parted(formula: str, places: str) -> list[str]:
    """The formula in parts that begin at these places outside all brackets."""
    parts, start, depth, bars = [], 0, 0, 0
    for place, sign in enumerate(formula):
        depth += (sign in "([{") - (sign in ")]}")
        bars += sign == "|" and depth == 0
        is_closed = depth == 0 and bars % 2 == 0
        if is_closed and re.match(places, formula[place:].replace("\n", " ")):
            parts.append(formula[start:place])
            start = place + 1
    return [*filter(None, [*parts, formula[start:]])]


def _is_balanced(text: str) -> bool:
    """Whether round brackets and braces are closed after they are opened; an interval may be half open."""
    for opening, closing in ("()", "{}"):
        depth = 0
        for sign in text:
            depth += (sign == opening) - (sign == closing)
            if depth < 0:
                return False
        if depth:
            return False
    return True


def _closes(text: str) -> bool:
    """Whether the bracket that opens the text is closed before its end, or at it with nothing outside."""
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if depth == 0:
            return place < len(text) - 1 or place < 0
    return False
