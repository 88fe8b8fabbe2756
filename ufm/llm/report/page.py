"""The report as one HTML page: no network, no script, pictures inside, every text escaped."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from ufm._visible import quoted, visible

from ..laws.law import Law
from .request import Report

_STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, "DejaVu Sans", sans-serif; color: #1b1b1b; background: #fff;
  max-width: 68rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .75rem; }
p.lead { margin: 0 0 1.5rem; color: #555; }
.law { border-left: 5px solid #999; padding: .1rem 0 .1rem 1rem; margin: 0 0 1.25rem; }
.law.holds { border-color: #00795a; } .law.fails { border-color: #c2410c; }
.law.undecided { border-color: #8a6d00; }
.law h3 { font-size: 1rem; margin: 0; display: flex; gap: .75rem; flex-wrap: wrap; align-items: baseline; }
.law p { margin: .25rem 0 0; overflow-wrap: anywhere; } .law p.criterion { color: #666; font-size: .85rem; }
.badge { font-size: .8rem; font-weight: 600; padding: .05rem .5rem; border-radius: 1rem; color: #fff;
  background: #777; }
.holds .badge { background: #00795a; } .fails .badge { background: #c2410c; }
.undecided .badge { background: #8a6d00; }
.number { font-variant-numeric: tabular-nums; margin-left: auto; }
figure { margin: 0 0 1.5rem; } figure img { width: 100%; height: auto; display: block; }
figcaption { font-size: .875rem; color: #555; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .25rem 1rem .25rem 0; border-bottom: 1px solid #e3e3e3;
  vertical-align: top; }
th { font-weight: 600; white-space: nowrap; } td.n, th.n { text-align: right; }
code { font: .9em ui-monospace, "DejaVu Sans Mono", monospace; unicode-bidi: isolate; white-space: pre-wrap;
  overflow-wrap: anywhere; }
"""
_CAPTIONS = {
    "token-curves": "Increase of next-token probabilities: of the likeliest tokens at either end, the five "
    "that move most.",
    "concept-mass": "Probability of the concept's tokens, and the tanh fitted to the prompt with the median "
    "R².",
    "cross-entropy": "Cost on the text over the whole range, and near 0 with the exact parabola ½ CE'' α².",
    "plateau": "Distance to the limit of Proposition 4.1 on the range, and its rate far beyond it.",
    "log-odds": "Do the tokens with the largest log-odds M(z) dominate at the largest strength? Block by "
    "block.",
}
_GROUPS = {
    "largest_log_odds": "largest M(z)",
    "limit_positive": "limit, α → +∞",
    "least_log_odds": "least M(z)",
    "limit_negative": "limit, α → -∞",
}


def page(report: Report, pictures: Mapping[str, bytes]) -> str:
    """The page [HTML]; `pictures` are PNG by the name of the figure."""
    facts = report.facts
    name = _text(str(facts["model"]["name"]))
    body = [
        f"<h1>Steering {name}</h1>",
        f'<p class="lead">{_lead(report)}</p>',
        *map(_law, report.laws),
        "<h2>Pictures</h2>",
        *(_picture(key, data) for key, data in pictures.items()),
        "<h2>Tokens</h2>",
        _tokens(facts["tokens"]),
        "<h2>Blocks</h2>",
        _blocks(report),
        "<h2>Setting</h2>",
        _setting(facts),
        "<h2>Prompts of the curves</h2>",
        "<p>The first ten.</p>" if len(report.contexts) > 10 else "",
        _table(
            ["", "prompt"],
            [[str(j), _code(x, 400)] for j, x in enumerate(report.contexts[:10])],
        ),
    ]
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Steering {name}</title><style>{_STYLE}</style></head>\n<body>\n"
        + "\n".join(part for part in body if part)
        + "\n</body></html>\n"
    )


def _text(text: str) -> str:
    """Any text, made visible and escaped."""
    return escape(visible(text))


def _code(text: str, longest: int = 24) -> str:
    return f"<code>{escape(quoted(text, longest))}</code>"


def _lead(report: Report) -> str:
    facts = report.facts
    strengths, steering = facts["strengths"], facts["steering"]
    counts = [
        f"{sum(law.verdict == verdict for law in report.laws)} {words}"
        for verdict, words in (("holds", "hold"), ("fails", "fail"), ("undecided", "undecided"))
    ]
    return _text(
        f"{len(report.laws)} laws: {', '.join(counts)}. Block {steering['layer']} of "
        f"{facts['model']['blocks']}, {facts['prompts']['contexts']} prompts, {strengths['steps']} "
        f"strengths in [{strengths['least']:g}, {strengths['largest']:g}]; the largest adds "
        f"{strengths['largest_relative']:.3g} times a hidden state's length."
    )


def _law(law: Law) -> str:
    number = (
        ""
        if law.number is None
        else f'<span class="number">{_text(law.measure)} {law.number:.4g}</span>'
    )
    return (
        f'<section class="law {law.verdict}"><h3><span class="badge">{law.verdict}</span>'
        f"<span>{_text(law.title)}</span>{number}</h3><p>{_text(law.why)}</p>"
        f'<p class="criterion">Measure: {_text(law.criterion)}.</p></section>'
    )


def _picture(name: str, data: bytes) -> str:
    source = base64.b64encode(data).decode()
    caption = _text(_CAPTIONS[name])
    return (
        f'<figure id="{name}"><img alt="{caption}" src="data:image/png;base64,{source}">'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _tokens(groups: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    known = [key for key in _GROUPS if key in groups]
    rows = [
        [_code_visible(token["text"]) for token in line]
        for line in zip(*(groups[key] for key in known), strict=True)
    ]
    return _table([_GROUPS[key] for key in known], rows)


def _code_visible(text: str) -> str:
    """A token whose text was made visible already."""
    cut = text if len(text) <= 24 else text[:23] + "…"
    return f"<code>{escape(f'“{cut}”')}</code>"


def _blocks(report: Report) -> str:
    found = report.agreement
    rows = [
        [str(layer), f"{alpha:.4g}", *(f"{x:.2f}" for x in (*rank, *overlap))]
        for layer, alpha, rank, overlap in zip(
            found.layers, found.strengths, found.rank, found.overlap, strict=True
        )
    ]
    heads = ["block", "largest α", "rank, α < 0", "rank, α > 0", "top, α < 0", "top, α > 0"]
    return _table(heads, rows, is_numeric=True)


def _setting(facts: Mapping[str, Any]) -> str:
    rows = []
    for group in ("model", "steering", "strengths", "prompts"):
        for key, value in facts[group].items():
            if isinstance(value, float):
                value = f"{value:.6g}"
            shown = "" if value is None else f"<code>{_text(str(value))}</code>"
            rows.append([_text(f"{group}: {key.replace('_', ' ')}"), shown])
    return _table(["", ""], rows)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], is_numeric: bool = False) -> str:
    """A table of cells that are HTML already."""
    kind = ' class="n"' if is_numeric else ""
    head = "".join(f"<th{kind}>{escape(h)}</th>" for h in heads) if any(heads) else ""
    lines = "".join("<tr>" + "".join(f"<td{kind}>{c}</td>" for c in row) + "</tr>" for row in rows)
    top = f"<thead><tr>{head}</tr></thead>" if head else ""
    return f'<div class="scroll"><table>{top}<tbody>{lines}</tbody></table></div>'
