"""A long formula over several lines, broken where its parts are set apart by wide spaces."""

import re

_WIDEST = 54  # characters, as they will look, that fit on a narrow screen, in its smaller letters


def broken(formula: str) -> str:
    r"""The formula, in `gathered` lines if it is long and has a `\quad` outside all braces."""
    parts = _parts(" ".join(formula.split()))
    lines, line = [], ""
    for part in parts:
        joined = rf"{line} \quad {part}" if line else part
        if line and _width(joined) > _WIDEST:
            lines.append(line)
            joined = part
        line = joined
    lines.append(line)
    if len(lines) == 1:
        return formula
    return r"\begin{gathered}" + r" \\ ".join(lines) + r"\end{gathered}"


def _parts(formula: str) -> list[str]:
    r"""The text between the outermost `\quad` and `\qquad`."""
    parts, depth, start = [], 0, 0
    for token in re.finditer(r"\\left|\\right|\\begin|\\end|\\q?quad(?![a-z])|\\.|[{}]", formula):
        word = token[0]
        if word in ("{", "\\left", "\\begin"):
            depth += 1
        elif word in ("}", "\\right", "\\end"):
            depth -= 1
        elif word.endswith("quad") and depth == 0:
            parts.append(formula[start : token.start()].strip())
            start = token.end()
    parts.append(formula[start:].strip())
    return [part for part in parts if part]


def _width(formula: str) -> int:
    """About how many letters wide: a command is one, sizes and names of text none."""
    bare = re.sub(
        r"\\(text|mathrm|mathbb|operatorname|left|right|bigl|bigr|lvert|rvert)", "", formula
    )
    bare = re.sub(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", lambda m: max(m[1], m[2], key=len), bare)
    return len(re.sub(r"\\[a-zA-Z]+|[{}^_\\]", lambda m: "x" if len(m[0]) > 1 else "", bare))
