"""Makes tests/data/llm/toy, a tiny trained model with a concept, in about a minute.

Run from the root of the repository, after deleting what is there:

    python -m tests.data.make_toy

The text changes from one Python release to the next, so the tests use the folder that is kept:
made by Python 3.11.7.
"""

from pathlib import Path

from ufm.llm.toy import Settings, make_toy

HERE = Path(__file__).parent / "llm" / "toy"
SETTINGS = Settings(
    steps=1500,
    batch_size=32,
    learning_rate=1e-2,
    dimension=32,
    context=32,
    vocabulary=384,
    prompts=24,
    words=6,
    held_out=6000,
)

if __name__ == "__main__":
    print(make_toy(HERE, SETTINGS))
