"""The FAISS index against brute force, and its langchain face."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talks import write_show

from index.errors import LibraryDamaged
from index.library import Library
from index.search.encoder import HashingEncoder
from index.search.faiss_index import FaissIndex
from rag.langchain import EncoderEmbeddings, FaissStore

HALF = 2e-3  # what 16-bit floats may cost a cosine


def unit(n: int, seed: int, dimensions: int = 8) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(n, dimensions))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def built(ids: list[int], seed: int = 0) -> tuple[FaissIndex, dict[int, np.ndarray]]:
    vectors = unit(len(ids), seed)
    index = FaissIndex(8)
    index.add(np.array(ids, np.int64), vectors)
    return index, dict(zip(ids, vectors, strict=True))


id_lists = st.lists(st.integers(1, 5000), unique=True, max_size=40)


@settings(max_examples=200)
@given(
    id_lists,
    st.none() | st.lists(st.integers(1, 6000), unique=True, max_size=40),
    st.integers(1, 60),
    st.integers(0, 9),
)
def test_a_search_is_the_best_of_what_is_allowed(ids, allowed, k, seed):
    index, held = built(ids, seed)
    query = unit(1, seed + 100)[0]
    found = index.search(query, k=k, allowed=None if allowed is None else np.array(allowed, np.int64))
    passing = [id_ for id_ in ids if allowed is None or id_ in allowed]
    assert {id_ for id_, _ in found} <= set(passing)
    assert len(found) == min(k, len(passing))
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)
    best = sorted((float(held[id_] @ query) for id_ in passing), reverse=True)[:k]
    assert [score for _, score in found] == pytest.approx(best, abs=HALF)


@given(id_lists, st.lists(st.integers(1, 5000), max_size=20))
def test_what_is_removed_is_not_found(ids, removed):
    index, _ = built(ids)
    index.remove(removed)
    left = [id_ for id_ in ids if id_ not in removed]
    assert sorted(index.ids.tolist()) == sorted(left)
    assert {id_ for id_, _ in index.search(unit(1, 5)[0], k=50)} == set(left)


@settings(max_examples=20)
@given(id_lists)
def test_a_saved_index_is_loaded_as_it_was(tmp_path_factory, ids):
    index, _ = built(ids)
    file = tmp_path_factory.mktemp("index") / "vectors.faiss"
    index.save(file)
    loaded, query = FaissIndex.load(file), unit(1, 7)[0]
    assert loaded.ids.tolist() == index.ids.tolist() and loaded.dimensions == 8
    assert loaded.search(query, k=9) == index.search(query, k=9)


def test_a_copy_is_apart_from_its_original():
    index, _ = built([1, 2, 3])
    copy = index.copy()
    copy.remove([1])
    assert sorted(index.ids.tolist()) == [1, 2, 3] and sorted(copy.ids.tolist()) == [2, 3]


def test_rows_are_the_vectors_of_their_ids():
    index, held = built([30, 10, 20])
    assert np.allclose(index.rows([20, 30]), [held[20], held[30]], atol=HALF)


@pytest.mark.parametrize("data", [b"", b"IxMp", b"\x80\x04.", b"x" * 1000])
def test_a_file_that_is_no_index_is_damaged(tmp_path, data):
    (tmp_path / "v").write_bytes(data)
    with pytest.raises(LibraryDamaged, match="not a FAISS index"):
        FaissIndex.load(tmp_path / "v")


def test_a_truncated_file_is_damaged(tmp_path):
    built(list(range(1, 30)))[0].save(tmp_path / "v")
    (tmp_path / "v").write_bytes((tmp_path / "v").read_bytes()[:-100])
    with pytest.raises(LibraryDamaged):
        FaissIndex.load(tmp_path / "v")


def test_langchain_finds_what_the_library_finds(tmp_path):
    library = Library.create(tmp_path / "library", "hashing")
    library.add([write_show(tmp_path / "talks")])
    store = FaissStore.of(library)
    found = store.similarity_search_with_score("an angry crab in a net", k=2)
    vector = library.encoder.encode(["an angry crab in a net"], query=True)[0]
    assert [(d.metadata["passage"], score) for d, score in found] == library.search_vector(vector, k=2)
    assert found[0][0].metadata["episode"] == "lantern" and "angry crab" in found[0][0].page_content
    (retrieved, *_) = store.as_retriever(search_kwargs={"k": 1}).invoke("an angry crab in a net")
    assert retrieved == found[0][0]
    kettle_only = np.array([found[1][0].metadata["passage"]])
    assert [d.metadata["episode"] for d in store.similarity_search("angry crab", allowed=kettle_only)] == ["kettle"]


def test_langchain_can_fill_and_empty_a_store():
    embeddings = EncoderEmbeddings(HashingEncoder())
    store = FaissStore.from_texts(["one kettle", "two lamps"], embeddings, [{"passage": 7}, {"passage": 9}])
    assert store.index.ids.tolist() == [7, 9]
    assert np.allclose(embeddings.embed_query("two lamps"), embeddings.embed_documents(["two lamps"])[0])
    assert store.delete(["7"]) and store.index.ids.tolist() == [9]
    with pytest.raises(ValueError, match="passage id"):
        store.add_texts(["three"])
