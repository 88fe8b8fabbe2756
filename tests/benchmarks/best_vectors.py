"""What one price buys of a concept: by any change, by the best vectors, by a measured one.

    python -m tests.benchmarks.best_vectors smollm2 joy --blocks 10 15 20 29

The price is KL(p_0||p_α), a mean over the tokens of a text; the concept a set T of tokens. All is measured on
every second window of the text; vectors are fitted on the others. From the most that could be done to what
is done, each row has less freedom than the one above:

- any change of the next-token distributions (`ufm.mass_ceiling`);
- a mixture: with one probability ε everywhere, a token of T drawn as the model itself draws from T;
- a tilt by 1_T with one strength for all contexts: each token of T times one factor;
- the best vector of the last hidden states, after the final norm, where logits are affine: the maximum over
  R^d of the gain at that price (to first order C⁻¹b, C the mean covariance of the rows of W, b the mean
  covariance of 1_T and W; then L-BFGS), and the plain mean of T's rows;
- the best vector after a block, by gradient ascent from the measured one (`--ascend`);
- the difference of means of the prompts, after each block.

Printed for each: the mass gained, that gain over the first row's (the efficiency), and the share of the price
that moves mass between T and the rest; what is left of it moves other tokens.
"""

import argparse
from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from scipy.optimize import minimize, root_scalar
from scipy.special import expit, kl_div, logit

import ufm
import ufm.llm
from ufm.llm.report.inputs import read_token_set

_LENGTH = 128
_ROWS = 64  # of logits worked on at once
_PROBABILITIES = (1e-8, 0.999)  # of the mixture
_STRENGTHS = (1e-3, 60.0)  # of the tilt by 1_T


class Bought(NamedTuple):
    """The price paid, nats a token; the mass gained; and what of the price moves the target's mass."""

    price: float
    gain: float
    on_target: float


def of_masses(before: np.ndarray, after: np.ndarray, price: float | None = None) -> Bought:
    """By the masses [n] of T; without a `price` nothing but the mass of T moved."""
    on_target = float((kl_div(before, after) + kl_div(1 - before, 1 - after)).mean())
    return Bought(on_target if price is None else price, float((after - before).mean()), on_target)


def tilted(before: np.ndarray, price: float) -> Bought:
    """The tilt by 1_T with one strength for all contexts."""

    def at(strength: float) -> Bought:
        return of_masses(before, expit(logit(before) + strength))

    return at(_root(lambda strength: at(strength).price - price, *_STRENGTHS))


def mixed(before: np.ndarray, price: float) -> Bought:
    """q = (1 - ε) p + ε p(·|T), with one ε for all contexts."""

    def at(epsilon: float) -> Bought:
        return of_masses(before, before + epsilon * (1 - before))

    return at(_root(lambda epsilon: at(epsilon).price - price, *_PROBABILITIES))


