"""Questions with the words that answer them, from sets that people wrote: what the reader is trained and measured on.

A set is `DATA/NAME/train.jsonl.xz`, an object a line: `question`, `context` (talks as `Speaker: words` lines), `answers`
[{`text`, `start`}] (none: not answered there), `doc`, `multi`; or `positive` and `negative` passages instead of a context.
The texts stay out of the repository. Rows of one article, whatever its set, are all in one part: `train`, `dev` or `test`.
"""

from __future__ import annotations

import hashlib
import json
import lzma
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from index.reading.sentences import split_sentences

TRAINED = {
    "friendsqa": 1.0,
    "squad_dev": 0.7,
    "disfl_qa": 0.3,
    "clapnq": 2.0,
    "qed": 0.6,
    "nq_oracle": 0.6,
    "selqa": 2.0,
    "qamr": 0.05,
    "covid_qa": 0.4,
    "spoken_squad": 0.8,
    "squadshifts_reddit": 0.6,
    "squadshifts_amazon": 0.4,
}
"""How often a row of each set is read, against a row of SQuAD: talks and speech more, short or odd ones less."""
MEASURED = ("meetingqa", "ted_q", "cast", "subjqa", "feedbackqa")
"""Their licences forbid, or do not clearly allow, training: only measured."""
PARTS = 12
"""One article in so many is `dev`, another one `test`."""
_LINE = re.compile(r"^([^\n:\[\]]{1,40}): ", re.MULTILINE)
_ARTICLE = re.compile(r"^(s\d+_e\d+)_c\d+$|^(\d+):\d+$")


@dataclass(frozen=True, slots=True)
class Text:
    """A passage or a whole talk. `sentences`: where each starts and ends in `text`, with its turn and speaker."""

    set: str
    doc: str
    part: str
    text: str
    sentences: tuple[tuple[int, int, int, str | None], ...]


@dataclass(frozen=True, slots=True)
class Item:
    """A question put to a text. `gold`: its sentences that answer, none where nothing does; `spans`: the words themselves.

    Where there is gold and yet it isn't `answered`, somebody else says it than the person asked about.

    `asked`: the sentences in which a talk's own host asks this; `near`: more sentences than gold that may answer, never to
    be called wrong. `person`: whose words are asked for, as the question names them. `placed`: False where it isn't known
    which sentences of a text answer. `wrong`: texts that are most like the question and don't answer it.
    """

    set: str
    question: str
    text: int
    answered: bool
    gold: tuple[int, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()
    placed: bool = True
    person: str | None = None
    asked: tuple[int, ...] = ()
    near: tuple[int, ...] = ()
    wrong: tuple[int, ...] = ()


@dataclass
class Corpus:
    """All texts, and the questions put to them."""

    texts: list[Text] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)

    def add(self, other: Corpus) -> None:
        """Take another corpus in."""
        after = len(self.texts)
        self.texts += other.texts
        self.items += [replace(i, text=i.text + after, wrong=tuple(n + after for n in i.wrong)) for i in other.items]

    def save(self, file: Path) -> None:
        """One JSON object a line, whole or not at all."""
        part = file.with_suffix(".part")
        with part.open("w", encoding="utf-8") as out:
            everything: list[Text | Item] = [*self.texts, *self.items]
            for one in everything:
                out.write(json.dumps([type(one).__name__, *asdict(one).values()], ensure_ascii=False) + "\n")
        part.rename(file)

    @classmethod
    def load(cls, file: Path) -> Corpus:
        """What `save` wrote."""
        corpus = cls()
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                kind, *values = json.loads(line)
                frozen = [_frozen(value) for value in values]
                if kind == "Text":
                    corpus.texts.append(Text(*frozen))
                else:
                    corpus.items.append(Item(*frozen))
        return corpus


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def add_sets(corpus: Corpus, data: Path, limit: int | None = None) -> None:
    """Add the rows of every set that lies in `data`; at most `limit` of each."""
    for name in (*TRAINED, *MEASURED):
        file = data / name / "train.jsonl.xz"
        if file.exists():
            add_rows(corpus, name, read_rows(file), limit)


