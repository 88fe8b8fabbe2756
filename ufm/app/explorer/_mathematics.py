"""Sentences with formulas in plain characters, such as p_{j,α}(z) ≤ e^{-|α|R}, as HTML.

What the claims say is read in a terminal too; here it is set with the browser's own means, of which some
thousand pieces cost nothing. Formulas of their own, in a line, are set by KaTeX.
"""

import re
from functools import lru_cache
from html import escape

Piece = tuple[str, bool | None]  # HTML, and whether it makes a formula; None: it may be of one
# Upright, as the names of functions are.
_FUNCTIONS = re.compile(
    "log|exp|max|min|tanh|Var|Cov|KL|kl|TV|Δ?CE|logit|sup|inf|cos|sin|const|neg"
)
_NAMED = {
    "Mtop": "<i>M</i><sub>top</sub>",
    "Mbot": "<i>M</i><sub>bot</sub>",
    "Mmax": "max <i>M</i>",
}
_VARIABLES = set(
    "MTPNVGRKFHWQBCDLSzyvhwdpqmnjktrgcfix"
)  # letters that are variables also by themselves
_SIGNS = {"<=": "≤", ">=": "≥", "!=": "≠", "->": "→", "||": "∥", "'": "<sup>′</sup>"}
# a minus, not a hyphen
_MINUS = re.compile(
    r"(?<= )-(?= )|(?<![\w)\]}])-(?=[\dα-ωA-Za-z|(∞])|(?<=\d)-(?=[A-Za-zα-ω])|(?<=\bG)-(?=1)"
)
_LOWERED, _RAISED = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789"), str.maketrans("²³", "23")
_TOKEN = re.compile(
    r"(?P<name>[A-Z]\.\d+)|(?P<number>\d+(?:[.,]\d+)*(?:e-?\d+)?)|(?P<word>(?:[^\W\d_][\u0302\u0304]?)+)|(?P<raised>[_^])|<=|>=|!=|->|\|\||."
)
_NEUTRAL = re.compile(r"[-\s=<>+−·/(){}\[\]|,:.∈∉∞±→∝≤≥≠∥′½¼²³√…\"]|\d")
_RATES = re.compile(
    r"\b([ab])\b(?= (?:[=<>+/-]|<=|>=|and b\b))|(?<=[=<>] )\b([ab])\b|(?<=a and )(b)\b"
)


@lru_cache(maxsize=4096)
def set_words(text: str) -> str:
    """The sentence as HTML, each of its formulas in a span.

    >>> from ufm.app.explorer._mathematics import set_words
    >>> print(set_words("Δp(T|α) is at most R/4."))
    <span class="m">Δ<i>p</i>(<i>T</i>|<i>α</i>)</span> is at most <span class="m"><i>R</i>/4</span>.
    """
    text = re.sub(r"\bon R\b", "on ℝ", re.sub(r"(?<!is )not in T", "∉ T", text))
    text = _RATES.sub(lambda rate: f"{rate[0]}\u200b", text)  # a mark that this is no article
    text = re.sub("[₀-₉]+", lambda digits: f"_{{{digits[0].translate(_LOWERED)}}}", text)
    text = re.sub("[²³]", lambda digit: f"^{digit[0].translate(_RAISED)}", text)
    text = re.sub(r"ε0\b", "ε_0", text)
    out, run = [], []
    for html, is_formula in [*_pieces(_MINUS.sub("−", text)), ("", False)]:
        if is_formula is False:
            out += [_with_span(run), html]
            run = []
        else:
            run.append((html, is_formula))
    return "".join(out).replace("\u200b", "")


def _with_span(run: list[Piece]) -> str:
    """Signs and letters without a word between them: from where a formula begins to where it ends."""
    certain = [n for n, (_, is_formula) in enumerate(run) if is_formula]
    if not certain:
        return "".join(html for html, _ in run)
    start = _reach(run, certain[0], -1, (*"([{|½¼√−∞",))
    end = _reach(run, certain[-1], 1, (*")]}|∞", _SIGNS["'"]))
    before, inside, after = run[:start], run[start : end + 1], run[end + 1 :]
    before, inside, after = ("".join(html for html, _ in part) for part in (before, inside, after))
    return f'{before}<span class="m">{inside}</span>{after}'


def _reach(run: list[Piece], place: int, step: int, signs: tuple[str, ...]) -> int:
    """The last place, from `place` on, of a number or one of `signs` before the sentence goes on."""
    reached = place
    while 0 <= place + step < len(run) and run[place + step][0] not in (",", ":", ".", '"'):
        place += step
        if run[place][0][0].isdigit() or run[place][0] in signs:
            reached = place
    return reached


def _pieces(text: str) -> list[Piece]:
    """HTML of each sign and word, and whether it makes a formula."""
    out: list[Piece] = []
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        assert found is not None
        sign, place = found[0], found.end()
        if found["raised"] and out and out[-1][1] is not False:
            inner, place = _argument(text, place)
            tag = "sub" if sign == "_" else "sup"
            out.append((f"<{tag}>{inner}</{tag}>", True))
        elif found["name"]:  # of a lemma
            out.append((sign, False))
        elif found["word"]:
            out.append(_word(sign, text[place : place + 1]))
        elif found["number"]:
            out.append((_number(sign), None))
        elif sign == "'" and not (out and out[-1][1]):
            out.append(("’", False))
        else:
            is_neutral = sign in _SIGNS or _NEUTRAL.fullmatch(sign)
            out.append((_SIGNS.get(sign) or escape(sign), None if is_neutral else False))
    return out


def _word(word: str, following: str) -> tuple[str, bool | None]:
    if word in _NAMED:
        return _NAMED[word], True
    if (_FUNCTIONS.fullmatch(word) and following != "-") or (word == "mean" and following == "_"):
        return word, True
    is_greek = re.search("[α-ωχΔΣΠℝ]", word) is not None
    letter = word.rstrip("\u0302\u0304")  # without a hat or a bar
    is_lone = len(letter) == 1 and (letter in _VARIABLES or following in ("_", "^", "(", "\u200b"))
    is_product = re.fullmatch(r"d[pF]|h[A-Z]|[WF]v", word) is not None
    if word == "E" and following in ("_", "["):
        return "E", True
    if is_greek or is_lone or is_product:
        return re.sub("[^ΔΣΠℝ][\u0302\u0304]?", r"<i>\g<0></i>", word), True
    return word, False


def _number(text: str) -> str:
    digits, power, exponent = text.partition("e")
    if not power:
        return text
    factor = "" if digits == "1" else f"{digits}·"
    return f"{factor}10<sup>{str(int(exponent)).replace('-', '−')}</sup>"


def _argument(text: str, place: int) -> tuple[str, int]:
    """What is lowered or raised: a group in braces, or one word or sign with its minus."""
    end = place
    if text[place : place + 1] == "{":
        depth = 0
        for end in range(place, len(text)):
            depth += (text[end] == "{") - (text[end] == "}")
            if depth == 0:
                break
        inner, end = text[place + 1 : end], end + 1
    else:
        found = re.compile(r"[−-]?(?:\d+|[^\W\d_]+|.)").match(text, place)
        inner, end = (found[0], found.end()) if found else ("", place)
    inner = re.sub(r"^-|(?<=[,(])-", "−", inner)
    words = "".join(
        f"<i>{html}</i>" if html in ("a", "b", "e") else html for html, _ in _pieces(inner)
    )
    return words, end
