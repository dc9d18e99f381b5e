"""What a question asks: made whole after earlier ones, the people and episodes it names, and the words to look for.

Names are resolved with first names, surnames and typos allowed. Whether the question asks what somebody *said* (and not
only mentions them) is told from its grammar: that decides whether another person's words can answer it.
Knows nothing of passages or models.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from index.episode import Role
from index.errors import VerbatimError
from index.lexical import STOP_WORDS, content_words
from index.library import EpisodeSummary
from index.speakers import is_anonymous

LONGEST_QUESTION = 2000
LIKE_ENOUGH = 84  # rapidfuzz ratio: one letter wrong in six


class QuestionError(VerbatimError):
    """A question or filter that can't be asked: empty, too long, or naming what the library doesn't hold."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What to search in. `guest` names a person (any role); dates are ISO, both included."""

    show: str | None = None
    episode: str | None = None
    guest: str | None = None
    role: Role | None = None
    since: str | None = None
    until: str | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A question understood.

    `asked` is it made whole, `about` the same without the names of people here, who seldom say their own. `words` are what
    to look for, without names of speakers and words about speaking.
    `people` are the persons named, `role` is set where it says "the guest" or "the host". `said` is True where it asks
    for what they *said*. `unknown` is a name asked about as a speaker that nobody here has.
    """

    asked: str
    words: tuple[str, ...]
    people: tuple[str, ...] = ()
    role: Role | None = None
    said: bool = False
    unknown: str | None = None
    episodes: tuple[str, ...] = ()
    about: str = ""


SPEECH_VERBS = (
    "say|said|says|saying|think|thinks|thought|feel|feels|felt|believe|believes|believed|mention|mentions|mentioned|talk|talks|talked"
    "|tell|tells|told|explain|explains|explained|describe|describes|described|argue|argues|argued|claim|claims|claimed"
    "|recommend|recommends|recommended|suggest|suggests|suggested|propose|proposes|proposed|advise|advises|advised"
    "|predict|predicts|predicted|answer|answers|answered|discuss|discusses|discussed|admit|admits|admitted|speak|speaks|spoke"
    "|call|calls|called|compare|compares|compared|reckon|reckons|reckoned|state|states|stated|comment|comments|commented"
    "|ask|asks|asked|wonder|wonders|wondered|quote|quotes|quoted|agree|agrees|agreed|disagree|disagrees|disagreed|respond|responds|responded|reply|replies|replied|want|wants|wanted"
    "|present|presents|presented|introduce|introduces|introduced|put forward|raise|raises|raised|react|reacts|reacted"
    "|object|objects|objected"
    "|worry|worries|worried|complain|complains|complained|insist|insists|insisted|note|notes|noted|remark|remarks|remarked"
    "|stress|stresses|stressed|emphasise|emphasises|emphasised|emphasize|emphasizes|emphasized|point out|points out|pointed out"
    "|oppose|opposes|opposed|doubt|doubts|doubted"
    "|like|likes|liked|prefer|prefers|preferred|change|changed|promise|promises|promised|warn|warns|warned|offer|offered"
)
_NAME = r"(?P<name>(?:the |an? )?[\w.'’-]+(?: [\w.'’-]+){0,3}?)"
_SLOTS = [
    re.compile(pattern, re.I)
    for pattern in (
        rf"\b(?:did|does|do|has|have|had|would|is|was|can|could|will)\s+{_NAME}\s+"
        r"(?:(?:ever|also|really|actually|just|even|once|always|still|originally|first|then|not|exactly|personally)\s+)*"
        rf"(?:{SPEECH_VERBS})\b",
        rf"\baccording to\s+{_NAME}"
        r"(?=[,.?!]|$| (?:what|how|why|when|who|which|where|is|are|was|were|did|does|do|the)\b)",
        rf"\b{_NAME}['’]s? (?:view|views|opinion|opinions|take|thoughts?|position|stance|advice|answer|argument|reason|reasons"
        r"|feelings?|attitude|reaction|recommendations?|concerns?|worry|worries|suggestions?|ideas?|complaints?|comments?|remarks?"
        r"|response|experience|presentation|introduction|proposals?|plans?)\b",
        r"\b(?:view|views|opinion|opinions|take|thoughts|position|stance|advice|words|presentation|suggestions?|comments?)"
        r" (?:of|by)\s+"
        rf"{_NAME}(?= (?:on|about|regarding)\b|[,.?!]|$)",
        rf"\b(?:what|where|when|why|how|which \w+|that|if|whether)\s+{_NAME}\s+(?:{SPEECH_VERBS})\b",
        rf"^{_NAME}\s+(?:{SPEECH_VERBS})\b",
    )
]
_ROLE = {
    "guest": re.compile(r"\b(?:the|her|his|their|this|that|today's|today’s) (?:guest|interviewee)s?\b", re.I),
    "host": re.compile(r"\b(?:the|her|his|their|this|that) (?:host|interviewer|presenter)s?\b", re.I),
}
_NOBODY = frozenset(
    """
    i you he she they we it this that these those there who whom what which anyone anybody someone somebody
    everyone everybody nobody people folks one each both all any some most others the a an his her their our
    your my its him them us me guest guests host hosts interviewer speaker speakers listener listeners experts
    critics
    """.split()
)
_NOT_NAMES = frozenset(
    """
    what who whom whose which when where why how did does do is are was were will would can could should may
    might must has have had the a an and or but if in on at of for to from with about by tell give show list
    name explain describe according summarize summarise compare was it's what's who's there any anyone please i
    everything every all find
    """.split()
)
# First names and surnames that are ordinary words too: in a question without capitals they need a speaker's place.
_WORD_NAMES = frozenset(
    """
    mark will may art grace rose hope faith bill sue pat rob jack drew dawn june april august summer autumn ray
    gene frank rich miles max page guy dean king young brown white green black gray grey bell cook baker smith
    price day long short stone wood woods field fields hill lake rivers bush ford carter mason fisher hunter
    taylor turner walker ward west east north south church park parks best love joy ivy olive pearl ruby amber
    jade violet daisy lily heather holly iris penny sky star chase chance christian cash dale earl glen harm
    lane peg reed robin sandy skip trip van wade
    """.split()
)
_THIRD_PERSON = re.compile(r"\b(he|she|they|him|her|them|his|their|hers|theirs)\b", re.I)
_THING = re.compile(r"\b(it|this|that|these|those|the other one|the other|the same)\b", re.I)
_OPENS_FOLLOW_UP = re.compile(
    r"^\s*(?:and|but|so|or|also|what about|how about|why|why not|when|where|how|really|who else)\b", re.I
)


def read_question(
    question: str,
    *,
    episodes: Sequence[EpisodeSummary],
    history: Sequence[Mapping[str, str]] = (),
    is_word: Callable[[str], bool] = lambda word: True,
) -> Question:
    """The question understood, against the episodes that it may be about.

    `history`: earlier messages, oldest first, as {"role", "content"}. `is_word` says whether a lower-case word is used
    as one in these transcripts; a "name" that is one doesn't make an unknown person. QuestionError: nothing is asked.
    """
    text = " ".join(question.split())
    if not re.search(r"\w", text):
        raise QuestionError(
            "There is no question. Ask what somebody said, for example: what did the guest say about …?"
        )
    if len(text) > LONGEST_QUESTION:
        raise QuestionError(f"The question has {len(text):,} characters; up to {LONGEST_QUESTION:,} can be asked.")
    names = _names(episodes)
    asked = _made_whole(text, history, names)
    mentions = _find_people(asked, names)
    slots = _speaker_slots(asked)
    roles = [role for role, pattern in _ROLE.items() if pattern.search(asked)]
    in_slot = [name for name, start, end in mentions if any(start < last and first < end for first, last in slots)]
    people = in_slot or [name for name, *_ in mentions]
    role: Role | None = roles[0] if len(roles) == 1 and not people else None  # type: ignore[assignment]
    role_said = bool(role) and any(_ROLE[role].search(asked[first:last]) for first, last in slots)
    # "What did Tobin say about Maud?": she is the subject, and looked for.
    speakers = [mention for mention in mentions if mention[0] in people]
    return Question(
        asked=asked,
        words=tuple(_search_words(asked, speakers)),
        people=tuple(dict.fromkeys(people)),
        role=role,
        said=bool(in_slot) or role_said,
        unknown=None if people or role else _unknown_person(asked, slots, is_word),
        episodes=tuple(_named_episodes(asked, episodes)),
        about=_without(asked, speakers),
    )


def nearest_names(name: str, episodes: Sequence[EpisodeSummary], *, limit: int = 3) -> list[str]:
    """The people of these episodes whose names look most like it, most alike first."""
    from rapidfuzz import fuzz, process

    names = _names(episodes)
    return [match for match, *_ in process.extract(name, names, scorer=fuzz.WRatio, limit=limit, score_cutoff=70)]


def find_person(name: str, episodes: Sequence[EpisodeSummary]) -> list[str]:
    """The people that a filter's name means (full name, part of it, or a typo), best first; empty when nobody."""
    from rapidfuzz import fuzz, process

    names = _names(episodes)
    folded = _fold(name)
    exact = [known for known in names if _fold(known) == folded]
    partly = [known for known in names if folded and set(folded.split()) <= set(_fold(known).split())]
    alike = [
        match
        for match, *_ in process.extract(name, names, scorer=fuzz.ratio, processor=_fold, score_cutoff=LIKE_ENOUGH)
    ]
    return exact or partly or alike


