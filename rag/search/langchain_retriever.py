"""HybridRetriever: finding as a langchain BaseRetriever, for chains that expect one.

Apart from `rag/evidence/retrieve.py` because importing langchain's retrievers costs a third of a second, which `verbatim ask` need
not pay. Each Document is a passage; its metadata says where it stands, so that a chain can cite the second.
"""

from __future__ import annotations

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from index.search.langchain_store import passage_documents
from rag.assistant import Assistant
from rag.question.scope import Filters


class HybridRetriever(BaseRetriever):
    """The best `k` passages of an assistant's library under `filters`, best first, as Documents with their score."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    assistant: Assistant
    filters: Filters = Filters()
    k: int = 8

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        question, scope = self.assistant.understand(query, (), self.filters)
        hits = self.assistant.retriever.retrieve(question, scope, k=self.k)
        documents = passage_documents(self.assistant.library, [hit.id for hit in hits])
        for document, hit in zip(documents, hits, strict=True):
            document.metadata["score"] = hit.score
        return documents
