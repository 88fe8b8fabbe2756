# /// script
# [tool.marimo.display]
# theme = "system"
# ///
"""Every claim's verdict on an instance of yours: choose it, break a hypothesis, see what falls.

Start it with `ufm explore --verdicts`, or `marimo run notebooks/explore.py`. What it shows is worked out in
`ufm.app.explorer`; here are the controls and their order.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="full", app_title="Steering strength: explorer")

with app.setup:
    from dataclasses import replace
    from threading import Event

    import jax
    import marimo as mo

    from ufm.app import explorer

    # Before any array is made: peaks, and all the checks, need float64.
    jax.config.update("jax_enable_x64", True)
    IS_APP = mo.app_meta().mode in ("run", "edit")

    def show_verdicts(judgement: explorer.Judgement, is_first_shown: Event) -> None:
        """In a thread: show the verdicts as they come, until others are asked for.

        The cell that starts it shows the first of them, which must not come after these.
        """
        thread = mo.current_thread()
        while not is_first_shown.wait(0.1):
            if thread.should_exit:
                return
        for _ in judgement.watch(lambda: not thread.should_exit):
            mo.output.replace(mo.Html(explorer.page(judgement)))


@app.cell
def _():
    mo.Html(explorer.HEAD)
    return


@app.cell
def _():
    start, complaints = explorer.from_query(mo.query_params().to_dict())
    # The instance of the user's own as JSON, or "", and what was wrong with the file she opened.
    get_own, set_own = mo.state((start.own, ""))
    get_broken, set_broken = mo.state(start.broken)
    kept = {"source": start.source}  # what was last chosen from the list
    return complaints, get_broken, get_own, kept, set_broken, set_own, start


@app.cell
def _(get_own, kept, set_own):
    def choose(name: str) -> None:
        if name:
            kept["source"] = name
            if get_own() != ("", ""):  # else this control would be made anew
                set_own(("", ""))

    _is_own = bool(get_own()[0])
    _options = {words: name for name, words in explorer.SOURCES.items()}
    source_choice = mo.ui.dropdown(
        {"yours": ""} | _options if _is_own else _options,
        value="yours" if _is_own else explorer.SOURCES[kept["source"]],
        label="Instance",
        allow_select_none=False,
        full_width=True,
        on_change=choose,
    )
    return (source_choice,)


@app.cell
def _(set_broken, set_own, start):
    def open_file(files) -> None:
        try:
            records = [explorer.read_record(file.name, file.contents) for file in files]
        except ValueError as error:
            complaint = f"{error}. The instance from before is still shown."
            set_own(lambda own: (own[0], complaint))
        else:
            for record in records:
                set_broken("")  # a file is shown as it is
                set_own((explorer.json_text(record), ""))

    seed_number = mo.ui.number(0, 999, step=1, value=start.seed, label="seed")
    file_button = mo.ui.file(  # of any suffix, so that a wrong one is told on the page
        kind="button",
        label="Open an instance, a table or a certificate",
        on_change=open_file,
    )
    return file_button, seed_number


@app.cell
def _(set_broken):
    # made once, so that the one that is pressed keeps the focus
    break_buttons = mo.ui.array(
        [
            mo.ui.button(
                label=words,
                tooltip=explorer.HOW_BROKEN.get(name, "nothing is broken"),
                on_click=lambda _, name=name: set_broken(name),
            )
            for name, words in {"": "none", **explorer.BREAKS}.items()
        ]
    )
    return (break_buttons,)


@app.cell
def _(file_button, seed_number, source_choice):
    _seed = [seed_number] if source_choice.value == "random" else []
    mo.Html(explorer.row([source_choice, *_seed, file_button]))
    return


@app.cell
def _(break_buttons, get_broken):
    mo.Html(explorer.breaking(explorer.Choice(broken=get_broken()), break_buttons.elements))
    return


@app.cell
def _(get_own, kept, seed_number, set_own, source_choice):
    listed = explorer.Choice(source_choice.value or kept["source"], int(seed_number.value or 0))
    listed_text = explorer.json_text(explorer.record_of(listed))
    own, unread = get_own()
    record_text = mo.ui.text_area(
        own or listed_text,
        rows=12,
        full_width=True,
        label="What is changed here is judged",
        on_change=lambda text: set_own(("" if text == listed_text else text, "")),
    )
    return listed, listed_text, own, record_text, unread


@app.cell
def _(complaints, get_broken, listed, own, unread):
    choice = replace(listed, own=own, broken=get_broken())
    wrong, judgement = [*complaints, *filter(None, [unread])], None
    try:
        judgement = explorer.judgement(choice)
    except ValueError as _error:
        wrong.append(str(_error))
    return choice, judgement, wrong


@app.cell
def _(choice):
    # An underscore keeps this cell alone from running again when the parameters change.
    _parameters, _wanted = mo.query_params(), explorer.to_query(choice)
    for _name in {*_parameters.to_dict(), *_wanted} & {*vars(choice)}:
        if _parameters.get(_name) != _wanted.get(_name):
            _parameters.set(_name, _wanted.get(_name))
    return


@app.cell
def _(judgement, record_text, wrong):
    _export = []
    if judgement is not None:
        instance_json = explorer.json_text(judgement.scene.record)
        _export = [
            mo.download(instance_json.encode(), filename="instance.json", label="instance.json"),
            mo.download(
                explorer.table_text(judgement.scene.record).encode(),
                filename="table.json",
                label="table.json",
            ),
            mo.download(
                lambda: explorer.as_json(judgement), filename="verdicts.json", label="verdicts.json"
            ),
        ]
    mo.Html(explorer.about(judgement, wrong, record_text.text, _export))
    return


@app.cell
def _(judgement):
    mo.stop(judgement is None)
    is_first_shown = Event()
    if IS_APP:
        mo.Thread(target=show_verdicts, args=(judgement, is_first_shown)).start()
    else:
        list(judgement.watch())
    mo.Html(explorer.page(judgement))
    return (is_first_shown,)


@app.cell
def _(is_first_shown):
    is_first_shown.set()  # a cell runs once what it needs has been shown
    return


if __name__ == "__main__":
    app.run()
