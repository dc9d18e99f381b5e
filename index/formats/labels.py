"""Which labels name speakers: "Ann Lee:", "Speaker 1:", "SPEAKER_00:" do, "Remember:" and "Links:" don't.

A label is judged by its own shape and by the whole file: how often it comes, and whether its word is an ordinary one
there.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import Literal, NamedTuple


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


MAX_LABEL_WORDS = 6

_ROLES = _words(
    "host guest interviewer interviewee narrator speaker announcer moderator caller audience man woman male "
    "female operator both all everyone crowd unknown voiceover co-host cohost presenter q a int res interviewer1 "
    "client student teacher professor therapist doctor reporter journalist editor producer panel panelist"
)
_ASIDES = _words(
    "break breaks intro outro music ad ads advert advertisement commercial sponsor sponsors sponsorship jingle "
    "promo theme sfx sound transition pause silence applause laughter clip extract ends start end teaser trailer "
    "preroll midroll postroll sample samples audio recording montage"
)
_NOT_NAMES = _words(
    "note notes warning example examples tip tips ps p.s update updates edit remember link links title date "
    "episode show summary resources transcript time topic topics question answer questions answers http https www "
    "email e-mail website web twitter x facebook instagram linkedin youtube tiktok mastodon bluesky podcast "
    "published duration description tags category language recorded season number so and but or because here "
    "there this that these those first second third finally also however today tomorrow yesterday again meaning "
    "basically now then what why how when where who which the an it is are was were be if for from to of in on at "
    "by with as step part chapter section figure table rule lesson point reason option problem solution result "
    "conclusion fact bonus credits credit copyright contact phone tel address source sources reference references "
    "mentioned recap highlights timestamps chapters about bio biography quote overview takeaways key subject re "
    "regarding attention disclaimer please thanks hello hi hey okay ok yes no well right listen look see read "
    "more subscribe follow host(s) guest(s) hosts guests music: featuring feat produced edited hosted presented "
    "version file format"
)
_ROLE_WORDS = _words(
    "host guest interviewer speaker narrator announcer moderator caller presenter co-host operator reporter"
)
_TITLES = _words("captain doctor professor mister sir lady lord judge senator king queen the mr mrs ms dr.")
_PARTICLES = _words(
    "de da di do du van von der den del della la le el al bin ibn of the dos das ter ten y e zu af and und et"
)
_WORD = re.compile(r"[^\W_][\w.'’\-]*")
_NUMBERED = re.compile(
    r"(?:speaker|spk|voice|person|participant|guest|host|caller|man|woman|male|female|interviewer|unknown|panelist)"
    r"(?:[ _#-]*(?:\d{1,3}|[a-z]))?|s\d{1,2}",
    re.IGNORECASE,
)
_ROLE_IN_BRACKETS = re.compile(
    r"\s*(?:\((?:the )?|[,|]\s*(?:the )?)(co-?host|host|guest|interviewer|moderator)\)?\s*$", re.IGNORECASE
)
_PRONOUN = r"(?:she|her|hers|he|him|his|they|them|theirs|it|its|ze|hir|xe|xem|zir|any|all|ella|él|elle|sie|er)"
_PRONOUNS = re.compile(rf"[\s,|–-]*[(\[]?\b{_PRONOUN}(?:\s*/\s*{_PRONOUN})+\b[)\]]?", re.IGNORECASE)
_HOW = re.compile(
    r"\s*[(\[](?:via|on|by|over|off|from|through|in|with|at)\b[^()\[\]]{0,40}[)\]]\s*$"
    r"|\s*[(\[](?:cont(?:inued|['’]d|inuing)?\.?|voice-?over|v\.?o\.?|remote\w*|zoom|phone|video|recorded|recording|translat\w+"
    r"|archiv\w+|unverified|external|you|me)[)\]]\s*$",
    re.IGNORECASE,
)
_PICTURES = re.compile(r"[\u2190-\u2bff\u3000-\u3030\ufe0e\ufe0f\u200d\u20e3\U0001f000-\U0001faff]+")
_MARKS = "\u200e\u200f\u061c"
_OFFICE = re.compile(r"\s*(?:,|\||/|\s[–—-]\s|\((?=[^()]*\)\s*$))\s*")
_DEGREE = re.compile(
    r"\W*(?:Ph\.?\s?D|Psy\.?\s?D|M\.?D|J\.?D|Jr|Sr|Esq|MBA|MSc|MA|MS|BSc|BA|RN|DO|Q\.?C|K\.?C|[IVX]{2,4})\.?\W*", re.I
)
_LOGIN = re.compile(r"@?[a-z0-9][\w+-]*(?:\.[\w+-]+)*(?:@[\w-]+(?:\.[\w-]+)+)?", re.IGNORECASE)
_NUMBER_BEHIND = re.compile(r".*[^\W\d]\s+\d[\d:.,]*", re.DOTALL)
_NOBODY = re.compile(
    r"(?:un(?:known|identified|named|determined|specified|labell?ed)|no|missing)(?:[ _-]?(?:speaker|voice|person|name))?"
    r"|(?:speaker|voice|person)[ _-]?(?:unknown|unidentified|\?+|none|null)|n/?a|none|null|nil|undefined|nobody|\?+|-+"
    r"|unbekannte?r?(?: sprecher(?:in)?)?|(?:orateur |locuteur )?inconnue?|desconocid[oa]|sconosciut[oa]",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[?!…]|\.\.|[a-z]{3}\. ")
MOST_OFFICE = 12  # words
FEW = 3  # a label that comes so often is one in its file, whatever it looks like
_LOWER = re.compile(r"(?<![.?!:]\s)(?<!\n)\b[a-z][\w'’-]+")


@lru_cache(maxsize=4096)
def clean_label(label: str) -> str:
    """The label without the marks around it: `**Ann Lee:**` and `[Ann Lee]` are Ann Lee."""
    text = re.sub(r"\\(.)", r"\1", label).strip(_MARKS).strip().strip("*_#>\t ").rstrip(":：").strip()
    if len(text) > 2 and text[0] in "[(<" and text[-1] in "])>":
        text = text[1:-1].strip()
    if not text.isascii():
        text = _PICTURES.sub("", text).strip(_MARKS + " ")
    if "/" in text:
        text = _PRONOUNS.sub("", text)
    if text[-1:] in ")]":
        text = _HOW.sub("", text)
    text = _ROLE_IN_BRACKETS.sub("", text)
    return " ".join(text.split())


def names_no_voice(label: str) -> bool:
    """Whether a recogniser or a person wrote that it isn't known who speaks: "UNKNOWN", "Unidentified Speaker", "N/A"."""
    return len(label) < 40 and bool(_NOBODY.fullmatch(label.strip("[]() *_")))


