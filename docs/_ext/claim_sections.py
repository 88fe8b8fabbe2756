"""The sections that follow a claim: hypotheses, check, control, Coq theorem, certificate, figure."""

import inspect
import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from coq_page import statement, theorems_of_coq
from notebook_pages import load_notebook
from pages import picture
from source_code import source_of, text_of, unfolded
from sphinx.errors import ExtensionError

import theorems
from theorems.certificates.write.conclusions import CONCLUSIONS as OF_LAWS
from theorems.certificates.write.heads.certificate import CONCLUSIONS as OF_HEADS
from theorems.falsify import MAP
from theorems.falsify.needed import Needed, NotKnown
from theorems.judging.claim import NotCertified
from theorems.proofs import PROVED_BY
from ufm import plots

CONCLUSIONS = {**OF_LAWS, **OF_HEADS}

# What a hypothesis uses and the notation page has no room for: its letters, as they are in the sentence.
_LETTERS = {
    "w_k": r"$w_k = \lvert P \cap C_k \rvert / \lvert P \rvert - \lvert N \cap C_k \rvert / \lvert N \rvert$ "
    "is the share of the concept $C_k$ among the contexts of $P$ less that among those of $N$. If all of "
    "$P$ is in $T$ and none of $N$ is, $w_T = 1$.",
    "ε0": r"$\varepsilon_0$ is the root of the equation in the box above, where $\min_T \gamma/\omega$ is "
    r"the least quotient of a token of $T$. There is one root, as the left side falls from $+\infty$ to 0 "
    r"while $\varepsilon$ grows from 0 to $(G-1)/G$.",
}


def sections(
    claim: theorems.Claim, shown: Mapping[str, theorems.Claim] = MappingProxyType({})
) -> dict[str, str]:
    """Name of the section → its Markdown; a figure that is `shown` above is linked."""
    return {
        "hypotheses": _hypotheses(claim),
        "check": _check(claim),
        "control": _control(claim),
        "coq": _coq(claim),
        "certificate": _certificate(claim),
        "figure": _figure(claim, shown),
    }


def _hypotheses(claim: theorems.Claim) -> str:
    lines = [
        ":::::{container} wide-table\n",
        "| hypothesis | says | needed? |",
        "| --- | --- | --- |",
    ]
    assumed = {h.id: h.text for h in claim.hypotheses}
    for name, text in assumed.items():
        lines.append(f"| `{name}` | {_cell(text)} | {_needed(claim.id, name)} |")
    for owner, name in MAP:  # what the paper takes and the claim does without
        if owner == claim.id and name not in assumed:
            lines.append(
                f"| ({name}) | the paper assumes it, the claim does not | {_needed(owner, name)} |"
            )
    says = " ".join(assumed.values())
    letters = [f"Here {meaning}\n" for letter, meaning in _LETTERS.items() if letter in says]
    return "\n".join([*lines, ":::::\n", *letters])


def _needed(claim: str, hypothesis: str) -> str:
    if (claim, hypothesis) not in MAP:
        raise ExtensionError(f"claim {claim}: theorems/falsify/map.py lacks {hypothesis}")
    entry = MAP[claim, hypothesis]
    names = ", ".join(f"{{ref}}`{name} <coq-{name}>`" for name in entry.theorems)
    proved = f" ({names})" if names else ""
    if isinstance(entry, NotKnown):
        return f"not known: {_cell(entry.reason)}; a part is proved{proved}"
    if not isinstance(entry, Needed):
        word = "vacuous without it" if entry.is_vacuous else "no"
        return f"{word}: {_cell(entry.reason)}{proved}"
    if entry.only_for:
        return (
            f"only for `{entry.only_for}`, which the claim assumes in its place and with which it holds"
            f"{proved}: `ufm falsify {claim} --without {hypothesis}` finds an instance that breaks both, and "
            "the claim with them"
        )
    also = " and ".join(f"`{name}`" for name in entry.implied)
    found = f"yes: `ufm falsify {claim} --without {hypothesis}` finds a counterexample"
    return f"{found}; whatever does so breaks {also} too" if also else found


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _check(claim: theorems.Claim) -> str:
    source = source_of(claim.conclusion)
    families = ", ".join(f"`{family}`" for family in claim.families)
    lines = [
        f"`ufm verify {claim.id}`, or `theorems.check({claim.id!r}, instance)`; the function is "
        f"`{source.name}`. It is run on random instances of {families} ({{ref}}`families <families>`) and on "
        "the paper's own.\n",
        *unfolded(source),
    ]
    return "\n".join(lines)


