"""The direction that leads from the states of N to those of P: by means, by pairs, or by a probe."""

from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from ..decoder.arguments import one_of

if TYPE_CHECKING:
    from jaxtyping import Float

Method = Literal["mean", "pca", "probe"]
METHODS: tuple[Method, ...] = get_args(Method)

# What the probe's penalty ½|w|² weighs against, the sum of its losses over the prompts, as is usual.
_PROBE_C = 1.0
_PROBE_STEPS, _PROBE_TOLERANCE = 1000, 1e-8


def direction_between(
    positive: "Float[np.ndarray, 'p d']", negative: "Float[np.ndarray, 'n d']", method: str = "mean"
) -> "Float[np.ndarray, ' d']":
    r"""The direction v [d] from the hidden states of N to those of P, in float64.

    - "mean": D = mean_P h - mean_N h (Eq 3).
    - "pca": along the first principal direction u of the differences D_j = h(P_j) - h(N_j) of pairs, the
      unit vector with the largest Σ_j (u · D_j)². Nothing is taken from the D_j, so that their mean counts;
      these are the states of P and N with the middle of each pair taken away: repeng's `pca_center`,
      AISteer360's `pca_pairwise`. repeng's default `pca_diff` takes their mean D from the D_j first.
    - "probe": along the weights w of a logistic regression that tells P from N, the least ½|w|² +
      C Σ_j log(1 + exp(∓(w · x_j + b))), C = 1, of x = (h - mean of all h)/s, where s makes the mean square
      of the entries of x one: a single number, so that w is a direction of the states themselves. For
      C → 0 it is the direction of "mean".

    "pca" and "probe" give a unit vector u; v = (D · u) u has the length of D along it, and its sign.

    Raises `ValueError` where the sides do not come in pairs for "pca", and where D has nothing along u.

    >>> import numpy as np
    >>> from ufm.llm.steering.directions import direction_between
    >>> P, N = np.array([[3.0, 0.0], [3.0, 1.0]]), np.array([[0.0, 1.0], [0.0, 0.0]])
    >>> print([direction_between(P, N, method).round(2).tolist() for method in ("mean", "pca")])
    [[3.0, 0.0], [3.0, 0.0]]
    """
    one_of("method", method, METHODS)
    p, n = (np.asarray(side, np.float64) for side in (positive, negative))
    difference = p.mean(axis=0) - n.mean(axis=0)
    if method == "mean":
        return difference
    unit = _principal(p, n) if method == "pca" else _probe(p, n)
    along = float(unit @ difference)
    if abs(along) <= 1e-9 * float(np.linalg.norm(difference)):
        raise ValueError(
            f'method "{method}" found a direction at right angles to the difference of means: neither of its '
            "two signs leads to P"
        )
    return along * unit


def _principal(positive: np.ndarray, negative: np.ndarray) -> np.ndarray:
    """The first right singular vector of the differences of pairs."""
    if len(positive) != len(negative):
        raise ValueError(
            f'method "pca" wants pairs, the j-th of P with the j-th of N; got {len(positive)} and '
            f"{len(negative)} prompts"
        )
    pairs = positive - negative
    # by the few pairs, not the many entries of a state
    shares = np.linalg.eigh(pairs @ pairs.T)[1][:, -1] @ pairs
    return shares / np.linalg.norm(shares)


def _probe(positive: np.ndarray, negative: np.ndarray) -> np.ndarray:
    """The unit weights of the logistic regression."""
    try:
        from sklearn.linear_model import LogisticRegression
    except ImportError as error:
        raise ImportError('method "probe" needs scikit-learn: pip install "ufm[llm]"') from error
    states = np.concatenate([positive, negative])
    centred = states - states.mean(axis=0)
    x = centred / np.sqrt(np.mean(centred**2))
    # the penalty leaves w in the span of the states: in its coordinates there are fewer weights to find
    basis = np.linalg.qr(x.T)[0]
    is_positive = np.arange(len(x)) < len(positive)
    probe = LogisticRegression(C=_PROBE_C, max_iter=_PROBE_STEPS, tol=_PROBE_TOLERANCE)
    weights = basis @ probe.fit(x @ basis, is_positive).coef_[0]
    return weights / np.linalg.norm(weights)
