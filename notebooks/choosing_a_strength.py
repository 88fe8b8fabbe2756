"""Choosing a steering strength: budgets, kinds of cost, target masses, sweet spots.

As an app `marimo run notebooks/choosing_a_strength.py`, as a script `python`, its assertions alone
`pytest notebooks/choosing_a_strength.py`.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Choosing a strength")

with app.setup(hide_code=True):
    from pathlib import Path
    from typing import NamedTuple

    import jax
    import marimo as mo
    import numpy as np

    import ufm
    from theorems.table import read_table
    from ufm import plots

    # Before any array is made: the choice of a strength needs float64.
    jax.config.update("jax_enable_x64", True)

    LETTERS = Path(__file__).parents[1] / "tests" / "data" / "letter_case.json"

    class Steered(NamedTuple):
        """A tilt, its context weights, and the target as a mask."""

        tilt: ufm.ExponentialTilt
        weights: np.ndarray
        target: np.ndarray


@app.cell(hide_code=True)
def _():
    _picture = next(picture for picture in plots.GALLERY if picture.name == "price")
    mo.vstack(
        [
            mo.md("# Choosing a strength"),
            _picture.draw(),
            mo.md(r"""
            The more of the mass the target has, the dearer is the next share of it.

            How far should one steer? The theory has an answer for each way of asking, since the target's
            mass only grows with α while the price, the rise of the cross-entropy, is convex in α:

            1. **What may it cost?** Under a budget of κ nats the best α is the one that spends it all.
            2. **What should it bring?** A target mass τ is reached at exactly one α; see what that costs.
            3. **Where is steering clean?** In the sweet spot all target tokens rise and all others fall. Each
               context has one; a single α for all contexts may not exist.
            """),
        ]
    )
    return


@app.function(hide_code=True)
def model_case() -> Steered:
    """V = 9, three concepts, ε = 1/20, steered from the second concept to the first."""
    data = ufm.ConceptDataset.smoothed(epsilon=0.05)
    tilt = ufm.ExponentialTilt.from_dataset(data, [0, 1], [2, 3])
    return Steered(tilt, np.asarray(data.context_weights), np.asarray(data.concept_tokens(0)))


@app.function(hide_code=True)
def letter_case() -> Steered:
    """Letters after letters, counted from English text; the target is the upper case."""
    table = read_table(LETTERS)
    logs = np.log(table.next_token_probs)
    tilt = ufm.ExponentialTilt(logs, ufm.log_odds(logs, table.positive, table.negative))
    return Steered(tilt, table.context_weights, table.target)


@app.function(hide_code=True)
def table(head: str, rows) -> mo.Html:
    """A Markdown table; columns are separated by bars."""
    rule = "| " + " | ".join("---" for _ in head.split("|")) + " |"
    return mo.md("\n".join([f"| {head} |", rule, *(f"| {row} |" for row in rows)]))


@app.function(hide_code=True)
def choose(case: Steered, budget: float, kind: str = "cross_entropy") -> ufm.StrengthChoice:
    """The strength that spends the budget."""
    return ufm.choose_strength(
        case.tilt, case.weights, target=case.target, budget=budget, kind=kind
    )


@app.function(hide_code=True)
def law(case: Steered, alpha: float) -> np.ndarray:
    """p_{j,α}(z) by its formula in NumPy: the assertions' own arithmetic."""
    logits = np.asarray(case.tilt.log_probs) + alpha * np.asarray(case.tilt.log_odds)[None]
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


@app.function(hide_code=True)
def price(case: Steered, alpha: float) -> float:
    """ΔCE by its definition: the mean of KL(p||p_α)."""
    p = law(case, 0.0)
    return float(case.weights @ (p * (np.log(p) - np.log(law(case, alpha)))).sum(axis=1))