def _control(claim: theorems.Claim) -> str:
    control = claim.control
    own = ""
    if control.conclusion is not None:
        own = f"The check there: `{text_of(control.conclusion)}`.\n"
    lines = [
        f"Without `{control.dropped}`: {control.text}. There the check must say *fails*; "
        "`ufm verify` runs it with the claim and the tests hold it to that.\n",
        *unfolded(source_of(control.instance)),
        own,
    ]
    return "\n".join(lines)


def _coq(claim: theorems.Claim) -> str:
    if claim.unproved:
        return f"None: {claim.unproved}.\n"
    if claim.id not in PROVED_BY:
        raise ExtensionError(f"claim {claim.id}: no theorem of Statements.v is said to prove it")
    first, *others = PROVED_BY[claim.id]
    line = theorems_of_coq()[first].line
    links = ", ".join(f"{{ref}}`{name} <coq-{name}>`" for name in others)
    return "\n".join(
        [
            f"{{ref}}`{first} <coq-{first}>`, `theorems/coq/Statements.v` line {line}; the notions are in "
            "{ref}`Definitions.v <coq-definitions>`.\n",
            statement(first, f"statements/{claim.id}"),
            f"Around it: {links}.\n" if links else "",
        ]
    )


def _certificate(claim: theorems.Claim) -> str:
    if isinstance(claim.certificate, NotCertified):
        return f"Not certified instance by instance: {claim.certificate.why}.\n"
    if claim.id not in CONCLUSIONS:
        raise ExtensionError(
            f"claim {claim.id} is said to be certified, but theorems/certificates/write/conclusions.py "
            "has no conclusion for it"
        )
    return (
        f"{claim.certificate.how} {{doc}}`ufm certify </certificates>` writes it for an instance of yours, "
        "`ufm certify --check` verifies it with separate code.\n\n"
        + "\n".join(unfolded(source_of(CONCLUSIONS[claim.id])))
    )


def _figure(claim: theorems.Claim, shown: Mapping[str, theorems.Claim]) -> str:
    above = {shown[name].id: shown[name] for name in claim.figures if name in shown}
    lines = [
        f"{{ref}}`The picture of “{other.title}” <claim-{name}-figure>` shows it too.\n"
        for name, other in above.items()
    ]
    for name in claim.figures:
        if name in shown:
            continue
        lines += [f"{picture(f'../figures/{name}', f'{name}, for {claim.id}')}\n"]
        where = (
            "From the notebook {doc}`The theorems, one by one </_generated/notebooks/statements>`"
            if name.startswith("statements/")
            else f"More: {{ref}}`figure-{name}`"
        )
        lines += [f"*{_first_sentence(_captions()[name])}* {where}.\n"]
    return "\n".join(lines)


@cache
def _captions() -> dict[str, str]:
    """Figure → its caption in the gallery, or what the notebook's function says that draws it."""
    drawn = load_notebook("statements").figures()
    own = {f"statements/{name}": inspect.getdoc(draw) or "" for name, draw in drawn.items()}
    return own | {picture.name: picture.caption for picture in plots.GALLERY}


def _first_sentence(caption: str) -> str:
    return re.split(r"(?<=\.) (?=\S)", caption, maxsplit=1)[0]
