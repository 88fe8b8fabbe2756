"""How the tensors of a family become the decoder's parameters."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

import numpy as np
from jaxtyping import Array

from ..decoder.config import BlockConfig, Config, Mixture
from ..decoder.params import Block, Experts, Linear, Norm, Params
from .tensor_names import Names, names_of
from .weights import Place, TensorFiles

# Buffers that old files carry along: masks and rotary tables, worked out here from config.json.
_BUFFERS = (
    ".attn.bias",
    ".attn.masked_bias",
    ".attention.bias",
    ".attention.masked_bias",
    "rotary_emb.inv_freq",
)
# Tensors of Gemma 3 with vision, through which no text passes.
_VISION = ("vision_tower.", "multi_modal_projector.")


def read_params(files: TensorFiles, config: Config, place: Place) -> Params:
    """The parameters in `files`; a tensor missing, unknown or of another shape is an error."""
    params = _Tensors(files, config, place).params()
    left = {name for name in files.unread if not name.endswith(_BUFFERS)}
    if config.family == "gemma3_text":
        left = {name for name in left if not name.startswith(_VISION)}
    unknown = sorted(left)
    if unknown:
        raise ValueError(
            f"{files.where}: tensor {unknown[0]} is unknown to {config.family}"
            + (f", and so are {len(unknown) - 1} more" if unknown[1:] else "")
        )
    return params


@dataclass(frozen=True)
class _Tensors:
    """Reads the parts of a model of one family."""

    files: TensorFiles
    config: Config
    place: Place

    @cached_property
    def names(self) -> Names:
        return names_of(self.config)

    def params(self) -> Params:
        config, names = self.config, self.names
        embedding, unembedding = self.embeddings()
        return Params(
            embedding=embedding,
            position_embedding=self.position_embedding(),
            blocks=tuple(
                self.block(f"{names.block}.{i}", settings)
                for i, settings in enumerate(config.blocks)
            ),
            final_norm=self.norm(names.final_norm, config.dimension)
            if config.has_final_norm
            else None,
            unembedding=unembedding,
        )

    def embeddings(self) -> tuple[Array, Array]:
        """Embedding and unembedding, one array where they are tied and neither is scaled nor projected."""
        files, head = self.files, f"{self.names.head}.weight"
        width = self.config.embedding_width
        shape = (self.config.vocabulary, width or self.config.dimension)
        name = f"{self.names.embedding}.weight"
        if self.config.tied and name not in files and head in files:
            name = head  # one array, kept under its other name
        table = files.read(name, shape)
        rows = files.read(head, shape) if head in files or not self.config.tied else table
        if self.config.tied and not np.array_equal(rows, table):
            raise ValueError(
                f"{files.where}: config.json ties the head to the embedding (tie_word_embeddings), "
                f"but {head} differs from it: correct config.json"
            )
        # here once, so that logits are W times the last state wherever W is used
        if width is not None:
            return self.projected(table, rows, width)
        embedding = self.place(table, split=0)
        if self.config.logit_divisor != 1:
            rows = rows.astype(np.float64) / self.config.logit_divisor
            return embedding, self.place(rows, split=0)
        return embedding, embedding if self.config.tied else self.place(rows, split=0)

    def projected(self, table: np.ndarray, rows: np.ndarray, width: int) -> tuple[Array, Array]:
        """The embedding led to the stream's width, and the head led from it; products in float64."""
        d, names = self.config.dimension, self.names
        into = self.files.read(f"{names.project_in}.weight", (d, width)).T
        out = self.files.read(f"{names.project_out}.weight", (width, d))
        pairs = [
            [array.astype(np.float64) for array in pair] for pair in ((table, into), (rows, out))
        ]
        embedding, unembedding = (self.place(a @ b, split=0) for a, b in pairs)
        return embedding, unembedding

    def position_embedding(self) -> Array | None:
        if self.names.positions is None:
            return None
        first = self.names.first_position
        shape = ((self.config.positions or 0) + first, self.config.dimension)
        return self.place(self.files.read(f"{self.names.positions}.weight", shape)[first:])

    def block(self, at: str, settings: BlockConfig) -> Block:
        names, d = self.names, self.config.dimension
        query, key, value = self.queries_keys_values(at, settings)
        router, gate, up, down = self.mlp(at, settings.mixture)
        wide, narrow = _widths(settings)
        has_bias = self.config.attention_bias and names.has_output_bias

        def norm(name: str | None, size: int = d) -> Norm | None:
            return None if name is None else self.norm(f"{at}.{name}", size)

        (output,) = self.linears(f"{at}.{names.output}", [d], wide, 1, has_bias)
        sinks = None
        if names.sinks is not None:
            scores = self.files.read(f"{at}.{names.sinks}", (settings.heads,))
            sinks = self.place(scores, wide=True)
        return Block(
            attention_norm=norm(names.attention_norm),
            query=query,
            key=key,
            value=value,
            output=output,
            sinks=sinks,
            query_norm=norm(names.query_norm, wide if names.has_wide_norms else settings.head_dim),
            key_norm=norm(names.key_norm, narrow if names.has_wide_norms else settings.head_dim),
            attention_post_norm=norm(names.attention_post_norm),
            mlp_norm=norm(names.mlp_norm),
            router=router,
            gate=gate,
            up=up,
            down=down,
            mlp_post_norm=norm(names.mlp_post_norm),
        )

    def queries_keys_values(self, at: str, settings: BlockConfig) -> list[Linear]:
        names, d, has_bias = self.names, self.config.dimension, self.config.attention_bias
        wide, narrow = _widths(settings)
        sizes = [wide, narrow, narrow]
        if names.qkv is not None:
            by_head = settings.heads if names.is_by_head else 1
            return self.linears(f"{at}.{names.qkv}", sizes, d, 0, has_bias, by_head)
        apart = zip((names.query, names.key, names.value), sizes, strict=True)
        return [self.linears(f"{at}.{name}", [size], d, 0, has_bias)[0] for name, size in apart]

    def mlp(
        self, at: str, mixture: Mixture | None
    ) -> tuple[Linear | None, Linear | Experts | None, Linear | Experts, Linear | Experts]:
        """Router, gate, up and down of a block."""
        names, d, has_bias = self.names, self.config.dimension, self.config.mlp_bias
        if mixture is None:
            gate, up = self.gate_and_up(at)
            (down,) = self.linears(f"{at}.{names.down}", [d], self.config.inner, 1, has_bias)
            return None, gate, up, down
        (router,) = self.linears(f"{at}.{names.router}", [mixture.count], d, 0, has_bias)
        where = f"{at}.{names.experts}"
        read = self.experts_in_one if names.has_experts_in_one else self.experts_apart
        gate, up, down = read(where, mixture)
        return router, gate, up, down

    def experts_apart(self, at: str, mixture: Mixture) -> list[Experts]:
        """Gate, up and down, of which each expert has tensors of its own."""
        d, inner = self.config.dimension, mixture.inner
        shapes = [(inner, d), (inner, d), (d, inner)]

        def stacked(name: str, shape: tuple[int, int]) -> np.ndarray:
            names = (f"{at}.{e}.{name}.weight" for e in range(mixture.count))
            return np.stack([self.files.read(one, shape) for one in names])

        parts = zip(self.names.expert, shapes, strict=True)
        return [Experts(self.place(stacked(*part), split=0)) for part in parts]

    def experts_in_one(self, at: str, mixture: Mixture) -> list[Experts]:
        """Gate, up and down as gpt-oss stores them."""
        e, d, inner = mixture.count, self.config.dimension, mixture.inner
        both = self.files.read(f"{at}.gate_up_proj", (e, d, 2 * inner)).swapaxes(1, 2)
        biases = self.files.read(f"{at}.gate_up_proj_bias", (e, 2 * inner))
        down = self.files.read(f"{at}.down_proj", (e, inner, d)).swapaxes(1, 2)
        last = self.files.read(f"{at}.down_proj_bias", (e, d))
        pairs = [(both[:, i::2], biases[:, i::2]) for i in (0, 1)]
        return [
            Experts(self.place(weight, split=0), self.place(bias, split=0))
            for weight, bias in (*pairs, (down, last))
        ]

    def gate_and_up(self, at: str) -> tuple[Linear | None, Linear]:
        names, d, inner = self.names, self.config.dimension, self.config.inner
        has_bias = self.config.mlp_bias
        if names.gate_up is not None:
            gate, up = self.linears(f"{at}.{names.gate_up}", [inner, inner], d, 0, has_bias)
            return gate, up
        gate = None
        if names.gate is not None:
            (gate,) = self.linears(f"{at}.{names.gate}", [inner], d, 0, has_bias)
        return gate, self.linears(f"{at}.{names.up}", [inner], d, 0, has_bias)[0]

    def norm(self, name: str, size: int) -> Norm:
        scale = self.files.read(f"{name}.weight", (size,))
        if self.names.is_norm_less_one:
            scale = 1 + scale.astype(np.float64)
        if not self.names.has_norm_bias:
            return Norm(self.place(scale, wide=True))
        bias = self.files.read(f"{name}.bias", (size,))
        return Norm(self.place(scale, wide=True), self.place(bias, wide=True))

    def linears(
        self,
        name: str,
        sizes: Sequence[int],
        width: int,
        split: int,
        has_bias: bool,
        groups: int = 1,
    ) -> list[Linear]:
        """The maps from `width` to each of `sizes` that the tensor `name` holds one after the other.

        With `groups` it holds a share of each, then the next share of each, … They are split over
        devices along the axis `split`.
        """
        total = sum(sizes)
        if self.names.is_transposed:
            weight = self.files.read(f"{name}.weight", (width, total)).T
        else:
            weight = self.files.read(f"{name}.weight", (total, width))
        weights = [self.place(part, split=split) for part in _cut(weight, sizes, groups)]
        if not has_bias:
            return [Linear(part) for part in weights]
        biases = _cut(self.files.read(f"{name}.bias", (total,)), sizes, groups)
        along = 0 if split == 0 else None
        return [
            Linear(part, self.place(bias, split=along))
            for part, bias in zip(weights, biases, strict=True)
        ]


def _widths(settings: BlockConfig) -> tuple[int, int]:
    """The norms over all queries of a token at once, and over all its keys."""
    return settings.heads * settings.head_dim, settings.kv_heads * settings.head_dim


def _cut(rows: np.ndarray, sizes: Sequence[int], groups: int) -> list[np.ndarray]:
    """The rows of each of `sizes`; with `groups`, each group of rows holds a share of all."""
    grouped = rows.reshape(groups, -1, *rows.shape[1:])
    cuts = [size // groups for size in accumulate(sizes)][:-1]
    return [part.reshape(-1, *rows.shape[1:]) for part in np.split(grouped, cuts, axis=1)]
