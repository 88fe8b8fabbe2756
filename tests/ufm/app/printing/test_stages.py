"""Lines on standard error where no terminal shows a bar: one as a stage begins, one with its time left."""

import io

from rich.console import Console

from ufm.app.commands import verify
from ufm.app.printing import stages

# When, how far, of how much, in which stage.
CALLS = [
    (3.0, 1, 4, "reading"),
    (12.0, 0, 4, "choosing"),
    (112.0, 1, 10, "choosing"),  # this step has compiled a program, and so does the next
    (162.0, 2, 10, "choosing"),
    (167.0, 3, 10, "choosing"),
    (172.0, 4, 10, "choosing"),
    (177.0, 5, 10, "choosing"),
    (178.0, 1, 8, "measuring"),
    (179.0, 8, 8, "measuring"),
    (180.0, 1, None, "drawing"),
]


def printed(calls, **how):
    """What is printed when the clock shows 0 and then each call's time."""
    out = io.StringIO()
    times = iter([0.0, *(call[0] for call in calls)])
    lines = stages.StageLines(
        Console(file=out, width=40), clock=lambda: next(times), quiet=10.0, **how
    )
    for _, *state in calls:
        lines(*state)
    return out.getvalue().splitlines()


def test_a_stage_is_named_as_it_begins_and_its_time_left_once_that_is_known():
    assert printed(CALLS) == [
        "ufm: choosing",
        "ufm: choosing: about 30 seconds of it left",
        "ufm: measuring",
        "ufm: drawing",
    ]


def test_the_time_left_of_the_whole_goes_on_over_stages():
    calls = [(20.0, 0.1, 1.0, "curves"), (40.0, 0.4, 1.0, "curves"), (100.0, 0.5, 1.0, "text")]
    assert printed(calls, is_whole=True) == [
        "ufm: curves: about 3 minutes left in all",
        "ufm: text: about 2 minutes left in all",
    ]


def test_a_stage_that_is_named_anew_at_each_step_is_told_once():
    steps = ["compiling", "control of a", "compiling", "control of b"]
    calls = [(20.0 + k, k + 1, None, words) for k, words in enumerate(steps)]
    calls += [(30.0 + k, k / 20, 1.0, f"claims on rates {k}") for k in range(1, 21)]
    calls += [(60.0, 1.0, 1.0, "done"), (61.0, 0.0, None, verify._CERTIFYING)]
    calls += [(70.0 + k, k / 9, 1.0, f"coqc {k}.v") for k in range(1, 10)]
    assert printed(calls, in_short=verify._stage) == [
        "ufm: compiling, and running the controls",
        "ufm: judging the claims",
        "ufm: judging the claims: about 12 seconds of it left",
        "ufm: certifying the claims on the paper's datasets",
        "ufm: having coqc check the proofs",
    ]


def test_short_work_says_nothing():
    assert printed([(float(k), k, 10, "choosing") for k in range(10)]) == []


def test_a_terminal_gets_the_bar(monkeypatch):
    errors = Console(file=io.StringIO(), force_terminal=True)
    with stages.told("starting", errors) as show:
        assert not isinstance(show, stages.StageLines)
    with stages.told("starting", Console(file=io.StringIO())) as show:
        assert isinstance(show, stages.StageLines)


def test_what_is_waited_for_is_named_only_where_it_takes_long(monkeypatch):
    out = io.StringIO()
    with stages.waiting("loading the model …", Console(file=out)):
        pass
    assert out.getvalue() == ""

    class AtOnce(stages.threading.Timer):
        def start(self):
            self.function(*self.args)

    monkeypatch.setattr(stages.threading, "Timer", AtOnce)
    with stages.waiting("loading the model …", Console(file=out)):
        assert out.getvalue() == "ufm: loading the model …\n"
