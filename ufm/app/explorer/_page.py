"""The page as HTML: the instance in a line, its hypotheses, the filters, and the claims."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from html import escape
from urllib.parse import quote, urlencode

import theorems
from theorems import Instance, Outcome
from theorems.judging.claim import Hypothesis
from ufm._json import JSON, finite_or_null

from ..playground.served import SERVED
from ._choice import BREAKS, HOW_BROKEN, SOURCES, Choice, to_query
from ._claim import WORDS, claim_item, code, commands, name_of, needed, terms
from ._mathematics import set_words
from ._scene import Scene
from ._verdicts import APART, FALSE, JUDGED, NOTHING, TRUE, Judgement, Row

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
_LETTERS = set_words(
    "T is the target concept; steering leads from the contexts N towards the contexts P; "
    "M(z) = mean_P log p(z|c) - mean_N log p(z|c) is what it adds to the "
    "logit of token z, times the strength α; δ is how far M on T lies above M off it, R the range of M, "
    "σ² its mean variance over contexts."
)
# What a verdict says, by its name in `WORDS`.
_MEANINGS = {
    Outcome.HOLDS: "all that the claim needs is met, and what it says is true on this instance",
    Outcome.FAILS: "all that it needs is met, and what it says is false: a fault of the claim or of ufm",
    Outcome.UNDECIDED: "it is closer than rounding can tell",
    FALSE: "a hypothesis that it needs is not met, and what it says is false on this instance",
    TRUE: "a hypothesis is not met, and what it says is true here, although nothing promises it",
    NOTHING: "a hypothesis is not met, and without it there is nothing to judge",
    APART: "your instance, with nothing broken, has not what the claim needs: it says nothing of it",
}
_ALSO = [claim.id for claim in theorems.CLAIMS.values() if claim not in JUDGED]


def row(elements: Iterable[object]) -> str:
    """Controls side by side."""
    return f'<div class="ufm bar">{"".join(f"<div>{element}</div>" for element in elements)}</div>'


def breaking(choice: Choice, buttons: Sequence[object] = ()) -> str:
    """What the page is for: a button for none and for each of `BREAKS`; links, until marimo has buttons."""
    names = {"": "none", **BREAKS}
    links = (
        f'<a href="?{escape(urlencode(to_query(replace(choice, broken=name))))}" '
        f'title="{HOW_BROKEN.get(name, "nothing is broken")}">{words}</a>'
        for name, words in names.items()
    )
    cells = "".join(
        f'<div class="{"chosen" if name == choice.broken else "other"}">{control}</div>'
        for name, control in zip(names, buttons or links, strict=True)
    )
    return f'<div class="ufm bar primary"><b>Break a hypothesis</b>{cells}</div>'


def source(choice: Choice) -> str:
    """Which instance it is, in words."""
    words = "yours" if choice.own else SOURCES[choice.source]
    return f'<div class="ufm bar"><div>Instance: <b>{set_words(words)}</b></div></div>'


def about(
    judgement: Judgement | None,
    wrong: Iterable[str],
    editor: str = "",
    export: Sequence[object] = (),
) -> str:
    """What is no good, the instance in a line, and, folded, its JSON and what repeats all of this."""
    alerts = "".join(
        f'<p class="alert" role="alert" data-mark="wrong">{escape(line)}</p>' for line in wrong
    )
    facts = _facts(judgement.scene) if judgement else ""
    edit = f"<details><summary>Edit the instance, in exact rationals</summary>{editor}</details>"
    tools = edit if editor else ""
    if export and judgement:
        tools += (
            "<details><summary>Take it along, and repeat it on the command line</summary>"
            f"{row(export)}{_all_commands(judgement.scene)}</details>"
        )
    return f'<div class="ufm" data-mark="about">{alerts}{facts}{tools}</div>'


def page(judgement: Judgement) -> str:
    """What falls, the hypotheses of the instance, the filters, and the claims."""
    is_final = str(judgement.is_final).lower()
    rows = judgement.rows()
    query = escape(urlencode(to_query(judgement.scene.choice)))
    items = "".join(claim_item(row, judgement.scene) for row in rows)
    return (
        f'<div class="ufm" data-mark="verdicts" data-query="{query}" data-final="{is_final}">'
        f"{_falls(judgement, rows)}{_hypotheses(judgement.scene, rows)}"
        f'<div role="status" data-mark="count">{_progress(judgement)}{_counted(rows)}</div>'
        f'{_meanings()}<div class="filters">{_filter("kind", "Show", _KINDS)}'
        f"{_filter('room', 'Claims', _ROOMS)}</div>"
        '<div class="heads" aria-hidden="true"><span>verdict</span><span>claim: click it for all of it</span>'
        "<span>what was looked at, or what is wrong</span><span>what it needs</span></div>"
        f'<ul class="claims">{items}</ul></div>'
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
    """The instance in a line, with a link that opens it in the playground, and what the letters are."""
    instance, exact = scene.instance, scene.exact
    (contexts, tokens), target = instance.log_probs.shape, int(instance.target.sum())
    positive, negative = (
        ", ".join(map(str, chosen)) for chosen in (exact.positive, exact.negative)
    )
    facts = set_words(
        f"{tokens} tokens, {target} of them in T; {contexts} contexts, P = {{{positive}}}, "
        f"N = {{{negative}}}; "
        f"δ = {instance.margin:.4g}, R = {instance.odds_range:.4g}, σ² = {instance.variance:.4g}."
    )
    broken = link = letters = ""
    if scene.choice.broken:
        words = set_words(f"{BREAKS[scene.choice.broken]} ({HOW_BROKEN[scene.choice.broken]})")
        broken = f'<strong role="status" data-mark="broken">Broken on purpose: {words}.</strong> '
    if SERVED.playground:
        own = quote(json.dumps(dict(scene.record), separators=(",", ":")))
        address = f"{SERVED.playground}#mode=play&amp;kind=0&amp;own={own}"
        link = f' <a href="{address}" target="_blank" rel="noopener">Play with it</a>'
    if SERVED.site:
        address = f"{SERVED.site}/notation.html"
        letters = f' <a href="{address}" target="_blank" rel="noopener">All letters</a>'
    return (
        f'<p data-mark="facts">{broken}{facts}{link}</p><p class="letters">{_LETTERS}{letters}</p>'
    )


def _falls(judgement: Judgement, rows: Sequence[Row]) -> str:
    """Which claims of the paper and of this project are false on the instance."""
    fallen = [
        row
        for row in rows
        if not row.claim.is_of_others and (row.word == FALSE or row.verdict == Outcome.FAILS)
    ]
    # always there, if empty: what follows it keeps its place, and with it the filters that are set
    if not fallen:
        is_final = judgement.scene.choice.broken and judgement.is_final
        words = "<b>No claim falls on this instance.</b>" if is_final else ""
        apart = [row for row in rows if row.is_apart]
        if apart:
            count = f"{len(apart)} claim{'s do' if len(apart) > 1 else ' does'}"
            words += (
                f" <b>{count} not apply here</b>: {_links(apart)}. This instance lacks what the line of "
                "each marks ✗."
            )
    else:
        count = f"{len(fallen)} claim{'s fall' if len(fallen) > 1 else ' falls'}"
        words = f"<b>{count}</b>: {_links(fallen)}."
        if all(row.lost for row in fallen):
            words += " What each needs and does not have is marked ✗ in its line."
    return f'<p class="falls" data-mark="falls">{words}</p>'


def _links(rows: Iterable[Row]) -> str:
    return ", ".join(
        f'<a href="#claim-{row.claim.id}">{escape(name_of(row.claim))}</a>' for row in rows
    )


def _progress(judgement: Judgement) -> str:
    if judgement.is_final:
        return "<div></div>"
    known, every = judgement.known, len(JUDGED)
    bar = f'<progress max="{every}" value="{known}"></progress>'
    return f"<div>{bar} {known} of {every} are judged; the rest follows.</div>"


def _counted(rows: Sequence[Row]) -> str:
    """How many claims have which verdict, the paper's and this project's apart from what others say."""
    own = [row for row in rows if not row.claim.is_of_others]
    others = [row for row in rows if row.claim.is_of_others]
    names = ", ".join(map(code, _ALSO))
    return (
        f"<p><strong>{len(own)} claims.</strong> {_tally(own)} "
        f"<strong>{len(others)} sentences of others.</strong> {_tally(others)}</p>"
        f'<details class="also"><summary>The other {len(_ALSO)} of {len(own) + len(_ALSO)} claims are about '
        f"transformers, which an instance has none of</summary><p>{names}: <code>ufm verify</code> judges "
        "them.</p></details>"
    )


def _tally(rows: Sequence[Row]) -> str:
    count = Counter(WORDS[row.word][1] for row in rows)
    parts = [f"{words}: {count[words]}" for _, words, _ in WORDS.values() if count[words]]
    return f"{', '.join(parts).capitalize()}."


def _meanings() -> str:
    """What each verdict says, folded."""
    signed = ((WORDS[name], text) for name, text in _MEANINGS.items())
    listed = terms(
        (f'<span class="verdict {kind}">{sign} {words}</span>', text)
        for (sign, words, kind), text in signed
    )
    return f'<details class="also"><summary>What the verdicts mean</summary>{listed}</details>'


def _filter(name: str, legend: str, options: dict[str, str]) -> str:
    """Radio buttons, which style.css reads."""
    first, *_ = options
    radios = (
        f'<label><input type="radio" name="{name}" value="{value}"{" checked" * (value == first)}>{words}'
        "</label>"
        for value, words in options.items()
    )
    return f"<fieldset><legend>{legend}</legend>{''.join(radios)}</fieldset>"


def _hypotheses(scene: Scene, rows: Sequence[Row]) -> str:
    """Which hypotheses the instance does not meet, and how many claims need them; folded, the others."""
    own = [row for row in rows if not row.claim.is_of_others]
    every = {h.id: h for row in own for h in row.claim.hypotheses}
    lost = {name: reason for row in own for name, reason in row.lost.items()}
    items = "".join(_lost(every[name], reason, own) for name, reason in lost.items())
    kept = [hypothesis for name, hypothesis in every.items() if name not in lost]
    missing = f"not met: {', '.join(lost)}" if lost else "all of them"
    # what nobody broke is no alarm
    is_open = " open" * bool(scene.choice.broken)
    return (
        f'<details class="also"{is_open}><summary>Hypotheses: {len(kept)} of {len(every)} are met; {missing}'
        f'</summary><ul class="lost">{items}</ul><details><summary>Those that are met</summary>'
        f"{needed(kept, {}, scene)}</details></details>"
    )


def _lost(hypothesis: Hypothesis[Instance], reason: str, rows: Sequence[Row]) -> str:
    losers = [row for row in rows if hypothesis.id in row.lost]
    false = sum(row.word == FALSE for row in losers)
    needs = (
        f"{len(losers)} claim{'s need it' if len(losers) > 1 else ' needs it'}; {false} false here"
    )
    return (
        f'<li data-hypothesis="{hypothesis.id}"><b class="problem">✗ {hypothesis.id}</b> '
        f"{set_words(hypothesis.text)} <em>Here: {set_words(reason)}</em> ({needs})</li>"
    )


def _all_commands(scene: Scene) -> str:
    """What judges all claims on the files beside it."""
    if scene.data is not None:
        return "<p>The data differ from the model, which no file says: see a claim's Python.</p>"
    return commands(["ufm verify --table table.json", "ufm certify instance.json"])
