"""Makes a toy model: text, tokenizer, training, folder."""

import platform
from collections.abc import Callable
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
from ._corpus import Corpus, read_corpus
from ._interrupt import ctrl_c_waits
from ._settings import Settings
from ._texts import Texts, texts_of
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
    with ctrl_c_waits() as stop:
        corpus = corpus or read_corpus()
        about = {**asdict(settings), "text": corpus.digest, "jax": jax.__version__}
        kept = Checkpoint(folder.with_name(f"{folder.name}.training.safetensors"), about)
        kept.check()
        texts = texts_of(corpus, settings)
        trained = _trained(texts, settings, kept, progress, stop)
    concept = CONCEPTS[settings.concept]
    sides = concept.sides(trained.tokenizer, texts.as_it_is)
    made = _made(trained, texts, sides, settings)
    about = {"settings": asdict(settings), "made": asdict(made)}
    about |= {"python": platform.python_version(), "text": corpus.digest}
    members = np.flatnonzero(sides[0]).tolist()
    rule = {"concept": concept.name, "rule": concept.rule, "tokens": members}
    with _folder.whole_folder(folder) as aside:
        _folder.write_model(aside, trained.params, trained.config, trained.tokenizer)
        _write_texts(aside, texts, concept)
        _folder.write_data(aside, "tokens.json", rule)
        _folder.write_data(aside, "toy.json", about)
    kept.delete()
    return made


@dataclass(frozen=True, eq=False)
class _Trained:
    """A tokenizer, the contents of config.json, and parameters, with the `losses` of batches of `tokens`."""

    tokenizer: tokenizers.Tokenizer
    config: dict[str, JSON]
    params: Params
    tokens: np.ndarray
    losses: np.ndarray


def _trained(
    texts: Texts,
    settings: Settings,
    kept: Checkpoint,
    progress: Progress,
    stop: Callable[[], None],
) -> _Trained:
    """Train tokenizer and model; `stop` is where Ctrl-C may end it in between."""
    tokenizer = train_tokenizer(texts.train, settings.vocabulary)
    config = _folder.gpt2_config(settings, tokenizer.get_vocab_size())
    tokens = _tokens(tokenizer, texts.train)
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
    return _Trained(tokenizer, config, params, tokens, losses)


def _made(
    trained: _Trained, texts: Texts, sides: tuple[np.ndarray, np.ndarray], settings: Settings
) -> Made:
    """What came out, measured on held-out text; `sides`: the concept's tokens, and those not turned."""
    params, config = trained.params, read_config(trained.config)
    held_out = _tokens(trained.tokenizer, [texts.held_out])
    predicted, loss = _held_out_loss(params, config, held_out)
    text = labelled(trained.tokenizer, texts.held_out_words, texts.held_out_forms)
    return Made(
        parameters=sum(x.size for x in _folder.gpt2_tensors(params).values()),
        vocabulary=trained.tokenizer.get_vocab_size(),
        concept_tokens=int(sides[0].sum()),
        train_tokens=trained.tokens.size,
        train_loss=float(trained.losses[-max(1, settings.steps // 20) :].mean()),
        held_out_tokens=predicted,
        held_out_loss=loss,
        assumptions=measure_assumptions(params, config, text, sides, settings.switch),
    )


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


def _write_texts(folder: Path, texts: Texts, concept: ToyConcept) -> None:
    turned = list(map(concept.turn, texts.pairs))
    for kind, side in (("positive", turned), ("negative", texts.pairs)):
        lines = [{"concept": concept.name, "kind": kind, "text": text} for text in side]
        _folder.write_lines(folder / f"{kind}.jsonl", lines)
    both = [{"negative": texts.contexts}, {concept.name: list(map(concept.turn, texts.contexts))}]
    _folder.write_lines(folder / "contexts.jsonl", both)
    _folder.write_text(folder / "heldout.txt", texts.held_out)
