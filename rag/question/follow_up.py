"""A follow-up rewritten by rules into a question that stands alone: "And Maud?" after "What does Tobin think of the
barrier?" asks what Maud thinks of it.

What is put in is only what was asked before, in its own words, and the rewritten question is shown to the reader. A question that
stands on its own stays as it is. Knows nothing of libraries, passages or models.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from rag.english import NO_SUBJECT, NOT_NAMES
from rag.question.people import find_people, search_words, speaker_slots

LONGEST_EARLIER = 300  # characters of an earlier question that are taken over
MOST_EARLIER = 6  # earlier questions read

_THIRD_PERSON = re.compile(r"\b(he|she|they|him|her|them|his|their|hers|theirs)\b", re.I)
_FEMALE, _MALE = frozenset(["she", "her", "hers"]), frozenset(["he", "him", "his"])
_THING = re.compile(
    r"\b(it|its|this|that|these|those|there|them|they|then|instead|one|ones|the others?|the same|the year before)\b(?!['’])",
    re.I,
)
_OPENS = re.compile(
    r"^\s*(?:and|but|so|or|also|then|what about|how about|why|why not|when|where|how|really|since when|for how long|who else"
    r"|what else|what if)\b",
    re.I,
)
_AND = re.compile(r"\s*(?:and|but|so)\b", re.I)
_ASKS_OF_ANOTHER = re.compile(
    r"^(?:(?:and|but|so|or|also)\b[, ]*)?(?:(?:what|how) about\b\s*)?(?P<rest>(?:(?:of|about|on|in|for|with|to|from|at)\b\s*)?"
    r"(?P<bare>.+?))[?. ]*$",
    re.I,
)
_HAS_A_VERB = re.compile(
    r"\b(?:who|whom|whose|what|when|where|why|how|which|is|are|was|were|am|do|does|did|has|have|had|will|would|can|could|should|may"
    r"|might|must|isn't|wasn't|doesn't|didn't|tell|say|said|says)\b",
    re.I,
)
_ASKED_ABOUT = re.compile(
    r"^(?P<frame>.*\b(?:about|regarding|(?:think|thinks|thought|views?|opinions?|make|made) (?:of|on)))\s+(?P<topic>.+?)\??$",
    re.I,
)
_YEAR = re.compile(r"\b(?:1[5-9]|20)\d\d\b")
_KIN = {
    **dict.fromkeys("daughter mother wife sister aunt niece grandmother gran mum girl".split(), _FEMALE),
    **dict.fromkeys("son father husband brother uncle nephew grandfather dad boy".split(), _MALE),
    **dict.fromkeys(
        "apprentice partner friend child doctor teacher boss predecessor assistant neighbour".split(), _FEMALE | _MALE
    ),
}
_OF_SOMEBODY = re.compile(rf"\b(?P<whole>(?:[A-Z][\w-]+ )?[\w-]+['’]s? (?P<kin>{'|'.join(_KIN)}))\b")
_OWNED = re.compile(r"\s+(?!(?:about|to|for|in|on|with|and|one|a|an|the|it|any|some)\b)\w", re.I)


def rewritten(text: str, history: Sequence[Mapping[str, str]], names: Sequence[str]) -> str:
    """The question with what it leaves to the ones before it; as it is where it stands on its own.

    `history`: earlier messages, oldest first, as {"role", "content"}; `names`: the people who speak here.
    """
    before = ""
    for message in _questions(history):
        before = _rewritten(message, before, names)
    return _rewritten(text, before, names)


def _questions(history: Sequence[Mapping[str, str]]) -> list[str]:
    """The last questions asked, oldest first, each on one line."""
    asked = [" ".join(str(message.get("content", "")).split()) for message in history if message.get("role") == "user"]
    return [question[:LONGEST_EARLIER] for question in asked if question][-MOST_EARLIER:]


def _rewritten(text: str, before: str, names: Sequence[str]) -> str:
    """The text rewritten after one question that stands alone."""
    if not before:
        return text
    people, last_people = find_people(text, names), find_people(before, names)
    if (swapped := _of_another(text, people, before, last_people)) is not None:
        return swapped
    own = [word for word in search_words(text, people, always=False) if word not in NO_SUBJECT]
    person = _person_meant(text) if not people else None
    opens = bool(_OPENS.match(text))
    # "Why is copper fastened with rivets the way it is?" has a subject of its own: its "it" is not the last question's.
    thing = bool(_THING.search(text)) and len(own) <= (4 if _AND.match(text) or person else 2)
    leans = not own or (opens and len(own) <= 2 and not people)
    if not (person or thing or leans):
        return text
    full = text
    if person is not None:
        who = _who(person[1].lower(), before, last_people)
        full = _put(who, person, text) if who else text
        # Who "he" is where the last question names nobody, or whom else "her" means, only that question can say.
        leans = leans or who is None or len(own) <= 2 or len(_genders(text)) > 1
    # What a question is about stands beside it in the words in which it was asked: nothing is guessed.
    if thing or leans:
        return f"{_ended(full)} ({_plain(before)}?)"
    return full


def _of_another(
    text: str, people: Sequence[tuple[str, int, int]], before: str, last_people: Sequence[tuple[str, int, int]]
) -> str | None:
    """The question before, asked of another person, thing or year ("And Maud?", "What about 2023?"); None for others."""
    match = _ASKS_OF_ANOTHER.match(text)
    if match is None or match.start("rest") == 0 or _HAS_A_VERB.search(match["rest"]) or len(match["rest"].split()) > 7:
        return None
    before = _plain(before)
    if people and not search_words(text, people, always=False):
        return _of_person(people[0][0], before, last_people)
    if re.fullmatch(r"(?:the )?(?:host|guest)s?", match["bare"], re.I) and last_people:
        _, start, end = last_people[0]
        return f"{before[:start]}{match['bare']}{before[end:]}?"
    if re.fullmatch(r"(?:in |of )?(?:1[5-9]|20)\d\d", match["rest"]):
        year = match["bare"]
        return f"{_YEAR.sub(year, before) if _YEAR.search(before) else f'{before} in {year}'}?"
    if _THING.search(match["bare"]):
        return None
    if asked_about := _ASKED_ABOUT.match(before):
        return f"{asked_about['frame']} {match['bare']}?"
    return f"{before}, {'and ' if match['rest'] == match['bare'] else ''}{match['rest']}?"


def _of_person(name: str, before: str, last_people: Sequence[tuple[str, int, int]]) -> str:
    """The question before with this person in the place of the last one, known here or not."""
    places = [(start, end) for _, start, end in last_people if end <= len(before)]
    if not places:
        # "What did the mayor say?", "What did Zebulon say?": whoever stands where a speaker does.
        spans = [(start, end) for start, end in speaker_slots(before) if before[start:end].lower() not in NOT_NAMES]
        places = [span for span in spans if not re.match(r"(?:i|you|we|it|there)\b", before[span[0] : span[1]], re.I)]
    if not places:
        return f"What does {name} say? ({before}?)"
    start, end = places[0]
    return f"{before[:start]}{name}{before[end:]}?"


def _person_meant(text: str) -> re.Match[str] | None:
    """The first pronoun that stands for one person; "they" and "them" do where somebody speaks ("what did they say")."""
    slots = speaker_slots(text)
    for match in _THIRD_PERSON.finditer(text):
        if match[1].lower() in _FEMALE | _MALE or any(start <= match.start() < end for start, end in slots):
            return match
    return None


def _genders(text: str) -> set[bool]:
    """Whether the pronouns of a text are female, male or both, as a set."""
    words = {match[1].lower() for match in _THIRD_PERSON.finditer(text)} & (_FEMALE | _MALE)
    return {word in _FEMALE for word in words}


def _who(pronoun: str, before: str, last_people: Sequence[tuple[str, int, int]]) -> str | None:
    """Whom a pronoun means: "Tobin's daughter" where the last question was of her, else the last person named."""
    for match in reversed(list(_OF_SOMEBODY.finditer(before))):
        if pronoun in _KIN[match["kin"].lower()]:
            return match["whole"]
    # "Who taught Dorrit to bake?": "he" is who did, and not a name of that question.
    if not last_people or re.match(r"who\b(?! (?:do|does|did|has|had|will|would|can|could)\b)", before, re.I):
        return None
    return last_people[-1][0]


def _put(person: str, pronoun: re.Match[str], text: str) -> str:
    """The pronoun replaced by the person: "why does she want it" -> "why does Jasneet Gill want it"."""
    after = text[pronoun.end() :]
    word = pronoun[1].lower()
    owns = word in ("his", "their", "hers", "theirs") or (word == "her" and bool(_OWNED.match(after)))
    return text[: pronoun.start()] + (f"{person}'s" if owns else person) + after


def _plain(before: str) -> str:
    """An earlier question, rewritten before, as one that can stand in another: no brackets, no mark at its end."""
    return " ".join(re.sub(r"[()]|\?(?=\s*\()", " ", before).split()).rstrip("?. ")[-LONGEST_EARLIER:]


def _ended(text: str) -> str:
    return text.rstrip("?. ") + "?"
