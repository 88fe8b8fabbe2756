"""From a language model to the theory: where a steered model is a tilt exactly, and where it is not.

As an app `marimo run notebooks/from_language_model.py`, as a script `python`, its assertions alone
`pytest notebooks/from_language_model.py`. Needs the extra [llm].
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="From a language model to the theory")

with app.setup(hide_code=True):
    import json
    from pathlib import Path

    import jax
    import marimo as mo
    import numpy as np
    from matplotlib.patheffects import withStroke

    import ufm
    import ufm.llm
    from ufm import plots

    # Before any array is made: the theory's numbers need float64.
    jax.config.update("jax_enable_x64", True)

    TOY = Path(__file__).parents[1] / "tests" / "data" / "llm" / "toy"


@app.cell(hide_code=True)
def _(token_figure):
    mo.vstack(
        [
            mo.md("# From a language model to the theory"),
            token_figure,
            mo.md(
                "A small GPT-2 is steered towards upper case, after its last norm: as in the theory, most "
                "tokens peak and fade, and one takes all."
            ),
        ]
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    The theory is about a model with free hidden states. A language model is not that. But look at
    its last hidden state $h_j$, after the final norm: logits are $W h_j$, and adding $\alpha v$
    there tilts the next-token distribution exactly as in the theory, with $M = W v$. Nothing is
    approximated, and everything that needs no more than a tilt holds of GPT-2 as it does of nine
    tokens. Steer anywhere earlier, and a norm comes in between.

    The model here is small: a GPT-2 of one block, width 32, 384 tokens, trained by `ufm toy` on
    Python's own documentation. The concept is *upper case*. `ufm.llm.load` reads GPT-2, Llama,
    Qwen, Gemma and the other families of the documentation in the same way.
    """)
    return


