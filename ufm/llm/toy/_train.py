"""Trains a GPT-2 of few blocks in JAX: the decoder of `ufm.llm`, AdamW, random windows of text."""

from collections.abc import Callable
from functools import cache, partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int

from ufm._progress import Progress, silent

from ..decoder.blocks import embed, run_blocks
from ..decoder.config import Config
from ..decoder.head import normalise, unembed
from ..decoder.layout import layout_of
from ..decoder.params import Block, Linear, Norm, Params
from ._checkpoint import Checkpoint
from ._interrupt import ctrl_c_waits

_WARM_UP = 0.05  # share of the steps
_SPREAD = 0.02  # standard deviation of weights at the start, as in GPT-2
_KIND = jnp.float32
_KEPT = 50  # steps after which the state is kept


@partial(jax.jit, static_argnums=1)
def initial_params(key: Array, config: Config) -> Params:
    """GPT-2's random start: normal weights, output projections narrower, biases zero."""
    d, inner, narrow = config.dimension, config.inner, (2 * len(config.blocks)) ** -0.5
    keys = iter(jax.random.split(key, 2 + 6 * len(config.blocks)))

    def weights(*shape: int, scale: float = 1.0) -> Array:
        return _SPREAD * scale * jax.random.normal(next(keys), shape, _KIND)

    def linear(out: int, width: int, scale: float = 1.0) -> Linear:
        return Linear(weights(out, width, scale=scale), jnp.zeros(out, _KIND))

    def norm() -> Norm:
        return Norm(jnp.ones(d, _KIND), jnp.zeros(d, _KIND))

    def block() -> Block:
        return Block(
            attention_norm=norm(),
            query=linear(d, d),
            key=linear(d, d),
            value=linear(d, d),
            output=linear(d, d, narrow),
            mlp_norm=norm(),
            up=linear(inner, d),
            down=linear(d, inner, narrow),
        )

    table = weights(config.vocabulary, d)
    return Params(
        embedding=table,
        position_embedding=weights(config.positions or 0, d),
        blocks=tuple(block() for _ in config.blocks),
        final_norm=norm(),
        unembedding=table,
    )


@partial(jax.jit, static_argnums=1)
def cross_entropy(
    params: Params, config: Config, windows: Int[Array, "batch length"]
) -> Float[Array, ""]:
    """Mean of -log p(token | those before it) over all tokens but the first of each window, nats."""
    tokens, targets = windows[:, :-1], windows[:, 1:]
    log_probs = jax.nn.log_softmax(logits_of(params, config, tokens))
    return -jnp.mean(jnp.take_along_axis(log_probs, targets[..., None], axis=-1))


def logits_of(
    params: Params, config: Config, tokens: Int[Array, "windows length"]
) -> Float[Array, "windows length vocab"]:
    """The logits after each token of whole windows."""
    layout = layout_of(jnp.ones(tokens.shape, bool))
    x = embed(params, config, tokens, layout)
    x = run_blocks(params, config, x, layout, 0, len(config.blocks))
    return unembed(params, config, normalise(params, config, x))


def train(
    config: Config,
    tokens: np.ndarray,
    *,
    seed: int,
    steps: int,
    batch_size: int,
    learning_rate: float,
    checkpoint: Checkpoint | None = None,
    progress: Progress = silent,
) -> tuple[Params, np.ndarray]:
    """The trained parameters, and the loss [steps] of each batch.

    Each step draws `batch_size` windows of `tokens`, of the model's full length. The head is tied to
    the embedding throughout. Equal arguments give equal parameters on one machine, also where the training
    goes on from a `checkpoint`, which is written now and then.
    """
    length = config.positions or 0
    draw = np.random.default_rng(seed)
    losses = np.zeros(steps)
    # 32 bits, whatever the caller's setting; optax mixes its integer step count with floats
    with jax.enable_x64(False), jax.numpy_dtype_promotion("standard"), ctrl_c_waits() as stop:
        params = untie(initial_params(jax.random.key(seed), config))
        rule = _rule(steps, learning_rate)
        state = jax.jit(rule.init)(params)
        kept = None if checkpoint is None else checkpoint.read((params, state))
        begun = 0
        if kept is not None:
            (params, state), before = kept
            begun = before.size
            losses[:begun] = before
        for step in range(steps):
            starts = draw.integers(0, tokens.size - length, batch_size)
            if step < begun:
                continue  # only the random numbers were needed
            windows = tokens[starts[:, None] + np.arange(length + 1)[None, :]]
            windows = jnp.asarray(windows, jnp.int32)
            params, state, loss = _step(rule.update, config, params, state, windows)
            losses[step] = float(loss)
            if checkpoint is not None and (step + 1) % _KEPT == 0:
                checkpoint.write((params, state), losses[: step + 1])
            stop()
            if not np.isfinite(losses[step]):
                raise ValueError(
                    f"the loss is {losses[step]} at step {step}: learning_rate {learning_rate:g} is "
                    "too large"
                )
            progress(step + 1, steps, f"loss {losses[step]:.3f}")
        return tie(params), losses


@cache  # one rule, so that equal runs share one compiled step
def _rule(steps: int, peak: float) -> optax.GradientTransformation:
    schedule = optax.warmup_cosine_decay_schedule(
        peak / 100, peak, max(1, int(_WARM_UP * steps)), max(2, steps), peak / 20
    )
    return optax.chain(
        optax.clip_by_global_norm(1.0),
        # decay pulls matrices towards zero, not scales and biases
        optax.adamw(
            schedule,
            b2=0.99,
            weight_decay=0.1,
            mask=lambda tree: jax.tree.map(lambda x: x.ndim > 1, tree),
        ),
    )


@partial(jax.jit, static_argnums=(0, 1), donate_argnums=(2, 3))
def _step(
    update: Callable[..., tuple[Params, optax.OptState]],
    config: Config,
    params: Params,
    state: optax.OptState,
    windows: Int[Array, "batch length"],
) -> tuple[Params, optax.OptState, Array]:
    of_free = jax.value_and_grad(lambda free: cross_entropy(tie(free), config, windows))
    loss, gradient = of_free(params)
    change, state = update(gradient, state, params)
    return eqx.apply_updates(params, change), state, loss


def tie(params: Params) -> Params:
    """The parameters with the embedding as the head."""
    head, is_free = params.embedding, lambda x: x is None
    return eqx.tree_at(lambda p: p.unembedding, params, head, is_leaf=is_free)


def untie(params: Params) -> Params:
    """Without a head: what is free to move."""
    return eqx.tree_at(lambda p: p.unembedding, params, None)
