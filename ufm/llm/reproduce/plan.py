"""What will be run, shared out over machines, and what it costs: told from a short measurement."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import jax
import numpy as np

from ufm._progress import Progress

from ..concepts.concept import CONCEPTS
from ..decoder.steering import Steering
from ..judge.steered_texts import Sampling, draw_texts, plain_text
from ..measure.cost_sweep import measure_window
from ..steering.generate import NOTHING
from ..steering.steered_prompt import SteeredPrompt, bucket
from ..steering.strengths import chunks
from ..text.loops import find_loop
from .costs import EXACT, NEAR
from .experiment import Experiment
from .laboratory import Laboratory
from .measurement import KINDS, Measurement
from .study import Study

_TEXTS = 64  # so many are written at once
_ASKED = 16  # texts that the judge is asked about
_LONG, _LEAST = 60.0, 1.0  # seconds


@dataclass(frozen=True)
class Share:
    """Part `number` of `count` of a plan, from 1."""

    number: int = 1
    count: int = 1

    @classmethod
    def read(cls, text: str) -> "Share":
        """From "2/4"; anything else raises `ValueError`.

        >>> from ufm.llm.reproduce.plan import Share
        >>> print(Share.read("2/4"))
        Share(number=2, count=4)
        """
        number, _, count = text.partition("/")
        if number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count):
            return cls(int(number), int(count))
        raise ValueError(f"a share is written K/N, from 1/N to N/N; got {text!r}")


@dataclass(frozen=True)
class Plan:
    """The measurements in the order in which they are made, each once.

    `experiments`: those that can be run. `not_run`: what the others are of, and why they cannot.
    """

    experiments: tuple[Experiment, ...]
    not_run: dict[str, str]
    measurements: tuple[Measurement, ...]

    def of(self, share: Share, laboratory: Laboratory) -> tuple[Measurement, ...]:
        """The measurements of one machine: all of a concept and block stay together, and the work is even.

        Every machine finds the same division, for it depends on the study alone.
        """
        groups: dict[tuple[str, int], list[Measurement]] = {}
        for measurement in self.measurements:
            groups.setdefault((measurement.concept, measurement.layer), []).append(measurement)
        work = {group: sum(map(_work(laboratory), members)) for group, members in groups.items()}
        loads, mine = [0.0] * share.count, set()
        for group in sorted(groups, key=lambda group: (-work[group], group)):
            least = loads.index(min(loads))
            loads[least] += work[group]
            if least == share.number - 1:
                mine.add(group)
        return tuple(m for m in self.measurements if (m.concept, m.layer) in mine)


def make_plan(laboratory: Laboratory, experiments: Sequence[Experiment]) -> Plan:
    """All that the experiments read: a measurement that several read is made once."""
    run, not_run = [], {}
    for experiment in experiments:
        why = experiment.why_not(laboratory.study)
        if why is None:
            run.append(experiment)
        else:
            not_run[experiment.name] = why
    wanted = dict.fromkeys(m for experiment in run for m in experiment.measurements(laboratory))
    order = sorted(wanted, key=lambda m: KINDS.index(m.kind))
    return Plan(tuple(run), not_run, tuple(order))


def _work(laboratory: Laboratory) -> Callable[[Measurement], float]:
    """Tokens that run through the blocks after the steered one, and the head."""
    study = laboratory.study
    prompt = float(np.mean([len(row) for row in study.rows]))
    window = float(np.mean([len(row) for row in study.windows])) if study.windows else 0.0

    def work(measurement: Measurement) -> float:
        later = study.model.blocks - measurement.layer
        length = {"cost": window, "presence": prompt + study.scale.text_length}
        if measurement.kind == "presence":
            later = study.model.blocks
        return measurement.sequences(study) * length.get(measurement.kind, prompt) * later

    return work


@dataclass(frozen=True)
class Speed:
    """Seconds for one sequence at one strength, at the first and the last of the steered blocks."""

    layers: tuple[int, int]
    seconds: tuple[float, float]

    def at(self, layer: int) -> float:
        """The seconds at a block between: those that follow it take equal time."""
        if self.layers[0] == self.layers[1]:
            return self.seconds[0]
        return float(np.interp(layer, self.layers, self.seconds))


@dataclass(frozen=True)
class Cost:
    """Of measurements: seconds of work, without compilation; bytes of a batch at most.

    `weights`: bytes of those on one device.
    """

    seconds: dict[Measurement, float]
    weights: int
    batch: int

    @property
    def total(self) -> float:
        """Seconds in all."""
        return math.fsum(self.seconds.values())

    def of(self, kind: str) -> float:
        """Seconds of the measurements of one kind."""
        return math.fsum(seconds for m, seconds in self.seconds.items() if m.kind == kind)


def measure_cost(
    laboratory: Laboratory, measurements: Sequence[Measurement], progress: Progress
) -> Cost:
    """The cost of measurements, from one prompt, one window and a few texts, each worked on twice."""
    study = laboratory.study
    layers = study.layers[0], study.layers[-1]
    # a text runs through all blocks, wherever it is steered, and a task is asked at the middle one
    timers = {
        "prompt": (_time_prompt, layers),
        "cost": (_time_window, layers),
        "presence": (_time_text, (study.middle, study.middle)),
        "task": (_time_task, (study.middle, study.middle)),
    }
    of = {m: m.kind if m.kind in timers else "prompt" for m in measurements}
    speeds: dict[str, Speed] = {}
    for k, kind in enumerate(dict.fromkeys(of.values())):
        progress(k, len(set(of.values())), "how long it takes")
        timer, where = timers[kind]
        found = [timer(laboratory, measurements[0].concept, x) for x in sorted(set(where))]
        speeds[kind] = Speed(where, (found[0], found[-1]))
    seconds = {m: m.sequences(study) * speeds[kind].at(m.layer) for m, kind in of.items()}
    held = [leaf.addressable_shards[0].data.nbytes for leaf in jax.tree.leaves(study.model.params)]
    return Cost(seconds, sum(held), study.model.memory)


def _time_prompt(laboratory: Laboratory, concept: str, layer: int) -> float:
    study = laboratory.study
    vector = laboratory.vector(concept, layer)
    row, steering = study.rows[0], Steering.of(vector)
    prompt = SteeredPrompt(study.model, row, steering, bucket(study.model, row))
    alphas = study.scale.tokens.alphas(vector)[: prompt.batch_size()]
    _, chunk = next(chunks(alphas, alphas.size, study.model.wide))
    return _second(lambda: prompt.logits(chunk)) / alphas.size


def _time_window(laboratory: Laboratory, concept: str, layer: int) -> float:
    """A window in all three sweeps of the cross-entropy, for one of their strengths."""
    study = laboratory.study
    vector = laboratory.vector(concept, layer)
    row, length = list(study.windows[0]), max(map(len, study.windows))
    wide = study.scale.cost.alphas(vector)
    sweeps = (np.zeros(1), 2), (NEAR * float(wide[-1]), 0), (wide, 0)

    def sweep() -> None:
        for alphas, order in sweeps:
            measure_window(study.model, row, Steering.of(vector), alphas, length, order)

    return _second(sweep) / (EXACT + NEAR.size + wide.size)


def _time_text(laboratory: Laboratory, concept: str, layer: int) -> float:
    """A text written, its perplexity, whether it loops, and the judge's answer."""
    study = laboratory.study
    vector, sampling = laboratory.vector(concept, layer), Sampling(study.scale.text_length)
    rows = [list(row) for row in study.rows for _ in range(study.scale.samples)][:_TEXTS]
    alphas = study.scale.presence.alphas(vector)[-1:]
    given = study.model, rows, Steering.of(vector), alphas, sampling, list(range(len(rows)))
    made: list[np.ndarray] = []
    writing = _second(lambda: made.append(draw_texts(*given, study.tokenizer.ends)[0]))
    kept = [row[row != NOTHING].tolist() for row in made[0]]
    reading = _seconds(lambda: [find_loop(row) for row in kept])
    texts = [plain_text(study.tokenizer, row) for row in made[0]]
    return (writing + reading) / len(rows) + _time_judge(study, concept, texts)