def role_in_label(label: str) -> Literal["host", "guest"] | None:
    """ "host" or "guest" where the label says so in brackets: "Ann Lee (host)"."""
    match = _ROLE_IN_BRACKETS.search(label.strip().strip("*_ ").rstrip(":").strip())
    if match is None:
        return None
    return "guest" if match[1].lower() == "guest" else "host"


@lru_cache(maxsize=4096)
def is_aside(label: str) -> bool:
    """Whether the label names no person but a break, music or a sponsor."""
    words = label.lower().split()
    return 0 < len(words) <= 3 and all(word.strip(".,") in _ASIDES or word in ("the", "of", "roll") for word in words)


@lru_cache(maxsize=4096)
def is_heading_word(label: str) -> bool:
    """Whether the label is made of a page's own words only: "Show Notes", "Links", "Date"."""
    words = [word.lower().strip(".()") for word in label.split()]
    return not words or (
        all(word in _NOT_NAMES for word in words) and not set(words) & {"question", "answer", "questions"}
    )


@lru_cache(maxsize=4096)
def name_like(label: str) -> bool:
    """Whether the label could be a name: few words, each with a capital (or of a script without any)."""
    if not label or len(label) > 60 or "://" in label:
        return False
    if _NUMBERED.fullmatch(label):
        return True
    words = label.replace(",", " ").replace("/", " ").replace("&", " ").split()
    if not 0 < len(words) <= MAX_LABEL_WORDS or label[-1] in ",;-?!":
        return False
    # "On Freund" and "The Mask" are names, "Show Notes" and "More" are none.
    if all(word.lower().strip(".()") in _NOT_NAMES for word in words) and label.lower() not in _ROLES:
        return False
    for position, word in enumerate(words):
        bare = word.strip("().'’\"“”-#")
        if not bare:
            continue
        if bare[0].islower() and (position == 0 or bare.lower() not in _PARTICLES) and not word.startswith("("):
            return False
        if bare[0].isdigit() and position == 0:
            return False
        if bare.isdigit() and len(bare) > 3:
            return False
    return any(character.isalpha() for character in label)


