"""The explorer's four pictures: tokens, concepts, cost and windows, as HTML with SVG in it.

They show what the functions of `ufm.plots` of the same kind show, with the same numbers, colours and
names of marks.
"""

import numpy as np

from ufm.plots._cross_entropy import _LOOKS as BOUND_LOOKS
from ufm.plots._mass_turns import mass_turns
from ufm.plots._style import PALETTE
from ufm.plots._tokens import _equal_tokens as equal_tokens

from . import _svg as svg
from ._scene import Scene
from ._svg import Chart, number

_STRENGTH = "steering strength α (multiples of v)"
_LONGEST_LEGEND = 16
_BOUND_WORDS = {
    "hoeffding": "≤ y²/8 (Hoeffding), y = R|α|",
    "bennett": "≤ σ²(eʸ − y − 1)/R² (Bennett)",
    "two_point": "≤ two-point Bennett",
    "lower": "≥ σ²(e⁻ʸ + y − 1)/R²",
    "target": "≥ Σπ kl(F(0) ‖ F(α)), F the mass of T",
    "asymptote": "≥ asymptotes, linear",
}


def token_picture(scene: Scene) -> str:
    """Δp(z|c, α) of every token of the context that is looked at, with peaks and limits (Theorem 3.3)."""
    row, context = scene.row, scene.settings.shown_context
    change = scene.laws - row.p
    concept = scene.instance.token_concept.tolist()
    place = [concept[:z].count(k) for z, k in enumerate(concept)]
    chart = Chart(_ends(scene), _span(change), (_STRENGTH, "Δp(z | c, α)"))
    peaks = None if scene.peaks is None else scene.peaks[context]
    sides = {sign: row.limit(sign) - row.p for sign in (-1, +1)}
    groups = equal_tokens(row)
    is_crowded = len(groups) > _LONGEST_LEGEND
    entries = []
    for z, tied in groups.items():
        name = ", ".join(scene.settings.token_names[y] for y in tied)
        at = "" if peaks is None else f", peak at {number(peaks[z], 4)}"
        chart.line(scene.alphas, change[:, z], concept[z], place[z], f"curve {z}", name + at)
        if not is_crowded:  # dots of sixty curves are a thicket, and a third of the time it takes
            for sign, mark in ((-1, f"limit {z} left"), (+1, f"limit {z}")):
                chart.limit(sign, float(sides[sign][z]), concept[z], mark)
        entries.append((svg.line_sample(concept[z], place[z]), name))
    for z in groups:
        if peaks is not None and abs(peaks[z]) <= scene.settings.reach:
            height = float((row.laws(peaks[z : z + 1])[0] - row.p)[z])
            hint = f"{scene.settings.token_names[z]} peaks at α = {number(peaks[z], 6)}"
            chart.disc(float(peaks[z]), height, concept[z], f"peak {z}", hint)
    _mark_choice(chart, scene)
    if is_crowded:
        entries = [
            (svg.line_sample(k, 0), f"{name} …") for k, name in enumerate(_concept_names(scene))
        ]
    entries += [(svg.DISC_SAMPLE, "peak")]
    entries += [] if is_crowded else [(svg.LIMIT_SAMPLE, "limit, α → ±∞")]
    entries += _choice_entry(scene)
    context_name = scene.settings.context_names[context]
    return chart.svg(f"Token curves after context {context_name}") + svg.legend(entries)