def _time_judge(study: Study, concept: str, texts: Sequence[str]) -> float:
    """An answer about a text; a server may remember what it was asked, so the second texts are others."""
    assert study.judge is not None
    judge, said = study.judge, [text for text in texts if text]
    count = min(len(said) // 2, _ASKED)
    if count == 0:
        return 0.0
    some = iter((said[:count], said[count : 2 * count]))
    return _second(lambda: judge.probabilities(next(some), CONCEPTS[concept]), least=0.0) / count


def _time_task(laboratory: Laboratory, concept: str, layer: int) -> float:
    study, vector = laboratory.study, laboratory.vector(concept, layer)
    assert study.task is not None
    task = study.task
    return _second(lambda: task.scores(study.model, study.tokenizer, Steering.of(vector), 0.0))


def _second(run: Callable[[], object], least: float = _LEAST) -> float:
    """Seconds of a call after the first, which compiles: the mean of as many as fill `least` seconds.

    Beside a minute, compiling takes little.
    """
    first = _seconds(run)
    if first > _LONG:
        return first
    found = [_seconds(run)]
    while math.fsum(found) < least:
        found.append(_seconds(run))
    return math.fsum(found) / len(found)


def _seconds(run: Callable[[], object]) -> float:
    begun = time.perf_counter()
    jax.block_until_ready(run())
    return time.perf_counter() - begun