@app.cell(hide_code=True)
def _():
    model = model_case()
    budgets = (0.01, 0.1, 1.0, 10.0)
    spent = [choose(model, budget) for budget in budgets]
    mo.vstack(
        [
            mo.md(r"""
            ## 1. A budget of cross-entropy

            Nats a token, averaged over the contexts. The last column is $\sqrt{2\kappa/\sigma^2}$, right
            while the price is still a parabola.
            """),
            table(
                r"budget κ | α | target mass, from 0.333 | $\sqrt{2\kappa/\sigma^2}$",
                (
                    f"{c.budget:g} | {c.alpha:.4f} | {c.target_mass:.3f} | {c.small_budget_alpha:.4f}"
                    for c in spent
                ),
            ),
        ]
    )
    return budgets, model, spent


@app.cell(hide_code=True)
def _(model):
    reverse = [choose(model, budget, "reverse_kl") for budget in (0.1, 1.0, 3.0)]
    mo.vstack(
        [
            mo.md(r"""
            ## The kind of cost matters

            Calibrators of steering vectors often bound the *reverse* divergence
            $\mathrm{KL}(p_\alpha\Vert p)$. It never exceeds $-\log p(M_{top})$: a budget above that is
            never spent, however far one steers, and the answer says so instead of returning a huge α.
            """),
            table(
                "budget of KL(p_α‖p) | reached | α | ΔCE there",
                (
                    f"{c.budget:g} | {'yes' if c.reachable else f'no: stays below {c.supremum:.3f}'} | "
                    f"{c.alpha:.4g} | {c.cross_entropy:.4g}".replace("inf", "∞")
                    for c in reverse
                ),
            ),
        ]
    )
    return (reverse,)


@app.cell(hide_code=True)
def _(model):
    wanted = [choose(model, mass, "target_mass") for mass in (0.2, 0.5, 0.9, 0.99)]
    price_figure, (_axes,) = plots.new_axes(height=3.4)
    plots.cost_against_mass(model.tilt, model.weights, target=model.target, axes=_axes)
    mo.vstack(
        [
            mo.md("## 2. A target mass"),
            table(
                "wanted mass | α | ΔCE (nats)",
                (f"{c.budget:g} | {c.alpha:.4f} | {c.cross_entropy:.4f}" for c in wanted),
            ),
            mo.md("""
            The last hundredths are the dear ones, and less than a third costs as well: that is
            steering away.
            """),
            price_figure,
        ]
    )
    return (wanted,)


@app.cell(hide_code=True)
def _(model):
    windows = np.asarray(ufm.sweet_spot(model.tilt, model.target))
    small = ufm.ConceptDataset.from_rates([0.6, 0.2, 0.6, 0.2], [0.1] * 4, [0, 0, 1, 1])
    two = Steered(
        ufm.ExponentialTilt.from_dataset(small, [0, 1], [2, 3]),
        np.asarray(small.context_weights),
        np.asarray(small.concept_tokens(0)),
    )
    apart = np.asarray(ufm.sweet_spot(two.tilt, two.target))
    spot_figure, (_axes,) = plots.new_axes(height=2.2)
    plots.sweet_spot_windows(
        two.tilt,
        target=two.target,
        contexts=[0, 2],
        names=["in T", "in C₂"],
        axes=_axes,
    )
    mo.vstack(
        [
            mo.md(rf"""
            ## 3. Sweet spots

            On the uniform dataset every α above {
                windows[:, 0].max():.3f} is in the sweet spot of every
            context. With V = 4 tokens, a = (3, 1, 3, 1)/5 and b = 1/10, the windows are ({
                apart[0, 0]:.3f}, {apart[0, 1]:.3f}) in a context of the target and ({
                apart[2, 0]:.3f}, {
                apart[
                    2, 1
                ]:.3f}) in one of the other: they do not meet, so that **no** strength is clean for both.
            Then choose α for each prompt, or by a budget."""),
            spot_figure,
        ]
    )
    return apart, two, windows


@app.cell(hide_code=True)
def _():
    letters = letter_case()
    margin = float(ufm.separation_margin(letters.tilt, letters.target))
    letter_choices = [choose(letters, budget) for budget in (0.01, 0.1, 1.0)]
    mo.vstack(
        [
            mo.md(rf"""
            ## On counted text

            Letters after letters in English text; the target is the upper case, $v$ made from contexts
            in capitals less contexts in small letters. Assumption 1 does not hold, but the margin is
            δ = {margin:.3f} > 0, which is all that the choice needs.
            """),
            table(
                "budget κ | α | share of capitals, "
                f"from {letter_choices[0].unsteered_target_mass:.3f}",
                (f"{c.budget:g} | {c.alpha:.4f} | {c.target_mass:.3f}" for c in letter_choices),
            ),
        ]
    )
    return letter_choices, letters, margin


