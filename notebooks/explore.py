# /// script
# [tool.marimo.display]
# theme = "system"
# ///
"""An explorer of steering strength: choose the data and the vector, see the curves and every verdict.

Start it with `ufm explore --verdicts`, or `marimo run notebooks/explore.py`. What it shows is worked out in
`ufm.app.explorer`; here are sliders and layout.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="full", app_title="Steering strength: explorer")

with app.setup:
    import time

    import jax
    import marimo as mo

    from ufm.app import explorer

    # Before any array is made: peaks, and all the checks, need float64.
    jax.config.update("jax_enable_x64", True)
    IS_APP = mo.app_meta().mode in ("run", "edit")
    if IS_APP:
        explorer.warm_up(wait=False)

    def swapped(options: dict[str, str]) -> dict[str, str]:
        """What a dropdown wants: what each option means, by its words."""
        return {words: value for value, words in options.items()}

    def titled(table: str) -> mo.Html:
        """The table of verdicts under its heading."""
        return mo.Html(explorer.titled("Every claim, on this instance", table))

    # Here and not in a cell, whose names are gone, for its threads too, once it runs again.
    def show_tables(scene: explorer.Scene) -> None:
        """In a thread: show the table as it fills, until other settings have a table of their own."""
        thread = mo.current_thread()
        for table in explorer.tables(scene, lambda: not thread.should_exit):
            mo.output.replace(titled(table))


@app.cell
def _():
    mo.Html(explorer.STYLE)
    return


@app.cell
def _():
    start, complaints = explorer.from_query(mo.query_params().to_dict())
    # Where an element is made anew, it starts from what it last showed.
    kept = {"context": start.shown_context}
    return complaints, kept, start


@app.cell
def _(start):
    def _slider(name, label):
        steps = explorer.CHOICES[name]
        return mo.ui.slider(
            steps=list(steps), value=getattr(start, name), label=label, show_value=True
        )

    concepts_slider = _slider("concepts", "concepts G")
    size_slider = _slider("size", "tokens s")
    shrink_slider = _slider("shrink", "taper")
    contexts_slider = _slider("contexts", "contexts")
    epsilon_slider = _slider("epsilon", "mass off ε")
    gamma_slider = _slider("gamma", "ratio in γ")
    omega_slider = _slider("omega", "ratio in ω")
    seed_slider = _slider("seed", "seed")
    reach_slider = _slider("reach", "range of α")
    budget_slider = _slider("budget", "budget κ")
    law_choice = mo.ui.dropdown(
        swapped(explorer.LAWS),
        value=explorer.LAWS[start.law],
        label="rates",
        allow_select_none=False,
        full_width=True,
    )
    sets_choice = mo.ui.dropdown(
        swapped(explorer.SETS),
        value=explorer.SETS[start.sets],
        label="P and N",
        allow_select_none=False,
        full_width=True,
    )
    positive_text = mo.ui.text(" ".join(map(str, start.positive)), label="P: contexts")
    negative_text = mo.ui.text(" ".join(map(str, start.negative)), label="N: contexts")
    hypothesis_choice = mo.ui.dropdown(
        swapped(explorer.BREAKS),
        value=explorer.BREAKS[start.broken or "separation"],
        label="break a hypothesis",
        allow_select_none=False,
        full_width=True,
    )
    break_button = mo.ui.button(
        value=bool(start.broken),
        on_click=lambda is_broken: not is_broken,
        kind="warn",
        label="Break it / mend it",
    )
    # By these names the layout does not run again, and redraw them all, whenever one of them moves.
    panel = {
        "sizes": (law_choice, concepts_slider, size_slider, shrink_slider, contexts_slider),
        "epsilon": (epsilon_slider,),
        "laws": (gamma_slider, omega_slider),
        "sets": (sets_choice,),
        "picked": (positive_text, negative_text),
        "seed": (seed_slider,),
        "view": (reach_slider, budget_slider),
        "break": (hypothesis_choice, break_button),
    }
    return (
        break_button,
        budget_slider,
        concepts_slider,
        contexts_slider,
        epsilon_slider,
        gamma_slider,
        hypothesis_choice,
        law_choice,
        negative_text,
        omega_slider,
        panel,
        positive_text,
        reach_slider,
        seed_slider,
        sets_choice,
        shrink_slider,
        size_slider,
    )


@app.cell
def _(concepts_slider, contexts_slider, kept, shrink_slider, size_slider):
    _names = explorer.Settings(
        concepts=int(concepts_slider.value),
        size=int(size_slider.value),
        shrink=int(shrink_slider.value),
        contexts=int(contexts_slider.value),
    ).context_names
    context_choice = mo.ui.dropdown(
        {name: j for j, name in enumerate(_names)},
        value=_names[min(kept["context"], len(_names) - 1)],
        label="context shown",
        allow_select_none=False,
        on_change=lambda context: kept.update(context=context),
    )
    return (context_choice,)


@app.cell
def _(context_choice, law_choice, panel, sets_choice):
    _law, _sets = law_choice.value, sets_choice.value
    _groups = {
        "Data": (
            "G concepts of s tokens, less the taper in each next one; ε is the mass off the concept",
            *panel["sizes"],
            *panel["epsilon"],
            *(panel["laws"] if _law == "laws" else ()),
        ),
        "Steering vector": (
            "mean of the contexts P less mean of the contexts N; T is the first concept",
            *panel["sets"],
            *(panel["picked"] if _sets == "picked" else ()),
            *(panel["seed"] if "random" in (_law, _sets) else ()),
        ),
        "View": ("budget κ in nats", context_choice, *panel["view"]),
        "What if a hypothesis fails?": ("", *panel["break"]),
    }
    mo.Html(explorer.controls(_groups))
    return


@app.cell
def _(
    break_button,
    budget_slider,
    complaints,
    concepts_slider,
    context_choice,
    contexts_slider,
    epsilon_slider,
    gamma_slider,
    hypothesis_choice,
    law_choice,
    negative_text,
    omega_slider,
    positive_text,
    reach_slider,
    seed_slider,
    sets_choice,
    shrink_slider,
    size_slider,
):
    clock = (time.perf_counter(), time.thread_time())
    wrong = list(complaints)
    try:
        _positive, _negative = map(explorer.picks, (positive_text.value, negative_text.value))
    except ValueError as _error:
        _positive, _negative = (), ()
        wrong.append(f"What is picked {_error}")
    settings = explorer.Settings(
        law=law_choice.value,
        concepts=int(concepts_slider.value),
        size=int(size_slider.value),
        shrink=int(shrink_slider.value),
        contexts=int(contexts_slider.value),
        epsilon=float(epsilon_slider.value),
        gamma=float(gamma_slider.value),
        omega=float(omega_slider.value),
        seed=int(seed_slider.value),
        sets=sets_choice.value,
        positive=_positive,
        negative=_negative,
        broken=hypothesis_choice.value if break_button.value else "",
        context=int(context_choice.value),
        reach=float(reach_slider.value),
        budget=float(budget_slider.value),
    )
    try:
        scene = explorer.build(settings)
    except ValueError as _error:
        scene = None
        wrong.append(f"These settings make no instance: {_error}")
    return clock, scene, settings, wrong


@app.cell
def _(clock, scene, settings, wrong):
    if scene is not None and explorer.pending(scene, "pictures"):
        with mo.status.spinner(
            title="Compiling, once: the first pictures take about ten seconds …"
        ):
            while explorer.pending(scene, "pictures"):
                time.sleep(0.05)
    mo.Html(explorer.views(settings, scene, wrong, clock))
    return


@app.cell
def _(settings):
    # An underscore keeps this cell alone from running again when the parameters change.
    _parameters, _wanted = mo.query_params(), explorer.to_query(settings)
    for _name in {*_parameters.to_dict(), *_wanted} & set(settings.__dataclass_fields__):
        if _parameters.get(_name) != _wanted.get(_name):
            _parameters.set(_name, _wanted.get(_name))
    return


@app.cell
def _(scene):
    mo.stop(scene is None)
    _html = None
    if IS_APP and (explorer.pending(scene) or explorer.trains(scene)):
        mo.Thread(target=show_tables, args=(scene,)).start()
    else:
        if IS_APP:  # the pictures go out first: judging leaves the server little of the interpreter
            time.sleep(0.03)
        *_, _html = explorer.tables(scene)
    titled(_html) if _html else None
    return


@app.cell
def _(scene):
    mo.stop(scene is None)
    instance_json = explorer.json_text(scene.record)
    _note = (
        " **It leaves out what was broken**: it states the law of the model alone, not that of the data."
        if scene.instance.data_probs is not None
        else ""
    )
    mo.vstack(
        [
            mo.md(
                f"""
                **The instance as JSON**, in exact rationals, for `ufm certify instance.json`, which proves
                or refutes the claims on it for *every* α.{_note}
                """
            ),
            mo.download(
                instance_json.encode(), filename="instance.json", label="Download instance.json"
            ),
            mo.md(f"```text\n{instance_json}```"),
        ]
    )
    return (instance_json,)


if __name__ == "__main__":
    app.run()
