"""A judge behind a server: a real one, here, that answers as OpenAI's form has it, or otherwise."""

import json
import math
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from tests.command_line import refused, run
from ufm.app.commands.judge import Judge
from ufm.llm.concepts.concept import concept
from ufm.llm.judge import server_judge
from ufm.llm.judge.server_judge import ServerJudge

JOY = concept("joy")


class Server:
    """Answers each question by `reply(asked, number)`: a status and what it says."""

    def __init__(self, reply):
        self.asked, self.headers = [], []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                data = self.rfile.read(int(self.headers["Content-Length"]))
                outer.asked.append(json.loads(data))
                outer.headers.append({**self.headers, "path": self.path})
                status, said = reply(outer.asked[-1], len(outer.asked))
                body = said if isinstance(said, bytes) else json.dumps(said).encode()
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "http://localhost:9/elsewhere")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *_: None  # a judge that waits no longer has gone away
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def serve(monkeypatch):
    monkeypatch.setattr(server_judge, "_PAUSE", 0.0)
    monkeypatch.delenv(server_judge.KEY_VARIABLE, raising=False)
    running = []

    def start(reply):
        running.append(Server(reply))
        return running[-1]

    yield start
    for server in running:
        server.close()


def message(text, *places):
    """An answer; each place is the tokens that are likeliest there, with their probabilities."""
    choice = {"message": {"role": "assistant", "content": text}}
    if places:
        content = [
            {
                "token": next(iter(place)),
                "top_logprobs": [{"token": t, "logprob": math.log(p)} for t, p in place.items()],
            }
            for place in places
        ]
        choice["logprobs"] = {"content": content}
    return 200, {"choices": [choice]}


def by_text(asked, _):
    """Sure of joy where the text has the word."""
    has_joy = "JOY" in asked["messages"][-1]["content"]
    return message(
        "?", {"Yes": 0.6, " yes": 0.2, "No": 0.1} if has_joy else {"no": 0.5, "yes": 0.1, "x": 0.4}
    )


def test_probabilities_are_summed_over_forms_and_normalised(serve):
    server = serve(by_text)
    judge = ServerJudge(server.url, "tiny")
    found = judge.probabilities(["a", "JOY", "b"] * 3, JOY)
    assert found == pytest.approx([1 / 6, 8 / 9, 1 / 6] * 3)
    first = server.asked[0]
    assert (first["model"], first["temperature"], first["logprobs"]) == ("tiny", 0, True)
    assert first["top_logprobs"] == 20
    assert server.headers[0]["path"] == "/v1/chat/completions"
    assert "Authorization" not in server.headers[0]
    assert (
        judge.name
        == f"tiny at {server.url}/v1/chat/completions, by its probabilities, wording system"
    )


def test_a_line_break_before_the_word_is_passed_over(serve):
    server = serve(lambda *_: message("\nNo", {"\n": 0.9, "Yes": 0.1}, {"No": 0.8, "Yes": 0.2}))
    assert ServerJudge(server.url).probabilities(["a"], JOY) == pytest.approx([0.2])


def test_without_probabilities_the_word_counts(serve):
    words = iter(["Yes, it does", " no.", "YES", "I think so"])
    server = serve(lambda *_: message(next(words)))
    judge = ServerJudge(server.url, at_once=1)
    found = judge.probabilities(["a", "b", "c"], JOY)
    assert found[:2].tolist() == [0.0, 1.0]
    assert np.isnan(found[2])
    assert "logprobs" not in server.asked[-1]
    assert "by its words" in judge.name


def test_a_server_that_refuses_probabilities_is_asked_without(serve):
    server = serve(
        lambda asked, _: (400, {"error": "logprobs"}) if "logprobs" in asked else message("No")
    )
    assert ServerJudge(server.url).probabilities(["a"], JOY).tolist() == [0.0]
    assert ["logprobs" in asked for asked in server.asked] == [True, False, False]