class Head:
    """Logits of the contexts of some windows, and what a shift u [d] of all last hidden states does."""

    def __init__(self, model: ufm.llm.LanguageModel, windows: list[list[int]], target: np.ndarray):
        last, self.rows = model.blocks - 1, model.unembedding
        self.target = jnp.asarray(target)[None]
        states = [model.hidden_states(row, last, site="post-norm")[:-1] for row in windows]
        self.logits = [hidden @ self.rows.T for hidden in _parts(jnp.concatenate(states))]

    def at(self, shift: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """KL(p||p_u), F and f [n] at u = `shift`."""
        odds = (self.rows @ jnp.asarray(shift, self.rows.dtype))[None]
        found = np.concatenate([_costs(part, odds, self.target) for part in self.logits], 1)
        price, *masses = found.astype(np.float64)
        before, after = np.clip(masses, np.finfo(found.dtype).tiny, 1)  # next to 0 a mass is lost
        return price, before, after

    def bought(self, shift: np.ndarray) -> Bought:
        """What the shift buys."""
        price, before, after = self.at(shift)
        return of_masses(before, after, float(price.mean()))

    def slopes(self, shift: np.ndarray) -> tuple[float, float, np.ndarray, np.ndarray]:
        """The price KL(p||p_u) and the gain at u = `shift`, and their gradients [d].

        Of the price it is the mean of E[W] under p_u less that under p, of the gain that of Cov_u(1_T, W).
        """
        odds = (self.rows @ jnp.asarray(shift, self.rows.dtype))[None]
        price = gain = count = 0.0
        slopes = np.zeros((2, odds.size))
        for part in self.logits:
            costs, sums = _costs_and_sums(part, odds, self.target)
            paid, before, after = np.asarray(costs, np.float64)
            price, gain, count = (
                price + paid.sum(),
                gain + (after - before).sum(),
                count + len(part),
            )
            slopes += np.asarray(sums)
        of_price, of_gain = slopes @ np.asarray(self.rows, np.float64) / count
        return price / count, gain / count, of_price, of_gain

    def first_order(self) -> tuple[np.ndarray, np.ndarray]:
        """C⁻¹ b, the best direction for a small price; and C [d, d], the price's second derivatives."""
        zero = np.zeros(self.rows.shape[1])
        rows = np.asarray(self.rows, np.float64)
        weights = [np.asarray(jax.nn.softmax(part), np.float64) for part in self.logits]
        means = np.concatenate([p @ rows for p in weights])
        mean = sum(p.sum(axis=0) for p in weights) / len(means)
        covariance = (rows.T * mean) @ rows - means.T @ means / len(means)
        return np.linalg.solve(covariance, self.slopes(zero)[3]), covariance

    def best(self, price: float, steps: int) -> np.ndarray:
        """The shift of the largest gain at that price, by L-BFGS in coordinates in which C is 1.

        A shift is scaled until it costs the price within 2 %; what is left is made up for by the elasticity
        of the gain in the price along it.
        """
        start, covariance = self.first_order()
        root = np.linalg.cholesky(covariance)
        scale = 1.0

        def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
            nonlocal scale
            direction = np.linalg.solve(root.T, w)
            while True:
                paid, gain, of_price, of_gain = self.slopes(scale * direction)
                if abs(paid / price - 1) < 0.02:
                    break
                # Newton, in logarithms: here a price may grow as a much higher power than the square
                scale *= (price / paid) ** (paid / (scale * (of_price @ direction)))
            rate = (of_gain @ direction) / (of_price @ direction)
            at_the_price = gain * (price / paid) ** (rate * paid / gain)
            # along w the price stays as it is: the scale follows
            slope = scale * (of_gain - rate * of_price)
            return -float(np.log(at_the_price)), -np.linalg.solve(root, slope) / gain

        first = root.T @ start
        first /= np.linalg.norm(first)
        found = minimize(loss, first, jac=True, method="L-BFGS-B", options={"maxiter": steps})
        print(
            f"  {found.nit} steps, {found.nfev} looks, gain there {np.exp(-found.fun):.5f}",
            flush=True,
        )
        return np.linalg.solve(root.T, found.x)


def at_price(cost: Callable[[float], float], price: float, start: float = 1.0) -> float:
    """The strength that costs `price`: near 0 a cost is a square, so its root is searched for."""
    low = high = start
    while cost(low) > price:
        high, low = low, low / 2
    while cost(high) < price:
        low, high = high, high * 2
    return _root(lambda c: float(np.sqrt(cost(c)) - np.sqrt(price)), low, high, rtol=3e-3)


def _root(
    function: Callable[[float], float], low: float, high: float, rtol: float = 1e-12
) -> float:
    return float(root_scalar(function, bracket=(low, high), rtol=rtol, method="brentq").root)


def _parts(hidden: jax.Array) -> Iterator[jax.Array]:
    return (hidden[start : start + _ROWS] for start in range(0, len(hidden), _ROWS))


@jax.jit
def _costs_and_sums(
    logits: jax.Array, odds: jax.Array, target: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """KL(p||q), p(T) and q(T) of each row, [3, rows], q the softmax of logits + odds; and Σ over rows
    of q - p and of q 1_T - q(T) q, [2, V].
    """
    before, after = jax.nn.log_softmax(logits), jax.nn.log_softmax(logits + odds)
    p, q = jnp.exp(before), jnp.exp(after)
    masses = [jnp.where(target, x, 0).sum(axis=1) for x in (p, q)]
    on = jnp.where(target, q, 0) - masses[1][:, None] * q
    costs = jnp.stack([(p * (before - after)).sum(axis=1), *masses])
    return costs, jnp.stack([(q - p).sum(axis=0), on.sum(axis=0)])


@jax.jit
def _costs(logits: jax.Array, odds: jax.Array, target: jax.Array) -> jax.Array:
    """Of these the first alone."""
    return _costs_and_sums(logits, odds, target)[0]


def of_steering(spend: ufm.llm.TextSpend, price: float, start: float) -> tuple[float, Bought]:
    """The strength at which steering costs `price` on the text of `spend`, and what it buys."""
    alpha = at_price(lambda a: float(spend.at([a])[0, 1]), price, start)
    paid, mass = spend.at([alpha])[0, [1, 3]].tolist()
    gain = mass - float(spend.target_masses()[0].mean())
    return alpha, Bought(paid, gain, spend.target_price(alpha))


def ascend(spend: ufm.llm.TextSpend, price: float, steps: int) -> np.ndarray:
    """A vector of a larger gain at that price on the text of `spend`, from its own: gradient ascent.

    The steps are along the gradient of log f̄ less its part along that of the price, an eighth of |v| long at
    first and shorter from there on; v is scaled back to the price after each.
    """
    v = np.asarray(spend.steering.vector, np.float64)
    for k in range(steps):
        paid = float(spend.along(v).at([1.0])[0, 1])
        v = v * np.sqrt(price / paid)
        here = spend.along(v)
        mass, cost = (here.gradient(1.0, kind) for kind in ("target_mass", "forward_kl"))
        tangent = mass - (mass @ cost) / (cost @ cost) * cost
        v = v + np.linalg.norm(v) / (8 + k) * tangent / np.linalg.norm(tangent)
        print(
            f"  step {k}: mass {here.at([1.0])[0, 3]:.5g} at {here.at([1.0])[0, 1]:.4g} nats",
            flush=True,
        )
    return v


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("concept", choices=["joy", "formal", "french"])
    parser.add_argument("--price", type=float, default=0.1)
    parser.add_argument("--blocks", type=int, nargs="+", default=[15])
    parser.add_argument("--ascend", type=int, metavar="BLOCK")
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--text-tokens", type=int, default=1536)
    asked = parser.parse_args()
    model, tokenizer = ufm.llm.load(asked.model), ufm.llm.load_tokenizer(asked.model)
    target = read_token_set(
        ufm.llm.example_file(f"{asked.concept}_words"), tokenizer, model.vocabulary
    )
    text = list(
        islice(
            ufm.llm.windows(tokenizer, ufm.llm.example_file("essays"), _LENGTH),
            asked.text_tokens // _LENGTH,
        )
    )
    fitted_on, held_out = text[::2], text[1::2]
    price, head = asked.price, Head(model, held_out, target)
    _, before, _ = head.at(np.zeros(model.dimension))
    weights = np.full(before.size, 1 / before.size)
    print(
        f"{before.size} held-out tokens, mass {before.mean():.4g}, {int(target.sum())} tokens of T"
    )

    def ceiling(nats: float) -> float:
        return ufm.mass_ceiling(before, weights, nats).gain

    def show(name: str, found: Bought) -> None:
        share = found.on_target / found.price
        print(
            f"{name:42} {found.price:8.4f} nats  gain {found.gain:.5f}  efficiency "
            f"{found.gain / ceiling(found.price):7.2%}  on the target {share:7.2%}  of what that could "
            f"{found.gain / ceiling(found.on_target):7.2%}",
            flush=True,
        )

    show("any change", of_masses(before, ufm.mass_ceiling(before, weights, price).masses))
    show("mixture", mixed(before, price))
    show("tilt by 1_T, one strength", tilted(before, price))
    fit = Head(model, fitted_on, target)
    rows = np.asarray(model.unembedding, np.float64)
    for name, find in (
        (
            "mean of T's rows less that of all",
            lambda: rows[target].mean(axis=0) - rows.mean(axis=0),
        ),
        ("best vector at the head, to first order", lambda: fit.first_order()[0]),
        ("… at this price", lambda: fit.best(price, asked.steps)),
    ):
        direction = find()
        scale = at_price(lambda c, u=direction: head.bought(c * u).price, price)
        show(name, head.bought(scale * direction))
    prompts = ufm.llm.read_prompts(ufm.llm.example_file(asked.concept))
    texts = ufm.llm.split_prompts(prompts, asked.concept)
    positive, negative = ([tokenizer.encode(text) for text in side] for side in texts)
    how = {"length": _LENGTH, "target": target}
    for vector in ufm.llm.steering_vectors(model, positive, negative, asked.blocks, normalise=True):
        steering = ufm.llm.Steering.of(vector)
        spend = ufm.llm.TextSpend(model, held_out, steering, **how)
        alpha, found = of_steering(spend, price, vector.hidden_norm / 8)
        show(f"measured, block {vector.layer}, {vector.relative(alpha):.3f} of |h|", found)
        if vector.layer == asked.ascend:
            start = ufm.llm.TextSpend(model, fitted_on, steering, **how).along(
                alpha * vector.values
            )
            best = ascend(start, price, asked.steps)
            alpha, found = of_steering(spend.along(best), price, 1.0)
            cosine = best @ vector.values / np.linalg.norm(best) / vector.norm
            show(f"best after block {vector.layer}, cosine {cosine:.2f} with it", found)


if __name__ == "__main__":
    main()
