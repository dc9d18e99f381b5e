"""BM25 over the passages, inside the library's own database: SQLite's FTS5, so it is never out of step with it.

Knows nothing of vectors. Words are folded (case, accents) and stemmed (Porter) by FTS5 itself.
"""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections.abc import Iterable

import Stemmer

from index.errors import LibraryDamaged

SCHEMA = """
CREATE VIRTUAL TABLE lexical USING fts5(
    text, context, content = 'passages', content_rowid = 'id', tokenize = "porter unicode61 remove_diacritics 2");
CREATE VIRTUAL TABLE lexical_words USING fts5vocab(lexical, 'row');
"""

STOP_WORDS = frozenset(
    """
    a about above after again against all also am an and any are as at be because been before being below
    between both but by can could did do does doing down during each few for from further get got had has have
    having he her here hers herself him himself his how i if in into is it its itself just like me more most my
    myself no nor not now of off on once only or other our ours ourselves out over own same say said says she
    should so some such than that the their theirs them themselves then there these they thing things think this
    those through to too under until up us very was we were what when where which while who whom why will with
    would you your yours yourself yourselves tell told talk talked talks talking speak spoke mention mentioned
    mentions discuss discussed describe described explain explained think thinks thought opinion view views
    episode episodes podcast show guest guests host hosts anyone anybody somebody someone everyone summarize
    summarise summary discussion discussions state states stated suggest suggests suggested suggestion propose
    proposed recommend recommended believe believed comment comments overview conclude conclusion decide decided
    decision regarding concerning participants
    """.split()
)
_WORD = re.compile(r"\w+(?:['’.]\w+)*")


def content_words(text: str) -> list[str]:
    """The words of `text` that carry its subject, lower case, in order, each once; all its words when none do."""
    words = list(dict.fromkeys(word.replace("’", "'").lower() for word in _WORD.findall(text)))
    return [word for word in words if word not in STOP_WORDS] or words


def match_expression(words: Iterable[str]) -> str:
    """An FTS5 query for passages with any of the words; each is quoted, so that none is read as syntax."""
    return " OR ".join('"' + word.replace('"', '""') + '"' for word in words)


def insert(connection: sqlite3.Connection, passage: int, text: str, context: str) -> None:
    """Make a passage findable by its words, in the transaction that stores it."""
    connection.execute("INSERT INTO lexical(rowid, text, context) VALUES (?, ?, ?)", (passage, text, context))


def delete_episode(connection: sqlite3.Connection, episode: int) -> None:
    """To be called while the passages still stand: FTS5 must be told the words that it is to forget."""
    connection.execute(
        "INSERT INTO lexical (lexical, rowid, text, context)"
        " SELECT 'delete', id, text, context FROM passages WHERE episode = ?",
        (episode,),
    )


def search(
    connection: sqlite3.Connection, words: list[str], *, k: int, episodes: list[int] | None = None
) -> list[tuple[int, float]]:
    """The `k` best passages as (id, BM25, higher is better), best first, equals by id. `episodes`: rows to search in, or all.

    A score is the same under any filter: how rare a word is counts over the whole library.
    """
    if not words or episodes == []:
        return []
    condition = ""
    if episodes is not None:
        # Ids of our own rows, so plain numbers; a bound list this long would pass SQLite's limit on parameters.
        rows = ",".join(str(int(row)) for row in episodes)
        # The + keeps SQLite from handing the ids to FTS5, which would run the whole MATCH anew for each of them.
        condition = f"AND +rowid IN (SELECT id FROM passages WHERE episode IN ({rows}))"
    return [
        (passage, -score)
        for passage, score in connection.execute(
            f"SELECT rowid, bm25(lexical, 1.0, {CONTEXT_WEIGHT}) FROM lexical WHERE lexical MATCH ? {condition} "
            "ORDER BY 2, rowid LIMIT ?",
            (match_expression(words), k),
        )
    ]


def problems(connection: sqlite3.Connection) -> list[str]:
    """Where the lexical index does not hold the passages' words, in words with the repair; writes nothing."""
    connection.execute("PRAGMA query_only = OFF")  # SQLite takes the question for a change
    try:
        connection.execute("INSERT INTO lexical (lexical, rank) VALUES ('integrity-check', 1)")
    except LibraryDamaged:
        return ["The lexical index does not hold the words of the passages. Repair: verbatim check --repair"]
    finally:
        connection.execute("PRAGMA query_only = ON")
    return []


def stems(words: Iterable[str]) -> list[str]:
    """The words as FTS5 files them: lower case, without accents, Porter stems."""
    bare = ["".join(_bare(letter) for letter in word.lower()) for word in words]
    return [_STEMMER.stemWord(word) if len(word) > 2 else word for word in bare]


def _bare(letter: str) -> str:
    """The letter as FTS5 folds it: accents leave Latin letters only (`é` is `e`, but `й` is not `и`, nor `が` `か`)."""
    if "\u0300" <= letter <= "\u036f":
        return ""
    base = unicodedata.normalize("NFD", letter)[0]
    return base if base.isascii() else letter


def passages_with(connection: sqlite3.Connection, word: str) -> int:
    """In how many passages the word stands, in any of its forms."""
    parts = stems(re.findall(r"[^\W_]+", word))
    counts = [
        found[0]
        if (found := connection.execute("SELECT doc FROM lexical_words WHERE term = ?", (part,)).fetchone())
        else 0
        for part in parts
    ]
    return min(counts, default=0)


def holding(connection: sqlite3.Connection, word: str) -> set[int]:
    """The ids of the passages whose own text has the word, in any of its forms."""
    expression = f"text : {match_expression([word])}"
    return {id_ for (id_,) in connection.execute("SELECT rowid FROM lexical WHERE lexical MATCH ?", (expression,))}


def terms(connection: sqlite3.Connection, *, shortest: int) -> list[str]:
    """The stems that stand in the passages, of so many letters at least, without numbers."""
    found = connection.execute("SELECT term FROM lexical_words WHERE length(term) >= ?", (shortest,))
    return [term for (term,) in found if term.isalpha()]


_STEMMER = Stemmer.Stemmer("porter")

CONTEXT_WEIGHT = 0.3
"""A word in the question before a passage counts this much of one in the passage."""
