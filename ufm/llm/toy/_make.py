"""Makes a toy model: text, tokenizer, training, folder."""

import platform
from dataclasses import asdict, dataclass
from pathlib import Path

import jax
import numpy as np
import tokenizers

from ufm._json import JSON
from ufm._progress import Progress, silent

from ..checkpoint.families import read_config
from ..decoder.config import Config
from ..decoder.params import Params
from . import _folder
from ._assumptions import Assumptions, labelled, measure_assumptions
from ._checkpoint import Checkpoint
from ._concepts import CONCEPTS, ToyConcept
from ._corpus import Corpus, held_out_words, mixed_documents, openings, read_corpus
from ._interrupt import ctrl_c_waits
from ._settings import Settings
from ._tokenizer import END, train_tokenizer
from ._train import cross_entropy, train


@dataclass(frozen=True)
class Made:
    """What came out: losses in nats a token, sizes in tokens, and what the UFM supposes (`Assumptions`)."""

    parameters: int
    vocabulary: int
    concept_tokens: int
    train_tokens: int
    train_loss: float
    held_out_tokens: int
    held_out_loss: float
    assumptions: Assumptions


def make_toy(
    out: str | Path,
    settings: Settings | None = None,
    progress: Progress = silent,
    corpus: Corpus | None = None,
) -> Made:
    """Train a GPT-2 of few blocks with a concept of words, and write all that steering needs.

    The concept is "uppercase", words in capitals, or "backwards", words spelled backwards.

    The folder `out` holds a model that `ufm.llm.load` and transformers read (config.json,
    model.safetensors, tokenizer.json, tokenizer_config.json), and

    - `positive.jsonl`, `negative.jsonl`: prompts P of the concept, N the same words as they are, each
      line {"concept": "uppercase", "kind": "positive" or "negative", "text": "…"};
    - `contexts.jsonl`: held-out prompts, {"negative": ["…"]} and {"uppercase": ["…"]};
    - `heldout.txt`: held-out text of both, for ΔCE;
    - `tokens.json`: the concept's token set and the rule that fixed it;
    - `toy.json`: settings, Python, a digest of its text, the losses, and how far the model is from what the
      UFM supposes.

    Text for training, for P and N, and held-out text come from different documents of `corpus`,
    Python's own (`read_corpus`) unless given. `out` must not exist, and is written when all is done; the
    training so far is kept in `out`.training.safetensors, from which a run that was killed goes on.
    `progress(step, steps, "loss …")` is called after each step. Equal settings give equal files on one
    machine and Python.

    >>> import ufm.llm
    >>> model = ufm.llm.load("tests/data/llm/toy")  # a tiny one, of tests/data/make_toy.py
    >>> print(model.blocks, model.dimension, model.vocabulary)
    1 32 384
    """
    folder, settings = Path(out), settings or Settings()
    _folder.check_writable(folder)
    concept = CONCEPTS[settings.concept]
    with ctrl_c_waits() as stop:
        corpus = corpus or read_corpus()
        about = {**asdict(settings), "text": corpus.digest, "jax": jax.__version__}
        kept = Checkpoint(folder.with_name(f"{folder.name}.training.safetensors"), about)
        kept.check()
        data = _data(corpus, settings)
        tokenizer = train_tokenizer(data.train, settings.vocabulary)
        vocabulary = tokenizer.get_vocab_size()
        config = _config(settings, vocabulary)
        tokens = _tokens(tokenizer, data.train)
        stop()
        params, losses = train(
            read_config(config),
            tokens,
            seed=settings.seed,
            steps=settings.steps,
            batch_size=settings.batch_size,
            learning_rate=settings.learning_rate,
            checkpoint=kept,
            progress=progress,
        )
        stop()
    sides = concept.sides(tokenizer, data.as_it_is)
    held_out = _tokens(tokenizer, [data.held_out])
    predicted, loss = _held_out_loss(params, read_config(config), held_out)
    text = labelled(tokenizer, data.held_out_words, data.held_out_forms)
    fit = measure_assumptions(params, read_config(config), text, sides, settings.switch)
    members = np.flatnonzero(sides[0]).tolist()
    found = Made(
        parameters=sum(x.size for x in _folder.gpt2_tensors(params).values()),
        vocabulary=vocabulary,
        concept_tokens=len(members),
        train_tokens=tokens.size,
        train_loss=float(losses[-max(1, settings.steps // 20) :].mean()),
        held_out_tokens=predicted,
        held_out_loss=loss,
        assumptions=fit,
    )
    about = {"settings": asdict(settings), "made": asdict(found)}
    about |= {"python": platform.python_version(), "text": corpus.digest}
    rule = {"concept": concept.name, "rule": concept.rule, "tokens": members}
    with _folder.whole_folder(folder) as aside:
        _folder.write_model(aside, params, config, tokenizer)
        _write_prompts(aside, data, concept)
        _folder.write_text(aside / "heldout.txt", data.held_out)
        _folder.write_data(aside, "tokens.json", rule)
        _folder.write_data(aside, "toy.json", about)
    kept.delete()
    return found


@dataclass(frozen=True)
class _Data:
    """Text of each use: training texts, mixed and as they are, openings as they are, held-out words, mixed.

    `held_out_forms`: which of these are turned.
    """

    train: list[str]
    as_it_is: list[str]
    pairs: list[str]
    contexts: list[str]
    held_out_words: list[str]
    held_out_forms: np.ndarray

    @property
    def held_out(self) -> str:
        return "".join(self.held_out_words)


def _data(corpus: Corpus, settings: Settings) -> _Data:
    trained = corpus.documents["train"]
    known = "\n".join(paragraph for paragraphs in trained for paragraph in paragraphs)
    pairs, contexts = (
        openings(corpus.documents[part], settings.prompts, settings.words, avoid=known)
        for part in ("prompts", "held-out")
    )
    turn = CONCEPTS[settings.concept].turn
    mixed = list(mixed_documents(trained, settings.switch, turn))
    how = settings.switch, settings.held_out, turn
    held_out = held_out_words(corpus.documents["held-out"], *how)
    return _Data(mixed, known.split("\n"), pairs, contexts, *held_out)


def _config(settings: Settings, vocabulary: int) -> dict[str, JSON]:
    """The config.json: a GPT-2 without dropout, its head tied to the embedding."""
    return {
        "architectures": ["GPT2LMHeadModel"],
        "model_type": "gpt2",
        "activation_function": "gelu_new",
        "n_layer": settings.blocks,
        "n_head": settings.heads,
        "n_embd": settings.dimension,
        "n_inner": 4 * settings.dimension,
        "n_positions": settings.context,
        "vocab_size": vocabulary,
        "layer_norm_epsilon": 1e-5,
        "tie_word_embeddings": True,
        "attn_pdrop": 0.0,
        "embd_pdrop": 0.0,
        "resid_pdrop": 0.0,
        "bos_token_id": 0,
        "eos_token_id": 0,
        "torch_dtype": "float32",
    }


def _tokens(tokenizer: tokenizers.Tokenizer, texts: list[str]) -> np.ndarray:
    """The tokens of all texts in a row, each text closed by the end token."""
    end = tokenizer.token_to_id(END)
    rows = (np.array([*e.ids, end], np.int32) for e in tokenizer.encode_batch(texts))
    return np.concatenate(list(rows))


def _held_out_loss(params: Params, config: Config, tokens: np.ndarray) -> tuple[int, float]:
    """Tokens predicted, and their mean cross-entropy in windows of the model's full length."""
    length = config.positions or 0
    rows = (tokens.size - 1) // length
    starts = length * np.arange(rows)[:, None]
    windows = tokens[starts + np.arange(length + 1)[None, :]]
    with jax.enable_x64(False):
        # one after the other: one program, whatever the length of the text
        losses = jax.lax.map(lambda row: cross_entropy(params, config, row[None]), windows)
    return rows * length, float(np.asarray(losses, np.float64).mean())


def _write_prompts(folder: Path, data: _Data, concept: ToyConcept) -> None:
    turned = list(map(concept.turn, data.pairs))
    for kind, texts in (("positive", turned), ("negative", data.pairs)):
        lines = [{"concept": concept.name, "kind": kind, "text": text} for text in texts]
        _folder.write_lines(folder / f"{kind}.jsonl", lines)
    both = [{"negative": data.contexts}, {concept.name: list(map(concept.turn, data.contexts))}]
    _folder.write_lines(folder / "contexts.jsonl", both)