@app.cell(hide_code=True)
def _(model):
    third = np.asarray(model.tilt.log_odds) == 0
    back = [(a, float(law(model, a)[4, third].sum())) for a in (0.0, 2.0, 4.0, 8.0)]
    mo.vstack(
        [
            mo.md(r"""
            ## What does not happen: "back to its unsteered value"

            So a sentence of the paper's first version has it of a concept on the side at large strengths;
            Theorem 3.6, which it sums up, has the right limit. If the concept did come back, one could
            steer hard and leave the rest of the language alone. The mass of the third concept in its own
            context:
            """),
            table("α | mass of $C_3$", (f"{alpha:g} | {mass:.2e}" for alpha, mass in back)),
            mo.md("It vanishes. What one pays for the target is everything else."),
        ]
    )
    return back, third


@app.cell
def test_budgets_are_spent_and_no_more(letter_choices, letters, model, spent):
    for _case, _choices in ((model, spent), (letters, letter_choices)):
        for _choice in _choices:
            # by the definition of ΔCE; ten digits are left of the differences of logarithms
            assert abs(price(_case, _choice.alpha) / _choice.budget - 1) < 1e-10
            _spread = float(_case.tilt.odds_range())
            assert _choice.alpha >= np.sqrt(8 * _choice.budget) / _spread
            _mass = _case.weights @ law(_case, _choice.alpha)[:, _case.target].sum(axis=1)
            assert abs(_mass - _choice.target_mass) < 1e-12
    return


@app.cell
def test_more_budget_buys_more_target(letter_choices, margin, spent):
    for _choices in (spent, letter_choices):
        assert (np.diff([c.alpha for c in _choices]) > 0).all()
        assert (np.diff([c.target_mass for c in _choices]) > 0).all()
    assert margin > 0
    # the parabola is right for a small budget alone: within a tenth at 0.01 nats, not at 10
    _off = [abs(c.small_budget_alpha / c.alpha - 1) for c in spent]
    assert _off[0] < 0.1 < _off[-1]
    return


@app.cell
def test_reverse_budgets_above_the_ceiling_are_out_of_reach(model, reverse):
    _ceiling = -model.weights @ np.log(law(model, 0.0)[:, model.target].sum(axis=1))
    assert [c.reachable for c in reverse] == [c.budget < _ceiling for c in reverse]
    assert not reverse[-1].reachable
    for _choice in reverse[:-1]:
        _p, _q = law(model, 0.0), law(model, _choice.alpha)
        _spent = model.weights @ (_q * (np.log(_q) - np.log(_p))).sum(axis=1)
        assert abs(_spent / _choice.budget - 1) < 1e-10
    return


@app.cell
def test_target_masses_are_reached(model, wanted):
    for _choice in wanted:
        _mass = model.weights @ law(model, _choice.alpha)[:, model.target].sum(axis=1)
        assert abs(_mass - _choice.budget) < 1e-10
    assert wanted[0].alpha < 0 < wanted[1].alpha
    return


@app.cell
def test_sweet_spots_are_clean_and_may_not_meet(apart, model, two, windows):
    assert apart[0, 1] < apart[2, 0]
    for _case, _window, _context in ((two, apart[2], 2), (model, windows[4], 4)):
        _inside = min(_window[0] + 0.05, np.mean(np.minimum(_window, 1e3)))
        _step = law(_case, _inside + 1e-4)[_context] - law(_case, _inside)[_context]
        assert (_step[_case.target] > 0).all()
        assert (_step[~_case.target] < 0).all()
    return


@app.cell
def test_the_third_concept_vanishes(back, third):
    assert third.sum() == 3
    assert back[0][1] > 0.9
    assert back[-1][1] < 1e-9
    return


if __name__ == "__main__":
    app.run()
