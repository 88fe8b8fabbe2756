"""The prompts and texts that come with this package, by name."""

from pathlib import Path

_FOLDER = Path(__file__).parents[1] / "examples"


def example_file(name: str | Path) -> Path:
    """The file called `name` that comes with this package; any other name is a path, and stays.

    Prompts of a concept, 64 for and 64 against it, with the same subject in turn: `joy` (against
    neither joy nor grief), `formal` (against colloquial), `french` (against English); each ends with a
    word and without a full stop, as a vector is taken at the last token. `neutral`: 64 beginnings of
    sentences without any of the three. `essays`: 2,500 words of neutral exposition. `joy_words`,
    `formal_words`, `french_words`, and `evil_words` and so on for the paper's eight concepts: 16 words of
    each, for any tokenizer. `judge_labels`: 60 texts of the paper's eight, labelled by hand. `joy_tokens`,
    `formal_tokens`, `french_tokens`: longer lists of single tokens of SmolLM2, with which the
    documentation's table of laws was made. A file of that name in the current folder goes first.

    >>> from ufm.llm import example_file, read_prompts
    >>> print(len(read_prompts(example_file("joy"))), example_file("mine.jsonl"))
    128 mine.jsonl
    """
    path = Path(name)
    known = {file.stem: file for file in _FOLDER.iterdir()}
    return path if path.exists() else known.get(str(path), path)


def example_names(*patterns: str) -> list[str]:
    """What comes with this package and has a file name like one of `patterns`, by name.

    >>> from ufm.llm.text.examples import example_names
    >>> print(*example_names("joy*.json", "essays.*"))
    joy_tokens joy_words essays
    """
    return [file.stem for pattern in patterns for file in sorted(_FOLDER.glob(pattern))]


def name_of(path: Path) -> str:
    """What a user calls the file: by its name if it comes with this package, else by its path."""
    return path.stem if path.parent == _FOLDER else str(path)
