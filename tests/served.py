"""A small made-up library and the site on loopback, for tests of its screens and its API. Holds no tests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from browsing import site_of

from index.library import Library

UNLIMITED = {"questions_a_minute": 0, "questions_a_minute_by_address": 0}
SIZES = {"wide": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}
MILL = [
    ("Ina Vorr", 0.5, 3.0, "Welcome to Turning Wheels, the show about mills."),
    ("Ina Vorr", 3.2, 6.0, "Odo, how many sails does your windmill have?"),
    ("Odo Pell", 6.4, 10.0, "The windmill has six sails, and the sixth one came from a shipwreck."),
    ("Odo Pell", 10.5, 13.0, "I grease the axle with goose fat every Friday."),
    ("Ina Vorr", 13.5, 15.0, "And when there is no wind?"),
    ("Odo Pell", 15.5, 19.0, "Then I sharpen the millstone and drink elderberry tea."),
]
WEIR = [
    ("Ina Vorr", 1.0, 4.0, "Today we visit the weir of Upper Tansy with its keeper."),
    ("Runa Ost", 4.5, 9.0, "The weir was built of oak in a single winter by eleven brothers."),
    ("Runa Ost", 9.5, 13.0, "An otter lives under the sluice and nobody minds."),
]


def write_episode(folder: Path, name: str, lines: list[tuple[str, float, float, str]], **metadata: Any) -> Path:
    """A transcript as SubRip with its metadata beside it."""

    def clock(seconds: float) -> str:
        thousandths = round(seconds * 1000)
        return f"00:{thousandths // 60000:02}:{thousandths // 1000 % 60:02},{thousandths % 1000:03}"

    cues = [f"{n}\n{clock(a)} --> {clock(b)}\n{who}: {text}\n" for n, (who, a, b, text) in enumerate(lines, start=1)]
    (folder / f"{name}.srt").write_text("\n".join(cues), encoding="utf-8")
    (folder / f"{name}.meta.json").write_text(json.dumps(metadata), encoding="utf-8")
    return folder / f"{name}.srt"


def make_library(folder: Path) -> Library:
    """Two episodes, `mill` and `weir`, with the hashing encoder, which needs no model."""
    transcripts = folder / "transcripts"
    transcripts.mkdir(parents=True)
    ina = {"name": "Ina Vorr", "role": "host"}
    write_episode(
        transcripts,
        "mill",
        MILL,
        show="Turning Wheels",
        title="Six sails",
        date="2023-04-01",
        people=[ina, {"name": "Odo Pell", "role": "guest"}],
        url="https://example.org/mill",
    )
    write_episode(
        transcripts,
        "weir",
        WEIR,
        show="Turning Wheels",
        title="Oak in winter",
        date="2024-06-15",
        people=[ina, {"name": "Runa Ost", "role": "guest"}],
    )
    library = Library.create(folder / "library", "hashing")
    assert library.add([transcripts]).added == ["mill", "weir"]
    return library


@contextmanager
def served(library: Path, **settings: object) -> Iterator[str]:
    """The address of the whole site around this library, without a slash at its end."""
    with site_of(library, **settings) as address:
        yield address.rstrip("/")