class Judged(NamedTuple):
    """A file's labels: `speakers`, and those `doubted`, which open a line as a label does and may be nobody's.

    `names`: of a speaker whose label says more than the name ("ANN LEE, MAYOR"), the name.
    """

    speakers: set[str]
    doubted: set[str]
    names: dict[str, str]


def judged(
    labels: Counter[str],
    text: str,
    *,
    opening: str | None = None,
    sure: frozenset[str] = frozenset(),
    small: Counter[str] | None = None,
) -> Judged:
    """Which of the counted labels name speakers, and which may.

    `opening`: the label that the speech begins with, which is trusted more. `sure`: labels that bold type or a time
    marks as labels. `small`: how often the words after a label begin with a small letter. A single word that the text
    also uses without a capital is a word, unless it comes again and again.
    """
    names = _without_offices(labels)
    counts: Counter[str] = Counter()
    for label, count in labels.items():
        counts[names.get(label, label)] += count
    both = {label for label in counts if label.lower() in ("question", "answer") and counts[label] > 1}
    named = {label for label in counts if (name_like(label) and not _is_numbered_thing(label)) or is_aside(label)}
    trusted = {names.get(label, label) for label in sure}
    opening = names.get(opening, opening) if opening else None
    accepted = {label for label in named if label in trusted} | _frequent(counts, named)
    accepted |= both if len(both) > 1 else set()
    doubtful: set[str] = set()
    words: set[str] = set()
    ordinary: set[str] | None = None
    for label in named - accepted:
        if _NUMBERED.fullmatch(label) or is_aside(label) or (label.lower() in _ROLES and counts[label] > 1):
            accepted.add(label)
            continue
        if " " not in label:
            if ordinary is None:
                ordinary = set(map(str.lower, _LOWER.findall(text[:2_000_000])))
            if label.lower() in ordinary and counts[label] < 5:
                words.add(label)
                continue
        if counts[label] > 1 or label == opening:
            accepted.add(label)
        else:
            doubtful.add(label)
    doubted: set[str] = set()
    if established := [label for label in accepted if counts[label] > 1 and not is_aside(label)]:
        doubted = _doubted(doubtful, established, counts, text, small, names)
        doubtful -= doubted
    # A name that comes once is a speaker where others speak too, or where two such names talk to each other.
    if accepted or len(doubtful) > 1:
        accepted |= doubtful
    small = small or Counter()
    # "Tonight: lenses and kilns": a word before what goes on in small letters is a word.
    doubted = {label for label in doubted if " " in label or not small[label]} - words
    raw = {label: names.get(label, label) for label in labels}
    return Judged(
        {label for label, name in raw.items() if name in accepted},
        {label for label, name in raw.items() if name in doubted},
        {label: name for label, name in names.items() if name in accepted},
    )