def concept_picture(scene: Scene) -> str:
    """The mass F_C(α) of every concept in the context that is looked at (Theorem 3.6)."""
    row, concept = scene.row, scene.instance.token_concept
    chart = Chart(_ends(scene), (-0.03, 1.03), (_STRENGTH, "mass of the concept"))
    entries = []
    for k, name in enumerate(_concept_names(scene)):
        tokens = concept == k
        mass = scene.laws[:, tokens].sum(axis=1)
        chart.line(scene.alphas, mass, k, k, f"curve {k}", name)
        for sign, mark in ((-1, f"limit {k} left"), (+1, f"limit {k}")):
            chart.limit(sign, float(row.limit(sign)[tokens].sum()), k, mark)
        entries.append((svg.line_sample(k, k), name))
        for i, turn in enumerate(mass_turns(row, tokens, scene.alphas) if scene.moves else ()):
            kind = "peak" if turn.is_peak else "trough"
            hint = f"{kind} of {name} at α = {number(turn.alpha, 6)}: {number(turn.mass, 4)}"
            chart.disc(turn.alpha, turn.mass, k, f"{kind} {k}.{i}", hint)
    _mark_choice(chart, scene)
    entries += [(svg.DISC_SAMPLE, "peak or trough"), (svg.LIMIT_SAMPLE, "limit, α → ±∞")]
    context_name = scene.settings.context_names[scene.settings.shown_context]
    picture = chart.svg(f"Concept masses after context {context_name}")
    return picture + svg.legend(entries + _choice_entry(scene))


def cost_picture(scene: Scene) -> str:
    """ΔCE(α) between its bounds, with the budget and the strength that spends it (Theorem 3.8)."""
    top = 1.4 * max(float(scene.cost.max()), 1e-3)
    bottom = min(-0.05 * top, 1.2 * float(scene.cost.min()))
    chart = Chart(_ends(scene), (bottom, top), (_STRENGTH, "ΔCE(α) (nats)"))
    entries = []
    if scene.bounds is not None:
        for name, _, ink, dashes in BOUND_LOOKS:
            words = _BOUND_WORDS[name]
            look = PALETTE.index(ink), ("-", "--", "-.", ":").index(dashes)
            look = look if dashes != ":" else (look[0], 4)
            chart.line(scene.alphas, getattr(scene.bounds, name), *look, name, words)
            entries.append((svg.line_sample(*look), words))
        chart.line(scene.alphas, scene.bounds.quadratic, 6, 4, "quadratic", "½σ²α²")
        entries.append((svg.line_sample(6, 4), "½σ²α²"))
    chart.line(scene.alphas, scene.cost, 6, 0, "curve", "ΔCE")
    chart.level(scene.settings.budget, "budget", f"budget {number(scene.settings.budget)} nats")
    _mark_choice(chart, scene)
    if scene.choice is not None and abs(scene.choice.alpha) <= scene.settings.reach:
        hint = f"α = {number(scene.choice.alpha, 6)} spends the budget"
        chart.disc(scene.choice.alpha, scene.choice.cross_entropy, 6, "choice", hint)
    entries = [(svg.line_sample(6, 0), "ΔCE(α)"), *entries, *_choice_entry(scene)]
    return chart.svg("Cross-entropy increase over all contexts") + svg.legend(entries)


def window_picture(scene: Scene) -> str:
    """The sweet spot of every context, and the strengths that lie in all of them."""
    if scene.windows is None or scene.peaks is None:
        return (
            '<p class="none" data-mark="no window">There is none: δ ≤ 0, so that in no context do all '
            "tokens off the target peak before all tokens of it.</p>"
        )
    m = len(scene.windows)
    reach = scene.settings.reach
    names = [name.replace(": ", " ") for name in scene.settings.context_names]
    chart = Chart((-reach, reach), (m - 0.4, -0.6), (_STRENGTH, ""), 60 + 20 * m, names)
    low, high = float(scene.windows[:, 0].max()), float(scene.windows[:, 1].min())
    is_met = low < high
    if is_met:
        words = f"every sweet spot: {_interval(low, high)}"
        chart.bar(low, high, (m - 1) / 2, m + 1.0, "common", words)
    for j, (start, end) in enumerate(scene.windows.tolist()):
        hint = f"sweet spot of context {names[j]}: {_interval(start, end)}"
        chart.bar(start, end, float(j), 0.5, f"window {j}", hint)
        for kind, tokens, ink in (
            ("off", ~scene.instance.target, 0),
            ("on", scene.instance.target, 1),
        ):
            for i, alpha in enumerate(np.unique(scene.peaks[j][tokens]).tolist()):
                if abs(alpha) <= reach:
                    chart.disc(
                        alpha,
                        float(j),
                        ink,
                        f"{kind} {j}.{i}",
                        f"α = {number(alpha, 6)}",
                        kind == "on",
                    )
    _mark_choice(chart, scene)
    entries = [
        (svg.DISC_SAMPLE, "peak off target"),
        (svg.DIAMOND_SAMPLE, "peak on target"),
        (svg.WINDOW_SAMPLE, "sweet spot of the context"),
        *([(svg.COMMON_SAMPLE, "in every sweet spot")] if is_met else []),
        *_choice_entry(scene),
    ]
    return chart.svg("Sweet-spot windows of all contexts") + svg.legend(entries)


