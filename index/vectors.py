"""FaissStore: a langchain VectorStore over FAISS. Cosine, filter before search, no pickle.

Rows are passages, under the ids that the library's database gave them; vectors have unit length, so the inner product
is the cosine. Kept as 16-bit floats: half the memory, a tenth of the time to read, and no rank changed in our measuring.
Knows nothing of where texts are kept: `documents` fetches them by id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import VectorStore

from index.errors import LibraryDamaged


class FaissStore(VectorStore):
    """Vectors by passage id. `dimensions` is their length; `documents` turns ids into langchain Documents."""

    def __init__(
        self,
        dimensions: int,
        *,
        embedding: Embeddings | None = None,
        documents: Callable[[Sequence[int]], list[Document]] | None = None,
    ) -> None:
        half = faiss.IndexScalarQuantizer(dimensions, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
        self.index = faiss.IndexIDMap2(half)
        self.embedding, self.documents = embedding, documents

    @property
    def embeddings(self) -> Embeddings | None:
        return self.embedding

    @property
    def ids(self) -> np.ndarray:
        """The ids held, int64, shape (n,), in the order of adding."""
        return faiss.vector_to_array(self.index.id_map).copy()

    def add(self, ids: np.ndarray, vectors: np.ndarray) -> None:
        """`ids`: int64, shape (n,), not yet held; `vectors`: float32, shape (n, dimensions), rows of unit length."""
        if len(ids):
            self.index.add_with_ids(np.ascontiguousarray(vectors, np.float32), np.asarray(ids, np.int64))

    def remove(self, ids: Iterable[int]) -> None:
        """Forget these ids; those not held are passed over."""
        chosen = np.fromiter(ids, np.int64)
        if len(chosen):
            self.index.remove_ids(chosen)

    def search_vector(self, vector: np.ndarray, *, k: int, allowed: np.ndarray | None = None) -> list[tuple[int, float]]:
        """The `k` nearest passages as (id, cosine), best first; fewer where fewer are there.

        `vector`: float32, shape (dimensions,), unit length. `allowed`: int64 ids; others are not even looked at.
        """
        if not self.index.ntotal or (allowed is not None and not len(allowed)):
            return []
        params = None
        if allowed is not None:
            marks = np.zeros(int(max(allowed.max(), self.ids.max())) + 8, bool)
            marks[allowed] = True
            bits = np.packbits(marks, bitorder="little")
            params = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(bits))
        scores, ids = self.index.search(np.asarray(vector, np.float32)[None], min(k, self.index.ntotal), params=params)
        return [(int(id_), float(score)) for id_, score in zip(ids[0], scores[0], strict=True) if id_ >= 0]

    def rows(self, ids: Sequence[int]) -> np.ndarray:
        """The vectors of ids that are held: float32, shape (n, dimensions)."""
        return np.stack([self.index.reconstruct(int(id_)) for id_ in ids])

    def copy(self) -> FaissStore:
        """A store of its own with the same vectors."""
        copy = FaissStore(self.index.d, embedding=self.embedding, documents=self.documents)
        copy.index = faiss.clone_index(self.index)
        return copy

    def save(self, file: Path) -> None:
        faiss.write_index(self.index, str(file))

    @classmethod
    def load(cls, file: Path, **seams: Any) -> FaissStore:
        """The store as saved. LibraryDamaged: the file is not one, or is cut short."""
        try:
            index = faiss.read_index(str(file))
        except RuntimeError as exc:
            raise LibraryDamaged(f"{file}: not a FAISS index ({exc})") from exc
        store = cls(index.d, **seams)
        store.index = index
        return store

    # The langchain side: what any other VectorStore has too.

    def add_texts(self, texts: Iterable[str], metadatas: list[dict] | None = None, **kwargs: Any) -> list[str]:
        """Embed and add texts whose ids stand in `metadatas[…]["passage"]`; returns these ids as strings."""
        texts = list(texts)
        if self.embedding is None or metadatas is None or len(metadatas) != len(texts):
            raise ValueError("add_texts needs an embedding and one metadata with a passage id for each text")
        ids = [int(metadata["passage"]) for metadata in metadatas]
        self.add(np.array(ids, np.int64), np.asarray(self.embedding.embed_documents(texts), np.float32))
        return [str(id_) for id_ in ids]

    def delete(self, ids: list[str] | None = None, **kwargs: Any) -> bool:
        self.remove(int(id_) for id_ in ids or ())
        return True

    def similarity_search(self, query: str, k: int = 4, **kwargs: Any) -> list[Document]:
        return [document for document, _ in self.similarity_search_with_score(query, k, **kwargs)]

    def similarity_search_with_score(
        self, query: str, k: int = 4, *, allowed: np.ndarray | None = None, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        """Documents with their cosine, best first."""
        if self.embedding is None or self.documents is None:
            raise ValueError("a search by text needs an embedding and a source of documents")
        vector = np.asarray(self.embedding.embed_query(query), np.float32)
        found = self.search_vector(vector, k=k, allowed=allowed)
        documents = self.documents([id_ for id_, _ in found])
        return [(document, score) for document, (_, score) in zip(documents, found, strict=True)]

    @classmethod
    def from_texts(
        cls, texts: list[str], embedding: Embeddings, metadatas: list[dict] | None = None, **kwargs: Any
    ) -> FaissStore:
        dimensions = len(embedding.embed_query("length"))
        store = cls(dimensions, embedding=embedding, **kwargs)
        store.add_texts(texts, metadatas)
        return store
