"""Voices told apart in a transcript without labels: no word is touched, doubt is kept, answers in review count."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.studies.voices import GoldVoices, answer, measure, review, table
from index.episode import Person, Sentence
from index.interviews.answers import VoiceIs
from index.interviews.doubts import doubts
from index.interviews.features import folded, names_by_role, ngrams, tokens_of
from index.interviews.model import TurnModel, shipped
from index.interviews.panel import panel_features
from index.interviews.voices import decide, prepare, recover_turns, recovered_turns
from index.reading.read import read_episode

ORLA, BEN = Person("Orla Finch", "host"), Person("Ben Sallow", "guest")

# Written for these tests; host and guest take turns, the host begins.
INTERVIEW = (
    "Hello and welcome to Slow Hands, the show about people who make things. I'm your host, Orla Finch, and today I'm joined "
    "by Ben Sallow, who builds clocks out of wood. Ben, thank you so much for coming on the show.",
    "Thank you for having me, Orla. It's a pleasure to be here.",
    "So, tell us a little about yourself. How did you start building clocks?",
    "Well, I grew up next to a sawmill, and my grandfather had a clock that never worked. I took it apart when I was nine. "
    "I couldn't put it back together, of course, and I think that is where it began. For years I only repaired the clocks of "
    "my neighbours. Then in my thirties I lost my job at the mill, and I thought, well, I could try to make one from nothing. "
    "The first one took me two years and it lost an hour a day.",
    "That's amazing. And what kind of wood do you use?",
    "I use pear for the wheels, because it doesn't split along the grain. The frame is ash. My grandfather swore by oak, but I "
    "found that oak moves too much with the seasons. I learned that by losing a whole winter of work.",
    "Right. You mentioned that the first one lost an hour a day. How do you get a wooden clock to keep time?",
    "You don't, really. I mean, I got it down to a minute a week. What I do is I let the wheels rest for a year before I cut the "
    "teeth. And I built a small kiln behind the house, so I know exactly how dry everything is. People think it's the "
    "pendulum, but it's the humidity.",
    "Wow. And if somebody who is listening wants to begin, what would you tell them?",
    "I would tell them to start with a broken one. I learned more from that first clock than from any book.",
    "Ben, thank you so much for joining us. And thank you all for listening to Slow Hands.",
)


def talk() -> tuple[list[Sentence], list[str]]:
    """The interview's sentences, and who says each."""
    sentences, roles = [], []
    for number, said in enumerate(INTERVIEW):
        for text in said.replace("? ", "?|").replace(". ", ".|").split("|"):
            sentences.append(Sentence(len(sentences), text))
            roles.append("guest" if number % 2 else "host")
    return sentences, roles


def gold() -> GoldVoices:
    sentences, roles = talk()
    spoken = [
        [len(s.text.split()), 0] if r == "host" else [0, len(s.text.split())]
        for s, r in zip(sentences, roles, strict=True)
    ]
    return GoldVoices("clocks", "Slow Hands", (ORLA, BEN), tuple(sentences), np.array(spoken, float))


def test_an_interview_is_told_apart_and_what_is_credited_is_right():
    sentences, roles = talk()
    heard = recover_turns(sentences, [ORLA, BEN]).heard
    assert sum(one.likely == role for one, role in zip(heard, roles, strict=True)) >= 0.85 * len(roles)
    credited = [(one.role, role) for one, role in zip(heard, roles, strict=True) if one.role != "unknown"]
    assert len(credited) >= 5
    assert sum(said == truth for said, truth in credited) >= 0.9 * len(credited)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.tuples(st.text(min_size=1, max_size=60), st.booleans()), max_size=12), max_size=4),
    st.lists(
        st.tuples(
            st.integers(-3, 60), st.sampled_from(["host", "guest"]), st.none() | st.integers(0, 60), st.booleans()
        ),
        max_size=4,
    ),
)
def test_no_word_is_changed_dropped_or_moved(said, answers):
    turns, position = [], 0
    for of_turn in said:
        turns.append([Sentence(position + n, text, speech=speech) for n, (text, speech) in enumerate(of_turn)])
        position += len(of_turn)
    corrections = [VoiceIs(*one) for one in answers]
    built = recovered_turns(turns, [ORLA, BEN], corrections=corrections)
    assert [s for turn in built for s in turn.sentences] == [s for turn in turns for s in turn]
    assert all(turn.sentences and (turn.speaker is None) == (turn.speaker_source == "unknown") for turn in built)


def test_an_answer_is_kept_and_the_sentence_before_is_the_others():
    sentences, _ = talk()
    for position in (3, 9, 14):
        heard = recover_turns(sentences, [ORLA, BEN], corrections=[VoiceIs(position, "host")]).heard
        assert (heard[position].role, heard[position].p_host, heard[position].fixed) == ("host", 1.0, True)
        assert heard[position - 1].likely == "guest" and heard[position].begins


def test_the_last_answer_wins():
    sentences, _ = talk()
    both = [VoiceIs(8, "host", begins=False), VoiceIs(8, "guest", begins=False)]
    assert recover_turns(sentences, corrections=both).heard[8].role == "guest"


def test_an_answer_about_a_sentence_that_is_not_there_changes_nothing():
    sentences, _ = talk()
    assert recover_turns(sentences, corrections=[VoiceIs(999, "host")]).heard == recover_turns(sentences).heard


def test_doubts_come_with_the_most_words_at_stake_first_and_fixed_sentences_are_not_asked_again():
    sentences, _ = talk()
    asked = doubts(sentences, recover_turns(sentences))
    assert [doubt.wrong_words for doubt in asked] == sorted((doubt.wrong_words for doubt in asked), reverse=True)
    assert all(doubt.first <= doubt.ask <= doubt.last and 0.5 <= doubt.sure <= 1 for doubt in asked)
    fixed = VoiceIs(0, "host", last=len(sentences) - 1)
    assert doubts(sentences, recover_turns(sentences, corrections=[fixed])) == []


