"""Which labels name speakers: "Ann Lee:", "Speaker 1:", "SPEAKER_00:" do, "Remember:" and "Links:" don't.

A label is judged by its own shape and by the whole file: how often it comes, and whether its word is an ordinary one
there.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import Literal


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
_PARTICLES = _words(
    "de da di do du van von der den del della la le el al bin ibn of the dos das ter ten y e zu af and und et"
)
_WORD = re.compile(r"[^\W_][\w.'’\-]*")
_NUMBERED = re.compile(
    r"(?:speaker|spk|voice|person|participant|guest|host|caller|man|woman|male|female|interviewer|unknown|panelist)"
    r"(?:[ _#-]*(?:\d{1,3}|[a-z]))?|s\d{1,2}",
    re.IGNORECASE,
)
_ROLE_IN_BRACKETS = re.compile(r"\s*\((?:the )?(co-?host|host|guest|interviewer|moderator)\)\s*$", re.IGNORECASE)
_LOWER = re.compile(r"(?<![.?!:]\s)(?<!\n)\b[a-z][\w'’-]+")


@lru_cache(maxsize=4096)
def clean_label(label: str) -> str:
    """The label without the marks around it: `**Ann Lee:**` and `[Ann Lee]` are Ann Lee."""
    text = re.sub(r"\\(.)", r"\1", label).strip().strip("*_#>\t ").rstrip(":").strip()
    if len(text) > 2 and text[0] in "[(<" and text[-1] in "])>":
        text = text[1:-1].strip()
    text = _ROLE_IN_BRACKETS.sub("", text)
    return " ".join(text.split())


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


def likely_speakers(
    labels: Counter[str], text: str, *, opening: str | None = None, sure: frozenset[str] = frozenset()
) -> set[str]:
    """Those of the counted labels that name speakers.

    `opening`: the label that the speech begins with, which is trusted more. `sure`: labels that bold type or a time
    marks as labels. A single word that the text also uses without a capital is a word, unless it comes again and again.
    """
    named = {label for label in labels if name_like(label) or is_aside(label)}
    accepted = {label for label in named if label in sure}
    doubtful: set[str] = set()
    ordinary: set[str] | None = None
    for label in named - accepted:
        if _NUMBERED.fullmatch(label) or is_aside(label) or (label.lower() in _ROLES and labels[label] > 1):
            accepted.add(label)
            continue
        if " " not in label:
            if ordinary is None:
                ordinary = set(map(str.lower, _LOWER.findall(text[:2_000_000])))
            if label.lower() in ordinary and labels[label] < 5:
                continue
        if labels[label] > 1 or label == opening:
            accepted.add(label)
        else:
            doubtful.add(label)
    # A name that comes once is a speaker where others speak too, or where two such names talk to each other.
    if accepted or len(doubtful) > 1:
        accepted |= doubtful
    return accepted
