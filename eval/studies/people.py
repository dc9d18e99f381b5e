"""Names and roles of voices: `python -m eval people FOLDER`, a folder of shows whose transcripts name their speakers.

Each label is hidden behind "Speaker 1", "Speaker 2", …; the names that `index/speakers/naming.py` finds are compared with the
hidden ones, and the roles of `index/speakers/roles.py` with who comes back in the show's episodes nearby. `--fit` fits the
weights of both on the shows that are not in `TEST_SHOWS`, and writes index/speakers/people.json.

Names are measured three times: by the episode alone; in its show, as when a library is made of all of it and the labels of every
episode are hidden (who comes back is then known by the names that the other episodes' own words give); and in its show when the
other episodes' labels are known. No episode shows by its own labels who comes back.

Right name: every word of it is in the label, or the label is its first word, or it is a usual short form or a slightly
different spelling of the label's first name. A name by which somebody is known and that the label doesn't give (a handle,
initials, another family name) counts as wrong, but for those in `KNOWN_AS`, which were looked up among the shows that are not
tested on; `wrong_first_name_of_voices` leaves out those whose first name is right. A name is `told` where the first
name is spoken by its owner after "I'm", "my name is", "this is" or "host"; or in a turn beside one of theirs by another, addressed
(between marks) or within 60 characters after a word of introduction; in the first 1,500 words, or beside the person's
first three turns. Host: speaks in at least 30 % of the up to 20 episodes nearby (ten on each side); guest: in at most 10 %;
those between are left out, and so are voices with less than 2 % of the words where roles are measured.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from index.errors import TranscriptError
from index.formats import read
from index.formats.parsed import ParsedTurn
from index.speakers.evidence import Claims, NameClaim, folded
from index.speakers.mentions import spoken
from index.speakers.naming import FITTED, among_others, likelihood, named_by, weighed
from index.speakers.people import role_in_show
from index.speakers.regulars import InShow, regulars_of
from index.speakers.roles import deeds, hosting

TEST_SHOWS = frozenset(["afk", "bigtent", "brainscience", "friends", "gotime", "news", "practicalai"])
LEAST, GAP = 0.95, 1.0
HOST, GUEST = 0.9, 0.1
LEAST_SHARE = 0.02
NEARBY = 10
INTRODUCTION_WORDS = 1500
_SELF = r"(?:[Mm]y name(?:['’]s| is)|I['’]m|I am|[Tt]his is|[Hh]ost,?) (?:your (?:co-?)?host,? )?"
_CUE = re.compile(
    r"join|guest|welcome|with (?:us|me)|here with|host|introduc|talk|speak|interview|conversation|chat|panel", re.I
)
_ADDRESSED = re.compile(r"(?:^|[.,!?…-]\s*|\b(?:so|hi|hey|hello|thanks|well|and|yeah|okay|you),? )$", re.I)
SHORT_FORMS = {
    "abby": "abigail", "andy": "andrew", "angie": "angela", "becky": "rebecca", "ben": "benjamin", "beth": "elizabeth",
    "bill": "william", "bob": "robert", "chuck": "charles", "dave": "david", "dick": "richard", "ed": "edward eduardo edmund",
    "gabe": "gabriel", "jack": "john", "jake": "jacob", "jeff": "geoffrey jeffrey", "jim": "james", "joe": "joseph",
    "josh": "joshua", "kate": "katherine catherine", "katie": "katherine", "kathy": "katherine", "larry": "lawrence",
    "liz": "elizabeth", "maggie": "margaret", "matt": "matthew", "meg": "margaret megan", "mike": "michael", "nate": "nathan",
    "nick": "nicholas nicolas", "pat": "patrick patricia", "peggy": "margaret", "rick": "richard", "rob": "robert",
    "ron": "ronald", "sandy": "alexander alexandra", "steve": "steven stephen", "sue": "susan", "ted": "edward theodore",
    "tim": "timothy", "tobie": "tobias", "toby": "tobias tobiloba", "tom": "thomas", "tony": "anthony", "vicky": "victoria",
    "will": "william", "zach": "zachary",
}  # fmt: skip
KNOWN_AS = {
    "Gunner": ["Allen Gunn"],
    "Carson": ["chg"],
    "Matz": ["Yukihiro Matsumoto"],
    "Oz": ["Ozan Onay"],
    "Swyx": ["Shawn Wang"],
    "JDD": ["John-David Dalton"],
    "Sytse": ["Sid Sijbrandij"],
    "JJ": ["Joseph Jacks"],
    "Ceej": ["CJ Silverio"],
    "Puerco": ["Adolfo García Veytia"],
}


@dataclass(frozen=True)
class HiddenEpisode:
    """One episode with its labels hidden. `names` and `stated` are by hidden label.

    `stated`: the labels whose names the transcript itself gives.
    """

    show: str
    number: tuple[int, str]
    turns: list[ParsedTurn]
    names: dict[str, str]
    stated: frozenset[str]


ClaimedEpisode = tuple[HiddenEpisode, Claims, dict[str, float]]
"""An episode, the claims to names in it, and how much each voice acts like a host."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one JSON object a half: shares of voices named, and of names and roles that are right. With `--fit`, fit first.
    Exit code 0."""
    parser = argparse.ArgumentParser(prog="python -m eval people", description="Measure names and roles of voices.")
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--fit", action="store_true", help="fit on the other shows, and write index/speakers/people.json"
    )
    options = parser.parse_args(arguments)
    labelled = list(read_labelled(options.folder))
    named = [(episode, Claims(episode.turns), hosting(episode.turns)) for episode in labelled]
    acted = [(episode, deeds(episode.turns, episode.names)) for episode in labelled]
    truth = roles_by_return(labelled)
    if options.fit:
        FITTED.write_text(json.dumps(fit(named, acted, truth), indent=1) + "\n", encoding="utf-8")
    fitted = json.loads(FITTED.read_text(encoding="utf-8"))
    for half in ("dev", "test"):
        chosen = [t for t in named if (t[0].show in TEST_SHOWS) == (half == "test")]
        done = [t for t in acted if (t[0].show in TEST_SHOWS) == (half == "test")]
        naming = fitted["naming"]
        measured = {
            "names": measure_names(chosen, naming, [None] * len(chosen)),
            "names_in_show": measure_names(chosen, naming, in_shows(chosen, given_names(chosen, naming))),
            "names_in_labelled_show": measure_names(chosen, naming, in_shows(chosen, [t[0].names for t in chosen])),
            "roles": measure_roles(done, truth, fitted),
        }
        print(json.dumps({half: measured}, indent=1))
    return 0


def read_labelled(folder: Path) -> Iterator[HiddenEpisode]:
    """Every transcript with labels below `folder`; the name of the folder it lies in is the show's."""
    for file in sorted(folder.glob("*/*.md")):
        try:
            turns = [turn for turn in read(file).turns if turn.speaker and spoken(turn)]
        except TranscriptError as exc:
            print(exc, file=sys.stderr)
            continue
        if turns:
            hidden: dict[str, str] = {}
            for turn in turns:
                hidden.setdefault(turn.speaker or "", f"Speaker {len(hidden) + 1}")
            numbers = re.findall(r"\d+", file.stem)
            anonymous = [replace(turn, speaker=hidden[turn.speaker or ""]) for turn in turns]
            names = {label: name for name, label in hidden.items()}
            place = (int(numbers[-1]) if numbers else 10**6, file.stem)
            yield HiddenEpisode(file.parent.name, place, anonymous, names, stated_in(anonymous, names))


