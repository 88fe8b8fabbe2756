"""What steering buys of a concept's mass, against the most that any change at its price could buy."""

from dataclasses import dataclass

import numpy as np

from ufm.tilt.ceiling import mass_ceiling

# Nats below which a KL of float32 logits may be rounding.
_LEAST = 1e-4
_STEPS = 128  # strengths at most at which the ceiling is worked out, at 3 ms each


@dataclass(frozen=True, eq=False)
class CeilingCurve:
    """The mean mass of a concept over m prompts at A strengths, its price, and the ceiling at that price.

    - `alphas` [A], increasing; `price` [A]: mean KL(p0||pα) in nats; `mass` [A]: mean F_T(α); `start`: that
      at 0.
    - `ceiling` [A]: the largest mean mass under any change that costs as much (`ufm.mass_ceiling`).
    - `efficiency` [A]: (mass - start) / (ceiling - start); at most 1, below 0 where the concept loses mass.
    """

    alphas: np.ndarray
    price: np.ndarray
    mass: np.ndarray
    ceiling: np.ndarray
    efficiency: np.ndarray
    start: float

    @property
    def best(self) -> int:
        """The place of the largest efficiency."""
        return int(self.efficiency.argmax())

    def at_price(self, nats: float) -> int | None:
        """The place on the side of the best strength whose price is nearest; None if it is out of range."""
        side = np.flatnonzero(np.sign(self.alphas) == np.sign(self.alphas[self.best]))
        if not self.price[side].min() <= nats <= self.price[side].max():
            return None
        return int(side[np.abs(np.log(self.price[side] / nats)).argmin()])

    def as_json(self) -> dict[str, object]:
        """The best strength and those nearest to 0.01, 0.1 and 1 nats, each with its numbers."""

        def row(k: int | None) -> dict[str, float] | None:
            if k is None:
                return None
            named = {"alpha": self.alphas, "price": self.price, "mass": self.mass}
            named |= {"ceiling": self.ceiling, "efficiency": self.efficiency}
            return {name: float(values[k]) for name, values in named.items()}

        near = {f"near {nats:g} nats": row(self.at_price(nats)) for nats in (0.01, 0.1, 1.0)}
        return {"unsteered_mass": self.start, "best": row(self.best), **near}


def ceiling_curve(
    alphas: np.ndarray, forward_kl: np.ndarray, mass: np.ndarray, before: np.ndarray
) -> CeilingCurve | None:
    """The ceiling beside a concept's mass; None where no strength costs 1e-4 nats.

    Of `sweep_curves`, at strengths `alphas` [A]: KL(p0||pα) and the concept's mass F_T, [m, A]; `before` [m]:
    F_T at 0.

    >>> import numpy as np
    >>> from ufm.llm.measure.ceiling import ceiling_curve
    >>> price, mass = np.array([[0.0, 0.1]]), np.array([[0.2, 0.3]])
    >>> found = ceiling_curve(np.array([0.0, 1.0]), price, mass, np.array([0.2]))
    >>> print(found.ceiling.round(4), found.efficiency.round(4))
    [0.41] [0.4763]
    """
    mean_mass = mass.astype(np.float64).mean(axis=0)
    price = forward_kl.astype(np.float64).mean(axis=0)
    # next to 0 a mass is lost in the model's dtype
    before = np.clip(before.astype(np.float64), 1e-300, 1.0)
    costly = np.flatnonzero(price > _LEAST)
    if costly.size == 0:
        return None
    chosen = costly[:: -(-costly.size // _STEPS)]
    weights = np.full(len(before), 1 / len(before))
    most = [mass_ceiling(before, weights, float(price[k])) for k in chosen]
    gained = mean_mass[chosen] - before.mean()
    return CeilingCurve(
        alphas=alphas[chosen],
        price=price[chosen],
        mass=mean_mass[chosen],
        ceiling=np.array([found.mass for found in most]),
        efficiency=gained / np.array([found.gain for found in most]),
        start=float(before.mean()),
    )
