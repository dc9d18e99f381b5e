"""Who comes back in a show, and what that tells of the voices in another of its episodes."""

from __future__ import annotations

import pytest
from talks import write_talk

from index.corrections.kinds import SpeakerIs
from index.episode import Person
from index.formats.parsed import ParsedTurn, Piece
from index.library import Library
from index.reading.read import read_episode
from index.speakers.people import people_of_labels
from index.speakers.regulars import InShow, Regular, in_show, made_whole, regulars_of

MIRA = {"mira": Regular(0.8, "Mira Ashdown")}
LATHE = (
    "The lathe stood in a shed behind the mill for thirty years, and when we opened the door there was a family of owls on"
    " the bed of it, so we waited until the summer was over before we carried it out."
)


def named_talk(guest: str) -> tuple[tuple[str, str], ...]:
    """A talk that names its host and its guest."""
    first = guest.split()[0]
    return (
        ("Speaker 1", f"Hello and welcome to Mended, the show about people who repair things. I'm Mira Ashdown, and with me"
         f" today is {guest}. {first}, welcome to the show."),
        ("Speaker 2", f"Thanks for having me, Mira. It's good to be here. {LATHE}"),
        ("Speaker 1", f"Tell us, {first}, what was the first thing that you ever mended?"),
        ("Speaker 2", MENDED[guest]),
        ("Speaker 1", f"Thank you for coming, {first}, and thanks to everybody for listening to the show."),
    )  # fmt: skip


HARDLY_NAMED = (
    ("Speaker 1", "Hello and welcome to Mended, the show about people who repair things. Today we talk about lathes."),
    ("Speaker 2", f"I brought one along. {LATHE}"),
    ("Speaker 1", "What was the worst of it?"),
    ("Speaker 2", f"The rust, I think. {LATHE} {LATHE} You know how that goes, Mira."),
    ("Speaker 1", "I do. How did you get it off?"),
    ("Speaker 2", f"With patience. {LATHE}"),
    ("Speaker 1", "And would you do it again?"),
    ("Speaker 2", f"Tomorrow. {LATHE}"),
    ("Speaker 1", "Thank you for listening to the show. Next week we talk about clocks."),
)
# What each of the guests says, so that no two of the talks are taken for copies of one another.
MENDED = {
    "Bo Lund": "It was a kettle with a hole beside its spout. I soldered a ring of tin around it, and burnt a tablecloth.",
    "Cat Moor": "My father's accordion had swallowed a coin. I took forty screws out, and put thirty-nine of them back.",
    "Dan Frost": "A sledge, because its left runner had come off on the hill. I nailed on half of a barrel hoop instead.",
    "Eve Hart": "I sewed up the sail of a dinghy with fishing line. It held until the evening, and then I learnt to swim.",
    "Finn Gale": "The school bell had lost its clapper. We hung a door knob in there, and nobody was ever on time again.",
}
GUESTS = tuple(MENDED)


def write_shows(folder, guests=GUESTS):
    for number, guest in enumerate(guests):
        write_talk(folder, f"talk-{number}", named_talk(guest), show="Mended")


def heard(library, id_):
    return {(turn.speaker.name, turn.speaker_source) for turn in library.episode(id_).turns}


def test_who_speaks_in_enough_of_the_other_episodes_comes_back():
    spoken_in = {"Ann Hale": 2, "Ann": 1, "Bo Lund": 2, "Speaker 1": 9, "Host": 9}
    assert regulars_of(spoken_in, 10) == {"ann": Regular(0.3, None)}
    assert regulars_of({"Ann Hale": 4}, 41) == {}, "fewer than one in ten"
    assert regulars_of({}, 0) == {}


@pytest.mark.parametrize(
    "names, whole",
    [
        ({"Ann Hale": 3, "Ann": 9}, "Ann Hale"),
        ({"Ann Hale": 2, "Ann": 9}, None),
        ({"Ann Hale": 20, "Ann Moor": 1}, "Ann Hale"),
        ({"Ann Hale": 4, "Ann Moor": 3}, None),
    ],
)
def test_a_full_name_is_known_where_the_show_gives_one_and_hardly_another(names, whole):
    assert regulars_of(names, 30)["ann"].name == whole


def test_a_first_name_is_made_whole_only_for_a_voice_that_acts_like_a_host():
    assert made_whole("Mira", 1.0, MIRA) == "Mira Ashdown"
    assert made_whole("Mira", -1.0, MIRA) == "Mira"
    assert made_whole("Mira Voss", 1.0, MIRA) == "Mira Voss"
    assert made_whole("Bo", 1.0, MIRA) == "Bo"


