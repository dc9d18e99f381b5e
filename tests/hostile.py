"""Texts that would run, lead away or break a page if they were more than letters, and a library full of them. Holds no tests."""

from __future__ import annotations

import json
from pathlib import Path

from index.episode import Episode, Person, Sentence, Show, Turn
from index.library import Library

HOSTILE: list[str] = json.loads((Path(__file__).parent / "data" / "hostile.json").read_text(encoding="utf-8"))
TOGETHER = 4  # texts in an episode: a page that shows one shows all of them
EPISODES = [HOSTILE[first : first + TOGETHER] for first in range(0, len(HOSTILE), TOGETHER)]


def hostile_library(folder: Path) -> Library:
    """Episodes `e0`, `e1` …, one for each of EPISODES: each text asks and answers about a zebra, from second 8·n on.

    Made in Python, past the checks that files go through: the screens must not rely on them.
    """
    library = Library.create(folder / "library", "hashing")
    with library.writing_many() as add:
        for number, texts in enumerate(EPISODES):
            add(_episode(number, texts))
    return library


def host_and_guest(text: str) -> tuple[Person, Person]:
    """Who asks and who answers about a text."""
    return Person(f"{text} Ada", "host"), Person(f"{text} Ben", "guest")


def _episode(number: int, texts: list[str]) -> Episode:
    turns: list[Turn] = []
    for n, text in enumerate(texts):
        host, guest = host_and_guest(text)
        asked = f"What about the zebra {TOGETHER * number + n}, and what of {text}?"
        told = f"The zebra {TOGETHER * number + n} said {text} to all the zoo."
        question = Sentence(2 * n, asked, 8.0 * n, 8.0 * n + 2, "transcript", 0.0)
        answer = Sentence(2 * n + 1, told, 8.0 * n + 2.5, 8.0 * n + 6, "transcript", 0.0)
        turns += [Turn(host, (question,), "labelled"), Turn(guest, (answer,), "recovered")]
    all_of_them = " ".join(texts)
    people = tuple(person for text in texts for person in host_and_guest(text))
    return Episode(
        f"e{number}",
        Show(f"{all_of_them} show {number % 3}", all_of_them),
        f"{all_of_them} number {number}",
        tuple(turns),
        people,
        all_of_them,
        all_of_them,
        8.0 * len(texts),
        all_of_them,
        all_of_them,
        "srt",
        "",
        tuple(texts),
    )
