"""Which of a model's sentences are shown, replaced or withheld, and why.
No model and no connection: sentences go in."""

from __future__ import annotations

from dataclasses import replace

import pytest
from endpoint import Endpoint
from talks import episode

from eval.studies.gate.adversary import SAMPLES, figures, judged, read_episodes
from eval.studies.gate.sentences import build_cases
from index.episode import Episode, Person
from index.search.encoder import load_encoder
from rag.answer import Wrote
from rag.draft import Draft
from rag.evidence.quote import Quote, Signals
from rag.gate.gate import Gate
from rag.gate.judge import judge
from rag.gate.numbers import numbers
from rag.gate.second_look import second_look
from rag.gate.words import is_supported_word
from rag.question.question import Question

NELL, PIP, IVO = Person("Nell Orchard", "host"), Person("Pip Larkham", "guest"), Person("Ivo Larkham", "guest")
KITES = episode(
    (NELL, ["How long is the line of your kite?"]),
    (PIP, ["I fly it on two hundred metres of waxed linen.", "It weighs one point four kilos, and it never touches the sea.",
           "As my aunt used to say, a kite is a question for the wind.", "I thought about selling it, and I couldn't."]),
    (NELL, ["Who taught you?"]),
    (IVO, ["She learned it from a fisherman called Odo.", "The children in our street are afraid of storms."]),
    id="kites",
)  # fmt: skip
ASKED = Question("What is said about the kite?", ("kite",))


def quote(source: Episode, first: int, last: int) -> Quote:
    turn = next(turn for turn in source.turns if turn.sentences[0].position <= first <= turn.sentences[-1].position)
    text = " ".join(s.text for s in turn.sentences if first <= s.position <= last)
    return Quote(source, turn, first, last, text, 1.0, 1, Signals())


QUOTES = [quote(KITES, 1, 2), quote(KITES, 3, 3), quote(KITES, 4, 4), quote(KITES, 6, 7)]
GIVEN = dict(enumerate(QUOTES, start=1))
PEOPLE = (NELL.name, PIP.name, IVO.name)


def gated(sentence: str) -> tuple[Wrote | None, Draft]:
    draft = Draft("llm")
    return Gate(ASKED, QUOTES, draft).judged(sentence), draft


@pytest.mark.parametrize(
    "sentence",
    [
        "Pip flies it on 200 metres of waxed linen [1].",
        "It weighs 1.4 kilos, Pip says, and never touches the sea [1].",
        "Pip says the kite weighs 1.4 kilos [1].",
        "Pip Larkham quotes her aunt: “a kite is a question for the wind” [2].",
        "According to Pip, her aunt used to say that a kite is a question for the wind [2].",
        "“I fly it on two hundred metres of waxed linen” [1], says Pip.",
        "In the words of Pip, “it never touches the sea” [1].",
        "Asked about the kite, Pip says she thought about selling it and could not [3].",
        "Ivo says the kids in their street are afraid of storms [4].",
        "Pip flies it on waxed linen [1], while Ivo says she learned it from Odo, a fisherman [4].",
    ],
)
def test_an_honest_sentence_is_shown_as_it_was_written(sentence: str) -> None:
    ruling = judge(sentence, GIVEN, ASKED, PEOPLE)
    assert (ruling.check, ruling.why) == ("verified", "")


@pytest.mark.parametrize(
    ("sentence", "check"),
    [
        ("Ivo flies it on waxed linen [1].", "wrong_speaker"),
        ("Larkham flies it on waxed linen [1].", "wrong_speaker"),  # there are two of that name
        ("Pip says “a kite is a question for the wind” [2].", "wrong_speaker"),
        ("A kite is a question for the wind, says Pip [2].", "wrong_speaker"),
        ("Pip says “I fly it on two hundred metres of waxed cotton” [1].", "altered"),
        ("Pip says “I fly it on two hundred metres of waxed linen, and it never touches the sea” [1].", "stitched"),
        ("Pip says “the moon is full of string and old brass” [1].", "absent"),
        ("Pip flies it on waxed linen [9].", "absent"),
        ("Pip flies it on 300 metres of waxed linen [1].", "unsupported"),
        ("It weighs 1.5 kilos, Pip says [1].", "unsupported"),
        ("Pip says it touches the sea [1].", "unsupported"),
        ("Pip says it weighs not 1.4 kilos [1].", "unsupported"),
        ("Pip thought about selling it, and she could [3].", "unsupported"),
        ("She learned it from a fisherman called Hugo, Ivo says [4].", "unsupported"),
        ("Pip is a national treasure [1].", "unsupported"),
        ("Pip flies it on waxed linen.", "unsupported"),
    ],
)
def test_a_lie_is_withheld_and_kept_with_its_verdict_and_a_reason(sentence: str, check: str) -> None:
    wrote, draft = gated(sentence)
    assert wrote is None
    assert [(held.sentence, held.check, held.instead) for held in draft.held_back] == [(sentence, check, None)]
    assert draft.held_back[0].why
    assert draft.withheld == 1


