"""The page as HTML: the instance in a line, its hypotheses, the filters, and the claims."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape
from urllib.parse import quote, urlencode

import theorems
from ufm._json import JSON, finite_or_null

from ..playground.served import SERVED
from ._choice import BREAKS, to_query
from ._claim import WORDS, claim_item, code, heading, terms
from ._scene import Scene
from ._verdicts import FALSE, JUDGED, Judgement, Row

_KINDS = {
    "all": "all",
    "problem": "false or undecided",
    "unmet": "a hypothesis lost",
    "holds": "holds",
}
_ROOMS = {
    "any": "anybody’s",
    "paper": "the paper’s",
    "project": "this project’s",
    "others": "others’",
}
_ALSO = [claim.id for claim in theorems.CLAIMS.values() if claim not in JUDGED]


def row(elements: Iterable[object]) -> str:
    """Controls side by side."""
    return f'<div class="ufm bar">{"".join(f"<div>{element}</div>" for element in elements)}</div>'


def about(
    judgement: Judgement | None,
    wrong: Iterable[str],
    editor: object = "",
    export: Sequence[object] = (),
) -> str:
    """What is no good, the instance in a line, and, folded, its JSON and the files to take along."""
    alerts = "".join(
        f'<p class="alert" role="alert" data-mark="wrong">{escape(line)}</p>' for line in wrong
    )
    facts = _facts(judgement.scene) if judgement else ""
    edit = f"<details><summary>Edit the instance, in exact rationals</summary>{editor}</details>"
    tools = f"{edit}{row(export)}" if export else ""
    return f'<div class="ufm" data-mark="about">{alerts}{facts}{tools}</div>'


def page(judgement: Judgement) -> str:
    """The hypotheses of the instance, the filters, and the claims."""
    is_final = str(judgement.is_final).lower()
    rows = judgement.rows()
    query = escape(urlencode(to_query(judgement.scene.choice)))
    also = f"{len(_ALSO)} more claims are about transformers, which an instance has none of"
    names = f"{', '.join(map(code, _ALSO))}: <code>ufm verify</code> judges them."
    return (
        f'<div class="ufm" data-mark="verdicts" data-query="{query}" data-final="{is_final}">'
        f'{_hypotheses(rows)}{heading("Claims")}<p role="status" data-mark="count">{_counted(rows)}</p>'
        f'<div class="filters">{_filter("kind", "Show", _KINDS)}{_filter("room", "Claims", _ROOMS)}</div>'
        '<div class="heads" aria-hidden="true"><span>verdict</span><span>claim in words</span>'
        "<span>hypotheses</span><span>why</span></div>"
        f'<ul class="claims">{"".join(map(claim_item, rows))}</ul>'
        f'<details class="also"><summary>{also}</summary><p>{names}</p></details></div>'
    )


def as_json(judgement: Judgement) -> bytes:
    """Instance and verdicts, for a file."""
    scene = judgement.scene
    found: list[JSON] = [
        {
            "id": row.claim.id,
            "verdict": str(row.verdict),
            "unmet": dict(row.lost),
            "conclusion": row.anyway or str(row.verdict),
            "evidence": row.seen,
            "margin": finite_or_null(row.margin),
            "tolerance": row.tolerance,
            "values": dict(row.refutation.values) if row.refutation else {},
        }
        for row in judgement.rows()
    ]
    record = {"instance": dict(scene.record), "broken": scene.choice.broken, "claims": found}
    return (json.dumps(record, ensure_ascii=False, indent=1) + "\n").encode()


def _facts(scene: Scene) -> str:
    """The instance in one line, with a link that opens it in the playground, if that is served."""
    instance, exact = scene.instance, scene.exact
    (contexts, tokens), target = instance.log_probs.shape, int(instance.target.sum())
    positive, negative = (
        ", ".join(map(str, chosen)) for chosen in (exact.positive, exact.negative)
    )
    facts = (
        f"{tokens} tokens, {target} of them in T; {contexts} contexts, P = {{{positive}}}, "
        f"N = {{{negative}}}; "
        f"δ = {instance.margin:.4g}, R = {instance.odds_range:.4g}, σ² = {instance.variance:.4g}."
    )
    broken = link = ""
    if scene.choice.broken:
        words = escape(BREAKS[scene.choice.broken])
        broken = f'<strong data-mark="broken">Broken on purpose: {words}.</strong> '
    if SERVED.playground:
        own = quote(json.dumps(dict(scene.record), separators=(",", ":")))
        address = f"{SERVED.playground}#mode=play&amp;kind=0&amp;own={own}"
        link = f' <a href="{address}" target="_blank" rel="noopener">Play with it</a>'
    return f'<p data-mark="facts">{broken}{facts}{link}</p>'


def _counted(rows: Sequence[Row]) -> str:
    """How many claims have which verdict, the paper's and this project's apart from what others say."""
    own = [row for row in rows if not row.claim.is_of_others]
    others = [row for row in rows if row.claim.is_of_others]
    return (
        f"<strong>{len(own)} claims.</strong> {_tally(own)} "
        f"<strong>{len(others)} sentences of others.</strong> {_tally(others)}"
    )


def _tally(rows: Sequence[Row]) -> str:
    count = Counter(WORDS[row.anyway or row.verdict][1] for row in rows)
    parts = [f"{words}: {count[words]}" for _, words, _ in WORDS.values() if count[words]]
    return f"{', '.join(parts).capitalize()}."


def _filter(name: str, legend: str, options: dict[str, str]) -> str:
    """Radio buttons, which style.css reads."""
    first, *_ = options
    radios = (
        f'<label><input type="radio" name="{name}" value="{value}"{" checked" * (value == first)}>{words}'
        "</label>"
        for value, words in options.items()
    )
    return f"<fieldset><legend>{legend}</legend>{''.join(radios)}</fieldset>"


def _hypotheses(rows: Sequence[Row]) -> str:
    """Which hypotheses the instance does not meet, and how many claims lose them; folded, the others."""
    own = [row for row in rows if not row.claim.is_of_others]
    every = {h.id: h.text for row in own for h in row.claim.hypotheses}
    lost = {name: reason for row in own for name, reason in row.lost.items()}
    items = "".join(_lost(name, every[name], reason, own) for name, reason in lost.items())
    kept = [(code(name), escape(text)) for name, text in every.items() if name not in lost]
    return (
        f'{heading("Hypotheses")}<ul class="lost">{items}</ul><details class="also">'
        f"<summary>{len(kept)} of {len(every)} are met</summary>{terms(kept)}</details>"
    )


def _lost(name: str, text: str, reason: str, rows: Sequence[Row]) -> str:
    losers = [row for row in rows if name in row.lost]
    false = sum(row.anyway == FALSE for row in losers)
    claims = f"{len(losers)} claim{'s' * (len(losers) > 1)} lost it, {false} false here"
    return (
        f'<li data-hypothesis="{name}"><b class="problem">✗ {name}</b> {escape(text)} '
        f"<em>Here: {escape(reason)}</em> ({claims})</li>"
    )
