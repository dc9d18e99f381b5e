"""BEIR: corpus.jsonl, queries.jsonl and qrels/*.tsv. Each document is an episode without speakers; gold is its whole text.

`path` is the folder, where the split is test, else dev, else train; or the file of one split in its qrels/.
"""

from __future__ import annotations

from pathlib import Path

from eval.sets.questions import QuestionSet, SetQuestion
from eval.sets.readers.documents import Document, build_document, safe_id
from eval.sets.readers.source import Fault, SetSource, id_in, lines_of, naming, optional_text, refuse, rows_of, text_in

EXPECTED = "a folder with BEIR's corpus.jsonl, queries.jsonl and qrels/*.tsv"
SPLITS = ("test", "dev", "train")


def matches(source: SetSource) -> bool:
    """Whether a corpus lies in the folder, or a file of judgements is named."""
    return source.path.suffix == ".tsv" or (_folder(source.path) / "corpus.jsonl").is_file()


def read(source: SetSource) -> QuestionSet:
    """The queries that have a relevant document in the split. VerbatimError names the line of a row that can't be read."""
    folder = _folder(source.path)
    qrels = source.path if source.path.suffix == ".tsv" else _split(folder)
    name = f"{folder.resolve().name}-{qrels.stem}"
    skipped: list[str] = []
    corpus = _corpus(folder / "corpus.jsonl", name, skipped)
    queries = _queries(folder / "queries.jsonl")
    questions = []
    for query, documents in _relevant(qrels).items():
        if query not in queries:
            skipped.append(f"query {query} is judged and is not in queries.jsonl")
            continue
        missing = [document for document in documents if document not in corpus]
        if missing:
            skipped.append(f"query {query}: not in the corpus: {', '.join(missing[:5])}")
        gold = tuple(place for document in documents if document in corpus and (place := corpus[document].gold()))
        if gold:
            questions.append(SetQuestion(query, queries[query], "question", "answered", gold))
        elif not missing:
            skipped.append(f"query {query}: no document is relevant to it")
    return QuestionSet(name, tuple(questions), tuple(document.episode for document in corpus.values()), tuple(skipped))


def _folder(path: Path) -> Path:
    return path.parent.parent if path.suffix == ".tsv" else path


def _split(folder: Path) -> Path:
    """The file of judgements to take where none is named."""
    files = {file.stem: file for file in sorted((folder / "qrels").glob("*.tsv"))}
    for split in SPLITS:
        if split in files:
            return files[split]
    if len(files) == 1:
        return next(iter(files.values()))
    there = ", ".join(files) or "nothing"
    raise refuse(folder / "qrels", f"expected test.tsv, dev.tsv or train.tsv; there is {there}. Name the file to take.")


def _corpus(path: Path, show: str, skipped: list[str]) -> dict[str, Document]:
    documents: dict[str, Document] = {}
    taken: set[str] = set()
    for row in rows_of(path):
        with naming(row.where):
            id_, title = id_in(row.value, "_id"), optional_text(row.value, "title") or ""
            words = optional_text(row.value, "text")
            if words is None:
                raise Fault("`text` is missing")
            if id_ in documents:
                raise Fault(f"the document {id_} stands earlier in the file")
        document = build_document(
            safe_id(id_, taken), show, title.strip() or id_, [(None, words if words.strip() else title)], format_="beir"
        )
        if not document.text:
            skipped.append(f"document {id_} has no words")
            continue
        documents[id_] = document
        taken.add(document.episode.id)
    return documents


def _queries(path: Path) -> dict[str, str]:
    queries: dict[str, str] = {}
    for row in rows_of(path):
        with naming(row.where):
            id_, words = id_in(row.value, "_id"), text_in(row.value, "text")
            if id_ in queries:
                raise Fault(f"the id {id_} is used by an earlier query")
        queries[id_] = words
    return queries


def _relevant(path: Path) -> dict[str, list[str]]:
    """The documents judged relevant (score above 0) to each judged query, in the file's order."""
    relevant: dict[str, list[str]] = {}
    for number, line in lines_of(path):
        cells = [cell.strip() for cell in line.split("\t")]
        if len(cells) != 3 or not cells[0] or not cells[1]:
            raise refuse(f"{path}:{number}", "expected three columns with tabs between: query-id, corpus-id, score.")
        try:
            score = float(cells[2])
        except ValueError as exc:
            if number == 1:
                continue  # the header
            raise refuse(f"{path}:{number}", f"the score {cells[2][:40]!r} is no number.") from exc
        documents = relevant.setdefault(cells[0], [])
        if score > 0 and cells[1] not in documents:
            documents.append(cells[1])
    return relevant