def reading(scene: Scene) -> str:
    """In words: separation margin, range and variance of M, and what the chosen strength buys."""
    instance, choice = scene.instance, scene.choice
    told = "the target is told apart" if instance.margin > 0 else "the target is not told apart"
    text = (
        f"V = {instance.odds.size} tokens, m = {len(instance.log_probs)} contexts. Separation margin "
        f"δ = min M on T − max M off T = {number(instance.margin, 4)}: {told}. "
        f"R = max M − min M = {number(instance.odds_range, 4)}, σ² = {number(instance.variance, 4)}. "
    )
    names = scene.settings.context_names
    for letter, chosen in (("P", instance.positive or ()), ("N", instance.negative or ())):
        text += f"{letter}: {', '.join(names[j] for j in chosen)}. "
    values = f'data-margin="{instance.margin!r}" data-range="{instance.odds_range!r}"'
    if choice is None:
        why = (
            "with δ ≤ 0 the mass of T need not rise."
            if scene.moves
            else "M is constant, and steering changes nothing."
        )
        text += f"<strong>No strength is chosen:</strong> {why}"
    else:
        values += f' data-alpha="{choice.alpha!r}" data-cost="{choice.cross_entropy!r}"'
        values += f' data-mass="{choice.target_mass!r}"'
        text += (
            f"<strong>α = {number(choice.alpha, 4)}</strong> spends the budget of "
            f"{number(choice.budget)} nats; the mean mass of T goes from "
            f"{number(choice.unsteered_target_mass, 4)} to <strong>{number(choice.target_mass, 4)}</strong>."
        )
        if instance.data_probs is not None:
            text += " <strong>Chosen as if Assumption 2 held</strong>; the black curve is the true cost."
        if abs(choice.alpha) > scene.settings.reach:
            text += " It lies outside the range of α shown."
    return f'<p class="reading" data-mark="reading" {values}>{text}</p>'


def _interval(low: float, high: float) -> str:
    return f"({number(low, 4)}, {number(high, 4)})"


def _ends(scene: Scene) -> tuple[float, float]:
    return -scene.settings.reach, scene.settings.reach


def _span(values: np.ndarray) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    if high - low < 1e-9:  # rounding of what does not move
        low, high = low - 0.05, high + 0.05
    margin = 0.06 * (high - low)
    return low - margin, high + margin


def _concept_names(scene: Scene) -> list[str]:
    concept = scene.instance.token_concept.tolist()
    names = []
    for k, size in enumerate(scene.settings.sizes):
        first = concept.index(k)
        tokens = scene.settings.token_names[first : first + size]
        listed = " ".join(tokens if size <= 4 else [*tokens[:2], "…", tokens[-1]])
        names.append(f"C{k + 1} = {listed}" + (" (T)" if k == 0 else ""))
    return names


def _mark_choice(chart: Chart, scene: Scene) -> None:
    if scene.choice is not None and abs(scene.choice.alpha) <= scene.settings.reach:
        hint = f"chosen strength α = {number(scene.choice.alpha, 6)}"
        chart.upright(float(scene.choice.alpha), "chosen", hint)


def _choice_entry(scene: Scene) -> list[tuple[str, str]]:
    return [] if scene.choice is None else [(svg.UPRIGHT_SAMPLE, "α for the budget")]
