"""The sample show and its questions: everything that a question points at exists, and is said by whom it claims."""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from tinytag import TinyTag

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "samples"
EPISODES = sorted(path.stem for path in (SAMPLES / "truth").glob("*.json"))
PAGE = "clinker-and-copper"  # the episode that is only a web page: no times, no audio
QUESTIONS = [json.loads(line) for line in (ROOT / "eval/data/samples.jsonl").read_text(encoding="utf-8").splitlines()]
KINDS = {
    "fact", "paraphrase", "number", "name", "several_places", "across_episodes", "changed_opinion", "host_only", "trap",
    "false_premise", "never_said", "unknown_person", "follow_up", "typo", "lowercase",
}  # fmt: skip
VERDICTS = {"answered", "said_by_other", "asked_not_answered", "not_said", "unknown_person"}
EDGE = 0.06  # seconds: gold is taken from the truth, so more than rounding is a mistake


def read_truth(episode: str) -> list[dict]:
    return json.loads((SAMPLES / "truth" / f"{episode}.json").read_text(encoding="utf-8"))


def read_meta(episode: str) -> dict:
    return json.loads((SAMPLES / "transcripts" / f"{episode}.meta.json").read_text(encoding="utf-8"))


def transcript_text(episode: str) -> str:
    (path,) = (p for p in (SAMPLES / "transcripts").glob(f"{episode}.*") if not p.name.endswith(".meta.json"))
    return path.read_text(encoding="utf-8")


def gold_sentences(gold: dict) -> list[dict]:
    """The true sentences that lie in a gold span, or that its words run over."""
    truth = read_truth(gold["episode"])
    if "text" in gold:
        return [sentence for sentence in truth if sentence["text"] in gold["text"]]
    return [s for s in truth if s["start"] >= gold["start"] - EDGE and s["end"] <= gold["end"] + EDGE]


def test_there_are_seven_episodes_each_with_a_transcript():
    assert len(EPISODES) == 7
    assert all(transcript_text(episode) for episode in EPISODES)


@pytest.mark.parametrize("episode", [episode for episode in EPISODES if episode != PAGE])
def test_the_audio_is_as_long_as_its_metadata_and_truth_say(episode):
    meta = read_meta(episode)
    audio = SAMPLES / "transcripts" / meta["audio"]
    tag = TinyTag.get(audio)
    assert tag.duration == pytest.approx(meta["duration"], abs=0.2)
    assert 0 < read_truth(episode)[-1]["end"] <= meta["duration"]


def test_the_audio_is_small_enough_for_a_repository():
    sizes = [path.stat().st_size for path in (SAMPLES / "audio").glob("*.mp3")]
    assert len(sizes) == 6
    assert sum(sizes) < 15_000_000


@pytest.mark.parametrize("episode", [episode for episode in EPISODES if episode != PAGE])
def test_true_sentences_follow_one_another(episode):
    truth = read_truth(episode)
    assert all(sentence["start"] < sentence["end"] for sentence in truth)
    assert all(one["end"] <= two["start"] for one, two in pairwise(truth))
    people = {person["name"]: person["role"] for person in read_meta(episode)["people"]}
    assert {(sentence["speaker"], sentence["role"]) for sentence in truth} == set(people.items())


def test_the_page_has_neither_metadata_nor_audio_and_holds_every_word():
    assert not (SAMPLES / "transcripts" / f"{PAGE}.meta.json").exists()
    assert not (SAMPLES / "audio" / f"{PAGE}.mp3").exists()
    assert " ".join(sentence["text"] for sentence in read_truth(PAGE)) in transcript_text(PAGE)


def test_the_samples_say_that_they_are_fiction():
    assert "Everything in this folder is fiction" in (SAMPLES / "README.md").read_text(encoding="utf-8")
    for episode in EPISODES:
        said = transcript_text(episode) if episode == PAGE else read_meta(episode)["note"]
        assert "fictional show" in said


def test_there_are_enough_questions_of_every_kind_half_for_trying_and_half_for_judging():
    assert len(QUESTIONS) >= 110
    assert len({question["id"] for question in QUESTIONS}) == len(QUESTIONS)
    assert {question["kind"] for question in QUESTIONS} == KINDS
    for kind in KINDS:
        halves = Counter(question["half"] for question in QUESTIONS if question["kind"] == kind)
        assert abs(halves["dev"] - halves["test"]) <= 1, kind
        assert halves.total() >= 10, kind


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question["id"])
def test_gold_exists_and_is_spoken_by_the_person_named(question):
    assert question["verdict"] in VERDICTS
    assert bool(question["gold"]) == (question["verdict"] in {"answered", "said_by_other"})
    for gold in question["gold"]:
        sentences = gold_sentences(gold)
        assert sentences, gold
        if "text" in gold:
            assert gold["text"] in transcript_text(gold["episode"])
        else:
            assert sentences[0]["start"] == pytest.approx(gold["start"], abs=EDGE)
            assert sentences[-1]["end"] == pytest.approx(gold["end"], abs=EDGE)
        if question["speaker"]:
            assert {sentence["speaker"] for sentence in sentences} == {question["speaker"]}


def test_what_somebody_else_said_names_who_did_and_asks_about_another_person():
    for question in QUESTIONS:
        if question["verdict"] == "said_by_other":
            assert question["speaker"], question["id"]
            assert not set(question["speaker"].split()) & set(re.findall(r"\w+", question["question"])), question["id"]


def test_an_unknown_person_is_in_no_transcript():
    words = " ".join(transcript_text(episode) for episode in EPISODES)
    for question in QUESTIONS:
        if question["kind"] == "unknown_person":
            surnames = [word.strip("?'s,.") for word in question["question"].split() if word[0].isupper()]
            assert any(surname not in words for surname in surnames), question["question"]
