"""What the tests of the staff's screens share: small libraries and a site. Holds no tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from browsing import KETTLE as SPOKEN_KETTLE
from browsing import LANTERN as SPOKEN_LANTERN
from browsing import site_of, write_silence
from talks import write_talk

from index.library import Library

KETTLE, LANTERN = (tuple((who, text) for who, _, _, text in lines) for lines in (SPOKEN_KETTLE, SPOKEN_LANTERN))
AGAIN = (
    ("Ada Rowe", "Ben Tull is back, and the weather is dreadful."),
    ("Ben Tull", "I brought the kettle along. The kettle leaked in the train, after all these years."),
    ("Ada Rowe", "How do you feel about the kettle now?"),
    ("Ben Tull", "I feel that a kettle is a debt. You pay for the copper kettle all your life."),
    ("Ada Rowe", "Cleo Marsh sends her greetings from the harbour."),
)
# One wall of words, host and guest in turns.
BELLOWS = (
    "Welcome back to Mended. Today my guest is Ben Tull, who makes bellows. Ben, thank you for coming in. "
    "Thank you for having me, it was a long way. How does somebody begin with bellows? "
    "I began because the fire in my kitchen went out every night. My uncle had an old pair of leather ones in the shed. "
    "And what is the hardest part of it? The valve is, because it must open for a breath and close for a storm. "
    "I cut forty of them before one held. Would you do it all again? I would begin with the valve. "
    "Ben Tull, thank you so much. And thank you all for listening."
)


def small_library(folder: Path) -> Path:
    """Four episodes of Mended: two with Ben Tull, of which one has sound, one with Cleo Marsh, and one without labels."""
    talks = folder / "transcripts"
    talks.mkdir(parents=True)
    write_silence(folder / "kettle.wav", 30)
    ada, ben, cleo = (
        {"name": n, "role": r} for n, r in (("Ada Rowe", "host"), ("Ben Tull", "guest"), ("Cleo Marsh", "guest"))
    )
    write_talk(
        talks,
        "kettle",
        KETTLE,
        show="Mended",
        title="The copper kettle",
        date="2024-02-01",
        duration=30,
        people=[ada, ben],
        audio="../kettle.wav",
        url="https://example.org/kettle",
    )
    write_talk(
        talks,
        "again",
        AGAIN,
        show="Mended",
        title="The kettle again",
        date="2024-06-01",
        duration=30,
        people=[ada, ben],
    )
    write_talk(
        talks,
        "lantern",
        LANTERN,
        show="Afloat",
        title="A lantern from the sea",
        date="2024-03-01",
        duration=30,
        people=[ada, cleo],
    )
    head = "---\nshow: Mended\ntitle: Bellows\nduration: 2:00\nhosts: [Ada Rowe]\nguests: [Ben Tull]\n---\n\n"
    (talks / "bellows.md").write_text(f"{head}{BELLOWS}\n", encoding="utf-8")
    report = Library.create(folder / "library", "hashing").add([talks])
    assert len(report.added) == 4 and not report.refused
    return folder / "library"


@contextmanager
def site(library: Path, **settings: object) -> Iterator[str]:
    """The address of the staff's page."""
    with site_of(library, **settings) as address:
        yield f"{address}staff/"


def serious(page: Any) -> list[str]:
    """What axe-core finds on the page that is serious or critical."""
    from axe_playwright_python.sync_playwright import Axe

    return [
        f"{found['id']}: {node['html'][:120]}"
        for found in Axe().run(page).response["violations"]
        if found["impact"] in ("serious", "critical")
        for node in found["nodes"]
    ]


def nothing_ran(page: Any) -> None:
    """No dialog, no script of a payload, no element of one, no other machine asked."""
    assert page.popped == [] and page.faults == []
    assert page.evaluate("window.owned") is None
    assert page.evaluate("document.querySelectorAll('.staff .prose :is(img, script, iframe, link, style)').length") == 0
    assert [url for url in page.requested if url.startswith("http") and "//127.0.0.1" not in url] == []
