"""Labels into people with names and roles; doubt kept as doubt, since a wrong name is worse than none."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from talks import write_talk

from index.episode import Person
from index.formats.parsed import ParsedTurn, Piece
from index.library import Library
from index.reading.read import read_episode
from index.speakers.evidence import Claims
from index.speakers.labels import is_anonymous
from index.speakers.mentions import mentions_of, own_words
from index.speakers.naming import among_others, assigned
from index.speakers.people import Voice, one_person_each, people_of_labels, role_in_show, roles_of_show

MARK, ALEX, MARY = Person("Mark Thompson", "host"), Person("Alex Gill", "guest"), Person("Mary Gill", "guest")
KETTLE = (
    "It was a copper kettle that my grandmother had thrown out, with a hole in its spout, and I sat in her kitchen for a"
    " whole winter with a bit of tin and a candle until it held water again."
)
TALK = (
    ("Ann Hale", "Hello and welcome to Mended, the show about people who repair things. I'm Ann Hale, and with me today is"
     " Bo Lund. Bo, welcome to the show."),
    ("Bo Lund", "Thanks for having me, Ann. It's good to be here."),
    ("Ann Hale", "Tell us, what was the first thing that you ever mended?"),
    ("Bo Lund", f"{KETTLE} {KETTLE} {KETTLE}"),
    ("Ann Hale", "And did she use it?"),
    ("Bo Lund", f"She did, every morning. {KETTLE} {KETTLE}"),
    ("Ann Hale", "That was Bo Lund. Thank you for coming, Bo, and thank you for listening. Next week we talk about clocks."),
)  # fmt: skip


def turns(*said: tuple[str | None, str]) -> list[ParsedTurn]:
    return [ParsedTurn(label, (Piece(text),)) for label, text in said]


def relabelled(labels: dict[str, str], said: tuple[tuple[str, str], ...] = TALK) -> list[ParsedTurn]:
    return turns(*((labels.get(label, label), text) for label, text in said))


def with_words(said: list[ParsedTurn], *changes: tuple[str, str]) -> list[ParsedTurn]:
    changed = []
    for turn in said:
        text = turn.pieces[0].text
        for old, new in changes:
            text = text.replace(old, new)
        changed.append(replace(turn, pieces=(Piece(text),)))
    return changed


def people(said: list[ParsedTurn], known: list[Person] | None = None) -> dict[str, Person]:
    return {label: voice.person for label, voice in people_of_labels(said, known or []).items()}


@pytest.mark.parametrize(
    "label", ["Speaker 1", "SPEAKER_00", "speaker", "Unknown", "Unknown Speaker", "A", "2", "Voice 3", "?"]
)
def test_a_label_that_names_nobody_is_anonymous(label):
    assert is_anonymous(label)


@pytest.mark.parametrize("label", ["Ann", "Ann Hale", "Al", "Bo", "Speaker Pelosi", "Host", "李"])
def test_a_name_is_not_anonymous(label):
    assert not is_anonymous(label)


@pytest.mark.parametrize(
    ("label", "person"),
    [
        ("Mark Thompson", MARK),
        ("MARK THOMPSON", MARK),
        ("Dr. Mark J. Thompson, PhD", MARK),
        ("Mark Thomson", MARK),
        ("mark", MARK),
        ("Thompson", MARK),
        ("MT", MARK),
        ("M.T.", MARK),
        ("Alex", ALEX),
        ("Gill", Person("Gill", "unknown")),
        ("Host", MARK),
        ("the interviewer", MARK),
        ("Guest", Person("Guest", "guest")),
        ("Marko", Person("Marko", "unknown")),
        ("Speaker 1", Person("Speaker 1", "unknown")),
    ],
)
def test_a_label_means_the_one_person_it_fits_or_itself(label, person):
    assert people(turns((label, "Yes.")), [MARK, ALEX, MARY])[label] == person


@pytest.mark.parametrize(
    "labels", [("Speaker 1", "Speaker 2"), ("SPEAKER_00", "SPEAKER_01"), ("A", "B"), ("Host", "Guest")]
)
def test_voices_without_a_name_get_those_that_the_talk_gives_them(labels):
    one, two = labels
    found = people_of_labels(relabelled({"Ann Hale": one, "Bo Lund": two}), [])
    assert found == {
        one: Voice(Person("Ann Hale", "host"), "recovered"),
        two: Voice(Person("Bo Lund", "guest"), "recovered"),
    }


def test_a_first_name_in_the_talk_is_made_whole_by_the_page():
    said = with_words(relabelled({"Bo Lund": "Speaker 2"}), ("Bo Lund", "Bo"))
    assert people(said)["Speaker 2"].name == "Bo"
    assert people(said, [Person("Bo Lund", "guest")])["Speaker 2"] == Person("Bo Lund", "guest")


def test_a_voice_that_nobody_names_stays_without_a_name():
    said = relabelled({"Ann Hale": "Speaker 1", "Bo Lund": "Speaker 2"})
    silent = with_words(said, ("Bo Lund", "a guest"), ("Bo", "friend"), ("Ann", "you"))
    found = people_of_labels(silent, [])
    assert found["Speaker 2"] == Voice(Person("Speaker 2", "guest"), "labelled")


def test_somebody_talked_about_gives_nobody_a_name():
    about = turns(
        ("Speaker 1", f"Hello. Let's talk about Tobin Askerly. {KETTLE} Tobin never said that, did he?"),
        (
            "Speaker 2",
            f"I never met Tobin. {KETTLE} My sister knew Tobin Askerly well, and she says that Tobin was shy. {KETTLE}",
        ),
        ("Speaker 1", "What did she say about Tobin?"),
        ("Speaker 2", f"That Tobin was shy. {KETTLE} {KETTLE} {KETTLE}"),
    )
    assert {person.name for person in people(about).values()} == {"Speaker 1", "Speaker 2"}


def test_a_name_that_a_label_has_already_is_not_given_to_another_voice():
    said = relabelled({"Bo Lund": "Speaker 2"}, (*TALK, ("Bo Lund", "Bye, Ann.")))
    assert people(said)["Ann Hale"].name == "Ann Hale"
    assert people(said)["Speaker 2"].name == "Bo Lund"


def test_the_only_guest_of_the_page_is_the_only_voice_that_is_surely_one():
    said = relabelled({"Ann Hale": "Speaker 1", "Bo Lund": "Speaker 2"})
    unsaid = with_words(said, ("Bo Lund", "a friend of ours"), ("Bo,", "So,"), (", Bo", ""))
    found = people_of_labels(unsaid, [Person("Ann Hale", "host"), Person("Bo Lund", "guest")])
    assert found["Speaker 2"] == Voice(Person("Bo Lund", "guest"), "recovered")


@pytest.mark.parametrize("spelling", ["Bo", "BO LUND", "B.L.", "Prof. Bo Lund", "Bo K. Lund"])
def test_one_name_in_two_spellings_is_one_person(spelling):
    said = relabelled({"Bo Lund": "Bo Lund"}, (*TALK, ("Ann Hale", "Anything else?"), (spelling, "No, that was all.")))
    found = people(said)
    assert found[spelling] == found["Bo Lund"]


def test_a_slip_of_the_pen_in_a_long_name_makes_no_second_person():
    long = tuple((label.replace("Lund", "Askerly"), text.replace("Lund", "Askerly")) for label, text in TALK)
    said = relabelled({}, (*long, ("Ann Hale", "Anything else?"), ("Bo Askerley", "No, that was all.")))
    assert people(said)["Bo Askerley"] == Person("Bo Askerly", "guest")


@pytest.mark.parametrize("other", ["Bob", "Bo Lind", "Jo Lund", "Bo Hale"])
def test_names_that_only_look_alike_stay_apart(other):
    said = relabelled({}, (*TALK, ("Ann Hale", "Anything else?"), (other, "No, that was all.")))
    assert people(said)[other].name == other


def test_two_labels_that_answer_each_other_are_two_people():
    said = turns(*((label, "And then?") for _ in range(6) for label in ("Bo", "Bo Lund")))
    assert {person.name for person in people(said).values()} == {"Bo", "Bo Lund"}


def test_who_opens_introduces_asks_and_closes_is_the_host_and_who_answers_the_guest():
    assert people(relabelled({})) == {"Ann Hale": Person("Ann Hale", "host"), "Bo Lund": Person("Bo Lund", "guest")}


def test_in_a_few_words_nobody_is_told_by_what_they_do():
    said = turns(("Ann", "Welcome to the show."), ("Bo", "Why boats?"), ("Ann", "I like them."), ("Bo", "Do you?"))
    assert {person.role for person in people(said).values()} == {"unknown"}
    assert people(turns((None, "Yes.")), [MARK]) == {}


def test_what_the_metadata_says_of_a_role_wins_over_what_is_told_from_the_talk():
    known = [Person("Ann Hale", "guest"), Person("Bo Lund", "host")]
    assert [person.role for person in people(relabelled({}), known).values()] == ["guest", "host"]


def test_spellings_of_one_full_name_in_a_show_are_one_person():
    episodes = {"Mira Ashdown, PsyD": 19, "Mira B. Ashdown, Psy.D": 15, "Mira Ashdwon": 1}
    episodes |= {"Mira": 4, "Mara Ashdown": 2, "Ann Hale": 30}
    assert one_person_each(episodes) == {
        "Mira B. Ashdown, Psy.D": "Mira Ashdown, PsyD",
        "Mira Ashdwon": "Mira Ashdown, PsyD",
    }


def test_who_comes_back_again_and_again_belongs_to_the_show():
    assert role_in_show(4, 12) == "host"
    assert role_in_show(3, 3) == "unknown", "three episodes are too few to tell"
    assert role_in_show(4, 40) == "unknown"


def test_who_came_once_to_a_long_show_is_a_guest():
    assert role_in_show(1, 20) == "guest"
    assert role_in_show(1, 19) == "unknown", "a show's beginning tells nothing"
    assert role_in_show(2, 20) == "unknown"


def test_a_label_that_names_nobody_is_no_person_who_comes_back():
    spoken_in = {"Speaker 1": 30, "Host": 30, "Ann Hale": 30, "Bo Lund": 1, "Mira Ashdown": 5}
    assert roles_of_show(30, spoken_in) == {"Ann Hale": "host", "Bo Lund": "guest"}


def test_two_equal_claims_to_a_name_give_it_to_nobody():
    assert assigned([("A", "Ann", 0.95), ("B", "Ann", 0.94)], least=0.9, gap=1) == {}
    assert assigned([("A", "Ann", 0.95), ("B", "Ann", 0.2)], least=0.9, gap=1) == {"A": "Ann"}
    assert assigned([("A", "Ann", 0.89)], least=0.9, gap=1) == {}


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("My name's Ann Hale.", "self", "Ann Hale"),
        ("I'm your host, Ann Hale, and this is Mended.", "self", "Ann Hale"),
        ("We're joined by Bo Lund, who mends kettles.", "introduced", "Bo Lund"),
        ("My guest today is Bo Lund.", "introduced", "Bo Lund"),
        ("Bo Lund is here with us.", "introduced", "Bo Lund"),
        ("Bo, what do you mend?", "called", "Bo"),
        ("What do you mend, Bo?", "called", "Bo"),
        ("Thanks, Bo.", "called", "Bo"),
        ("Welcome to the show, Bo.", "called", "Bo"),
        ("So Bo - how did you mend it?", "called", "Bo"),
        ("Here's a question for you all. Bo, here it comes.", "called", "Bo"),
    ],
)
def test_a_name_is_heard_where_somebody_is_named(text, kind, name):
    heard = mentions_of(turns(("A", text), ("B", "I know Bo Lund and Ann Hale well.")))
    assert (name, kind) in {(mention.name, mention.kind) for mention in heard}


@pytest.mark.parametrize(
    "text", ["I'm tired, Anyway, and sad.", "We use Copper, Tin.", "This is great.", "So, what now?", ""]
)
def test_no_name_is_heard_where_nobody_is_named(text):
    assert not [
        m for m in mentions_of(turns(("A", text), ("B", "The copper and the tin were tired."))) if m.kind != "called"
    ]


@pytest.mark.parametrize(
    "text",
    [
        'My mother always said "Bo, what are you doing?" and went out.',
        "She said “Thanks, Bo.” and left.",
        "My co-founder, Bo, hadn't come yet.",
        "I learned it from his brother, Bo.",
        "And Bo - he can mend a kettle.",
    ],
)
def test_whom_others_speak_to_elsewhere_and_who_is_spoken_of_is_not_called(text):
    assert not [m for m in mentions_of(turns(("A", text), ("B", "I know Bo Lund well."))) if m.kind == "called"]


def test_what_somebody_quotes_is_no_introduction_of_theirs():
    heard = mentions_of(turns(("A", 'And he says "I am Bo Lund." to everyone.'), ("B", "I know Bo Lund well.")))
    assert not [m for m in heard if m.kind == "self"]
    assert own_words('He said "Hi, Bo" twice.') == 'He said "" twice.'
    assert own_words('A 3" pipe, Bo.') == 'A 3" pipe, Bo.'


def pair(label: str, name: str, likely: float) -> tuple[str, str, dict[str, float]]:
    return label, name, {"x": likely}


def test_a_claim_is_weighed_against_the_likeliest_other_voice_and_the_likeliest_other_name():
    pairs = [pair("A", "Ann", 3.0), pair("A", "Bo", 1.0), pair("B", "Ann Hale", 2.0), pair("C", "Cy", -1.0)]
    among = {(label, name): features for label, name, features in among_others(pairs, {"x": 1.0})}
    assert among["A", "Ann"]["over_other_name"] == 2 and among["A", "Ann"]["over_other_voice"] == 1
    assert among["A", "Bo"]["beaten_by_name"] == -2 and among["B", "Ann Hale"]["beaten_by_voice"] == -1
    assert among["C", "Cy"]["beaten_by_name"] == among["C", "Cy"]["beaten_by_voice"] == 0
    assert [features["x"] for _, _, features in pairs] == [3, 1, 2, -1], "the pairs are left as they were"


def test_a_guest_whose_first_words_greet_the_opener_speaks_for_the_openers_name():
    said = with_words(relabelled({"Ann Hale": "A", "Bo Lund": "B"}), ("I'm Ann Hale, and with me", "With me"))
    about = {(label, name.split()[0]): features for label, name, features in Claims(said).pairs({})}
    assert about["A", "Ann"]["greeted_back"] == about["A", "Ann"]["greeted_opener"] == 1
    assert about["A", "Ann"]["own"] == 0 and about["B", "Bo"]["greeted_back"] == 0
    assert about["B", "Bo"]["replies"] == 1, "thanks for having me, right after a welcome"


def test_a_file_shows_that_its_names_were_recovered(tmp_path):
    lines = [f"{'Speaker 1' if label == 'Ann Hale' else 'Speaker 2'}: {text}" for label, text in TALK]
    file = tmp_path / "kettle.txt"
    file.write_text("\n\n".join(lines), encoding="utf-8")
    episode = read_episode(file)
    assert [(turn.speaker.name, turn.speaker.role, turn.speaker_source) for turn in episode.turns[:2]] == [
        ("Ann Hale", "host", "recovered"), ("Bo Lund", "guest", "recovered"),
    ]  # fmt: skip


def test_a_show_in_a_library_has_one_person_for_two_spellings_and_knows_who_comes_back(tmp_path):
    for number in range(6):
        host = "Mira Ashdown, PsyD" if number < 4 else "Mira B. Ashdown, Psy.D"
        write_talk(
            tmp_path / "talks",
            f"talk-{number}",
            ((host, "What is it?"), (f"Guest {number}", "A kettle.")),
            show="Mended",
        )
    library = Library.create(tmp_path / "library", "hashing")
    library.add([tmp_path / "talks"])
    speakers = {
        (p.name, p.role) for summary in library.summaries() for p in summary.people if not p.name.startswith("Guest")
    }
    assert speakers == {("Mira Ashdown, PsyD", "host")}
    assert library.episode("talk-5").turns[0].speaker == Person("Mira Ashdown, PsyD", "host")
    assert library.check() == []
    assert library.add([tmp_path / "talks"]).unchanged == [f"talk-{number}" for number in range(6)]


def test_two_labels_of_one_episode_that_the_show_knows_as_one_are_listed_once(tmp_path):
    lines = (("Mira Ashdown", "What is it?"), ("Bo Lund", "A kettle."), ("Mira Ashdown, PsyD", "And that?"))
    write_talk(
        tmp_path / "talks", "talk", lines, show="Mended", people=[{"name": "Mira Ashdown"}, {"name": "Mira B. Ashdown"}]
    )
    library = Library.create(tmp_path / "library", "hashing")
    library.add([tmp_path / "talks"])
    assert [p.name for p in library.summaries()[0].people if p.words] == ["Mira Ashdown", "Bo Lund"]
    assert sum(p.words for p in library.summaries()[0].people) == 7
    assert library.check() == []


NAMED = ["Speaker 1", "Speaker 2", "A", "Host", "Ann", "Ann Hale", "Bo Lund", "?"]
SAID = ["I'm Ann Hale.", "Bo, what now?", "Thanks, Ann.", "My guest is Bo Lund.", "Yes.", "李 said so.", "\n", KETTLE]
labels = st.none() | st.sampled_from(NAMED) | st.text(max_size=12)
texts = st.lists(st.sampled_from(SAID) | st.text(max_size=20)).map(" ".join)


@given(st.lists(st.tuples(labels, texts), max_size=8))
def test_every_label_stands_for_somebody_and_no_word_is_touched(said):
    before = turns(*said)
    found = people_of_labels(before, [MARK, ALEX, MARY])
    assert set(found) == {label for label, _ in said if label}
    assert before == turns(*said)
    assert all(voice.person.name for voice in found.values())