def test_answers_in_review_never_make_an_episode_worse_here_and_end_at_the_truth():
    truth = gold()
    rates = measure([truth], {truth.id: prepare(truth.sentences, truth.people)}, answers=(0, 3, 8))
    assert rates["all"]["after 8"] >= rates["all"]["words right"]
    assert rates["all"]["after 8"] >= 0.95
    assert "| Slow Hands |" in table(rates)


def test_the_reviewers_answer_names_the_begin_of_the_voice():
    truth = gold()
    decided = review(truth, prepare(truth.sentences, truth.people), 1)
    asked = doubts(truth.sentences, decided[0])[0]
    given = answer(truth, asked)
    assert given.position <= asked.ask <= given.last
    assert given.role == ("guest" if truth.voices[asked.ask] else "host")


def test_a_talk_of_a_few_sentences_is_left_alone():
    few = [Sentence(n, text) for n, text in enumerate(["Welcome to the show.", "Thanks for having me.", "Why boats?"])]
    assert {one.role for one in recover_turns(few, [ORLA, BEN]).heard} == {"unknown"}
    assert [turn.speaker for turn in recovered_turns([few[:2], few[2:]], [ORLA, BEN])] == [None, None]
    assert recover_turns([], [ORLA, BEN]).heard == () and recovered_turns([], []) == ()


def test_more_than_one_host_or_guest_are_left_unknown():
    sentences, _ = talk()
    recovery = recover_turns(sentences, [ORLA, BEN, Person("Una Marsh", "guest")])
    assert recovery.panel and {one.role for one in recovery.heard} == {"unknown"}


def test_a_talk_in_which_hardly_anything_is_sure_credits_nobody_but_is_still_cut_where_the_voice_changes():
    sentences, _ = talk()
    wary = {**shipped().arrays, "thresholds": np.array([0.9, 0.999], np.float32)}
    prepared = prepare(sentences, [ORLA, BEN], TurnModel(wary, shipped().context))
    sure = decide(prepare(sentences, [ORLA, BEN]))
    unlike = decide(prepared)
    assert any(one.role == "host" for one in sure.heard) and {one.role for one in unlike.heard} == {"unknown"}
    assert unlike.apart and sum(one.begins for one in unlike.heard) > 5
    answered = decide(prepared, [VoiceIs(0, "host")])
    assert any(one.role == "host" and not one.fixed for one in answered.heard), "who answers says that there are two"


def test_turns_stay_as_they_were_where_not_even_changes_of_voice_are_told():
    bare = [Sentence(n, text) for n, text in enumerate(["so what do you make of it", "i would not know"] * 20)]
    assert not recover_turns(bare, [ORLA, BEN]).apart
    assert [len(turn.sentences) for turn in recovered_turns([bare[:5], bare[5:]], [ORLA, BEN])] == [5, 35]


def test_a_group_that_is_called_by_its_names_looks_like_a_panel():
    calls = [
        "What do you think, Una?",
        "I agree with both of you.",
        "Hi, Ben.",
        "Well, Orla, you guys know.",
        "Over to you, Kit.",
        "Kit, yes.",
    ]
    group = [Sentence(n, calls[n % len(calls)]) for n in range(400)]
    assert recover_turns(group).panel
    assert not recover_turns(talk()[0]).panel
    assert (panel_features([s.text for s in group]) >= 0).all() and panel_features([]).shape == (11,)


def test_a_page_without_labels_gets_its_speakers_and_nobody_is_credited_without_a_name(tmp_path):
    page = tmp_path / "clocks.md"
    page.write_text(
        "---\nshow: Slow Hands\nhosts: [Orla Finch]\nguests: [Ben Sallow]\n---\n\n" + " ".join(INTERVIEW) + "\n"
    )
    episode = read_episode(page)
    speakers = {turn.speaker for turn in episode.turns}
    assert ORLA in speakers and speakers <= {ORLA, BEN, None}
    assert {turn.speaker_source for turn in episode.turns if turn.speaker} == {"recovered"}
    assert " ".join(s.text for s in episode.sentences) == " ".join(INTERVIEW)
    page.write_text(
        "---\nshow: Slow Hands\n---\n\n"
        + " ".join(INTERVIEW).replace("Orla Finch", "me").replace("Ben Sallow", "a man")
        + "\n"
    )
    assert {turn.speaker for turn in read_episode(page).turns} == {None}


def test_the_weights_say_what_made_them_and_are_small():
    from importlib.resources import files

    assert "Changelog" in shipped().made_by["data"]
    assert len(files("index.interviews").joinpath("speakers.npz").read_bytes()) < 3_000_000


@pytest.mark.parametrize(
    ("text", "classes"),
    [
        ("So what do you think?", ["so", "what", "do", "you", "think", "?"]),
        ("Ben, I saw 12 zyzzyvas in Quornby...", ["@guest", ",", "i", "_", "#", "_", "in", "A", "..."]),
        ("", []),
    ],
)
def test_a_rare_word_is_only_its_class(text, classes):
    names = names_by_role(["Orla Finch"], ["Ben Sallow"])
    assert (
        folded(tokens_of(text), frozenset(["so", "what", "do", "you", "think", "i", "in", "?", ","]), names) == classes
    )


def test_names_that_both_have_or_that_are_common_words_tell_nothing():
    assert names_by_role(["Ann Will"], ["Bob Ann"]) == {"bob": "@guest"}
    assert "^so what" in ngrams(["so", "what", "?"]) and "$what ?" in ngrams(["so", "what", "?"])
