"""A formula in plain characters, such as p_{j,α}(z) ≤ e^{-|α|R}, as LaTeX."""

import re
import unicodedata

# Letters whose command is not their name in Unicode.
_GREEK = {
    "λ": "lambda",
    "ε": "varepsilon",
    "φ": "varphi",
    "Σ": "sum",
    "Π": "prod",
    "ϵ": "epsilon",
    "Λ": "Lambda",
}
_SIGNS = {
    "∂": "partial", "∞": "infty", "≤": "le", "≥": "ge", "≠": "ne", "≈": "approx", "∝": "propto",
    "∈": "in", "∉": "notin", "→": "to", "±": "pm", "×": "times", "·": "cdot", "*": "cdot", "∩": "cap",
    "∪": "cup", "⊂": "subset", "∅": "emptyset", "∇": "nabla", "‖": "Vert", "⊥": "perp", "⊙": "odot",
    "∗": "ast", "∑": "sum", "\\": "setminus", "<=": "le", ">=": "ge", "!=": "ne", "->": "to", "…": "dots",
    "⟨": "langle", "⟩": "rangle",
}  # fmt: skip
_OTHER = {
    "½": r"\tfrac12 ",
    "¼": r"\tfrac14 ",
    "⅛": r"\tfrac18 ",
    "%": r"\%",
    "−": "-",
    "ℝ": r"\mathbb{R}",
}
_LOWERED = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_COMMANDS = set(
    [
        "log",
        "exp",
        "hat",
        "bar",
        "max",
        "min",
        "tanh",
        "cos",
        "sin",
        "tan",
        "inf",
        "sup",
        "arg",
        "lim",
    ]
)
_UPRIGHT = set(["KL", "TV", "CE", "LN", "BCE"])
_OPERATORS = set(
    [
        "mean",
        "Cov",
        "Bell",
        "const",
        "neg",
        "Var",
        "logit",
        "sign",
        "rank",
        "kl",
        "sum",
        "argmax",
        "argmin",
        "softmax",
        "median",
        "log1p",
    ]
)
_WORDS = {
    "Mtop": r"M_{\mathrm{top}}",
    "Mbot": r"M_{\mathrm{bot}}",
    "Mmax": r"\max M",
    "eps": r"\epsilon ",
    "dp": "dp",
    "dt": "dt",
    "Wv": "Wv",
}
_ENGLISH = {"top", "bot", "of", "or", "and", "not", "no", "for", "if"}
FUNCTIONS = _COMMANDS | _UPRIGHT | _OPERATORS | _WORDS.keys()
# What is written on the line and meant below or above it.
_MEANT = (
    (r"(?<![A-Za-z])p([αβ])", r"p_\1"),
    (r"(?<![A-Za-z])([pε])(\d)", r"\1_\2"),
    (r"([A-Za-z])⊥_(\w)", r"\1_{⊥,\2}"),
    (r"([A-Za-z])⊥", r"\1_{⊥}"),
    (r"α\*", "α^{∗}"),
    (r"α x V", "α × V"),
    (r"not ([A-Z])", r"[V] \\ \1"),
    (r"(\w)\u0302", r"hat \1"),
    (r"(\w)\u0304", r"bar \1"),
    (r"([₀-₉]+)", lambda digits: f"_{{{digits[1].translate(_LOWERED)}}}"),
    (r"([⁰¹²³⁴-⁹⁻]+)", lambda digits: f"^{{{digits[1].translate(_RAISED)}}}"),
    (r"\|(\w+)\|\|(\w+)\|", r"|\1| |\2|"),
)

_TOKEN = re.compile(
    r"(?P<number>\d+(?:\.\d+)?e[+-]?\d+)|(?P<plain>\d+(?:[.,]\d+)*)|(?P<word>log1p|[A-Za-z]+)|(?P<bars>\|\|)|"
    r"(?P<sign><=|>=|!=|->|.)|(?P<space>\s)",
    re.S,
)


