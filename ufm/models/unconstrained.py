"""The Unconstrained Features Model: logits W h_j with W and H both free (Definition 2.2)."""

from functools import partial
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, PyTree

from .._checks import Numbers, finite, floating, strength
from .._progress import Progress
from .dataset import ConceptDataset

_DEFAULT_RATES = {"adam": 0.05, "gradient-descent": 4.0}


class UFM(eqx.Module):
    """Logits f(c_j) = W h_j of m contexts over V tokens; softmax gives the next-token distribution.

    **Fields** (m contexts, V tokens, d dimensions):

    - `decoder` W [V, d] and `embeddings` [m, d], whose rows are the h_j (the paper's H transposed).
    - `losses` [steps + 1]: cross-entropy in nats during `train`; None for any other model.

    >>> import ufm
    >>> dataset = ufm.ConceptDataset.smoothed(epsilon=0.05)
    >>> model = ufm.UFM.fit(dataset)
    >>> print(model.decoder.shape, f"{model.gap(dataset):.0e}")
    (9, 2) 0e+00
    """

    decoder: Float[Array, "vocab dimension"]
    embeddings: Float[Array, "contexts dimension"]
    losses: Float[Array, " steps"] | None = None

    def __init__(self, decoder: Numbers, embeddings: Numbers, losses: Array | None = None):
        self.decoder = floating("decoder", decoder, 2)
        self.embeddings = floating("embeddings", embeddings, 2)
        self.losses = losses

    def __check_init__(self):
        if self.decoder.shape[1] != self.embeddings.shape[1]:
            raise ValueError(
                "decoder [V, d] and embeddings [m, d] must share d; "
                f"got {self.decoder.shape} and {self.embeddings.shape}"
            )
        if self.decoder.dtype != self.embeddings.dtype:
            raise TypeError(
                "decoder and embeddings must share a dtype; "
                f"got {self.decoder.dtype} and {self.embeddings.dtype}"
            )
        finite("decoder", self.decoder)
        finite("embeddings", self.embeddings)

    @classmethod
    def fit(cls, dataset: ConceptDataset, dimension: int | None = None) -> "UFM":
        """A perfectly trained UFM in closed form: softmax(W h_j) = p(.|c_j) (Assumption 2).

        The singular value decomposition of log P with each row centred, split evenly between W and
        H. `dimension` d defaults to the rank of that matrix, the least that can fit (at most G under
        Assumption 1); a larger d is filled with zeros, a smaller one raises `ValueError`, and so
        does a table with a zero probability.

        >>> import jax, ufm
        >>> dataset = ufm.ConceptDataset.smoothed()
        >>> fitted = jax.nn.softmax(ufm.UFM.fit(dataset).logits())
        >>> print(abs(fitted - dataset.next_token_probs).max() < 1e-12)
        True
        """
        for j, z in np.argwhere(np.asarray(dataset.next_token_probs) <= 0):
            raise ValueError(f"p(token {z}|context {j}) = 0 has no logit: count with smoothing > 0")
        return cls.from_log_probs(jnp.log(dataset.next_token_probs), dimension)

    @classmethod
    def from_log_probs(cls, log_probs: Numbers, dimension: int | None = None) -> "UFM":
        """A UFM whose next-token distribution is the table `log_probs` [m, V] in nats; see `fit`.

        >>> import numpy as np, ufm
        >>> print(ufm.UFM.from_log_probs(np.log([[0.75, 0.25], [0.25, 0.75]])).decoder.shape)
        (2, 1)
        """
        rows = floating("log_probs", log_probs, 2)
        finite("log_probs", rows)
        table = np.asarray(rows)
        centred = table - table.mean(axis=1, keepdims=True)
        left, singular, right = np.linalg.svd(centred, full_matrices=False)
        noise = max(rows.shape) * float(jnp.finfo(rows.dtype).eps) * float(singular[0])
        rank = max(1, int((singular > noise).sum()))
        d = rank if dimension is None else dimension
        if d < rank:
            raise ValueError(
                f"dimension {d} is below {rank}, the rank of the centred log-probabilities: no UFM "
                f"of that width fits (Assumption 2); pass dimension >= {rank}"
            )
        root = np.sqrt(singular[:rank])
        padding = ((0, 0), (0, d - rank))
        return cls(np.pad(right[:rank].T * root, padding), np.pad(left[:, :rank] * root, padding))

    @classmethod
    def train(
        cls,
        dataset: ConceptDataset,
        *,
        key: Array,
        steps: int = 2000,
        dimension: int | None = None,
        optimizer: Literal["adam", "gradient-descent"] | str = "adam",
        learning_rate: float | None = None,
        progress: Progress | None = None,
    ) -> "UFM":
        """Minimise CE(f) = -Σ_j π_j Σ_z p(z|c_j) log σ_z(f(c_j)) by full-batch gradient descent.

        W and H start as Gaussians drawn from `key`, of `dimension` d (default: the number of
        concepts G, enough under Assumption 1). `learning_rate` defaults to 0.05 for Adam and 4 for
        plain gradient descent. `progress(step, steps, "loss …")` is called some twenty times.
        The result carries the loss history `losses`; `gap(dataset)` is the distance to the entropy.

        >>> import jax, ufm
        >>> dataset = ufm.ConceptDataset.smoothed(epsilon=0.05)
        >>> model = ufm.UFM.train(dataset, key=jax.random.key(0), steps=2000)
        >>> print(model.gap(dataset) < 1e-4)
        True
        """
        if steps < 1:
            raise ValueError(f"steps must be at least 1; got {steps}")
        if optimizer not in _DEFAULT_RATES:
            raise ValueError(f'optimizer must be "adam" or "gradient-descent"; got {optimizer!r}')
        rate = _DEFAULT_RATES[optimizer] if learning_rate is None else learning_rate
        if not 0 < rate < np.inf:
            raise ValueError(f"learning_rate must be positive and finite; got {rate}")
        m, vocabulary = dataset.next_token_probs.shape
        d = int(dataset.token_concept.max()) + 1 if dimension is None else dimension
        if d < 1:
            raise ValueError(f"dimension must be at least 1; got {d}")
        dtype = dataset.next_token_probs.dtype
        start = cls(*_gaussians(key, (vocabulary, m), d, dtype))
        carry, losses, done = (start, None), [], 0
        while done < steps:
            size = steps if progress is None else min(max(1, steps // 20), steps - done)
            carry, chunk = _descend(carry, dataset, optimizer, rate, size)
            losses.append(chunk)
            done += size
            if progress is not None:
                progress(done, steps, f"loss {float(chunk[-1]):.6f} nats")
        trained = carry[0]
        history = jnp.concatenate([*losses, _loss(trained, dataset)])
        return cls(trained.decoder, trained.embeddings, history)

    def logits(self) -> Float[Array, "contexts vocab"]:
        """W h_j for every context, [m, V]."""
        return self.embeddings @ self.decoder.T

    def steer(self, vector: Numbers, alpha: ArrayLike) -> Float[Array, "contexts vocab"]:
        """Steered logits f_α(c_j) = W(h_j + αv), [m, V]; `vector` is [d], `alpha` a scalar.

        At α = 0 they are the unsteered logits, bit for bit.

        >>> import ufm
        >>> model = ufm.UFM([[1.0], [0.0]], [[1.0], [-1.0]])
        >>> print(model.steer([2.0], 0.5))
        [[2. 0.]
         [0. 0.]]
        """
        v = floating("vector", vector, 1)
        if v.shape != self.decoder.shape[1:]:
            raise ValueError(f"vector must have shape {self.decoder.shape[1:]}; got {v.shape}")
        finite("vector", v)
        alpha = strength(alpha, self.decoder.dtype)
        return (self.embeddings + (alpha * v)[None, :]) @ self.decoder.T

    def cross_entropy(self, dataset: ConceptDataset) -> Float[Array, ""]:
        """CE(f) = -Σ_j π_j Σ_z p(z|c_j) log σ_z(f(c_j)) in nats."""
        fitted = jax.nn.log_softmax(self.logits())
        return -dataset.context_weights @ (dataset.next_token_probs * fitted).sum(axis=1)

    def gap(self, dataset: ConceptDataset) -> Float[Array, ""]:
        """CE(f) minus its floor, the conditional entropy of the data, in nats; 0 iff Assumption 2."""
        return self.cross_entropy(dataset) - dataset.entropy()


@partial(jax.jit, static_argnums=(1, 2, 3))
def _gaussians(key: Array, rows: tuple[int, ...], d: int, dtype: np.dtype) -> list[Array]:
    scale = d**-0.25  # makes the first logits of variance one
    keys = jax.random.split(key, len(rows))
    return [scale * jax.random.normal(k, (n, d), dtype) for k, n in zip(keys, rows, strict=True)]


@jax.jit
def _loss(model: UFM, dataset: ConceptDataset) -> Float[Array, " one"]:
    return model.cross_entropy(dataset)[None]


@partial(jax.jit, static_argnames=("optimizer", "rate", "steps"))
def _descend(
    carry: tuple[UFM, PyTree], dataset: ConceptDataset, optimizer: str, rate: float, steps: int
) -> tuple[tuple[UFM, PyTree], Float[Array, " steps"]]:
    """`steps` full-batch steps, and the loss before each; an optimizer state of None starts afresh."""
    import optax  # here, not above: it is slow to import and only training needs it

    method = optax.adam(rate) if optimizer == "adam" else optax.sgd(rate)
    model, state = carry

    def step(carry, _):
        model, state = carry
        loss, gradient = jax.value_and_grad(lambda f: f.cross_entropy(dataset))(model)
        # optax mixes its integer step count with floats: let it, whatever the caller's setting
        with jax.numpy_dtype_promotion("standard"):
            updates, state = method.update(gradient, state)
        model = jax.tree.map(jnp.add, model, updates)
        return (model, state), loss

    if state is None:
        state = method.init(model)  # pyright: ignore[reportArgumentType]  # any pytree will do
    # unroll: the arrays are tiny, so the loop's own overhead is most of the cost
    return jax.lax.scan(step, (model, state), length=steps, unroll=4)