def stated_in(turns: Sequence[ParsedTurn], names: dict[str, str]) -> frozenset[str]:
    """The hidden labels whose first name the transcript gives by introducing or addressing them; see the module's docstring."""
    labels, texts = [turn.speaker for turn in turns], [spoken(turn) for turn in turns]
    firsts = {label: re.escape(found[0]) for label, name in names.items() if (found := re.findall(r"[\w’'-]+", name))}
    stated: set[str] = set()
    nth: Counter[str | None] = Counter()
    words = 0
    for number, text in enumerate(texts):
        opening = words < INTRODUCTION_WORDS
        words += len(text.split())
        nth[labels[number]] += 1
        beside = labels[max(0, number - 1) : number] + labels[number + 1 : number + 2]
        for label, first in firsts.items():
            if label == labels[number]:
                if (opening or nth[label] <= 3) and re.search(rf"{_SELF}\b{first}\b", text):
                    stated.add(label)
            elif (
                label in beside
                and (opening or nth[label] < 3)
                and any(_introduces(text, found) for found in re.finditer(rf"\b{first}\b", text))
            ):
                stated.add(label)
    return frozenset(stated)


def _introduces(text: str, name: re.Match[str]) -> bool:
    before, after = text[max(0, name.start() - 60) : name.start()], text[name.end() :]
    after = re.sub(r"^(?: [A-Z][\w.’'-]*)+", "", after)
    return bool(_CUE.search(before) or (_ADDRESSED.search(before) and re.match(r"\s*(?:[,.!?…-]|$)", after)))


