"""Each part of the paper's experiments, killed at ten moments and begun again: the same bytes."""

import random
from dataclasses import replace

import matplotlib.figure
import pytest

import ufm._files
import ufm.llm
from tests.ufm.llm.concepts.chat_model import CHAT, make_chat_model
from tests.ufm.llm.reproduce import tiny_study
from tests.ufm.llm.reproduce.test_reproduce import contents
from ufm._progress import silent
from ufm.llm.reproduce.experiments import chosen
from ufm.llm.reproduce.files import write_reproduction
from ufm.llm.reproduce.inputs import Author
from ufm.llm.reproduce.laboratory import Laboratory
from ufm.llm.reproduce.make import judge, open_laboratory
from ufm.llm.reproduce.measurement import Measurement
from ufm.llm.reproduce.plan import make_plan

PARTS = {
    "tokens": Measurement("curves", "joy", 1),
    "last position": Measurement("curves", "joy", 1, "last"),
    "resampled": Measurement("runs", "joy", 1),
    "cost": Measurement("cost", "joy", 0),
    "presence": Measurement("presence", "joy", 1),
    "task": Measurement("task", "joy", 1),
    "log-odds": Measurement("log-odds", "joy", 1),
}


class Killed(BaseException):
    """In place of a signal."""


@pytest.fixture
def ten_kills(tmp_path, monkeypatch):
    """`work(folder)` killed before or in the midst of ten of its writes, or of all, and done again."""

    def kill(work):
        writes, left, real = 0, None, ufm._files.write_whole
        moments = random.Random(1)

        def write(path, data):
            nonlocal writes
            writes += 1
            if writes - 1 != left:
                return real(path, data)
            if moments.random() < 0.5:
                path.with_name(f".{path.name}.1.part").write_bytes(data[: len(data) // 2])
            raise Killed

        for module in (ufm._files, *WRITERS):
            monkeypatch.setattr(module, "write_whole", write)
        work(tmp_path / "whole")
        whole, total = contents(tmp_path / "whole"), writes
        assert total >= 2
        for k, moment in enumerate(moments.sample(range(total), min(10, total))):
            writes, left = 0, moment
            with pytest.raises(Killed):
                work(tmp_path / str(k))
            left = None
            work(tmp_path / str(k))
            assert contents(tmp_path / str(k)) == whole

    return kill


WRITERS = (ufm.llm.concepts.concept_prompts, ufm.llm.reproduce.files)


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """A study and its vectors."""
    folder = tmp_path_factory.mktemp("opened")
    study = tiny_study.study()
    return study, open_laboratory(study, folder, silent).directions


@pytest.mark.parametrize("part", PARTS)
def test_a_measurement(ten_kills, opened, part):
    ten_kills(lambda folder: Laboratory(*opened, folder).make(PARTS[part]))


def test_the_vectors_on_which_a_plan_is_made(ten_kills, opened):
    ten_kills(lambda folder: open_laboratory(opened[0], folder, silent))


def test_the_prompts(ten_kills, tmp_path):
    path = make_chat_model(tmp_path / "model", chat_template=CHAT)
    model, tokenizer = ufm.llm.load(path, "float64"), ufm.llm.load_tokenizer(path)
    scale = replace(tiny_study.SCALE, prompts=3, prompt_tokens=8)
    ten_kills(lambda folder: Author(folder).write("evil", model, tokenizer, scale))


def test_the_page(ten_kills, opened, tmp_path, monkeypatch):
    laboratory = Laboratory(*opened, tmp_path / "runs")
    found = judge(laboratory, make_plan(laboratory, chosen(["6", "section-5"])))
    plain = matplotlib.figure.Figure()  # what is drawn is not of interest here
    for experiment in found.plan.experiments:
        monkeypatch.setattr(type(experiment), "draw", lambda self, laboratory: plain)
    ten_kills(lambda folder: write_reproduction(found, folder))
