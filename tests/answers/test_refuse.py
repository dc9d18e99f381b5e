"""Whether evidence answers, and the plain lines that are said where it doesn't, or says the opposite."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from talks import ANN, BO, episode

from index.episode import Turn
from index.library import Library
from rag.answer import Answer, Searched
from rag.assistant import Assistant
from rag.evidence.quote import Quote, Signals
from rag.evidence.verdict import enough, probability
from rag.question.question import Question
from rag.writing.lines import otherwise_line, refusal

SIGNALS = [field.name for field in fields(Signals) if field.name != "read"]
GOOD = Signals(*[1.0] * len(SIGNALS))


def quoted(text: str) -> Quote:
    made = episode((BO, [text]), id="tape")
    turn: Turn = made.turns[0]
    return Quote(made, turn, 0, 0, text, 1.0, 1, Signals())


@pytest.mark.parametrize("read", [False, True])
@pytest.mark.parametrize("signal", SIGNALS)
def test_better_signals_never_make_an_answer_less_likely(signal, read):
    good = replace(GOOD, read=read)
    assert probability(good) >= probability(replace(good, **{signal: 0.0}))
    assert not enough(Signals(read=read)) and enough(good)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Why does Bo love raisins so much?", "I can't abide a raisin, not in bread and not in buns."),
        ("Which varnish does Bo recommend?", "I don't like varnish. Paint her, and go fishing."),
        ("Why does Bo want a freezer?", "I don't want a freezer, not as a gift."),
        ("Why is Bo against the barrier?", "I'm for it, whatever they say on the quay."),
    ],
)
def test_words_that_say_the_opposite_of_what_is_taken_for_granted_are_led_by_a_line_that_says_so(question, text):
    assert otherwise_line(Question(question, ()), [quoted(text)]) == "Bo Lund does not say so, but rather:"


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Why does Bo love raisins so much?", "I love a raisin. There is nothing like it."),
        ("What did Bo say about raisins?", "I can't abide a raisin."),
        ("Does Bo like raisins?", "I can't abide a raisin."),
        ("Why doesn't Bo like raisins?", "I can't abide a raisin."),
        ("How many raisins are in the bun?", "I never count them."),
    ],
)
def test_no_such_line_where_nothing_is_taken_for_granted_or_it_is_so(question, text):
    assert otherwise_line(Question(question, ()), [quoted(text)]) is None
    assert otherwise_line(Question(question, ()), []) is None


def test_a_refusal_says_what_was_searched_and_who_asked_in_vain():
    searched = Searched(3, 5400.0, "Bo Lund", 600.0)
    plain = refusal(Question("?", ()), searched, verdict="not_said")
    assert plain == (
        "I found nothing that Bo Lund says about this in the 3 episodes, 90 minutes searched, "
        "in which Bo Lund speaks for 10 minutes."
    )
    asked = replace(quoted("Would you sell the boat?"), turn=replace(quoted("x y z").turn, speaker=ANN))
    told = refusal(Question("?", ()), searched, verdict="not_said", asked_in_vain=asked)
    assert told.startswith("Ann Hale asks about this (") and told.endswith(plain)


def test_a_question_that_the_host_asked_and_nobody_answered_is_refused_with_it(tmp_path, monkeypatch):
    library = Library.create(tmp_path, "hashing")
    library.add_episode(
        episode(
            (ANN, ["Would you ever sell the copper boat?"]),
            (BO, ["Mind the wet step there.", "Rain comes early."]),
            id="tape",
        )
    )
    monkeypatch.setattr("rag.evidence.verdict.threshold", lambda signals: 1.1)
    answer: Answer = list(Assistant(library).ask("Would Bo ever sell the copper boat?"))[-1].answer
    assert answer.verdict == "not_said" and answer.answer.startswith("Ann Hale asks about this (")
    assert answer.nearest[0].quote.endswith("sell the copper boat?") and answer.nearest[0].speaker == "Ann Hale"