def is_right(name: str, label: str) -> bool:
    """True where a name means the labelled person: short forms, surnames left out and names people go by count."""
    from rapidfuzz import fuzz

    said, true = folded(name), folded(label)
    if not said or not true:
        return False
    if all(word in true for word in said) or label in KNOWN_AS.get(name, ()) or (len(true) == 1 and said[0] == true[0]):
        return True
    short = SHORT_FORMS.get(said[0], "").split()
    if true[0] in short and (len(said) == 1 or said[-1] == true[-1]):
        return True
    if len(said) == 1 or len("".join(said)) < 6:
        begins = len(said[0]) > 2 and true[0].startswith(said[0])
        joined = len(true[-1]) > 3 and said[-1].endswith(true[-1])  # KBall for Kevin Ball
        return begins or joined or (len(said[0]) > 3 and fuzz.ratio(said[0], true[0]) >= 75)
    return fuzz.ratio(" ".join(said), " ".join(true)) >= 80


def roles_by_return(labelled: Sequence[HiddenEpisode]) -> dict[tuple[str, tuple[int, str], str], bool]:
    """{(show, episode, name): host?} by how many of the episodes nearby the person speaks in; doubtful ones left out."""
    shows: dict[str, list[HiddenEpisode]] = defaultdict(list)
    for episode in labelled:
        shows[episode.show].append(episode)
    truth = {}
    for show, episodes in shows.items():
        episodes.sort(key=lambda episode: episode.number)
        for place, episode in enumerate(episodes):
            near = episodes[max(0, place - NEARBY) : place] + episodes[place + 1 : place + 1 + NEARBY]
            for name in episode.names.values():
                share = sum(name in other.names.values() for other in near) / max(1, len(near))
                if share >= 0.3 or share <= 0.1:
                    truth[show, episode.number, name] = share >= 0.3
    return truth


def fit(named: list, acted: list, truth: dict) -> dict:
    """Weights of both models, by logistic regression on the shows that are not tested on."""
    dev = [heard for heard in named if heard[0].show not in TEST_SHOWS]
    naming = {"least": LEAST, "gap": GAP} | fit_naming(dev)
    hosts = [
        (f, truth[episode.show, episode.number, episode.names[label]])
        for episode, found in acted
        if episode.show not in TEST_SHOWS
        for label, f in found.items()
        if f["share"] >= LEAST_SHARE / 2 and (episode.show, episode.number, episode.names[label]) in truth
    ]
    return {
        "made_by": "python -m eval people --fit, on Changelog's transcripts (CC BY-SA 4.0), figures only",
        "naming": naming,
        "roles": {"host": HOST, "guest": GUEST, "weights": logistic(hosts)},
    }


def fit_naming(dev: Sequence[ClaimedEpisode]) -> dict:
    """Weights of a claim by itself, and among the others: of all voices, and of those left when the sure ones have names.
    The same with who comes back in the show; and with half of them unknown, as while its episodes are added: a voice must
    not lose its name to those who are known already."""
    rows = [(episode, claims.pairs({})) for episode, claims, _ in dev]
    weights = logistic([row for episode, pairs in rows for row in judged(episode, pairs)])
    first = [row for episode, pairs in rows for row in judged(episode, among_others(pairs, weights))]
    naming = {"least": LEAST, "gap": GAP, "weights": weights, "among": logistic(first)}
    left = [(episode, claims.pairs(named_by(claims, {}, naming))) for episode, claims, _ in dev]
    again = [row for episode, pairs in left for row in judged(episode, among_others(pairs, weights))]
    naming["among"] = logistic(first + again)
    given = given_names(dev, naming)
    shown = [
        row
        for number, ((episode, claims, _), names, show) in enumerate(zip(dev, given, in_shows(dev, given), strict=True))
        if show
        for seen in (show, with_every_other(show, number % 2))
        if seen.regulars
        for known in ({}, names)
        for row in judged(episode, weighed(claims, known, naming, seen))
    ]
    return {"weights": weights, "among": naming["among"], "in_show": logistic(shown)}


def with_every_other(show: InShow, first: int) -> InShow:
    """The show as if only every other one of its regulars were known."""
    return replace(show, regulars=dict(sorted(show.regulars.items())[first::2]))


def given_names(named: Sequence[ClaimedEpisode], naming: dict) -> list[dict[str, str]]:
    """The names that each episode by itself gives to its voices."""
    return [named_by(claims, {}, naming) for _, claims, _ in named]


def in_shows(named: Sequence[ClaimedEpisode], names: Sequence[dict[str, str]]) -> list[InShow | None]:
    """What the other episodes of each episode's show give; None where nobody is known to come back. `names`: of each episode."""
    episodes = Counter(episode.show for episode, _, _ in named)
    spoken_in: dict[str, Counter[str]] = defaultdict(Counter)
    for (episode, _, _), given in zip(named, names, strict=True):
        spoken_in[episode.show].update(set(given.values()))
    found = []
    for (episode, _, acts), given in zip(named, names, strict=True):
        others = spoken_in[episode.show] - Counter(set(given.values()))
        regulars = regulars_of(others, episodes[episode.show] - 1)
        found.append(InShow(regulars, acts) if regulars else None)
    return found


