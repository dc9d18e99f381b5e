"""Small episodes to test with: made by hand, written as files, or made up by hypothesis. Holds no tests."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import strategies as st

from index.episode import Episode, Person, Sentence, Show, Turn

ANN, BO, CAT = Person("Ann Hale", "host"), Person("Bo Lund", "guest"), Person("Cat Moor", "guest")

KETTLE = (
    ("Ann Hale", "Welcome to Mended, the show about people who repair things."),
    ("Ann Hale", "Bo, what was the first thing that you ever mended?"),
    ("Bo Lund", "The first thing I mended was a copper kettle from my grandmother's kitchen."),
    ("Bo Lund", "I soldered a ring of tin around the spout of the kettle."),
    ("Bo Lund", "It has not leaked a drop in nineteen years."),
    ("Ann Hale", "And what do you never repair?"),
    ("Bo Lund", "I never repair an umbrella, because an umbrella is only ever lent to you."),
)
LANTERN = (
    ("Ann Hale", "Today we talk about a lantern from a fishing boat with Cat Moor."),
    ("Cat Moor", "The lantern came up in a net off the north harbour, full of sand and one angry crab."),
    ("Cat Moor", "I replaced the glass of the lantern with a pane from a greenhouse."),
    ("Ann Hale", "I would have kept the crab and thrown the lantern back."),
)


def write_talk(folder: Path, name: str, lines: tuple[tuple[str, str], ...], **metadata: object) -> Path:
    """A transcript in the podcast namespace's JSON, three seconds a line; `metadata` goes into a sidecar."""
    folder.mkdir(parents=True, exist_ok=True)
    segments = [
        {"speaker": speaker, "startTime": 4.0 * n, "endTime": 4.0 * n + 3, "body": text}
        for n, (speaker, text) in enumerate(lines)
    ]
    file = folder / f"{name}.json"
    file.write_text(json.dumps({"version": "1.0.0", "segments": segments}), encoding="utf-8")
    if metadata:
        (folder / f"{name}.meta.json").write_text(json.dumps(metadata), encoding="utf-8")
    return file


def write_show(folder: Path) -> Path:
    """Two episodes of the show Mended as files."""
    people = {p.name: {"name": p.name, "role": p.role} for p in (ANN, BO, CAT)}
    write_talk(
        folder,
        "kettle",
        KETTLE,
        title="The copper kettle",
        show="Mended",
        date="2024-02-01",
        duration=60,
        people=[people["Ann Hale"], people["Bo Lund"]],
        url="https://example.org/kettle",
    )
    write_talk(
        folder,
        "lantern",
        LANTERN,
        title="A lantern from the sea",
        show="Mended",
        date="2024-03-01",
        duration=40,
        people=[people["Ann Hale"], people["Cat Moor"]],
    )
    return folder


def episode(*turns: tuple[Person | None, list[str]], id: str = "talk", timed: bool = True, **fields: object) -> Episode:
    """Sentences are numbered from 0 and last two seconds each; one that begins with "[" is no speech."""
    made, position = [], 0
    for speaker, texts in turns:
        sentences = []
        for text in texts:
            start, end, source, error = (
                (2.0 * position, 2.0 * position + 2, "transcript", 0.0) if timed else (None,) * 4
            )
            sentences.append(Sentence(position, text, start, end, source, error, not text.startswith("[")))
            position += 1
        made.append(Turn(speaker, tuple(sentences), "labelled" if speaker else "unknown"))
    people = tuple(dict.fromkeys(speaker for speaker, _ in turns if speaker))
    return Episode(id, **{"show": Show("Mended"), "title": "A talk", "turns": tuple(made), "people": people, **fields})


# ---- made up by hypothesis

WORDS = (
    "barley bread oven boat copper kettle harbour fog bell lamp tide storm seed jar pencil ferry the a of and it I was "
    "we don't well-known U.S. 1998 3.5 £40 naïve café Ötzi 😀 — no. Dr. “so” (really) край 東京 שלום"
).split()
STOPS = (".", "!", "?", "…", "?!", '."', "。", "", ",", " —")

sentence_texts = st.builds(
    lambda words, stop: " ".join(words) + stop,
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=12),
    st.sampled_from(STOPS),
)
speakers = st.sampled_from((None, ANN, BO, CAT))


@st.composite
def episodes(draw: st.DrawFn, *, texts: st.SearchStrategy[str] = sentence_texts, most_turns: int = 6) -> Episode:
    """Any episode: with and without speakers, times, stage directions, dates; with one sentence of speech at least."""
    timed = draw(st.booleans())
    turns, position, clock = [], 0, 0.0
    for speaker in draw(st.lists(speakers, min_size=1, max_size=most_turns)):
        sentences = []
        for text in draw(st.lists(texts, min_size=1, max_size=6)):
            speech = position == 0 or draw(st.integers(0, 5)) > 0
            start = clock + draw(st.sampled_from((0.0, 0.25, 3.0)))
            clock = start + (draw(st.sampled_from((0.0, 1.5, 20.0, 70.0))) if speech else 0.0)
            facts = (start, clock, "transcript", 0.0) if timed else (None, None, None, None)
            sentences.append(Sentence(position, text, *facts, speech))
            position += 1
        turns.append(Turn(speaker, tuple(sentences), "labelled" if speaker else "unknown"))
    people = tuple(dict.fromkeys(turn.speaker for turn in turns if turn.speaker))
    return Episode(
        id=draw(st.sampled_from(("one", "two", "три", "a.b-c"))),
        show=Show("Mended", "About repairs."),
        title=draw(st.sampled_from(("A talk", "<b>“Ω”</b>", "=1+1"))),
        turns=tuple(turns),
        people=people,
        date=draw(st.sampled_from((None, "2024-02-01"))),
        description=draw(st.sampled_from(("", "Of kettles\nand lamps."))),
        duration=draw(st.sampled_from((None, 12.5))),
        audio=draw(st.sampled_from((None, "https://example.org/a.mp3"))),
        url=draw(st.sampled_from((None, "https://example.org/a"))),
        format="made",
        content_hash="0",
        mended=draw(st.sampled_from(((), ("two lines joined", "a time mended")))),
    )