def test_words_of_another_episode_have_their_own_verdict() -> None:
    other = quote(episode((PIP, ["My first kite was a flour sack on a broom."]), id="sack"), 0, 0)
    ruling = judge("Pip says “my first kite was a flour sack” [2] [1].", {1: QUOTES[0], 2: QUOTES[1]}, ASKED, PEOPLE)
    assert ruling.check == "absent"
    given = {1: QUOTES[0], 2: QUOTES[1], 3: other, 4: replace(other, score=0.5)}
    assert judge("Pip says “my first kite was a flour sack” [1].", given, ASKED, PEOPLE).check == "wrong_episode"


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        # The mark is missing, was never given, or names another quote.
        ("Pip says “it never touches the sea”.", "Pip says “it never touches the sea” [1]."),
        ("Pip says “it never touches the sea” [9].", "Pip says “it never touches the sea” [1]."),
        ("Pip says “it never touches the sea” [4].", "Pip says “it never touches the sea” [1]."),
        # A word of its own, and enough of what was said.
        ("Pip flies it on two hundred metres of waxed cotton [1].",
         "Pip Larkham says: “I fly it on two hundred metres of waxed linen.” [1]."),
        ("Pip proudly says “it never touches the sea” [1].", "Pip Larkham says: “it never touches the sea” [1]."),
        ("Ivo says she learned it from a fisherman called Odo [4], and Pip flies it on blue waxed linen [1].",
         "Ivo says she learned it from a fisherman called Odo [1], and Pip Larkham says: "
         "“I fly it on two hundred metres of waxed linen.” [2]."),
    ],
)  # fmt: skip
def test_what_is_only_mechanically_wrong_is_mended(sentence: str, shown: str) -> None:
    wrote, draft = gated(sentence)
    assert wrote is not None
    assert wrote.text == shown
    assert draft.withheld == 0
    assert all(held.instead == shown for held in draft.held_back)


BRILL = Person("Hon. Ada Brill (Minister of Tides, Wind and Other Weather of the Outer Islands)", "guest")
MOSS = Person("Hon. Ada Moss (Minister of Tides)", "guest")
TIDES = episode(
    (MOSS, ["Is the harbour dry?"]),
    (BRILL, ["The harbour of Little Orrin is dry since the spring.", "My brother always said the mud keeps every anchor.",
             "We raised four cranes beside the old lighthouse.", "The ferry to Orrin sails from the new pier on Mondays.",
             "We sold the tug to Farrow.", "We asked for a dredger but we did not get an answer."]),
    id="tides",
)  # fmt: skip


@pytest.mark.parametrize(
    ("sentence", "verdict"),
    [
        (f"{BRILL.name} says the harbour is dry since the spring [1].", ("verified", "")),
        (f"The harbour is dry since the spring, according to {BRILL.name} [1].", ("verified", "")),
        ("Hon. Ada Brill says “the harbour of Little Orrin is dry” [1].", ("verified", "")),
        (
            f"{MOSS.name} says the harbour is dry since the spring [1].",
            ("wrong_speaker", "names Moss, who does not speak there"),
        ),
        ("Ada says the harbour is dry [1].", ("wrong_speaker", "names the speaker by a name that another has too")),
        (
            f"{BRILL.name} says the mud keeps every anchor [1].",
            ("wrong_speaker", "told there as the words of My brother"),
        ),
    ],
)
def test_an_office_beside_a_name_needs_no_carrying_and_makes_nobody_else(
    sentence: str, verdict: tuple[str, str]
) -> None:
    ruling = judge(sentence, {1: quote(TIDES, 1, 6)}, ASKED, [BRILL.name, MOSS.name])
    assert (ruling.check, ruling.why) == verdict


