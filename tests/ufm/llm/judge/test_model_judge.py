"""A model as judge: its answer's first token, against a softmax of our own over named tokens."""

import numpy as np
import pytest
import tokenizers
from tokenizers import models, pre_tokenizers

import ufm.llm
from ufm.llm.concepts.concept import concept
from ufm.llm.judge.judge import is_yes_or_no, yes_over_both
from ufm.llm.judge.model_judge import ModelJudge
from ufm.llm.judge.wording import Wording
from ufm.llm.text.chat import ChatTemplate

YES, NO = ("Yes", "yes", " yes", "YES", "yes."), ("No", "no", " no", "NO", "no.", "\nNo")
OTHERS = ("yesterday", "none", "not", "Text", "joy", "the", "answer", "or", "I", "am")
TEMPLATE = ChatTemplate("{% for m in messages %}<{{ m.role }}> {{ m.content }} {% endfor %}")
SHORT = Wording("short", "{text} {question}")
JOY = concept("joy")
TEXTS = ["I am the joy", "no", "yes or no or yes or no the joy I am yesterday the the"]


def tokenizer(words=(*YES, *NO, *OTHERS), template=TEMPLATE):
    names = [*words, *(f"x{k}" for k in range(64 - len(words)))]
    inner = tokenizers.Tokenizer(
        models.WordLevel({name: k for k, name in enumerate(names)}, unk_token=names[-1])
    )
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    return ufm.llm.Tokenizer(inner, "tiny", template)


def judge(wording=SHORT, **how):
    return ModelJudge(ufm.llm.load("tests/data/llm/gpt2", "float64"), tokenizer(**how), wording)


def share(logits):
    """P(yes) / (P(yes) + P(no)), by the places of the words in the list above."""
    weight = np.exp(logits - logits.max())
    yes, no = weight[: len(YES)].sum(), weight[len(YES) : len(YES) + len(NO)].sum()
    return yes / (yes + no)


@pytest.mark.parametrize("wording", [SHORT, Wording("other", "{name}? {text}")])
def test_a_judge_gives_the_share_of_yes_among_all_forms(wording):
    found = judge(wording)
    names = tokenizer()
    want = []
    for text in TEXTS:
        asked = wording.ask.replace("{question}", JOY.question).replace("{name}", "joy")
        asked = asked.replace("{text}", text)
        tokens = names.encode(f"<user> {asked} ")
        want.append(share(np.asarray(found.model.logits(tokens))))
    assert found.probabilities(TEXTS, JOY) == pytest.approx(want, rel=1e-12)
    assert len(set(want)) == 3


def test_the_order_and_the_number_of_texts_change_nothing():
    found = judge()
    alone = [float(found.probabilities([text], JOY)[0]) for text in TEXTS]
    many = [TEXTS[k % 3] for k in range(35)]
    assert found.probabilities(many, JOY) == pytest.approx([alone[k % 3] for k in range(35)])
    assert found.probabilities([], JOY).shape == (0,)


def test_shown_answers_are_turns_of_the_conversation():
    wording = Wording("shown", "{text}? {question}", "Be brief.", (("A", "B?", "Yes"),))
    messages = wording.messages("{question} {name}", JOY)
    assert [m["role"] for m in messages] == ["system", "user", "assistant", "user"]
    assert [m["content"] for m in messages[:3]] == ["Be brief.", "A? B?", "Yes"]
    # braces of a text are the text's own
    assert messages[3]["content"] == f"{{question}} {{name}}? {JOY.question}"


def test_forms_of_yes_and_no():
    assert [is_yes_or_no(word) for word in YES] == [True] * 5
    assert [is_yes_or_no(word) for word in NO] == [False] * 6
    assert [is_yes_or_no(word) for word in (*OTHERS, "", "y", "nope")] == [None] * 13
    assert np.isnan(yes_over_both([("maybe", 0.9), ("yes", 0.09)])[0])
    # not P(yes) alone: a judge that says half of its answer elsewhere is not unsure
    assert yes_over_both([("yes", 0.2), ("maybe", 0.75), ("no", 0.05)])[0] == pytest.approx(0.8)


def test_a_text_without_an_answer_has_none(monkeypatch):
    found = judge()
    monkeypatch.setattr(
        ModelJudge, "_masses", lambda self, rows: np.array([[0.05, 0.04], [0.6, 0.2]])
    )
    values = found.probabilities(["a", "b"], JOY)
    assert np.isnan(values[0])
    assert values[1] == pytest.approx(0.75)


REFUSED = [
    (
        {"template": None},
        "tiny has no chat template, through which a judge is asked: take an instru",
    ),
    ({"words": NO}, "tiny has no single token that is a form of 'yes': it cannot judge"),
    ({"words": YES}, "tiny has no single token that is a form of 'no': it cannot judge"),
    ({"words": ("yes", "no")}, r"tiny answers neither yes nor no: P\(yes\) \+ P\(no\) = 0\.0"),
    ({"template": ChatTemplate("{{ raise_exception('no turns') }}")}, "the chat template fails"),
]


@pytest.mark.parametrize(("how", "message"), REFUSED)
def test_what_cannot_judge_is_refused(how, message):
    with pytest.raises(ValueError, match=message):
        judge(**how)


def test_a_text_that_is_too_long_is_refused():
    found = judge()
    with pytest.raises(ValueError, match=r"makes a question of .* tokens, and the judge reads 32"):
        found.probabilities(["the " * 40], JOY)