def read_rows(file: Path) -> Iterator[dict[str, Any]]:
    """The rows of a `.jsonl.xz` file, one JSON object a line, read as they are asked for."""
    with lzma.open(file, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def add_rows(corpus: Corpus, name: str, rows: Iterator[Mapping[str, Any]], limit: int | None = None) -> None:
    """Add a set's rows; a text that several questions share is kept once."""
    known: dict[str, int] = {}
    for number, row in enumerate(rows):
        if number == limit:
            break
        if name == "meetingqa" and row["in_qmsum_train"]:
            continue
        doc = str(row.get("doc") or f"{name}:{row['id']}")
        if "context" not in row:
            for kind in ("positive", "negative"):
                for text in row[kind][:2]:
                    place = _place(corpus, known, name, doc, text)
                    corpus.items.append(Item(name, row["question"], place, kind == "positive", placed=False))
            continue
        place = _place(corpus, known, name, doc, row["context"])
        text = corpus.texts[place]
        spans = tuple((a["start"], a["start"] + len(a["text"])) for a in row["answers"] if a["text"].strip())
        gold = tuple(sorted({n for span in spans for n in overlapping(text, *span)}))
        if gold or not row["answerable"]:
            person = _person(row["question"], text, gold)
            corpus.items.append(Item(name, row["question"], place, bool(gold), gold, spans, person=person))


def _place(corpus: Corpus, known: dict[str, int], name: str, doc: str, text: str) -> int:
    if text not in known:
        known[text] = len(corpus.texts)
        corpus.texts.append(text_of(name, doc, text))
    return known[text]


def text_of(name: str, doc: str, text: str, part: str | None = None) -> Text:
    """A text cut into sentences. Its lines' speakers count as such where most of its lines have one."""
    labels = list(_LINE.finditer(text))
    starts = [0, *(m.end() for m in labels)] if len(labels) >= max(2, text.count("\n") // 2) else [0]
    ends = [*(m.start() for m in labels), len(text)] if len(starts) > 1 else [len(text)]
    names = [None, *(m[1].strip() for m in labels)] if len(starts) > 1 else [None]
    sentences = [
        (begin + a, begin + b, turn, names[turn])
        for turn, (begin, end) in enumerate(zip(starts, ends, strict=True))
        for a, b in split_sentences(text[begin:end].rstrip())
    ]
    return Text(name, doc, part or part_of(doc), text, tuple(sentences))


def part_of(doc: str) -> str:
    """`train`, `dev` or `test`, by the article alone: SQuAD's and Natural Questions' come back in other sets."""
    article = doc.partition(":")[2].replace("_", " " if "_e" not in doc else "_").lower()
    chapter = _ARTICLE.match(article)
    article = next(filter(None, chapter.groups())) if chapter else article
    number = int.from_bytes(hashlib.sha256(article.encode()).digest()[:4], "big") % PARTS
    return {0: "dev", 1: "test"}.get(number, "train")


def overlapping(text: Text, start: int, end: int) -> list[int]:
    """The sentences that share characters with start..end."""
    return [n for n, (a, b, _, _) in enumerate(text.sentences) if a < end and start < b]


def _person(question: str, text: Text, gold: tuple[int, ...]) -> str | None:
    """The one speaker whom the question names, if all that answers are their words: as the question writes the name."""
    speakers = {speaker for _, _, _, speaker in text.sentences if speaker}
    named = {}
    for speaker in speakers:
        for name in (speaker, speaker.split()[0]):
            if len(name) > 1 and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", question, re.IGNORECASE):
                named[speaker] = name
                break
    if len(named) != 1:
        return None
    [(speaker, name)] = named.items()
    # "(He leaves.)" stands on somebody's line, and was not spoken.
    spoken = all(text.sentences[n][3] == speaker and text.text[text.sentences[n][0]] not in "([" for n in gold)
    return name if gold and spoken else None