@pytest.mark.parametrize(
    ("sentence", "why"),
    [
        (
            "Ada Brill says they raised four cranes beside the new pier [1].",
            "“new” stands where the words cited have “old”",
        ),
        (
            "Ada Brill says the ferry to Brill sails from the new pier [1].",
            "“brill” stands where the words cited have “orrin”",
        ),
        (
            "Ada Brill says the ferry sails from the new lighthouse [1].",
            "“lighthouse” stands where the words cited have “pier”",
        ),
        (
            "Ada Brill says the harbour of Little Orrin is dry since the spring for cranes [1].",
            "“cranes” stands elsewhere",
        ),
        (
            "Ada Brill says they asked for a dredger but they get an answer [1].",
            "a “not” of the words cited is left out",
        ),
    ],
)
def test_a_word_from_elsewhere_in_the_quote_gives_way_to_what_was_said(sentence: str, why: str) -> None:
    ruling = judge(sentence, {1: quote(TIDES, 1, 6)}, ASKED, [BRILL.name])
    assert ruling.check == "verified"
    assert ruling.why.startswith(why)
    assert [clause.runs for clause in ruling.clauses] != [()]


def test_a_name_as_long_as_a_sentence_is_no_name() -> None:
    told = " ".join(["Ada Brill has sold the ferry and the tug and both cranes to a stranger"] * 2)
    talk = replace(TIDES.turns[1], speaker=Person(told, "guest"))
    source = replace(TIDES, turns=(TIDES.turns[0], talk), people=(MOSS, Person(told, "guest")))
    assert judge(f"{told} says the harbour is dry [1].", {1: quote(source, 1, 5)}, ASKED, [told]).check != "verified"


def test_a_sentence_that_gave_way_twice_to_the_same_words_is_shown_once() -> None:
    draft = Draft("llm")
    gate = Gate(ASKED, QUOTES, draft)
    assert gate.judged("Pip flies it on two hundred metres of waxed cotton [1].") is not None
    assert gate.judged("Pip flies it on two hundred metres of waxed silk [1].") is None
    assert len(draft.citations) == 1


@pytest.mark.parametrize(
    ("word", "words", "supported"),
    [
        ("kids", {"children"}, True), ("went", {"go"}, True), ("began", {"started"}, True), ("linen", {"linens"}, True),
        ("monday", {"tuesday"}, False), ("oak", {"ash"}, False), ("daughter", {"niece"}, False), ("hates", {"loves"}, False),
        ("live", {"be"}, False),
    ],
)  # fmt: skip
def test_a_word_is_supported_by_its_forms_and_synonyms_and_no_mere_neighbour(
    word: str, words: set[str], supported: bool
) -> None:
    assert is_supported_word(word, words) is supported


def test_a_number_said_with_its_point_is_that_number() -> None:
    assert numbers("one point four kilos, and three point oh five") == [(1.4, "kilo"), (3.05, None)]


@pytest.mark.parametrize(
    ("reply", "holds"), [("YES", True), ("Yes.", True), ("NO", False), ("", False), ("Perhaps", False)]
)
def test_a_second_look_takes_away_what_the_model_does_not_find(endpoint: Endpoint, reply: str, holds: bool) -> None:
    endpoint.says = [reply]
    draft = Draft("llm")
    gate = Gate(ASKED, QUOTES, draft, second_look(endpoint.settings(support="model"), draft))
    wrote = gate.judged("Pip flies it on waxed linen [1].")
    assert (wrote is not None) is holds or reply == ""
    assert len(endpoint.asked) >= 1
    assert [held.check for held in draft.held_back] == ([] if wrote else ["unsupported"])


def test_without_the_model_the_rules_stand(endpoint: Endpoint) -> None:
    endpoint.status = 400
    draft = Draft("llm")
    gate = Gate(ASKED, QUOTES, draft, second_look(endpoint.settings(support="model"), draft))
    assert gate.judged("Pip flies it on waxed linen [1].") is not None
    assert second_look(endpoint.settings(), draft) is None


def test_cases_are_the_same_every_time_and_half_of_them_honest() -> None:
    episodes = read_episodes([SAMPLES], 60)
    encoder = load_encoder("hashing")
    cases = build_cases(episodes, encoder, scale=0.1)
    assert [case.sentence for case in cases] == [case.sentence for case in build_cases(episodes, encoder, scale=0.1)]
    assert 0.35 < sum(case.honest for case in cases) / len(cases) < 0.65
    assert {case.half for case in cases} == {"dev", "test"}


def test_the_gate_holds_against_lies_and_lets_the_honest_pass() -> None:
    cases = build_cases(read_episodes([SAMPLES], 60), load_encoder(), scale=0.4)
    found = figures([judged(case) for case in cases])
    assert found["wrong_speaker_passed"] == 0
    assert found["bad_passed"] <= 0.02 * found["bad"]  # a smaller set than the published one: one more is chance
    assert found["honest_withheld"] <= 0.05 * found["honest"]