@app.function(hide_code=True)
def softmax(logits) -> np.ndarray:
    """Softmax along the last axis, in NumPy."""
    weights = np.exp(np.asarray(logits) - np.max(logits, axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


@app.cell(hide_code=True)
def _():
    model = ufm.llm.load(str(TOY), "float64")
    tokenizer = ufm.llm.load_tokenizer(str(TOY))
    positive, negative = (
        [tokenizer.encode(p.text) for p in ufm.llm.read_prompts(TOY / f"{side}.jsonl")]
        for side in ("positive", "negative")
    )
    target = np.zeros(model.vocabulary, bool)
    target[json.loads((TOY / "tokens.json").read_text())["tokens"]] = True
    (vector,) = ufm.llm.steering_vectors(model, positive, negative, site="post-norm")
    mo.md(
        f"""
    {len(positive)} prompts in capitals, {len(negative)} in small letters, {target.sum()} target tokens of
    two or more capitals. The vector is {vector.norm / vector.hidden_norm:.2f} of a hidden state long.
    """
    )
    return model, negative, positive, target, tokenizer, vector


@app.cell(hide_code=True)
def _(model, negative, vector):
    # of one length, so that the model is compiled once
    prompts = [ids for ids in negative if len(ids) == len(negative[0])][:4]
    tilt = ufm.llm.tilt(model, prompts, vector.values)
    near = np.array([-2.0, -0.5, 0.0, 0.5, 2.0])
    # the model itself, run at each strength
    steered = np.stack(
        [
            [
                np.asarray(
                    model.logits(ids, float(a), vector=vector.values, layer=0, site="post-norm")
                )
                for ids in prompts
            ]
            for a in near
        ]
    )
    by_tilt = np.stack([np.asarray(tilt.probs(a)) for a in near])
    worst = float(np.abs(softmax(steered) - by_tilt).max())
    mo.md(rf"""
    ## After the norm: a tilt, exactly

    The model was run at five strengths on four prompts, and the tilt $p_j e^{{\alpha M}}$
    computed from the unsteered distributions alone. Largest difference of any probability:
    **{worst:.1e}**.
    """)
    return by_tilt, prompts, steered, tilt, worst


@app.cell(hide_code=True)
def _(target, tilt, tokenizer):
    peaks = np.asarray(ufm.peak_strengths(tilt))
    odds = np.asarray(tilt.log_odds)
    margin = float(ufm.separation_margin(tilt, target))
    likely = np.argsort(-np.asarray(tilt.log_probs[0]))[:4]
    chosen = [*likely, *np.flatnonzero(target)[np.argsort(-odds[target])[:3]]]
    curve_alphas = np.linspace(-1.0, 6.0, 141)
    curves = np.stack([np.asarray(tilt.probs(a))[0, chosen] for a in curve_alphas])
    token_figure, (_axes,) = plots.new_axes(label="probability after the first prompt")
    _axes.set_title(
        "the likeliest tokens fade (dashed), and one of the target takes all", loc="left"
    )
    for _k, _z in enumerate(chosen):
        _ink, _dash = (plots.PALETTE[0], "-") if target[_z] else (plots.PALETTE[1], "--")
        _axes.plot(curve_alphas, curves[:, _k], color=_ink, linestyle=_dash)
        _top = curves[:, _k].argmax()
        if curves[_top, _k] > 0.1:
            _word = tokenizer.text(int(_z))
            _word = "a space" if _word == " " else _word.replace(" ", "␣")
            _axes.annotate(
                _word,
                (curve_alphas[_top], curves[_top, _k]),
                xytext=(0, 4 if _top < len(curve_alphas) - 1 else -14),
                textcoords="offset points",
                ha="center" if _top < len(curve_alphas) - 1 else "right",
                color=_ink,
                path_effects=[withStroke(linewidth=3, foreground="white")],
            )
    positive_share = float((odds[target] > odds.mean()).mean())
    mo.md(rf"""
            ## What needs no more than a tilt

            Of the {odds.size} tokens {int(np.isfinite(peaks[0]).sum())} rise, peak once and fall, and those
            of the largest and the least M only rise or only fall (Theorem 3.3 needs nothing but a tilt);
            all peaks are found at once. What needs the target
            to be *separated* does not carry over: the margin is δ = **{margin:.2f}** < 0. The vector does
            favour upper case: {positive_share:.0%} of its tokens have an M above the mean of all tokens. But
            it does not favour each of them over every other token, as a positive δ would ask. The picture at
            the top shows the four likeliest tokens after the first prompt, and the three of the target with
            the largest M.""")
    return curve_alphas, curves, margin, odds, peaks, token_figure


@app.cell(hide_code=True)
def _(model, negative, positive, prompts):
    (early_vector,) = ufm.llm.steering_vectors(model, positive, negative, [0])
    far = np.array([0.0, 1.0, 3.0, 10.0, 30.0, 100.0, 1e3, 1e4])
    early = np.stack(
        [
            np.asarray(model.logits(prompts[0], float(a), vector=early_vector.values, layer=0))
            for a in far
        ]
    )
    # Prop 4.1: the limit is the unembedding of the norm of v alone, without the norm's epsilon
    _scale, _bias = (
        np.asarray(leaf) for leaf in (model.params.final_norm.scale, model.params.final_norm.bias)
    )
    _centred = early_vector.values - early_vector.values.mean()
    _direction = _centred / np.sqrt((_centred**2).mean())
    limit = np.asarray(model.unembedding) @ (_scale * _direction + _bias)
    distance = np.abs(early - limit).max(axis=1)
    norm_figure, (_axes,) = plots.new_axes(label="largest distance of a logit to its limit")
    _axes.loglog(far[1:], distance[1:], "o-", color=plots.PALETTE[0])
    mo.vstack(
        [
            mo.md(r"""
            ## Before the norm: a plateau

            The same kind of vector, added one step earlier, before the final norm. Now the logits cannot
            grow without bound: they tend to $W\,\mathrm{LN}_0(v)$ (Proposition 4.1), the same for every
            prompt, at rate $1/\alpha$. Curves of real models that level off owe it to this norm."""),
            norm_figure,
        ]
    )
    return distance, early_vector, far


@app.cell(hide_code=True)
def _(early_vector, model, target, tokenizer):
    _windows = list(ufm.llm.windows(tokenizer, TOY / "heldout.txt", 32))[:24]
    spend = ufm.llm.TextSpend(
        model, _windows, ufm.llm.Steering.of(early_vector), length=32, target=target
    )
    found = ufm.llm.choose_strength(spend, budget=0.1, hidden_norm=early_vector.hidden_norm)
    mass = spend.at([0.0, found.alpha])[:, 3]
    mo.md(rf"""
    ## A budget, on text

    On {found.tokens} tokens of text that the model has not seen, steering before the norm may cost
    0.1 nats a token: that is α = **{found.alpha:.3f}**, {found.alpha * found.scale:.2f} hidden-state
    norms. The mass of the target goes from {mass[0]:.4f} to {mass[1]:.4f}. The parabola of exact
    derivatives at 0 foresees {found.predicted:.4f} nats there.
    `ufm strength` prints this with sweet spots and samples; `ufm llm` judges what the paper proves and
    sees in models.

    ## On a GPU or a TPU

    The same code runs there: arrays live where JAX puts them (`pip install -e '.[cuda]'` or
    `'.[tpu]'`). Sweeps run the blocks before the steered one once, and the others over a batch of
    strengths. Use float32 or bfloat16 for the model; a TPU has float64 in software only, and
    consumer GPUs are slow in it. Peaks, windows and choices of α on the tilt itself are computed
    in float64 on the host, from the logits.
    """)
    return found, mass


@app.cell
def test_the_steered_model_is_the_tilt(by_tilt, steered, worst):
    # logits of size 30 in float64, and two dozen operations: a few times 1e-14 of a probability
    assert worst < 1e-12
    # and the strengths do something: the distributions at ±2 are nowhere near each other
    assert np.abs(by_tilt[0] - by_tilt[-1]).sum(axis=1).min() > 0.5
    assert np.isfinite(steered).all()
    return


@app.cell
def test_each_curve_rises_to_its_peak_and_falls(curve_alphas, curves, odds, peaks, tilt):
    assert np.isfinite(peaks[:, (odds > odds.min()) & (odds < odds.max())]).all()
    assert ((np.diff(np.sign(np.diff(curves, axis=0)), axis=0) != 0).sum(axis=0) <= 1).all()
    # at a peak the mean of M is the token's own, by the formula in NumPy
    _z = int(np.argmax(np.where(np.isfinite(peaks[0]), tilt.log_probs[0], -np.inf)))
    _p = softmax(np.asarray(tilt.log_probs[0]) + peaks[0, _z] * odds)
    assert abs(_p @ odds - odds[_z]) < 1e-10
    assert curve_alphas.size == len(curves)
    return


@app.cell
def test_the_target_is_not_separated(margin, odds, target):
    assert margin < 0
    assert odds[target].min() - odds[~target].max() == margin
    return


@app.cell
def test_the_plateau_is_reached_like_one_over_alpha(distance, far):
    _fall = np.diff(np.log(distance[1:])) / np.diff(np.log(far[1:]))
    assert np.abs(_fall[-2:] + 1).max() < 0.01
    return


@app.cell
def test_the_budget_is_spent(found, mass):
    assert found.reachable
    assert abs(found.spent[0] - 0.1) < 1e-6
    assert mass[1] > mass[0]
    return


if __name__ == "__main__":
    app.run()
