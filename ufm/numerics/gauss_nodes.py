"""Few tokens in place of many that lie apart: Gauss quadrature of their weights.

Of the tokens in a cell, N nodes x_k inside it with weights w_k > 0 keep Σ w f(x) for every polynomial f of
degree below 2N, and with it Σ w (c + x) e^{hx} to rounding, where |h| times half the cell's width is at
most 1.
"""

import numpy as np

NODES = 10  # what is cut off is below 1 / (18! 2^17) = 1e-21
_FEWEST = 4 * NODES  # tokens of a cell that is worth replacing
_SPENT = (
    1e-10  # an off-diagonal entry below which as many nodes as there are give all sums to rounding
)


def gathered(
    log_odds: np.ndarray, log_weights: np.ndarray, distances: np.ndarray, alpha: float, reach: float
) -> tuple[np.ndarray, np.ndarray]:
    """`log_odds`, ascending, and `log_weights` [n], of which whole cells are replaced by their nodes.

    At all strengths within `reach` of `alpha`, sums of w e^{αM} and w `distances` e^{αM} stay as they are, to
    some units in the last place. `distances` [n] are those from the nearest token that matters by itself; a
    cell is no wider than its distance, so that the distances in it are alike, nor than 2 / `reach`.
    """
    ratio = distances * (0.5 * reach)
    cell = np.where(ratio < 1, np.frexp(ratio)[1], np.floor(ratio) + 1)
    starts = np.flatnonzero(np.append(True, np.diff(cell) != 0))
    sizes = np.diff(np.append(starts, log_odds.size))
    nearest = np.minimum.reduceat(distances, starts)
    # a node is rounded, and its distance with it, which those of tokens are not
    is_apart = nearest > 2.0**-7 * np.maximum.reduceat(np.abs(log_odds), starts)
    # of tokens that lie closer to each other than rounding, the distances are one number
    is_narrow = (log_odds[starts + sizes - 1] - log_odds[starts]) * reach <= 2
    chosen = (sizes >= _FEWEST) & is_apart & is_narrow
    if not chosen.any():
        return log_odds, log_weights
    inside = np.repeat(chosen, sizes)
    first = np.append(0, np.cumsum(sizes[chosen])[:-1])
    nodes, logs = gauss_nodes(log_odds[inside], log_weights[inside], first, alpha)
    points = np.concatenate([log_odds[~inside], nodes])
    order = np.argsort(points, kind="stable")
    return points[order], np.concatenate([log_weights[~inside], logs])[order]


def gauss_nodes(
    points: np.ndarray, log_weights: np.ndarray, starts: np.ndarray, alpha: float
) -> tuple[np.ndarray, np.ndarray]:
    """The nodes of all cells and their log weights; the cells of `points` [n], ascending, begin at `starts`.

    The polynomials are exact under the weights at strength `alpha`: w e^{αx}. Stieltjes' procedure.
    """
    sizes = np.diff(np.append(starts, points.size))

    def spread(of_cells: np.ndarray) -> np.ndarray:
        return np.repeat(of_cells, sizes)

    low, high = points[starts], points[starts + sizes - 1]
    middle, half = 0.5 * (low + high), 0.5 * (high - low)
    y = (points - spread(middle)) / spread(half)
    logs = log_weights + alpha * (points - spread(middle))
    top = np.maximum.reduceat(logs, starts)
    weights = np.exp(logs - spread(top))
    total = np.add.reduceat(weights, starts)
    jacobi = np.zeros((starts.size, NODES, NODES))
    before, beta = np.zeros_like(y), np.zeros(starts.size)
    now = spread(1 / np.sqrt(total))  # the orthonormal polynomial of degree k at the points
    for k in range(NODES):
        jacobi[:, k, k] = np.add.reduceat(weights * now * now * y, starts)
        if k + 1 < NODES:
            after = (y - spread(jacobi[:, k, k])) * now - spread(beta) * before
            beta = np.sqrt(np.add.reduceat(weights * after * after, starts))
            is_left = beta > _SPENT
            beta = np.where(is_left, beta, 0.0)
            jacobi[:, k, k + 1] = jacobi[:, k + 1, k] = beta
            before, now = (
                now,
                after * spread(np.where(is_left, 1 / np.where(is_left, beta, 1), 0.0)),
            )
    places, vectors = np.linalg.eigh(jacobi)
    shares = total[:, None] * vectors[:, 0, :] ** 2
    offsets = half[:, None] * np.clip(places, -1, 1)
    held = shares > 0
    with np.errstate(divide="ignore"):
        found = np.log(shares) + top[:, None] - alpha * offsets
    return (middle[:, None] + offsets)[held], found[held]