def _names(episodes: Sequence[EpisodeSummary]) -> list[str]:
    """Everybody who is named in these episodes, each once; labels that name nobody left out."""
    every = dict.fromkeys(person.name for episode in episodes for person in episode.people)
    return [name for name in every if not is_anonymous(name)]


@lru_cache(maxsize=65536)
def _fold(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


@dataclass(frozen=True, slots=True)
class _Directory:
    """Names by what a question may say of them: two words of it or more that follow one another, folded, and each part."""

    whole: dict[str, list[str]]
    part: dict[str, list[str]]
    words: frozenset[int]
    """How many words the names here have."""


@lru_cache(maxsize=8)
def _directory(names: tuple[str, ...]) -> _Directory:
    whole: dict[str, list[str]] = {}
    part: dict[str, list[str]] = {}
    for name in names:
        words = _fold(name.partition(" (")[0] or name).split()  # an office in brackets is no name
        # "Kirsty Hallam" means "Kirsty Hallam AM": titles and offices are left out in talk.
        runs = {" ".join(words[at : at + n]) for n in range(2, len(words)) for at in range(len(words) - n + 1)}
        for run in {*runs, " ".join(words)}:
            whole.setdefault(run, []).append(name)
        for word in dict.fromkeys(words):
            part.setdefault(word, []).append(name)
    return _Directory(whole, part, frozenset(len(run.split()) for run in whole))


def _find_people(text: str, names: Sequence[str]) -> list[tuple[str, int, int]]:
    """(name, start, end) of each person that the text names; several for one place where a first name is shared."""
    directory = _directory(tuple(names))
    tokens = [(match[0], match.start(), match.end()) for match in re.finditer(r"\w+", text)]
    folded = [_fold(token) for token, *_ in tokens]
    slots = _speaker_slots(text)
    found = _whole_names(tokens, folded, directory)
    taken = [(start, end) for _, start, end in found]
    for place, (token, start, end) in enumerate(tokens):
        if any(first <= start < last for first, last in taken):
            continue
        word = re.sub(r"['’]?s$", "", folded[place]) if text[end : end + 2] in ("'s", "’s") else folded[place]
        in_slot = any(first <= start < last for first, last in slots)
        capital = token[:1].isupper() and place > 0
        if word in _NOT_NAMES and not (capital and word in _WORD_NAMES):
            continue
        if _part_of_other_name(place, tokens, text):
            continue
        named = directory.part.get(word, []) if len(word) > 1 or in_slot else []
        if named and (word not in _WORD_NAMES or capital or in_slot or (place == 0 and token[:1].isupper())):
            found += [(name, start, end) for name in named]
        elif not named and len(word) >= 4 and (capital or in_slot):
            found += [(name, start, end) for name in _alike(word, directory)]
    return sorted(found, key=lambda mention: mention[1])


def _whole_names(
    tokens: Sequence[tuple[str, int, int]], folded: Sequence[str], directory: _Directory
) -> list[tuple[str, int, int]]:
    """Names that stand whole in the text; those of several words with a letter or two wrong as well."""
    from rapidfuzz import fuzz, process

    found: list[tuple[str, int, int]] = []
    for n in sorted(directory.words, reverse=True):
        taken = [(start, end) for _, start, end in found]
        for at in range(len(tokens) - n + 1):
            if any(start < tokens[at + n - 1][2] and tokens[at][1] < end for start, end in taken):
                continue  # a part of a longer name that stands here
            window = folded[at : at + n]
            joined = " ".join(window)
            names = directory.whole.get(joined, [])
            if not names and n > 1 and all(len(word) > 2 and word not in _NOT_NAMES for word in window):
                alike = process.extract(joined, directory.whole.keys(), scorer=fuzz.ratio, score_cutoff=88, limit=5)
                names = [name for match, *_ in alike if len(match.split()) == n for name in directory.whole[match]]
            found += [(name, tokens[at][1], tokens[at + n - 1][2]) for name in names]
    return found


def _alike(word: str, directory: _Directory) -> list[str]:
    """The people with a part of their name that the word misspells, most alike first."""
    from rapidfuzz import fuzz, process

    matches = process.extract(word, directory.part.keys(), scorer=fuzz.ratio, score_cutoff=LIKE_ENOUGH, limit=5)
    close = [match for match, *_ in matches if len(match) >= 4 and abs(len(match) - len(word)) <= 2]
    return list(dict.fromkeys(name for match in close for name in directory.part[match]))


def _part_of_other_name(place: int, tokens: Sequence[tuple[str, int, int]], text: str) -> bool:
    """True for the "Mark" of "Mark Twain": beside it stands another capitalised word, and together they name nobody here.

    (Whole names of people here were found before this is asked.)
    """
    if not tokens[place][0][:1].isupper():
        return False
    for beside in (place - 1, place + 1):
        if 0 <= beside < len(tokens):
            word, start, end = tokens[beside]
            between = text[end : tokens[place][1]] if beside < place else text[tokens[place][2] : start]
            if (
                between == " "
                and word[:1].isupper()
                and word != "I"
                and not (beside == 0 and _fold(word) in _NOT_NAMES)
            ):
                return True
    return False


def _speaker_slots(text: str) -> list[tuple[int, int]]:
    """Where the grammar of the question puts somebody who speaks ("did … say", "according to …", "…'s view")."""
    return list(dict.fromkeys(match.span("name") for slot in _SLOTS for match in slot.finditer(text)))


def _unknown_person(text: str, slots: Sequence[tuple[int, int]], is_word: Callable[[str], bool]) -> str | None:
    """A name in a speaker's place; None where what stands there is no name ("the council", "anyone", "people")."""
    has_capitals = any(
        word[:1].isupper() for word in re.findall(r"[\w'’-]+", text)[1:] if word not in ("I", "I'm", "I've")
    )
    for start, end in slots:
        words = text[start:end].split()
        article = False
        while words and words[0].lower() in _NOT_NAMES | _ARTICLES:
            article = words[0].lower() in _ARTICLES
            words = words[1:]
        if article or not words or len(words) > 3:
            continue
        if any(_fold(word) in _NOBODY or _fold(word) in _NOT_NAMES for word in words):
            continue
        if has_capitals:
            if all(word[:1].isupper() for word in words):
                return " ".join(words)
        elif not words[0].isdigit() and not words[-1].endswith("s") and not all(is_word(_fold(word)) for word in words):
            return " ".join(words)
    # "Why did Eugenia Branscombe give up fishing?": whatever she did, a name that stands nowhere here is a stranger's.
    for match in _DID_SOMETHING.finditer(text):
        if not any(is_word(_fold(word)) for word in match["name"].split()):
            return match["name"]
    return None


_ARTICLES = frozenset(["the", "a", "an", "this", "that"])
_DID_SOMETHING = re.compile(r"\b(?i:did|does|has|would|will|can|could)\s+(?P<name>[A-Z][\w'’-]+(?: [A-Z][\w'’-]+){1,2})\b")


def _without(text: str, mentions: Sequence[tuple[str, int, int]]) -> str:
    """The text without the names, or as it is where hardly a word would be left."""
    rest = text
    for start, end in sorted({(start, end) for _, start, end in mentions}, reverse=True):
        rest = rest[:start] + " " + re.sub(r"^['’]s?(?!\w)", "", rest[end:])
    rest = " ".join(rest.split())
    return rest if len(re.findall(r"\w+", rest)) >= 3 else text


def _search_words(text: str, mentions: Sequence[tuple[str, int, int]], *, always: bool = True) -> list[str]:
    """The words to look for: those of the subject; where it has none, all words (`always`) or none."""
    rest = text
    for _, start, end in mentions:
        rest = rest[:start] + " " * (end - start) + rest[end:]
    rest = re.sub(r"(?<= )['’]s\b", "  ", rest)
    words = [word for word in content_words(rest) if word not in STOP_WORDS and (word.isalnum() or len(word) > 2)]
    return words or (content_words(rest) or content_words(text) if always else [])


def _named_episodes(text: str, episodes: Sequence[EpisodeSummary]) -> list[str]:
    """Episodes that the question is limited to: "in The Digital First Approach", "the episode called …"."""
    folded = f" {_fold(text)} "
    return [
        episode.id
        for episode in episodes
        # The cheap look first: a library may have thousands of titles.
        if f" {(title := _fold(episode.title))} " in folded
        and " " in title
        and re.search(rf" (?:in|from|episode|episode called|called|titled) {re.escape(title)} ", folded)
    ]


def _made_whole(text: str, history: Sequence[Mapping[str, str]], names: Sequence[str]) -> str:
    """A follow-up with the person and the subject of the question before it; other questions as they are."""
    earlier = [str(message.get("content", "")) for message in history if message.get("role") == "user"]
    earlier = [" ".join(question.split())[:LONGEST_QUESTION] for question in earlier if question.strip()]
    if not earlier:
        return text
    own_people = _find_people(text, names)
    own_words = _subject_words(text, own_people)
    refers_to_person = bool(_THIRD_PERSON.search(text)) and not own_people
    # "Why is copper fastened the way it is?" has a subject of its own: its "it" is not the last question's.
    refers_to_thing = len(own_words) <= 2 and bool(_THING.search(text))
    last_people = next((found for question in reversed(earlier) if (found := _find_people(question, names))), [])
    leans = (
        not own_words
        or (bool(_OPENS_FOLLOW_UP.match(text)) and len(own_words) <= 2 and not own_people)
        or (refers_to_person and not last_people)
    )
    if not (refers_to_person or refers_to_thing or leans):
        return text
    subject = _subject(earlier, names)
    whole = text
    if last_people and not own_people:
        person = last_people[-1][0]
        whole = _put_person(whole, person) if refers_to_person else f"{whole.rstrip('? ')} ({person})?"
    if subject and (refers_to_thing or leans):
        whole = f"{whole.rstrip('? ')} (about {subject})?"
    return whole


def _subject(earlier: Sequence[str], names: Sequence[str]) -> str:
    """What the last earlier question with a subject of its own was about, in its own words."""
    return next(
        (
            " ".join(words[:8])
            for question in reversed(earlier)
            if (words := _subject_words(question, _find_people(question, names)))
        ),
        "",
    )


def _subject_words(text: str, mentions: Sequence[tuple[str, int, int]]) -> list[str]:
    """The words of a question that carry a subject; empty where it has none of its own ("why does he like it?")."""
    return [word for word in _search_words(text, mentions, always=False) if word not in _NO_SUBJECT]


_NO_SUBJECT = frozenset(["other", "else", "one", "like", "mean", "same", "way", "really", "sort", "kind", "still"])


def _put_person(text: str, person: str) -> str:
    """The first pronoun replaced by the name: "why does she want it" -> "why does Jasneet Gill want it"."""
    match = _THIRD_PERSON.search(text)
    if match is None:
        return text
    possessive = match[1].lower() in ("his", "their", "hers", "theirs") or (
        match[1].lower() == "her"
        and re.match(r"\s+\w+", text[match.end() :])
        and not text[match.end() :].strip().startswith("about")
    )
    return text[: match.start()] + (f"{person}'s" if possessive else person) + text[match.end() :]