def latex(text: str) -> str:
    r"""The formula as LaTeX, without dollars, and without a `|`, which would end a table's cell.

    >>> latex("p_{j,α}(z) ≤ e^{-|α|R}")
    'p_{j,\\alpha}(z) \\le e^{-\\lvert \\alpha \\rvert R}'
    """
    text = text.replace("\\", "")
    text = re.sub(r"<([^<>=]+,[^<>=]+)>", r"⟨\1⟩", text)
    for plain, meant in _MEANT:
        text = re.sub(plain, meant, text)
    out = _translated(_with_bars(text))
    out = re.sub(r"(?:\\ |\s)+(?=[)}\]])", "", re.sub(r"\s+", " ", out))
    return out.replace(r"(\ ", "(").strip()


def _with_bars(text: str) -> str:
    """Each `|` as the left or right side of an absolute value where two are within the same brackets."""
    text = text.replace("||", "\0").replace(" | ", " \3 ")
    groups: list[list[int]] = [[]]
    bars: list[list[int]] = []
    for place, sign in enumerate(text):
        if sign in "([{":
            groups.append([])
        elif sign in ")]}" and len(groups) > 1:
            bars.append(groups.pop())
        elif sign == "|":
            groups[-1].append(place)
    signs = list(text)
    for group in [*bars, *groups]:
        for number, place in enumerate(group):
            is_last = number == len(group) - 1 and len(group) % 2
            signs[place] = "\3" if is_last else "\1\2"[number % 2]
    return "".join(signs)


def _translated(text: str) -> str:
    out, place = "", 0
    while place < len(text):
        token = _TOKEN.match(text, place)
        assert token is not None
        sign = token[0]
        place = token.end()
        if sign in "_^" or sign == "√":
            inner, place = _argument(text, place)
            out = (
                re.sub(r"(?:\\ |\s)+$", "", out)
                + (r"\sqrt" if sign == "√" else sign)
                + f"{{{inner}}}"
            )
        elif token["number"]:
            digits, power = sign.split("e")
            factor = "" if digits == "1" else rf"{digits} \cdot "
            out += f"{factor}10^{{{int(power)}}}"
        elif token["plain"]:
            is_indicator = sign == "1" and text[place : place + 1] == "["
            out += r"\mathbf{1}" if is_indicator else sign.replace(",", "{,}")
        elif token["word"]:
            out += _word(sign, text[place : place + 1])
        else:
            out += _sign(sign)
    return out


def _argument(text: str, place: int) -> tuple[str, int]:
    """What is lowered, raised or under the root: a group in brackets, or one sign or word with its minus."""
    if text[place : place + 1] in ("{", "("):
        closing, depth = {"{": "}", "(": ")"}[text[place]], 0
        for end in range(place, len(text)):
            depth += (text[end] == text[place]) - (text[end] == closing)
            if depth == 0:
                return _translated(text[place + 1 : end]).strip(), end + 1
    found = re.compile(r"[+-]?±?(?:\d+(?:\.\d+)?|[A-Za-z]+|.)", re.S).match(text, place)
    if found is None:
        return "", place
    return _lowered_word(found[0]), found.end()


def _lowered_word(text: str) -> str:
    return (
        rf"\mathrm{{{text}}}" if re.fullmatch(r"[a-zA-Z]{2,}", text) else _translated(text).strip()
    )


def _word(word: str, following: str) -> str:
    if word in _WORDS:
        return _WORDS[word]
    if word in _COMMANDS:
        return rf"\{word} "
    if word in _UPRIGHT:
        return rf"\mathrm{{{word}}}"
    if word in _OPERATORS:
        return rf"\operatorname{{{word}}} "
    if word == "E" and following in ("_", "[", "\1"):
        return r"\mathbb{E}"
    if word == "in":
        return r"\in "
    is_product = len(word) <= 3 and word not in _ENGLISH  # such as jh
    return word if is_product else rf"\ \text{{{word}}}\ "


def _sign(sign: str) -> str:
    bars = {"\0": r" \,\Vert\, ", "\1": r"\lvert ", "\2": r" \rvert ", "\3": r" \mid "}
    if sign in bars:
        return bars[sign]
    if sign in _OTHER:
        return _OTHER[sign]
    if sign in _SIGNS:
        return rf"\{_SIGNS[sign]} "
    if "GREEK" in unicodedata.name(sign, ""):
        name = unicodedata.name(sign).split()[-1].lower()
        return rf"\{_GREEK.get(sign) or (name.capitalize() if sign.isupper() else name)} "
    if sign in "{}":
        return rf"\{sign}"
    return sign
