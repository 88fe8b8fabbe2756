"""How far a judge agrees with labels: as tables and as JSON."""

from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.console import Console

from ufm._json import JSON, finite_or_null
from ufm._visible import quoted

from .lines import entry, paragraph
from .tables import plural, table

if TYPE_CHECKING:
    from ufm.llm.judge.agreement import Agreement, Judged


def agreement_json(found: "Judged") -> dict[str, JSON]:
    """All that was found, each text with its label and its answer."""
    parts = ("all", "chosen_on", "held_out", "floor")
    texts = [
        {
            "text": label.text,
            "concept": label.concept.name,
            "label": "yes" if label.shows else "no",
            "case": label.case,
            "probability": float(p),
        }
        for label, p in zip(found.labels, found.probabilities, strict=True)
    ]
    agreements = {part: getattr(found, part) for part in parts}
    as_dicts = {part: None if found is None else vars(found) for part, found in agreements.items()}
    return finite_or_null({"judge": found.judge, **as_dicts, "texts": texts})


def print_agreement(found: "Judged", console: Console, with_texts: bool) -> None:
    """Accuracy, kappa and AUC with intervals, what kinds of texts go wrong, and what it means."""
    concepts = {label.concept.name for label in found.labels}
    n = len(found.labels)
    entry(console, f"judge: {found.judge}")
    paragraph(
        console,
        f"{plural(n, 'labelled text')} of {plural(len(concepts), 'concept')}, "
        f"{sum(label.shows for label in found.labels)} labelled yes",
    )
    _print_measures(found, console)
    _print_cases(found, console)
    if with_texts:
        for label, p in zip(found.labels, found.probabilities, strict=True):
            shows = "yes" if label.shows else "no"
            entry(
                console,
                f"{label.concept.name}, {shows}, P(yes) = {p:.3f}: {quoted(label.text, 80)}",
            )
    paragraph(console, _meaning(found))


def _print_measures(found: "Judged", console: Console) -> None:
    columns = {"all texts": found.all, "half, held out": found.held_out}
    if found.floor is not None:
        columns["keywords, all"] = found.floor
    shown = table("", *columns)
    shown.add_row("yes is above", *(f"{each.threshold:.3g}" for each in columns.values()))
    for measure, title in (("accuracy", "accuracy"), ("kappa", "kappa"), ("auc", "AUC")):
        shown.add_row(title, *(_with_interval(each, measure) for each in columns.values()))
    for k, title in enumerate(("yes: yes, no", "no: yes, no")):
        counts = (each.confusion[k] for each in columns.values())
        shown.add_row(title, *(f"{yes}, {no}" for yes, no in counts))
    console.print(shown)
    paragraph(
        console,
        "Last rows: the label, and how often it was answered yes and no. [ ]: 95 % intervals. The threshold "
        f"of the half is the best of the other half (accuracy {found.chosen_on.accuracy:.2f} there). AUC has "
        "no threshold in it: 0.5 is chance.",
        style="dim",
    )
    if found.all.unanswered:
        texts = plural(found.all.unanswered, "text")
        paragraph(console, f"{texts} answered with neither yes nor no, which counts as no")


def _with_interval(found: "Agreement", measure: str) -> str:
    low, high = getattr(found, f"{measure}_interval")
    value = getattr(found, measure)
    return rf"{value:.2f} \[{low:.2f}, {high:.2f}]"


def _print_cases(found: "Judged", console: Console) -> None:
    """Right answers by the kind of text and by concept, above 0.5."""
    for title, key in (("kind of text", "case"), ("concept", "concept")):
        right: defaultdict[str, list[bool]] = defaultdict(list)
        for label, p in zip(found.labels, found.probabilities, strict=True):
            name = label.case if key == "case" else label.concept.name
            right[name or "all"].append(bool(p > found.all.threshold) == label.shows)
        _print_counts(title, right, console)


def _print_counts(title: str, right: Mapping[str, list[bool]], console: Console) -> None:
    if len(right) < 2:
        return
    counts = ", ".join(f"{name} {sum(each)} of {len(each)}" for name, each in right.items())
    entry(console, f"right above {0.5:g}, by {title}: {counts}", style="dim")


def _meaning(found: "Judged") -> str:
    """What the numbers say about using the judge, in a sentence."""
    low, high = found.all.auc_interval
    if low <= 0.5 <= high:
        return (
            f"This judge is not told from chance on these texts (AUC {low:.2f} to {high:.2f}): do not "
            "believe its presence."
        )
    if high < 0.5:
        return (
            f"This judge answers the wrong way round (AUC at most {high:.2f}): do not believe it."
        )
    floor = found.floor
    if floor is not None and floor.kappa >= max(found.all.kappa, found.held_out.kappa):
        return "It is better than chance, and no better than a rule of words, which costs nothing."
    return (
        "It is better than chance: of a text that shows the concept and one that does not, it ranks the "
        f"first higher {found.all.auc:.0%} of the time."
    )
