"""TorchEncoder held to sentence-transformers itself and to our other runtime."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.helpers.encoder_contract import TEXTS, EncoderContract
from tests.helpers.peer_models import PROMPTS, make, write_router
from tests.helpers.tiny_bert import WORDS, set_pooling, write_json
from vecsearch.models.encoders import load_encoder
from vecsearch.models.encoders.estimated_tokenizer import estimate_spans
from vecsearch.types import Role

pytestmark = [pytest.mark.peer, pytest.mark.usefixtures("peer")]


def theirs(peer: Any, folder: Path, texts: list[str], **options) -> np.ndarray:
    return peer.SentenceTransformer(str(folder), device="cpu").encode(texts, **options)


class TestABertThatAllRuntimesRun(EncoderContract):
    @pytest.fixture
    def made(self, tiny):
        return make(tiny)


class TestACausalModelThatOnlyThisOneRuns(EncoderContract):
    @pytest.fixture
    def made(self, built):
        return make(built / "qwen")


class TestWordVectorsWithoutOffsets(EncoderContract):
    @pytest.fixture
    def made(self, built):
        return make(built / "words")

    # A model that knows six words has no vector for other texts; those are its own business.
    test_vectors_are_finite_float32_rows_of_the_dimension_it_names = None
    test_a_text_has_one_vector_in_any_batch_and_order = None
    test_threads_may_encode_at_the_same_time = None


@pytest.mark.parametrize("pooling", ["mean_tokens", "cls_token", "max_tokens", "lasttoken", "mean_sqrt_len_tokens"])
def test_vectors_are_those_of_sentence_transformers(peer, tiny, pooling):
    set_pooling(tiny, pooling)
    np.testing.assert_allclose(make(tiny).encode(TEXTS, Role.QUERY), theirs(peer, tiny, TEXTS), atol=1e-6)


def test_a_dense_layer_and_a_prompt_of_each_side_are_as_sentence_transformers_has_them(peer, qwen):
    texts = [text for text in TEXTS if text]
    for role, prompt in ((Role.QUERY, PROMPTS["query"]), (Role.DOCUMENT, PROMPTS["passage"])):
        expected = theirs(peer, qwen, texts, prompt=prompt)
        np.testing.assert_allclose(make(qwen).encode(texts, role), expected, atol=1e-6)
    assert make(qwen).max_tokens == 64 - len(PROMPTS["passage"])


def test_a_default_prompt_stands_in_for_one_that_is_not_there(peer, tiny):
    settings = {"prompts": {"search": "red: ", "query": "tree: "}, "default_prompt_name": "search"}
    write_json(tiny / "config_sentence_transformers.json", settings)
    for role, prompt in ((Role.QUERY, "tree: "), (Role.DOCUMENT, "red: ")):
        expected = theirs(peer, tiny, TEXTS, prompt=prompt)
        np.testing.assert_allclose(make(tiny).encode(TEXTS, role), expected, atol=1e-6)


def test_a_prompt_that_pooling_leaves_out_is_left_out(peer, tiny):
    write_json(tiny / "config_sentence_transformers.json", {"prompts": {"query": "red: "}})
    config = json.loads((tiny / "1_Pooling" / "config.json").read_text())
    counted = make(tiny).encode(["tree"], Role.QUERY)
    write_json(tiny / "1_Pooling" / "config.json", {**config, "include_prompt": False})
    left_out = make(tiny).encode(["tree"], Role.QUERY)
    np.testing.assert_allclose(left_out, theirs(peer, tiny, ["tree"], prompt="red: "), atol=1e-6)
    assert np.abs(left_out - counted).max() > 1e-3
    np.testing.assert_allclose(
        make(tiny).encode(["tree"], Role.DOCUMENT), theirs(peer, tiny, ["tree"]), atol=1e-6
    )  # no prompt is not a prompt of length 0, which would leave [CLS] out


def test_a_models_own_truncate_dim_is_honoured(peer, qwen):
    whole = make(qwen).encode(["red house"], Role.QUERY)
    settings = json.loads((qwen / "config_sentence_transformers.json").read_text())
    write_json(qwen / "config_sentence_transformers.json", {**settings, "truncate_dim": 5})
    np.testing.assert_allclose(make(qwen).encode(["red house"], Role.QUERY), whole[:, :5], atol=1e-6)


def test_routes_of_queries_and_documents_are_taken(peer, tiny, tmp_path):
    if not hasattr(peer.SentenceTransformer, "encode_query"):
        pytest.skip("sentence-transformers knows no routes before 5")
    write_router(tiny, tmp_path / "router")
    made = make(tmp_path / "router")
    assert made.dim == 12
    model = peer.SentenceTransformer(str(tmp_path / "router"), device="cpu")
    queries, documents = made.encode(TEXTS, Role.QUERY), made.encode(TEXTS, Role.DOCUMENT)
    np.testing.assert_allclose(queries, model.encode_query(TEXTS), atol=1e-6)
    np.testing.assert_allclose(documents, model.encode_document(TEXTS), atol=1e-6)
    assert np.abs(queries - documents).max() > 1e-2


def test_what_the_files_do_not_say_the_opened_model_says(qwen):
    whole = make(qwen)
    (qwen / "1_Pooling" / "config.json").rename(qwen / "1_Pooling" / "pooling.json")
    shutil.rmtree(qwen / "2_Dense")
    write_json(qwen / "modules.json", json.loads((qwen / "modules.json").read_text())[:1])
    (qwen / "modules.json").unlink()  # a folder of transformers alone
    config = json.loads((qwen / "tokenizer_config.json").read_text())
    write_json(qwen / "tokenizer_config.json", {key: said for key, said in config.items() if key != "model_max_length"})
    made = make(qwen)
    assert made.dim == made.encode(["red"], Role.QUERY).shape[1] == 32
    assert made.max_tokens == whole.max_tokens


def test_one_model_has_one_fingerprint_and_one_vector_in_all_runtimes(tiny):
    ours = load_encoder(str(tiny))
    made = make(tiny)
    assert made.fingerprint == ours.fingerprint
    assert (made.dim, made.max_tokens) == (ours.dim, ours.max_tokens)
    np.testing.assert_allclose(made.encode(TEXTS, Role.QUERY), ours.encode(TEXTS, Role.QUERY), atol=2e-5)
    for found, expected in zip(made.token_spans(TEXTS), ours.token_spans(TEXTS), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_a_text_alone_that_has_no_token_has_a_vector(qwen):
    write_json(qwen / "config_sentence_transformers.json", {})
    made = make(qwen)
    np.testing.assert_allclose(made.encode([""], Role.QUERY), made.encode(["."], Role.QUERY), atol=1e-6)
    np.testing.assert_allclose(made.encode(["", "red"], Role.QUERY)[:1], made.encode(["."], Role.QUERY), atol=1e-6)


def test_a_model_with_a_word_list_only_has_offsets_from_transformers(tiny, tmp_path):
    expected = make(tiny).token_spans(TEXTS)
    (tiny / "tokenizer.json").unlink()
    (tiny / "vocab.txt").write_text("".join(f"{word}\n" for word in WORDS))
    made = make(tiny)
    assert made.max_tokens == 22
    for found, right in zip(made.token_spans(TEXTS), expected, strict=True):
        np.testing.assert_array_equal(found, right)


def test_without_any_offsets_tokens_are_estimated(built, tmp_path):
    made = make(built / "words")
    text = "The treehouse, 東京"
    np.testing.assert_array_equal(made.token_spans([text])[0], estimate_spans(text))
    assert made.max_tokens == 999_998
    shutil.copytree(built / "words", tmp_path / "words")
    write_json(tmp_path / "words" / "config_sentence_transformers.json", {"prompts": {"document": "The "}})
    assert make(tmp_path / "words").max_tokens == 999_997
