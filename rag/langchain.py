"""langchain's faces: an encoder as Embeddings, the FAISS index as a VectorStore, finding as a BaseRetriever.

Apart from what they stand on because importing langchain's classes costs a third of a second, which `verbatim ask` need not
pay. Going out, a passage is a Document whose metadata is its citation: episode, speaker-free span and times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.retrievers import BaseRetriever
from langchain_core.vectorstores import VectorStore
from pydantic import ConfigDict

from index.library import Library
from index.search.encoder import Encoder
from index.search.faiss_index import FaissIndex
from rag.assistant import Assistant
from rag.question.scope import Filters


class EncoderEmbeddings(Embeddings):
    """An encoder as langchain knows them."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """A vector of unit length for each text, `dim` floats each."""
        return self.encoder.encode(texts).tolist()

    def embed_query(self, text: str) -> list[float]:
        """The vector of a question, `dim` floats of unit length; some models embed questions in another way than
        texts."""
        return self.encoder.encode([text], query=True)[0].tolist()


class FaissStore(VectorStore):
    """Vectors by passage id; `documents` turns ids into langchain Documents."""

    def __init__(
        self,
        index: FaissIndex,
        *,
        embedding: Embeddings | None = None,
        documents: Callable[[Sequence[int]], list[Document]] | None = None,
    ) -> None:
        self.index, self.embedding, self.documents = index, embedding, documents

    @classmethod
    def of(cls, library: Library) -> FaissStore:
        """The store of a library as it stands now."""
        return cls(
            library.vectors(),
            embedding=EncoderEmbeddings(library.encoder),
            documents=lambda ids: passage_documents(library, ids),
        )

    @property
    def embeddings(self) -> Embeddings | None:
        """What turns texts into vectors here; None where only vectors can be searched."""
        return self.embedding

    def add_texts(self, texts: Iterable[str], metadatas: list[dict] | None = None, **kwargs: Any) -> list[str]:
        """Embed and add texts whose ids stand in `metadatas[…]["passage"]`; returns these ids as strings."""
        texts = list(texts)
        if self.embedding is None or metadatas is None or len(metadatas) != len(texts):
            raise ValueError("add_texts needs an embedding and one metadata with a passage id for each text")
        ids = [int(metadata["passage"]) for metadata in metadatas]
        self.index.add(np.array(ids, np.int64), np.asarray(self.embedding.embed_documents(texts), np.float32))
        return [str(id_) for id_ in ids]

    def delete(self, ids: list[str] | None = None, **kwargs: Any) -> bool:
        """Take vectors out of this index by passage id; ids that it doesn't have are passed over. Always True."""
        self.index.remove(int(id_) for id_ in ids or ())
        return True

    def similarity_search(self, query: str, k: int = 4, **kwargs: Any) -> list[Document]:
        """The `k` nearest passages as Documents, nearest first. ValueError: no embedding or no source of documents."""
        return [document for document, _ in self.similarity_search_with_score(query, k, **kwargs)]

    def similarity_search_with_score(
        self, query: str, k: int = 4, *, allowed: np.ndarray | None = None, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        """Documents with their cosine, best first."""
        if self.embedding is None or self.documents is None:
            raise ValueError("a search by text needs an embedding and a source of documents")
        vector = np.asarray(self.embedding.embed_query(query), np.float32)
        found = self.index.search(vector, k=k, allowed=allowed)
        documents = self.documents([id_ for id_, _ in found])
        return [(document, score) for document, (_, score) in zip(documents, found, strict=True)]

    @classmethod
    def from_texts(
        cls, texts: list[str], embedding: Embeddings, metadatas: list[dict] | None = None, **kwargs: Any
    ) -> FaissStore:
        """A new store of these texts, whose passage ids stand in `metadatas`. Vectors in memory only: no library is
        touched."""
        dimensions = len(embedding.embed_query("length"))
        store = cls(FaissIndex(dimensions), embedding=embedding, **kwargs)
        store.add_texts(texts, metadatas)
        return store


def passage_documents(library: Library, ids: Sequence[int]) -> list[Document]:
    """Passages as Documents in the order of `ids`: the words as content, where they stand as metadata."""
    passages = library.passages(ids)
    return [
        Document(
            page_content=passage.text,
            metadata={
                "passage": id_,
                "episode": passage.episode,
                "first": passage.first,
                "last": passage.last,
                "start": passage.start,
                "end": passage.end,
                "context": passage.context,
            },
        )
        for id_ in ids
        if (passage := passages.get(id_)) is not None
    ]


class HybridRetriever(BaseRetriever):
    """The best `k` passages of an assistant's library under `filters`, best first, as Documents with their score."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    assistant: Assistant
    filters: Filters = Filters()
    k: int = 8

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        hits = self.assistant.passages(query, self.filters, k=self.k).hits
        documents = passage_documents(self.assistant.library, [hit.id for hit in hits])
        for document, hit in zip(documents, hits, strict=True):
            document.metadata["score"] = hit.score
        return documents
