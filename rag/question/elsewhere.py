"""Questions that no transcript is searched for: in another language, outside the filters, limited to episodes that aren't here, or
for the episodes themselves. Knows nothing of passages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from index.library import EpisodeSummary
from rag.english import NOT_NAMES
from rag.prose import counted
from rag.question.about_library import MOST_LISTED, Reply, list_of
from rag.question.narrowed import day_of
from rag.question.question import Question
from rag.question.scope import Filters, Scope
from rag.question.small_talk import OFFER

MOST_WORDS = 4  # that ask nothing and are said nowhere


def reply_elsewhere(
    asked: Question,
    scope: Scope,
    filters: Filters,
    here: Scope,
    every: Sequence[EpisodeSummary],
    is_word: Callable[[str], bool],
) -> Reply | None:
    """What is said instead of an answer; None where one is to be looked for.

    `scope`: where it would be searched; `here`: what the filters alone leave; `every`: the whole library. `is_word`:
    whether a word is said in it.
    """
    if asked.languages:
        question, library = asked.languages
        return Reply(
            "language",
            f"This library is in {library}; your question seems to be in {question}, in which it can't be"
            f" searched. Please ask in {library}.",
            found=False,
        )
    if not every:
        return None
    if contradiction := _outside_filters(asked, filters, here, every):
        return Reply("filters", contradiction, found=False)
    limit = asked.narrowed
    if limit is None:
        return _no_words(asked, here, is_word)
    if not scope.episodes:
        return Reply(
            "filters" if limit.episodes else "library", _none_left(asked, limit.episodes, here, every), found=False
        )
    if asked.wants == "episodes":
        undated = [one for one in every if one.id in limit.perhaps][:MOST_LISTED]
        left_out = (
            f"\nWithout a date, so that {'it' if len(undated) == 1 else 'they'} may come before or after:{list_of(undated)}"
            if undated
            else ""
        )
        return Reply("library", f"{counted(len(scope.episodes), 'episode')}:{list_of(scope.episodes)}{left_out}")
    return None


def _no_words(asked: Question, here: Scope, is_word: Callable[[str], bool]) -> Reply | None:
    """What is said of a few words of which none is said here, and that ask nothing."""
    words = re.findall(r"[^\W_]+", asked.asked.lower())
    if (
        asked.people
        or asked.carried
        or len(words) > MOST_WORDS
        or any(is_word(word) or word in NOT_NAMES for word in words)
    ):
        return None
    return Reply(
        "library",
        f"None of this is said in the {counted(len(here.episodes), 'episode')} here: {', '.join(words)}. {OFFER}",
        found=False,
    )


def _outside_filters(asked: Question, filters: Filters, here: Scope, every: Sequence[EpisodeSummary]) -> str | None:
    """What is said where somebody is asked about who doesn't speak in what the filters leave."""
    if filters == Filters() or not asked.people or any(_speaks(name, here.episodes) for name in asked.people):
        return None
    name = asked.people[0]
    if not _speaks(name, every):
        return None
    if here.person:
        where = "that episode" if len(here.episodes) == 1 else "those episodes"
        return f"Your filter is {here.person}; {name} isn't in {where}. Ask without the filter."
    left = counted(len(here.episodes), "episode")
    return f"{name} speaks in none of the {left} that your filters leave. Ask without the filters."


def _none_left(asked: Question, named: Sequence[str], here: Scope, every: Sequence[EpisodeSummary]) -> str:
    limit = asked.narrowed
    assert limit is not None
    if named:
        return f"Your filters leave out {limit.label}. Ask without the filters."
    dated = sorted(one.date for one in here.episodes if one.date)
    undated = len(here.episodes) - len(dated)
    span = f" They are dated from {day_of(dated[0])} to {day_of(dated[-1])}" if dated else " They have no dates"
    without = f"; {undated} of them {'has' if undated == 1 else 'have'} no date" if dated and undated else ""
    what = limit.label.removeprefix("0 episodes ")
    return f"There is no episode {what} among the {counted(len(here.episodes), 'episode')} here.{span}{without}."


def _speaks(name: str, episodes: Sequence[EpisodeSummary]) -> bool:
    return any(person.name == name for episode in episodes for person in episode.people)
