"""The FAISS index of a library: cosine, filter before search, no pickle.

Rows are passages, under the ids that the library's database gave them; vectors have unit length, so the inner product
is the cosine. Kept as 16-bit floats: half the memory, and a tenth of the time to read and write.
Knows nothing of texts, nor of langchain: `rag/langchain.py` puts a VectorStore's face on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from index.errors import LibraryDamaged


class FaissIndex:
    """Vectors by passage id. `dimensions` is their length."""

    def __init__(self, dimensions: int) -> None:
        half = faiss.IndexScalarQuantizer(dimensions, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
        # Any: its stubs describe the C++ methods, not the ones that its Python wrapper puts in their place.
        self.index: Any = faiss.IndexIDMap2(half)

    @property
    def dimensions(self) -> int:
        """How many numbers a vector has."""
        return self.index.d

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

    def search(self, vector: np.ndarray, *, k: int, allowed: np.ndarray | None = None) -> list[tuple[int, float]]:
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
            wrapped: Any = faiss
            params = wrapped.SearchParameters(sel=wrapped.IDSelectorBitmap(bits))
        scores, ids = self.index.search(np.asarray(vector, np.float32)[None], min(k, self.index.ntotal), params=params)
        return [(int(id_), float(score)) for id_, score in zip(ids[0], scores[0], strict=True) if id_ >= 0]

    def rows(self, ids: Sequence[int]) -> np.ndarray:
        """The vectors of ids that are held: float32, shape (n, dimensions)."""
        return self.index.reconstruct_batch(np.asarray(ids, np.int64))

    def copy(self) -> FaissIndex:
        """An index of its own with the same vectors."""
        copy = FaissIndex(self.index.d)
        copy.index = faiss.clone_index(self.index)
        return copy

    def save(self, file: Path) -> None:
        """Write the index to a file that `load` opens; not atomic, the caller renames it."""
        faiss.write_index(self.index, str(file))

    @classmethod
    def load(cls, file: Path) -> FaissIndex:
        """The index as saved. LibraryDamaged: the file is not one, or is cut short."""
        try:
            index = faiss.read_index(str(file))
        except RuntimeError as exc:
            raise LibraryDamaged(f"{file}: not a FAISS index ({exc})") from exc
        loaded = cls(index.d)
        loaded.index = index
        return loaded