def test_what_the_show_tells_stands_beside_what_the_talk_tells():
    pairs = [("A", "Mira", {"own": 1.0}), ("A", "Bo", {"own": 0.0}), ("B", "Bo", {"own": 0.0})]
    found = {(label, name): about for label, name, about in in_show(pairs, [2.0, -1.0, 0.5], InShow(MIRA, {"A": 9.0}))}
    assert found["A", "Mira"] == {
        "own": 1.0, "likely": 2.0, "known": 1.0, "known_likely": 2.0, "known_share": 0.8, "hosting": 4.0,
        "known_hosting": 4.0, "other_known": 0.0, "known_other_known": 0.0,
    }  # fmt: skip
    assert found["A", "Bo"]["other_known"] == 1 and found["B", "Bo"]["other_known"] == 0
    assert found["B", "Bo"]["known"] == found["B", "Bo"]["hosting"] == 0


def test_a_host_whom_the_talk_hardly_names_is_known_from_the_shows_other_episodes(tmp_path):
    file = write_talk(tmp_path / "talks", "lathe", HARDLY_NAMED, show="Mended")
    assert {turn.speaker.name for turn in read_episode(file).turns} == {"Speaker 1", "Speaker 2"}
    write_shows(tmp_path / "talks")
    library = Library.create(tmp_path / "library", "hashing")
    library.add([tmp_path / "talks"])
    assert heard(library, "lathe") == {("Mira Ashdown", "recovered"), ("Speaker 2", "labelled")}
    assert Person("Mira Ashdown", "host") in library.episode("lathe").people
    assert library.check() == []


def test_it_does_not_matter_in_which_order_a_shows_episodes_come(tmp_path):
    library = Library.create(tmp_path / "library", "hashing")
    library.add([write_talk(tmp_path / "talks", "lathe", HARDLY_NAMED, show="Mended")])
    assert ("Speaker 1", "labelled") in heard(library, "lathe")
    for number, guest in enumerate(GUESTS):
        library.add([write_talk(tmp_path / "talks", f"talk-{number}", named_talk(guest), show="Mended")])
    assert ("Mira Ashdown", "recovered") in heard(library, "lathe")
    assert library.add([tmp_path / "talks"]).unchanged == sorted(["lathe", *(f"talk-{n}" for n in range(len(GUESTS)))])
    assert ("Mira Ashdown", "recovered") in heard(library, "lathe")


def test_what_was_put_right_stays_when_a_voice_is_told_anew(tmp_path):
    library = Library.create(tmp_path / "library", "hashing")
    library.add([write_talk(tmp_path / "talks", "lathe", HARDLY_NAMED, show="Mended")])
    library.correct("lathe", SpeakerIs(1, 2, "Ivo Marsh", "host"))  # from the middle of a turn into the next
    write_shows(tmp_path / "talks")
    library.add([tmp_path / "talks"])
    turns = library.episode("lathe").turns
    assert [(turn.speaker.name, turn.speaker_source) for turn in turns[:4]] == [
        ("Mira Ashdown", "recovered"), ("Ivo Marsh", "corrected"), ("Ivo Marsh", "corrected"), ("Speaker 2", "labelled"),
    ]  # fmt: skip
    library.undo_correction("lathe", 1)
    assert {turn.speaker.name for turn in library.episode("lathe").turns} == {"Mira Ashdown", "Speaker 2"}
    assert library.check() == []


def test_an_episode_whose_file_is_gone_or_changed_keeps_its_voices(tmp_path):
    library = Library.create(tmp_path / "library", "hashing")
    gone = write_talk(tmp_path / "talks", "gone", HARDLY_NAMED, show="Mended")
    changed = write_talk(tmp_path / "talks", "changed", HARDLY_NAMED[:-1], show="Mended")
    library.add([gone, changed])
    gone.unlink()
    write_talk(tmp_path / "talks", "changed", HARDLY_NAMED[:-2], show="Mended")
    write_shows(tmp_path / "named")
    library.add([tmp_path / "named"])
    assert ("Speaker 1", "labelled") in heard(library, "gone") & heard(library, "changed")


def test_a_show_gives_no_name_to_a_voice_that_its_talk_does_not_name():
    said = [(label, text.replace(", Mira", "")) for label, text in HARDLY_NAMED]
    turns = [ParsedTurn(label, (Piece(text),)) for label, text in said]
    assert {voice.person.name for voice in people_of_labels(turns, [], MIRA).values()} == {"Speaker 1", "Speaker 2"}
