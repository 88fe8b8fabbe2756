"""Where the paper is loose, and an addition: each finding about its first version computed anew.

As an app `marimo run notebooks/what_the_paper_says.py`, as a script `python`, its assertions
alone `pytest notebooks/what_the_paper_says.py`. The arithmetic here is NumPy and fractions, apart
from the library's, which is asked at the end.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Where the paper is loose, and an addition")

with app.setup(hide_code=True):
    from typing import NamedTuple

    import jax
    import marimo as mo
    import numpy as np

    import theorems
    from theorems.exact import read_exact
    from ufm import plots

    # Before any array is made: the findings' own checks need float64.
    jax.config.update("jax_enable_x64", True)

    BLUE, RED, GREEN = plots.PALETTE[:3]
    FINDINGS = {finding.id: finding for finding in theorems.FINDINGS}

    class Case(NamedTuple):
        """A counterexample: distributions p [m, V], log-odds M [V], and the target as a mask."""

        p: np.ndarray
        odds: np.ndarray
        target: np.ndarray


@app.cell(hide_code=True)
def _():
    _picture = next(picture for picture in plots.GALLERY if picture.name == "vanishing")
    mo.vstack(
        [
            mo.md("# Where the paper is loose, and an addition"),
            _picture.draw(),
            mo.md(r"""
            One sentence of v1 is false: a concept on the side does not come back to its unsteered share (the
            grey line), it vanishes.

            The theorems of [arXiv:2602.02712](https://arxiv.org/abs/2602.02712v1) are proved in Coq here,
            under the hypotheses that their pages list. The nine findings are about sentences
            around them in its first version (v1): remarks that leave out a condition, one
            sentence that is false, a misprint in two equations, and one addition, where the paper is
            right and more can be said. Each sentence is quoted, and can be read so that little or nothing
            is left of the finding, which is said too.
            Each example is a small table of exact fractions, worked out below with a dozen lines of NumPy.

            All rests on one fact: steering tilts each distribution, $p_\alpha(z) \propto
            p(z) e^{\alpha M(z)}$, and a token rises while $\mathbb{E}_\alpha[M] < M(z)$.
            """),
        ]
    )
    return


@app.function(hide_code=True)
def case(finding: str) -> Case:
    """The finding's counterexample, M by its definition."""
    exact = read_exact(FINDINGS[finding].counterexample)
    p = np.array([[float(v) for v in row] for row in exact.rows])
    odds = np.log(p[list(exact.positive)]).mean(0) - np.log(p[list(exact.negative)]).mean(0)
    return Case(p, odds, np.array(exact.target))


@app.function(hide_code=True)
def steered(p, odds, alphas) -> np.ndarray:
    """p_α [strengths, V] of one distribution: p e^{αM}, normalised."""
    logits = np.log(p) + np.multiply.outer(np.atleast_1d(np.asarray(alphas, float)), odds)
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


@app.function(hide_code=True)
def peak(p, odds, token: int) -> float:
    """Where E_α[M] = M(token), by bisection: the mean increases."""
    low, high = -100.0, 100.0
    for _ in range(200):
        middle = (low + high) / 2
        is_before = steered(p, odds, middle)[0] @ odds < odds[token]
        low, high = (middle, high) if is_before else (low, middle)
    return low


@app.function(hide_code=True)
def about(finding: str):
    """What the paper says and what is true, from the registry."""
    found = FINDINGS[finding]
    place = f"*{found.source}; {found.severity}.*"
    title = found.title
    if found.severity == "addition":
        title = f"An addition: {title[0].lower()}{title[1:]}"
    return mo.md(
        f"## {title}\n\n{place} {found.says}\n\n> {found.quote}\n\n**What is true.** {found.truth}"
        f"\n\n**A charitable reading.** {found.charitable_reading}"
    )


@app.cell(hide_code=True)
def _():
    mo.md(
        "In short; each is worked out below:\n\n"
        "| the paper says (v1) | what is true | severity |\n| --- | --- | --- |\n"
        + "\n".join(
            "| "
            + " | ".join(
                cell.replace("|", r"\|")
                for cell in (f"*{found.source}.* {found.says}", found.truth, str(found.severity))
            )
            + " |"
            for found in sorted(FINDINGS.values(), key=lambda f: f.severity == "addition")
        )
    )
    return


@app.cell(hide_code=True)
def _():
    in_target = case("finding-1.in-target")
    early = peak(in_target.p[0], in_target.odds, 1)
    early_figure, (_axes,) = plots.new_axes(label="$p_α(z)$, context in T", height=3.0)
    _alphas = np.linspace(-1.5, 1.5, 301)
    _rows = steered(in_target.p[0], in_target.odds, _alphas)
    for _z in range(4):
        _name = f"token {_z}{' of T' if in_target.target[_z] else ''}"
        _axes.plot(_alphas, _rows[:, _z], color=plots.PALETTE[_z], label=_name, gid=f"curve {_z}")
    _axes.axvline(early, color="0.5", linestyle=":")
    _axes.legend(frameon=False)
    mo.vstack(
        [
            about("finding-1.in-target"),
            early_figure,
            mo.md(rf"""
            Token 1 of the target peaks at α = **{early:.6f}**: every positive strength lowers it. This is
            the dataset {FINDINGS["finding-1.in-target"].witness}.

            **Why.** Its $M$ is the smaller of two on the target, $\log 2$ against $\log 6$, and a
            context of the target already has most of its mass on the other one: $\mathbb{{E}}_0[M]$ is
            above $\log 2$. **Instead**: the sign rule. A peak is positive exactly if

            $$M(z) > \operatorname{{mean}}_N \mathrm{{KL}}(p_j\Vert p_i) -
            \operatorname{{mean}}_P \mathrm{{KL}}(p_j\Vert p_i).$$
            """),
        ]
    )
    return early, early_figure, in_target


@app.cell(hide_code=True)
def _():
    large = case("finding-1.large-epsilon")
    large_peak = peak(large.p[2], large.odds, 0)
    mo.vstack(
        [
            about("finding-1.large-epsilon"),
            mo.md(rf"""
            Off the target, in a context of $C_3$, the first token of the target peaks at
            α = **{large_peak:.5f}**. This is the dataset {FINDINGS["finding-1.large-epsilon"].witness}.

            **Why.** A large ε leaves so much mass off a context's own concept that the target's
            best token lifts the mean above the others. **Instead**: the remark holds below
            $\varepsilon_0$, the root of

            $$\Bigl(1-\frac{{\varepsilon}}{{G-1}}\Bigr)\log\frac{{(1-\varepsilon)(G-1)}}{{\varepsilon}}
            = -\log\min_T\frac{{\gamma}}{{\omega}},$$

            and for contexts of a contrastive $N$ with any ε.
            """),
        ]
    )
    return large, large_peak


@app.cell(hide_code=True)
def _():
    nine = case("finding-2.vanishing")
    _alphas = np.linspace(-6.0, 6.0, 301)
    vanishing_figure, (_axes,) = plots.new_axes(label="Δp(C₃|α)", height=3.0)
    vanishing = {}
    for _j, _name in ((0, "context in T"), (2, "context in C₃")):
        _rows = steered(nine.p[_j], nine.odds, _alphas)[:, 6:].mean(1) - nine.p[_j, 6:].mean()
        vanishing[_j] = _rows
        _axes.plot(_alphas, _rows, color=plots.PALETTE[_j], label=_name, gid=f"curve {_j}")
    _axes.axhline(0.0, color="0.5", linestyle=":")
    _axes.legend(frameon=False, title="dotted: claimed")
    mo.vstack(
        [
            about("finding-2.vanishing"),
            vanishing_figure,
            mo.md(rf"""
            At α = ±6 the third concept has a Δp of **{vanishing[2][0]:.4f}** and **{vanishing[2][-1]:.4f}**
            in its own context, next to minus its mean probability, −19/60; 0 would be "back".
            **Why.** At either end all mass is on the extremal tokens, which are others. **Instead**: its
            mass goes to 0 on both sides; a strength at which steering "wears off" does not exist.
            """),
        ]
    )
    return nine, vanishing


@app.cell(hide_code=True)
def _():
    humps = case("finding-3.two-humps")
    humps_at = np.array([-1e4, -8.0, -3.0, -1.0, 0.0, 1e3])
    humps_mass = steered(humps.p[0], humps.odds, humps_at)[:, 2:4].sum(1)
    humps_figure = next(p for p in plots.GALLERY if p.name == "two-humps").draw()
    mo.vstack(
        [
            about("finding-3.two-humps"),
            humps_figure,
            mo.md(
                "From α = −∞ to +∞ the mass of $C_2$ goes "
                + ", ".join(f"{value:.3f}" for value in humps_mass)
                + r""": down, up, down. **Why.**
                $\nu' = \mathbb{E}_\alpha[M|C] - \mathbb{E}_\alpha[M|\bar C]$,
                and both means move; two tokens of $C_2$ with far apart $M$ let the sign change twice.
                **Instead**: only concepts weakly below (or above) all others are monotone, and only concepts
                without extremal tokens are known to vanish at both ends."""
            ),
        ]
    )
    return (humps_mass,)


@app.cell(hide_code=True)
def _():
    bends = case("finding-3.inflections")
    _alphas = np.linspace(-50.0, 120.0, 3401)
    bends_p = steered(bends.p[1], bends.odds, _alphas)
    # p'' = p ((M - κ₁)² - κ₂): Lemma B.5, once more
    _centred = bends.odds - (bends_p @ bends.odds)[:, None]
    bends_second = bends_p[:, 0] * (_centred[:, 0] ** 2 - (bends_p * _centred**2).sum(1))
    inflections = _alphas[1:][np.sign(bends_second[1:]) != np.sign(bends_second[:-1])]
    bends_figure, (_axes,) = plots.new_axes(label="mass of the target", height=3.0)
    _axes.plot(_alphas, bends_p[:, 0], color=BLUE)
    for _place in inflections:
        _axes.axvline(_place, color="0.5", linestyle=":")
    mo.vstack(
        [
            about("finding-3.inflections"),
            bends_figure,
            mo.md(f"""
            Three inflections, at α = {", ".join(f"{place:.2f}" for place in inflections)}. **Why.** The
            target overtakes one competitor after the other: two steps of one staircase. **Instead**:
            the tanh form holds, with a ν that is increasing but no straight line.
            """),
        ]
    )
    return (inflections,)


@app.cell(hide_code=True)
def _():
    uniform = case("finding-4.no-bump")
    ties = np.ptp(uniform.odds[uniform.target])
    mo.vstack(
        [
            about("finding-4.no-bump"),
            mo.md(rf"""
            $M$ on the target: **{uniform.odds[0]:.6f}** for all three tokens (they differ by {ties:g}), the
            maximum. **Why.** A peak needs an $M(z)$ strictly between the extremes. **Instead**: tokens
            bump whose $M$ is neither largest nor smallest, which uniform rates leave to no target token.
            """),
        ]
    )
    return ties, uniform


@app.cell(hide_code=True)
def _(nine):
    line_alphas = np.linspace(-20.0, 20.0, 401)
    rise = np.mean(
        [row @ np.log(row) - np.log(steered(row, nine.odds, line_alphas)) @ row for row in nine.p],
        axis=0,
    )
    slope = float(np.mean(nine.odds.max() - nine.p @ nine.odds))
    line_figure, (_axes,) = plots.new_axes(label="ΔCE (nats)", height=3.0)
    _axes.plot(line_alphas, rise, color=BLUE, label="ΔCE", gid="curve")
    _offset = np.mean(np.log(nine.p[:, :3].sum(1)))
    _axes.plot(
        line_alphas[200:],
        slope * line_alphas[200:] + _offset,
        color=RED,
        linestyle="--",
        label="asymptote",
    )
    _axes.legend(frameon=False)
    mo.vstack(
        [
            about("finding-5.linear"),
            line_figure,
            mo.md(rf"""
            The slope tends to $\sum_j\pi_j(\max M - \mathbb{{E}}_j M)$ = **{slope:.4f}** nats a unit of α.
            **Why.** Every token of the data keeps its weight in the loss while its probability falls like
            $e^{{-\alpha g}}$. So the plateau that the paper proves and measures in transformers is the work
            of their normalisation alone (Proposition 4.1), as it says itself.
            """),
        ]
    )
    return line_alphas, rise, slope


@app.cell(hide_code=True)
def _():
    four = case("finding-6.degrading")
    dip_weights = np.array([0.75, 0.25])
    # H half of what training would reach: half of each log p, and half of M
    _half = np.sqrt(four.p) / np.sqrt(four.p).sum(axis=1, keepdims=True)
    _odds = four.odds / 2
    dip_alphas = np.linspace(-0.5, 1.0, 201)
    dip = dip_weights @ [
        np.log(_half[_j]) @ _row - np.log(steered(_half[_j], _odds, dip_alphas)) @ _row
        for _j, _row in enumerate(four.p)
    ]
    dip_slope = float(dip_weights @ (_half - four.p) @ _odds)
    dip_figure, (_axes,) = plots.new_axes(label="ΔCE (nats)", height=3.0)
    _axes.plot(dip_alphas, dip, color=BLUE)
    _axes.axhline(0.0, color="0.5", linestyle=":")
    # W = (1, 0, 0, -1): H = ±h is stationary where E_model[W] = tanh(h/2) is E_data[W] = 3/10
    _w, _h = np.array([1.0, 0.0, 0.0, -1.0]), 2 * np.arctanh(0.3)
    _rest = np.exp(np.outer([_h, -_h], _w))
    _rest /= _rest.sum(axis=1, keepdims=True)
    rest_slope = float(dip_weights @ (_rest - four.p) @ (2 * _h * _w))
    rest_misfit = float(np.abs(_rest - four.p).max())
    mo.vstack(
        [
            about("finding-6.degrading"),
            dip_figure,
            mo.md(rf"""
            A model whose $H$ is half of what training would reach has at 0 the slope
            $\sum_j\pi_j(\mathbb{{E}}_{{model}} M - \mathbb{{E}}_{{data}} M)$ = **{dip_slope:.4f}**, and the
            loss falls by {-dip.min():.4f} nats at best. **Why.** $f_\alpha(c_j) = W(h_j + \alpha v)$, so
            that $\Delta\mathrm{{CE}}'(0) = \langle \sum_j \partial\mathrm{{CE}}/\partial h_j, v\rangle$:
            steering towards what the model has not finished learning is a step of training. Where $H$
            is stationary the slope is 0, trained perfectly or not: with $W = (1, 0, 0, -1)$ it is
            {abs(rest_slope):.0e}, though probabilities are off by up to {rest_misfit:.2f}.
            """),
        ]
    )
    return dip, dip_slope, rest_misfit, rest_slope


@app.cell(hide_code=True)
def _():
    printed = case("finding-7.limit-formula")
    far = float(steered(printed.p[0], printed.odds, 1e3)[0, 2] - printed.p[0, 2])
    mo.vstack(
        [
            about("finding-7.limit-formula"),
            mo.md(rf"""
            $\Delta p$ of the first token of $C_2$ at α = 1000: **{far:.6f}**, against −0.4 from equation (9).
            **Why.** The equation subtracts the in-concept rate $a_z$ where the context is of another concept,
            whose rate is $b_z$. **Instead**: equation (5),
            $\mathbb{{1}}[z \in M_{{top}}]\,p(z)/\sum_{{M_{{top}}}} p - p(z)$, whatever the concept.
            """),
        ]
    )
    return (far,)


@app.cell(hide_code=True)
def _():
    confirmations = {name: found.confirm() for name, found in FINDINGS.items()}
    mo.vstack(
        [
            mo.md("## What the library says of the same tables"),
            mo.md(
                "| finding | numbers | |\n| --- | --- | --- |\n"
                + "\n".join(
                    f"| `{name}` | {told.numbers.replace('|', chr(92) + '|')} | "
                    f"{'confirmed' if told.confirmed else 'not confirmed'} |"
                    for name, told in confirmations.items()
                )
            ),
        ]
    )
    return (confirmations,)


@app.cell
def test_every_finding_is_confirmed(confirmations):
    assert set(confirmations) == set(FINDINGS)
    assert all(told.confirmed for told in confirmations.values())
    return


@app.cell
def test_target_tokens_peak_below_zero(early, early_figure, in_target, large, large_peak):
    assert abs(early + 0.165670148651232) < 1e-12
    assert abs(large_peak + 0.10099) < 1e-5
    assert in_target.target[1]
    assert large.target[0]
    # as drawn: the curve of that token is highest left of 0
    _line = next(line for line in early_figure.axes[0].lines if line.get_gid() == "curve 1")
    assert _line.get_xdata()[np.argmax(_line.get_ydata())] < 0
    return


@app.cell
def test_the_third_concept_goes_to_minus_its_mean(nine, vanishing):
    for _j, _limit in ((0, -1 / 120), (2, -19 / 60)):
        assert abs(-nine.p[_j, 6:].mean() - _limit) < 1e-15
        # at |α| = 6 what is left is e^{-6 gap} with a gap of log 38 = 3.6 to either extreme
        assert np.abs(vanishing[_j][[0, -1]] - _limit).max() < 1e-6
    return


@app.cell
def test_the_mass_falls_rises_and_falls(humps_mass):
    assert np.sign(np.diff(humps_mass)).tolist() == [-1, 1, 1, -1, -1]
    assert np.abs(humps_mass - [1, 0.108, 0.361, 0.642, 0.041, 0]).max() < 5e-4
    return


@app.cell
def test_three_inflections_and_ties(inflections, ties, uniform):
    assert len(inflections) == 3
    assert ties == 0
    assert uniform.odds[uniform.target].max() == uniform.odds.max()
    return


@app.cell
def test_the_loss_is_convex_and_ends_as_a_line(line_alphas, rise, slope):
    assert (np.diff(rise, 2) > -1e-12).all()
    _last = np.diff(rise)[-10:] / np.diff(line_alphas)[-10:]
    assert np.abs(_last - slope).max() < 1e-9
    return


@app.cell
def test_unfinished_training_gains_and_the_printed_limit_is_off(
    dip, dip_slope, far, rest_misfit, rest_slope
):
    assert dip_slope < 0
    assert dip.min() < -1e-3
    assert abs(rest_slope) < 1e-15
    assert rest_misfit > 0.05
    assert abs(far + 0.1) < 1e-12
    return


if __name__ == "__main__":
    app.run()
