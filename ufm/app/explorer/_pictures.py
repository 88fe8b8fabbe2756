"""The explorer's four pictures: tokens, concepts, cost and windows, as HTML with SVG in it.

They are the drawings of `ufm.plots`, with the budget and the chosen strength ruled across them.
"""

from itertools import islice

from ufm.plots._concepts import concept_drawing
from ufm.plots._cross_entropy import bound_entries
from ufm.plots._marks import Curve, Drawing, Entry, Limit, Points
from ufm.plots._style import LIMIT_ENTRY, PALETTE, STRENGTH, dashes, rounded
from ufm.plots._tokens import LONGEST_LEGEND, token_drawing
from ufm.plots._windows import window_drawing

from ._scene import Scene
from ._svg import Rule, picture

_BLACK = PALETTE[-1]


def token_picture(scene: Scene) -> str:
    """Δp(z|c, α) of every token of the context that is looked at, with peaks and limits (Theorem 3.3)."""
    context = scene.settings.shown_context
    drawing = token_drawing(
        scene.row,
        scene.alphas,
        None if scene.peaks is None else scene.peaks[context],
        scene.settings.token_names,
        token_concept=scene.instance.token_concept,
        concept_names=[f"{name} …" for name in _concept_names(scene)],
    )
    curves = [mark for mark in drawing.marks if isinstance(mark, Curve)]
    if len(curves) > LONGEST_LEGEND:
        # dots of sixty curves are a thicket, and a third of the time it takes
        drawing.marks = [mark for mark in drawing.marks if not isinstance(mark, Limit)]
        drawing.entries.remove(LIMIT_ENTRY)
    name = scene.settings.context_names[context]
    return picture(drawing, f"Token curves after context {name}", _choice(scene))


def concept_picture(scene: Scene) -> str:
    """The mass F_C(α) of every concept in the context that is looked at (Theorem 3.6)."""
    concept, names = scene.instance.token_concept, _concept_names(scene)
    drawing = concept_drawing(scene.row, scene.alphas, concept, names, is_mass=True)
    drawing.y = (-0.03, 1.03)
    name = scene.settings.context_names[scene.settings.shown_context]
    return picture(drawing, f"Concept masses after context {name}", _choice(scene))


def cost_picture(scene: Scene) -> str:
    """ΔCE(α) between its bounds, with the budget and the strength that spends it (Theorem 3.8)."""
    alphas, reach, budget = scene.alphas, scene.settings.reach, scene.settings.budget
    main = Curve("curve", alphas, scene.cost, _BLACK, hint="ΔCE", is_above=True)
    entries = [Entry(main, "ΔCE(α)")]
    if scene.bounds is not None:
        words, half = "½σ²α²", scene.bounds.quadratic
        quadratic = Curve("quadratic", alphas, half, _BLACK, dashes(-1), words)
        entries += [*bound_entries(alphas, scene.bounds), Entry(quadratic, words)]
    top = 1.4 * max(float(scene.cost.max()), 1e-3)
    y = min(-0.05 * top, 1.2 * float(scene.cost.min())), top
    curves = [entry.sample for entry in entries]
    drawing = Drawing((STRENGTH, "ΔCE(α) (nats)"), (-reach, reach), y, curves, entries)
    if scene.choice is not None and abs(scene.choice.alpha) <= reach:
        at = scene.choice.alpha, scene.choice.cross_entropy
        hint = f"α = {rounded(at[0], 6)} spends the budget"
        drawing.marks.append(Points("choice", *at, _BLACK, hint=hint))
    level = Rule("budget", f"budget {rounded(budget)} nats", y=budget)
    return picture(drawing, "Cross-entropy increase over all contexts", [level, *_choice(scene)])


def window_picture(scene: Scene) -> str:
    """The sweet spot of every context, and the strengths that lie in all of them."""
    if scene.peaks is None or scene.instance.margin <= 0:
        return (
            '<p class="none" data-mark="no window">There is none: δ ≤ 0, so that in no context do all '
            "tokens off the target peak before all tokens of it.</p>"
        )
    reach = scene.settings.reach
    names = [name.replace(": ", " ") for name in scene.settings.context_names]
    peaks = dict(enumerate(scene.peaks))
    drawing = window_drawing(peaks, scene.instance.target, names, (-reach, reach))
    drawing.labels = (STRENGTH, "")  # the names of the rows leave it no room
    height = 60 + 20 * len(names)
    about = "Sweet-spot windows of all contexts"
    return picture(drawing, about, _choice(scene), height=height)


def reading(scene: Scene) -> str:
    """In words: separation margin, range and variance of M, and what the chosen strength buys."""
    instance, choice = scene.instance, scene.choice
    told = "the target is separated" if instance.margin > 0 else "the target is not separated"
    text = (
        f"V = {instance.odds.size} tokens, m = {len(instance.log_probs)} contexts. Separation margin "
        f"δ = min M on T − max M off T = {rounded(instance.margin, 4)}: {told}. "
        f"R = max M − min M = {rounded(instance.odds_range, 4)}, σ² = {rounded(instance.variance, 4)}. "
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
        before, after = rounded(choice.unsteered_target_mass, 4), rounded(choice.target_mass, 4)
        text += (
            f"<strong>α = {rounded(choice.alpha, 4)}</strong> spends the budget of "
            f"{rounded(choice.budget)} nats; the mean mass of T goes from {before} to "
            f"<strong>{after}</strong>."
        )
        if instance.data_probs is not None:
            text += " <strong>Chosen as if Assumption 2 held</strong>; the black curve is the true cost."
        if abs(choice.alpha) > scene.settings.reach:
            text += " It lies outside the range of α shown."
    return f'<p class="reading" data-mark="reading" {values}>{text}</p>'


def _concept_names(scene: Scene) -> list[str]:
    names, every = [], iter(scene.settings.token_names)
    for k, size in enumerate(scene.settings.sizes):
        tokens = list(islice(every, size))
        listed = " ".join(tokens if size <= 4 else [*tokens[:2], "…", tokens[-1]])
        names.append(f"C{k + 1} = {listed}" + (" (T)" if k == 0 else ""))
    return names


def _choice(scene: Scene) -> list[Rule]:
    """The chosen strength, where there is one."""
    if scene.choice is None:
        return []
    alpha = float(scene.choice.alpha)
    hint = f"chosen strength α = {rounded(alpha, 6)}"
    return [Rule("chosen", hint, "α for the budget", x=alpha)]
