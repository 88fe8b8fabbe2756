"""The page of claims made elsewhere, from `theorems.LITERATURE`."""

from collections import Counter
from collections.abc import Iterator

from pages import write_page
from sphinx.application import Sphinx

import theorems
from theorems.literature import InModel, LiteratureClaim

_TEST = "tests/theorems/test_literature.py"


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("builder-inited", lambda app: write_page(app, "literature", list(_page())))
    return {"parallel_read_safe": True}


def _page() -> Iterator[str]:
    yield "(literature)=\n# What others say about strength"
    yield (
        "\nClaims about steering strength made elsewhere, each with its place. The table says what "
        "becomes of each in the model of the theory, where steering is an exponential tilt, and on real "
        f"models, as far as they were measured here. In the model, as they are quoted: {_count()}. "
        "Such a condition is a hypothesis of {ref}`the claim that judges the sentence "
        "<statement-literature>`. It has a check, a control that is a counterexample "
        "without it, and a proof. The framework of the source may supply it. "
        "{ref}`The findings <findings>` are about the paper that this project is about.\n"
    )
    yield (
        '"Real" is SmolLM2-135M-Instruct, its weights rounded to 4 bits, and the toy model; the figures are '
        "those of {doc}`/laws` and {doc}`/strength`. One small model confirms nothing in general. "
        f"`{_TEST}` computes each number of the third column and finds those of the fourth where they are "
        "recorded.\n"
    )
    yield ":::::{container} wide-table\n"
    yield "| who, and where | says | in the model | on a real model |\n| --- | --- | --- | --- |"
    for found in theorems.LITERATURE:
        cells = (f"{found.source}, {found.place}", found.says, _in_model(found), _on_real(found))
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
    yield "\n:::::\n"
    yield (
        "A claim is added in `theorems/literature.py`, and with its check, if the model can judge it, in "
        "`theorems/statements/literature.py`.\n"
    )


def _count() -> str:
    counts = Counter(found.in_model for found in theorems.LITERATURE)
    return ", ".join(f"{counts[verdict]} {_COUNTED[verdict]}" for verdict in InModel)


_COUNTED = {
    InModel.HOLDS: "holds",
    InModel.CONDITIONAL: "hold only under a condition that the quotation alone does not name",
    InModel.FAILS: "fails",
    InModel.SILENT: "is not about the model",
}


def _in_model(found: LiteratureClaim) -> str:
    verdict = f"**{found.in_model}**"
    if found.in_model is InModel.CONDITIONAL:
        verdict += f" (`{', '.join(found.needs)}`)"
    if found.claim is not None:
        verdict += f", {{ref}}`{found.id} <claim-{found.id}>`"
    if found.repair:
        verdict += f". Of {found.repair} it holds (`{', '.join(found.needs)}`)"
    settled = ", ".join(f"{{ref}}`{name} <claim-{name}>`" for name in found.settled_by)
    return f"{verdict}.<br>{found.truth}<br>From {settled}."


def _on_real(found: LiteratureClaim) -> str:
    return f"**{found.on_real}**.<br>{found.real}"