def judged(episode: HiddenEpisode, pairs: Iterable[NameClaim]) -> list[tuple[dict[str, float], bool]]:
    """The features of each (label, name) pair, and whether that name is right."""
    return [(features, is_right(name, episode.names[label])) for label, name, features in pairs]


def logistic(rows: Sequence[tuple[dict[str, float], bool]], *, penalty: float = 1.0) -> dict[str, float]:
    """Weights of a logistic regression (ridge, Newton's method). `rows`: features, and whether it was so."""
    names = sorted(rows[0][0])
    x = np.array([[features[name] for name in names] for features, _ in rows])
    y = np.array([float(so) for _, so in rows])
    weights = np.zeros(len(names))
    for _ in range(30):
        p = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        gradient = x.T @ (p - y) + penalty * weights
        hessian = (x * (p * (1 - p))[:, None]).T @ x + penalty * np.eye(len(names))
        weights -= np.linalg.solve(hessian, gradient)
    return {name: round(float(weight), 4) for name, weight in zip(names, weights, strict=True)}


def measure_names(named: Sequence[ClaimedEpisode], naming: dict, shows: Sequence[InShow | None]) -> dict[str, float]:
    """Counts and shares of voices: how many their transcript names, how many are named here, how many of these
    rightly."""
    counts: Counter[str] = Counter()
    for (episode, claims, _), show in zip(named, shows, strict=True):
        given = named_by(claims, {}, naming, show)
        right = {label for label, name in given.items() if is_right(name, episode.names[label])}
        first = {label for label, name in given.items() if is_right(name.split()[0], episode.names[label])}
        counts.update(
            voices=len(episode.names),
            first=len(first | right),
            told=len(episode.stated),
            named=len(given),
            right=len(right),
            told_and_right=len(right & episode.stated),
            whole=sum(" " in given[label] for label in right),
        )
    return {
        "voices": counts["voices"],
        "told": counts["told"],
        "right_of_told": round(counts["told_and_right"] / counts["told"], 4),
        "wrong_of_voices": round((counts["named"] - counts["right"]) / counts["voices"], 4),
        "wrong_first_name_of_voices": round((counts["named"] - counts["first"]) / counts["voices"], 4),
        "wrong_of_named": round((counts["named"] - counts["right"]) / counts["named"], 4),
        "first_and_last_name_of_right": round(counts["whole"] / counts["right"], 4),
    }


def measure_roles(acted: list, truth: dict, fitted: dict) -> dict[str, float]:
    """By the episode alone, and with the show's other episodes: their count is taken from every second one, never this one."""
    roles = fitted["roles"]
    counts: Counter[str] = Counter()
    spoken_in: dict[tuple[str, int, str], int] = Counter()
    episodes: Counter[tuple[str, int]] = Counter()
    for episode, _ in acted:
        half = episode.number[0] % 2
        episodes[episode.show, half] += 1
        for name in episode.names.values():
            spoken_in[episode.show, half, name] += 1
    for episode, found in acted:
        for label, features in found.items():
            p = likelihood(roles["weights"], features)
            host = truth.get((episode.show, episode.number, episode.names[label]))
            if host is None or features["share"] < LEAST_SHARE:
                continue
            said = True if p >= roles["host"] else False if p <= roles["guest"] else None
            other = 1 - episode.number[0] % 2
            by_show = role_in_show(spoken_in[episode.show, other, episode.names[label]], episodes[episode.show, other])
            both = said if said is not None or by_show == "unknown" else by_show == "host"
            counts.update(voices=1, told=said is not None, right=said == host)
            counts.update(told_both=both is not None, right_both=both == host)
            if len(found) == 2:
                counts.update(two=1, told_two=said is not None, right_two=said == host)
    return {
        "voices": counts["voices"],
        "decided": round(counts["told"] / counts["voices"], 4),
        "right_of_decided": round(counts["right"] / max(1, counts["told"]), 4),
        "of_two_voices_decided": round(counts["told_two"] / max(1, counts["two"]), 4),
        "of_two_voices_right_of_decided": round(counts["right_two"] / max(1, counts["told_two"]), 4),
        "with_other_episodes_decided": round(counts["told_both"] / counts["voices"], 4),
        "with_other_episodes_right_of_decided": round(counts["right_both"] / max(1, counts["told_both"]), 4),
    }


if __name__ == "__main__":
    sys.exit(main())