def test_a_busy_server_is_asked_again_and_the_key_goes_along(serve, monkeypatch):
    monkeypatch.setenv(server_judge.KEY_VARIABLE, "secret")
    server = serve(lambda asked, n: (503, b"busy") if n < 3 else by_text(asked, n))
    assert ServerJudge(f"{server.url}/v1/").probabilities(["JOY"], JOY) == pytest.approx([8 / 9])
    assert len(server.asked) == 4
    assert server.headers[0]["Authorization"] == "Bearer secret"


def test_what_is_planted_in_a_server_is_seen(serve):
    """Yes and no exchanged, or not normalised, are other numbers."""
    server = serve(lambda *_: message("?", {"No": 0.6, "Yes": 0.2}))
    (found,) = ServerJudge(server.url).probabilities(["JOY"], JOY)
    assert found == pytest.approx(0.25)


BAD = [
    (
        lambda *_: (401, {"error": "who?"}),
        'status 401, “{"error": "who?"}”: put the server\'s key into',
    ),
    (lambda *_: (404, b"none"), "status 404, “none”: is the model's name right"),
    (lambda *_: (302, b""), "it points elsewhere, and no other address is asked"),
    (lambda *_: (500, b"oh\nno"), "status 500, “oh no”"),
    (lambda *_: (200, b"<html>"), "does not answer with JSON, but “<html>”"),
    (lambda *_: (200, b"\xff"), "does not answer with JSON"),
    (
        lambda *_: (200, {"choices": []}),
        "does not answer in OpenAI's form, with choices that have a mes",
    ),
    (lambda *_: (200, [1]), "does not answer in OpenAI's form"),
    (
        lambda *_: message("As a judge I"),
        "answers neither yes nor no, but “As a judge I”: take another",
    ),
    (
        lambda *_: message("Sure", {"Sure": 0.95, "Yes": 0.05}),
        "answers neither yes nor no, but “Sure”",
    ),
]


@pytest.mark.parametrize(("reply", "said"), BAD)
def test_a_server_that_is_no_judge_is_one_line(serve, monkeypatch, capsys, reply, said):
    refused(monkeypatch, capsys, said, "judge", serve(reply).url)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:9", "http://127.0.0.1:9/v1/chat/completions is not reached (["),
        ("ftp://x", "ftp://x is no address of a server"),
        ("http://", "http:// is no address of a server"),
    ],
)
def test_no_server_is_one_line(serve, monkeypatch, capsys, url, said):
    refused(monkeypatch, capsys, said, "judge", url)


def test_a_server_that_is_slow_is_given_up(serve, monkeypatch):
    monkeypatch.setattr(server_judge, "_TRIES", 2)
    wait = threading.Event()
    server = serve(lambda *_: (wait.wait(10), message("Yes"))[1])
    with pytest.raises(ValueError, match=r"is not reached \(.*timed out.*\), tried 2 times"):
        ServerJudge(server.url, timeout=0.05)
    wait.set()


def test_the_command_asks_the_server(serve, monkeypatch, capsys):
    status, out, err = run(monkeypatch, capsys, "judge", serve(by_text).url, "--served", "tiny")
    assert (status, err) == (0, "")
    assert "judge: tiny at http://127.0.0.1:" in out
    # no text of the package has the word JOY, so that all answers are no
    assert "yes: yes, no  0, 30" in out
    assert "This judge is not told from chance on these texts (AUC 0.50 to 0.50)" in out


def test_other_commands_get_a_judge_with_the_threshold_of_the_labels(serve):
    judge = Judge(serve(by_text).url, served="tiny").open()
    # no text of the package has the word JOY: all are alike, and the middle stays
    assert judge.name.endswith("by its probabilities, wording system, yes above 0.5")
    assert judge.probabilities(["JOY"], JOY) == pytest.approx([8 / 9])
    assert Judge("keywords").open().name == "keywords"