def _doubted(
    once: set[str],
    established: list[str],
    counts: Counter[str],
    text: str,
    small: Counter[str] | None,
    names: dict[str, str],
) -> set[str]:
    """Of the labels that come once, those that may as well be speech, seen against the labels that come again."""
    doubted = set()
    of_established = sum(counts[label] for label in established)
    written_small = sum(small[label] for label in established) if small else 0
    follows_capital = bool(small) and written_small * 10 < of_established
    known = {word for label in established for word in label.lower().split()}
    for label in once:
        written_on = follows_capital and small is not None and small[label] > 0
        without_capitals = label[0].lower() == label[0].upper()
        if written_on or without_capitals:
            doubted.add(label)
        elif (
            not known & set(label.lower().split())
            and len(established) > 1
            and not _ROLE_WORDS & set(label.lower().split())
        ):
            # Whoever speaks once may be read out by another; who is there is mostly spoken to, or of.
            named = [
                word for word in label.split() if len(word) > 2 and word[0].isupper() and word.lower() not in _TITLES
            ]
            if not any(_is_mentioned(word, text) for word in named):
                doubted.add(label)
    return doubted


def _is_mentioned(word: str, text: str) -> bool:
    """Whether a word of a name is also said: in the middle of a sentence, and not as part of a label."""
    return bool(re.search(rf"(?:(?<=[\w,] )|(?<=[.?!:] )){re.escape(word)}\b(?!:|[^\n:]{{0,30}}:\s)", text))


def _frequent(counts: Counter[str], named: set[str]) -> set[str]:
    """Labels that are one by coming again and again, whatever they look like: "ann_lee", "ann@example.org", "ann lee"."""
    often = {
        label
        for label, count in counts.items()
        if label not in named
        and (count >= FEW or (count > 1 and not label.isalpha() and _LOGIN.fullmatch(label)))
        and 0 < len(label) <= 60
        and len(label.split()) < 5
        and not is_heading_word(label)
        and not _NUMBER_BEHIND.fullmatch(label)
        and any(character.isalpha() for character in label)
    }
    if not often:
        return often
    shown = sum(counts[label] for label in often)
    others = sum(counts[label] for label in named)
    return often if (shown + others) * 10 >= sum(counts.values()) * 7 and (len(often) > 1 or others) else set()


def _is_numbered_thing(label: str) -> bool:
    """ "Psalm 23", "Rule 1": a thing with a number, and no voice as "Speaker 1" is."""
    return bool(_NUMBER_BEHIND.fullmatch(label)) and not _NUMBERED.fullmatch(label)


def _without_offices(labels: Counter[str]) -> dict[str, str]:
    """{label: name} of those that tell an office, a company or a place besides: "ANN LEE, MAYOR OF X", "Ann Lee | X"."""
    found: dict[str, str] = {}
    several = [label for label in labels if _OFFICE.search(label)]
    if not several:
        return found
    whole = {label for label in labels if name_like(label)}
    alone = whole - set(several)
    cores = Counter({label: labels[label] for label in alone})
    for label in several:
        cores[_OFFICE.split(label, maxsplit=1)[0].strip()] += labels[label]
    for label in several:
        name, rest = (part.strip() for part in _OFFICE.split(label, maxsplit=1))
        if not name_like(name) or _DEGREE.fullmatch(rest) or len(rest.split()) > MOST_OFFICE or _SENTENCE.search(rest):
            continue
        others = {part.strip() for part in _OFFICE.split(rest)} | {rest}
        if others & (alone | {core for core in cores if core != name and " " in core}):
            continue  # two who speak at once
        words = name.lower().split()
        again = cores[name] > 1 or any(other != name and set(other.lower().split()) < set(words) for other in alone)
        if again or (len(words) > 1 and rest[:1].isupper() and "|" not in rest):
            found[label] = name
    return found
