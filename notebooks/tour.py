"""A tour of steering strength.

As an app `marimo run notebooks/tour.py`, to change it `marimo edit notebooks/tour.py`, as a script
`python notebooks/tour.py`, its assertions alone `pytest notebooks/tour.py`.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Steering strength")

with app.setup(hide_code=True):
    import base64
    import io
    from typing import NamedTuple

    import jax
    import marimo as mo
    import numpy as np

    import theorems
    import ufm
    from theorems.verify import verify_instance
    from ufm import plots

    # Before any array is made: peaks, and all the checks, need float64.
    jax.config.update("jax_enable_x64", True)

    ALPHABETS = ("abcd", "ABCD", "αβγδ", "1234")
    CONTRASTIVE = "one opposite concept (contrastive)"
    RANDOM = "every other concept (random)"

    class Settings(NamedTuple):
        """What the data and the steering vector are made of."""

        concepts: int = 3
        size: int = 3
        epsilon: float = 0.05
        unevenness: float = 0.75
        negative: str = CONTRASTIVE
        is_broken: bool = False

    class View(NamedTuple):
        """What is looked at: a context, the strengths −reach … reach, and one of them."""

        context: int = 2
        reach: float = 5.0
        alpha: float = 1.0


@app.function
def png_of(name: str) -> str:
    """A figure of the gallery as the address of a PNG that is in the address itself."""
    picture = next(picture for picture in plots.GALLERY if picture.name == name)
    file = io.BytesIO()
    picture.draw().savefig(file, format="png", dpi=150)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


@app.cell
def _():
    mo.vstack(
        [
            mo.md("# How strongly to steer"),
            mo.Html(
                "<picture>"
                f'<source media="(max-width: 600px)" srcset="{png_of("at-a-glance-tall")}">'
                f'<img src="{png_of("at-a-glance")}" style="max-width: 100%" '
                'alt="Three panels. Most tokens peak, then fade; the target rises, its opposite falls; '
                'the price grows like α², then linearly.">'
                "</picture>"
            ),
            mo.md(r"""
            Steered harder, most tokens peak and fade, the target keeps gaining, and the price grows without
            end.

            A **steering vector** $v$ is the mean hidden state of contexts that show a concept $T$, less that
            of contexts that do not. Adding $\alpha v$ to a hidden state pushes a language model towards $T$;
            $\alpha$ is the **steering strength**. What does more of it do?

            In the unconstrained features model of
            [arXiv:2602.02712](https://arxiv.org/abs/2602.02712) the answer is exact. Steering tilts the
            next-token distribution of each context $c_j$:

            $$p_{j,\alpha}(z) = \frac{p(z|c_j)\,e^{\alpha M(z)}}{\sum_y p(y|c_j)\,e^{\alpha M(y)}},$$

            $$M(z) = \frac{1}{|P|} \sum_{i \in P} \log p(z|c_i) -
            \frac{1}{|N|} \sum_{i \in N} \log p(z|c_i),$$

            with $P$ the contexts of $T$ and $N$ the others that $v$ was made of. Every curve below follows
            from this, and the table at the end checks every claim of the theory on the very
            instance that is set up here.
            """),
        ]
    )
    return


@app.cell
def _():
    concepts_slider = mo.ui.slider(2, 4, value=3, label="concepts G", show_value=True)
    size_slider = mo.ui.slider(2, 4, value=3, label="tokens a concept s", show_value=True)
    epsilon_slider = mo.ui.slider(
        0.01,
        0.45,
        step=0.01,
        value=0.05,
        debounce=True,
        label="off-concept mass ε",
        show_value=True,
    )
    unevenness_slider = mo.ui.slider(
        0, 2, step=0.25, value=0.75, debounce=True, label="unevenness u", show_value=True
    )
    negative_choice = mo.ui.dropdown([CONTRASTIVE, RANDOM], value=CONTRASTIVE, label="N from")
    broken_box = mo.ui.checkbox(label="break Assumption 1: the first token of T shuns its concept")
    return (
        broken_box,
        concepts_slider,
        epsilon_slider,
        negative_choice,
        size_slider,
        unevenness_slider,
    )


@app.cell
def _(
    broken_box,
    concepts_slider,
    epsilon_slider,
    negative_choice,
    size_slider,
    unevenness_slider,
):
    mo.vstack(
        [
            mo.md(r"""
            ## The data

            The theory asks two things of the data (Assumption 1). A token is likelier after contexts of its
            own concept than after any other. And after all other contexts it is equally likely: else the
            vector, which compares $P$ with $N$, could favour a token of a third concept.

            Here $G$ concepts have $s$ tokens each, and the target $T$ is the first concept.
            Two numbers say the rest. The **off-concept mass** $\varepsilon$ is what a context leaves to all
            other concepts together, in equal parts. The **unevenness** $u$ makes each token of a concept
            less likely, after contexts of its own, than the one before it. With $u = 0$ they are all alike:
            this is the paper's ε-smoothed dataset.

            As formulas: after a context of another concept a token has the probability

            $$b = \frac{\varepsilon}{(G-1)s}.$$

            After a context of its own, the $i$-th token of a concept has a share $g_i$ of what is left:

            $$a_i = b + (1 - Gsb)\,g_i, \qquad g_i = \frac{e^{-ui}}{\sum_k e^{-uk}}.$$
            """),
            mo.hstack([concepts_slider, size_slider], justify="start", gap=2),
            mo.hstack([epsilon_slider, unevenness_slider], justify="start", gap=2),
            mo.hstack([negative_choice, broken_box], justify="start", gap=2),
        ]
    )
    return


@app.cell
def _(
    broken_box,
    concepts_slider,
    epsilon_slider,
    negative_choice,
    size_slider,
    unevenness_slider,
):
    settings = Settings(
        concepts=int(concepts_slider.value),
        size=int(size_slider.value),
        epsilon=float(epsilon_slider.value),
        unevenness=float(unevenness_slider.value),
        negative=str(negative_choice.value),
        is_broken=bool(broken_box.value),
    )
    return (settings,)


@app.function
def make_dataset(settings: Settings) -> ufm.ConceptDataset:
    """The dataset of `settings`; Assumption 1 holds by construction unless it is to be broken."""
    share = np.exp(-settings.unevenness * np.arange(settings.size))
    in_law = np.tile(share / share.sum(), settings.concepts)
    off_concept = settings.epsilon / ((settings.concepts - 1) * settings.size)
    rates_off = np.full(in_law.size, off_concept)
    dataset = ufm.ConceptDataset.from_rates(
        rates_off + (1 - rates_off.sum()) * in_law,
        rates_off,
        np.repeat(np.arange(settings.concepts), settings.size),
    )
    if not settings.is_broken:
        return dataset
    probs = np.array(dataset.next_token_probs)
    probs[dataset.concept_contexts(0), 0] = off_concept / 4
    return ufm.ConceptDataset(
        probs / probs.sum(axis=1, keepdims=True),
        dataset.token_concept,
        dataset.context_concept,
        dataset.context_weights,
        dataset.contexts,
    )


@app.cell
def _(settings):
    dataset = make_dataset(settings)
    positive = dataset.concept_contexts(0)
    negative = (
        dataset.concept_contexts(1)
        if settings.negative == CONTRASTIVE
        else [dataset.concept_contexts(k)[0] for k in range(1, settings.concepts)]
    )
    instance = theorems.Instance.from_dataset(dataset, positive, negative)
    tilt = instance.tilt
    is_target = np.asarray(dataset.concept_tokens(0))
    separation = float(ufm.separation_margin(tilt, is_target))

    letters = [alphabet[: settings.size] for alphabet in ALPHABETS[: settings.concepts]]
    token_names = [letter for alphabet in letters for letter in alphabet]
    concept_names = [" ".join(alphabet) for alphabet in letters]
    concept_names[0] += " (T)"
    context_names = [
        f"c{j} = " + "".join(token_names[z] for z in word)
        for j, word in enumerate(np.asarray(dataset.contexts))
    ]
    return (
        concept_names,
        context_names,
        dataset,
        instance,
        is_target,
        negative,
        positive,
        separation,
        tilt,
        token_names,
    )


@app.cell
def _(context_names, negative, positive, separation, settings):
    mo.md(
        rf"""
    $V = {settings.concepts * settings.size}$.
    $P$: {", ".join(context_names[j] for j in positive)}.
    $N$: {", ".join(context_names[j] for j in negative)}.
    Separation margin $\delta = \min_T M - \max_{{z \notin T}} M = {separation:.3f}$"""
        + (
            " > 0: the target is separated."
            if separation > 0
            else ": the target is **not** separated."
        )
    )
    return


@app.cell
def _(context_names):
    context_choice = mo.ui.dropdown(
        {name: j for j, name in enumerate(context_names)}, value=context_names[2], label="context"
    )
    reach_slider = mo.ui.slider(
        1, 20, value=5, debounce=True, label="largest α shown", show_value=True
    )
    return context_choice, reach_slider


@app.cell
def _(reach_slider):
    alpha_slider = mo.ui.slider(
        -reach_slider.value,
        reach_slider.value,
        step=reach_slider.value / 50,
        value=reach_slider.value / 5,
        debounce=True,
        label="strength α",
        show_value=True,
    )
    return (alpha_slider,)


@app.cell
def _(alpha_slider, context_choice, reach_slider):
    view = View(int(context_choice.value), float(reach_slider.value), float(alpha_slider.value))
    return (view,)


@app.cell
def _(alpha_slider, context_choice, reach_slider, view):
    mo.vstack(
        [
            mo.md(f"""
            ## The curves

            Strengths run from −{view.reach:g} to {view.reach:g}; a thin grey line marks α = {view.alpha:g}.
            """),
            mo.hstack([context_choice, reach_slider, alpha_slider], justify="start", gap=2),
        ]
    )
    return


@app.cell
def _(view):
    alphas = np.linspace(-view.reach, view.reach, 401)
    return (alphas,)


@app.function
def axes_at(alpha: float, height: float = 3.4):
    """New axes with a thin line at α."""
    _, (axes,) = plots.new_axes(height=height)
    axes.axvline(alpha, color="0.6", linewidth=1, gid="alpha")
    return axes


@app.cell
def _(alphas, context_names, dataset, tilt, token_names, view):
    token_axes = plots.token_curves(
        tilt,
        view.context,
        alphas=alphas,
        names=token_names,
        token_concept=dataset.token_concept,
        axes=axes_at(view.alpha, 4.2),
    )
    token_axes.set_title(f"Tokens after {context_names[view.context]}", loc="left")
    mo.vstack(
        [
            mo.md(r"""
            **Tokens** (Theorem 3.3). Where $M(z)$ is largest the probability only rises, where it is
            smallest it only falls; any other token rises, peaks once (disc) and falls. If $\delta > 0$,
            every token of $T$ peaks after every other token: between the two groups of peaks lies
            the sweet spot.
            """),
            token_axes.figure,
        ]
    )
    return (token_axes,)


@app.cell
def _(alphas, concept_names, context_names, dataset, tilt, view):
    concept_axes = plots.concept_curves(
        tilt,
        view.context,
        alphas=alphas,
        token_concept=dataset.token_concept,
        names=concept_names,
        is_mass=True,
        axes=axes_at(view.alpha),
    )
    concept_axes.set_title(f"Concepts after {context_names[view.context]}", loc="left")
    mo.vstack(
        [
            mo.md(r"""
            **Concepts** (Theorem 3.6). If $\delta > 0$, the mass of $T$ increases from 0 to 1. A concept
            that holds neither a largest nor a smallest $M$ vanishes at both ends.
            """),
            concept_axes.figure,
        ]
    )
    return (concept_axes,)


@app.cell
def _(alphas, dataset, tilt, view):
    loss_axes = plots.cross_entropy_curve(
        tilt, dataset.context_weights, alphas=alphas, axes=axes_at(view.alpha)
    )
    loss_axes.set_title("Cross-entropy, all contexts", loc="left")
    mo.vstack(
        [
            mo.md(r"""
            **The price** (Theorem 3.8). The cross-entropy grows like $\frac12\sigma^2\alpha^2$ near 0,
            with $\sigma^2 = \sum_j \pi_j \operatorname{Var}_j(M)$. It is convex everywhere, and far out
            it is a straight line: the quadratic is right near 0 only.
            """),
            loss_axes.figure,
        ]
    )
    return (loss_axes,)


@app.cell
def _(context_names, dataset, is_target, separation, tilt, token_names, view):
    mass = float(ufm.concept_probability(tilt, view.alpha, is_target)[view.context])
    price = float(ufm.cross_entropy_increase(tilt, view.alpha, dataset.context_weights))
    likeliest = token_names[int(tilt.probs(view.alpha)[view.context].argmax())]
    if separation > 0:
        low, high = np.asarray(ufm.sweet_spot(tilt, is_target))[view.context]
        window = f"the sweet spot of this context is ({low:.3g}, {high:.3g})".replace("inf", "∞")
    else:
        window = "there is no sweet spot, as δ ≤ 0"
    mo.md(
        f"At **α = {view.alpha:g}** the model says **{likeliest}** after {context_names[view.context]}; "
        f"the mass of T is **{mass:.4f}**, the price **{price:.4f} nats**; {window}."
    )
    return


@app.cell
def _(instance):
    with mo.status.progress_bar(
        total=len(theorems.CLAIMS),
        title="Checking every claim (the first run compiles: 20 to 40 s)",
        remove_on_exit=True,
    ) as _bar:
        report = verify_instance(
            theorems.STATEMENTS, instance, lambda _, __, claim: _bar.update(subtitle=claim)
        )
    verdict_rows = [
        {
            "claim": claim_id,
            "verdict": str(tally.verdict),
            "what it says": tally.claim.text,
            "what was seen": tally.reason if tally.worst is None else tally.worst.evidence,
            "margin": "" if tally.worst is None else f"{tally.worst.margin + 0.0:.1e}",
            "tolerance": "" if tally.worst is None else f"{tally.worst.tolerance:.1e}",
        }
        for claim_id, tally in report.tallies.items()
    ]
    return report, verdict_rows


@app.cell
def _(verdict_rows):
    def _style(row: str, column: str, value: object) -> dict[str, str]:
        colours = {"holds": "#00664b", "fails": "#a33c00", "undecided": "#7a5200"}
        bold = {"fontWeight": "bold", "color": colours.get(str(value), "#555555")}
        return bold if column == "verdict" else {}

    _count = {
        outcome: sum(row["verdict"] == outcome for row in verdict_rows)
        for outcome in theorems.Outcome
    }
    _others = sum(claim.is_of_others for claim in theorems.CLAIMS.values())
    _own = f"{len(verdict_rows) - _others} claims"
    _sentences = f"{_others} sentences of others"
    _table = mo.ui.table(
        verdict_rows,
        selection=None,
        pagination=False,
        show_column_summaries=False,
        show_data_types=False,
        show_download=False,
        wrapped_columns=["claim", "what it says", "what was seen"],
        style_cell=_style,
    )
    mo.vstack(
        [
            mo.md(f"""
            ## Every claim, on this instance

            Of {_own}, of the paper and of this project, and of the {_sentences} that the model can judge,
            **{_count["holds"]} hold, {_count["fails"]} fail, {_count["undecided"]} are undecided;
            {_count["hypotheses unmet"]} have hypotheses unmet**: these neither hold nor fail, and the
            table says which hypothesis is broken, and by how much. *Margin* is how far the worst
            point was from failing, *tolerance* the rounding error allowed for. Nothing here is a
            proof: these are float64 checks on one instance.
            """),
            mo.Html(
                f"<details><summary>The verdicts on {_own} and {_sentences}</summary>{_table}</details>"
            ),
        ]
    )
    return


@app.cell
def test_no_claim_fails(verdict_rows):
    failing = [row for row in verdict_rows if row["verdict"] == "fails"]
    assert len(verdict_rows) == len(theorems.CLAIMS)
    assert not failing, failing
    return


@app.cell
def test_target_peaks_last(is_target, separation, tilt):
    peaks = np.asarray(ufm.peak_strengths(tilt))
    if separation > 0:
        assert (peaks[:, ~is_target].max(axis=1) < peaks[:, is_target].min(axis=1)).all()
    # In the order of M, and so is every context's order of peaks.
    by_odds = peaks[:, np.argsort(np.asarray(tilt.log_odds), kind="stable")]
    assert (by_odds[:, :-1] <= by_odds[:, 1:]).all()
    return


@app.cell
def test_target_mass_increases(alphas, is_target, separation, tilt):
    # As log-odds, which do not round to 1 as the mass does.
    log_odds = np.asarray(
        ufm.sweep(tilt, alphas, lambda t, alpha: ufm.concept_log_odds(t, alpha, is_target))
    )
    assert separation <= 0 or (np.diff(log_odds, axis=0) > 0).all()
    return


@app.cell
def test_price_is_convex(loss_axes):
    increase = next(line for line in loss_axes.lines if line.get_gid() == "curve").get_ydata()
    assert (increase >= 0).all()
    # Second differences of numbers of size max ΔCE carry a few units in its last place.
    assert (np.diff(increase, 2) > -1e-14 * (1 + increase.max())).all()
    return


if __name__ == "__main__":
    app.run()
