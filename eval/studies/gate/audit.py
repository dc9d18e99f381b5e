"""An audit of shown answers by the transcripts alone: quotes that nobody said, and people who didn't say them.

A second opinion on what the gate let through. It checks only quotes and speakers, in its own way: words in quote marks
are located in the episodes, and whoever a sentence names must be among those whose words it cites.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.episode import Episode
from rag.answer import Answer, Citation
from rag.assistant import Assistant
from rag.evidence.check import locate, normalise
from rag.writing.extractive import UNLABELLED

_QUOTED = re.compile(r"“([^“”]*)”|\"([^\"]*)\"")
_MARK = re.compile(r"\[(\d{1,3})\]")


def faults_of(answer: Answer, sentences: Sequence[str], assistant: Assistant) -> list[str]:
    """What is wrong in the sentences shown, each fault in words; empty when all is right."""
    cited = {citation.n: citation for citation in answer.citations}
    people = {person.name for summary in assistant.library.summaries() for person in summary.people}
    episodes = {citation.episode: assistant.library.episode(citation.episode) for citation in answer.citations}
    faults = [
        f"[{citation.n}] is not what {citation.speaker or 'anybody'} said: {citation.quote!r}"
        for citation in answer.citations
        if not _said(citation.quote, citation, episodes[citation.episode])
    ]
    for sentence in sentences:
        blank = _QUOTED.sub(" ", sentence)
        marks = [int(mark) for mark in _MARK.findall(blank)]
        if missing := [mark for mark in marks if mark not in cited]:
            faults.append(f"mark {missing[0]} cites nothing: {sentence!r}")
        own = [cited[mark] for mark in marks if mark in cited]
        if not own:
            continue
        for quoted in (first or second for first, second in _QUOTED.findall(sentence)):
            if re.search(r"\w", quoted) and not any(_said(quoted, one, episodes[one.episode]) for one in own):
                faults.append(f"nobody cited said {quoted!r}")
        faults += _strangers(sentence, blank, own, people)
    return faults


def _said(words: str, citation: Citation, episode: Episode) -> bool:
    """Whether the person cited said these words, one after the other, somewhere in the episode."""
    bare = re.sub(r"^[\s,;:.]+|[\s,;:.]+$", "", words)  # a comma before the closing quote mark belongs to the sentence
    return any(place.speakers == (citation.speaker,) for place in locate(bare, episode))


def _strangers(sentence: str, blank: str, own: Sequence[Citation], people: set[str]) -> list[str]:
    """A fault where a sentence names people and none of them is one whose words it cites, nor named in these words."""
    speakers = {citation.speaker for citation in own if citation.speaker}
    words = set(re.findall(r"\w+", blank.casefold()))
    named = {
        name
        for name in people | speakers
        if (parts := set(re.findall(r"\w+", name.casefold()))) & words
        and not parts & set(re.findall(r"\w+", normalise(" ".join(citation.quote for citation in own))))
    }
    if (
        not speakers and UNLABELLED in blank
    ):  # "Ann or Bo said (host or guest, unlabelled; …)" names neither as the speaker
        return []
    if named and not named & speakers:
        return [
            f"credited to {', '.join(sorted(named))}, said by {', '.join(sorted(speakers)) or 'nobody known'}: {sentence!r}"
        ]
    return []
