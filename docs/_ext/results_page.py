"""The table of results: what each statement says, its status with the proofs, and what was found about it."""

from collections.abc import Iterator

from pages import write_page
from sphinx.application import Sphinx

import theorems
from theorems.judging.claim import NotCertified
from theorems.proofs import PROVED_BY

# The pages of the theory, which the side bar shows below this one.
_BELOW = (
    "statements",
    "findings",
    "literature",
    "figures",
    "coq",
    "coq_graph",
    "coq_definitions",
    "/open_questions",
)


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("builder-inited", lambda app: write_page(app, "results", list(_page())))
    return {"parallel_read_safe": True}


def _page() -> Iterator[str]:
    of_paper = [s for s in theorems.STATEMENTS if s.is_of_paper]
    ours = [s for s in theorems.STATEMENTS if s.source.startswith("this project")]
    of_others = [s for s in theorems.STATEMENTS if s.is_of_others]
    yield "(results)=\n# Results"
    yield (
        "\nThese are the results of {cite:t}`taimeskhanov2026` and those of this project. Each holds under "
        "the hypotheses that its page lists, and the second column leaves them out. The status says how we "
        "know:\n\n"
        "- *proved*: by Coq, for every vocabulary and every strength. A click on the word shows the "
        "theorems.\n"
        "- *certified*: `ufm certify` decides it for every strength, on a table or a head of yours.\n"
        "- *run*: an experiment shows it, and nothing proves it.\n\n"
        "Every result is also checked on many instances. The findings are about the text of the paper's "
        "first version (v1). {doc}`The notation </notation>` explains the letters, and {ref}`the list of "
        "claims <statements>` has each sentence of a result by itself.\n"
    )
    yield "## Of the paper\n"
    yield from _table(of_paper)
    yield "\n## Beyond the paper\n"
    yield from _table(ours)
    yield "\n## Claims of others\n"
    yield (
        "Most of these sentences, as quoted, hold only under a condition, which the text around the "
        "quotation may supply. {ref}`Claims of others <literature>` says who says what, and what of it is "
        "true. That part is what is proved.\n"
    )
    yield from _table(of_others)
    yield "```{toctree}\n:hidden:\n"
    yield from _BELOW
    yield "```"


def _table(statements: list[theorems.Statement]) -> Iterator[str]:
    yield ":::::{container} wide-table"
    columns = {"result": _linked, "says, in short": _says, "status": _status, "finding": _findings}
    if not any(map(_findings, statements)):
        del columns["finding"]
    yield f"| {' | '.join(columns)} |\n|{' --- |' * len(columns)}"
    for statement in statements:
        yield f"| {' | '.join(cell(statement) for cell in columns.values())} |"
    yield ":::::\n"


def name(statement: theorems.Statement) -> str:
    """Its number in the paper, if it has one, and its title."""
    if not statement.is_of_paper:
        return statement.title
    return f"{statement.source.split(',')[0]}: {statement.title.lower()}"


def _linked(statement: theorems.Statement) -> str:
    return f"{{ref}}`{name(statement)} <statement-{statement.id}>`"


def findings_about(statement: theorems.Statement) -> list[theorems.Finding]:
    """What was found about the text around the statement, in the order of the findings."""
    return [finding for finding in theorems.FINDINGS if finding.is_about(statement)]


def _says(statement: theorems.Statement) -> str:
    return statement.in_short.replace("|", "\\|")


def _status(statement: theorems.Statement) -> str:
    """Unfolds to the proofs."""
    return f"<details><summary>{_level(statement)}</summary>{_proofs(statement)}</details>"


def _level(statement: theorems.Statement) -> str:
    if _without_proof(statement):
        return "run"
    certified = [not isinstance(claim.certificate, NotCertified) for claim in statement.claims]
    if all(certified):
        return "proved, certified"
    return f"proved, {sum(certified)} of {len(certified)} certified" if any(certified) else "proved"


def _without_proof(statement: theorems.Statement) -> list[str]:
    return [f"no proof: {claim.unproved}" for claim in statement.claims if claim.unproved]


def _findings(statement: theorems.Statement) -> str:
    return "; ".join(
        f"{finding.severity}: {{ref}}`{finding.title.lower()} <finding-{finding.id}>`"
        for finding in findings_about(statement)
    )


def _proofs(statement: theorems.Statement) -> str:
    proved = [
        f"{{ref}}`{claim.title} <coq-{PROVED_BY[claim.id][0]}>`"
        for claim in statement.claims
        if not claim.unproved
    ]
    return "; ".join([*proved, *_without_proof(statement)])
