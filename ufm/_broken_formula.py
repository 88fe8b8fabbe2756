"""A long formula over several lines: at its wide spaces, else before a clause, a relation or a term."""

import re

_WIDEST = 51  # letters, as they will look, that fit on a narrow screen, in its smaller letters
_CLAUSE = r"\\text\{ (?!is not|is constant|has )"
# Where a line may begin outside all brackets, the better places first; what joins the parts on one line.
_PLACES = (
    (r"\\q?quad(?![a-z])\s*", r" \quad "),
    (rf"(?<!,)\\ {_CLAUSE}|(?<!\\ ){_CLAUSE}|\\iff|(?<=,\\ )\S|(?<=, )\\ (?!\\text)", " "),
    (r"(?<=\s)(?:\\le|\\ge|\\to|[=<>])\s", " "),
    (r"(?<![=<>] )(?<=\s)[+-]\s", " "),
)
_BRACKETS = re.compile(
    r"(?P<opens>\\left(?![a-z])|\\begin|\\[lL]vert|\\lVert|\\\{|[({\[])|"
    r"(?P<closes>\\right(?![a-z])|\\end|\\rvert|\\rVert|\\\}|[)}\]])|\\."
)


def broken(formula: str) -> str:
    """The formula, in `gathered` lines if it is too wide for one and has places to break it."""
    lines = _lines(" ".join(formula.split()))
    if len(lines) == 1:
        return formula
    return r"\begin{gathered}" + r" \\ ".join(lines) + r"\end{gathered}"


def _lines(formula: str, level: int = 0) -> list[str]:
    """Lines that fit, as far as the places of this level and of the next ones allow."""
    if level == len(_PLACES) or _width(formula) <= _WIDEST:
        return [formula]
    place, joint = _PLACES[level]
    lines: list[str] = []
    for part in _parts(formula, place):
        joined = f"{lines[-1]}{joint}{part}" if lines else part
        if lines and _width(joined) <= _WIDEST:
            lines[-1] = joined
        else:
            lines.append(part)
    return [narrow for line in lines for narrow in _lines(line, level + 1)]


def _parts(formula: str, place: str) -> list[str]:
    r"""The text between the places outside all brackets; of what is found there a `\quad` is dropped."""
    parts, start = [], 0
    for found in re.finditer(place, formula):
        if found.start() > start and _depth(formula[: found.start()]) == 0:
            parts.append(formula[start : found.start()].strip())
            start = found.end() if "quad" in found[0] else found.start()
    return [part for part in (*parts, formula[start:].strip()) if part]


def _depth(text: str) -> int:
    """How many brackets of any kind are open at the end."""
    found = [bracket.lastgroup for bracket in _BRACKETS.finditer(text)]
    return found.count("opens") - found.count("closes")


def _width(formula: str) -> int:
    """About how many letters wide: a fraction is as wide as its wider part, an index is smaller."""
    return max(map(_row_width, formula.split(r"\\")))


def _row_width(formula: str) -> int:
    text = re.sub(
        r"\\(?:text|math[a-z]+|operatorname|left|right|[bB]igg?[lr]?)(?![a-z])", "", formula
    )
    text = re.sub(r"\\(log|min|max|lim|exp|tanh?|cos|sin|sup)(?![a-z])", r"\1", text)
    text = re.sub(r"\\(?![td]?frac)(?:[a-zA-Z]+|.)", "x", text)
    before = ""
    while text != before:
        before = text
        text = re.sub(r"[_^]\{([^{}]*)\}", lambda m: m[1][: round(0.7 * len(m[1]))], text)
        text = re.sub(
            r"\\[td]?frac\{([^{}]*)\}\s*\{([^{}]*)\}", lambda m: max(m[1], m[2], key=len), text
        )
        text = re.sub(r"(?<!frac)(?<![} ])\{([^{}]*)\}", r"\1", text)
    return len(re.sub(r"[_^{}]", "", text))
