"""Token vectors held to transformers itself, and those of models that only sentence-transformers runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.helpers.encoder_contract import TEXTS
from tests.helpers.peer_models import PROMPTS, make, write_router
from tests.helpers.tiny_bert import write_json
from tests.helpers.token_contract import TokenVectorsContract, pieces, unit
from tests.helpers.tokenizer_families import TOKENIZER_CONFIG, TOKENIZERS, set_prompts, write_transformer
from vecsearch.errors import InvalidOption
from vecsearch.models.capabilities import token_vectors_of
from vecsearch.models.encoder import TokenVectors
from vecsearch.models.encoders import load_encoder
from vecsearch.search.token_matches import explain_tokens
from vecsearch.types import Role

pytestmark = [pytest.mark.peer, pytest.mark.usefixtures("peer")]

PASSAGES = [
    "Hold the button for ten seconds to restart the device; it blinks twice.",
    "Cacti fix carbon at night, so that stomata stay closed in arid daytime heat!",
    "The untranslatable photosynthetic pathway of succulents was described (in 1975).",
]


def theirs(folder: Path, text: str, prompt: str = "") -> TokenVectors:
    """The tokens of a text, by the last layer of transformers' model and the offsets of transformers' tokenizer."""
    import torch
    import transformers

    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"))
    given: Any = tokenizer(prompt + text, return_offsets_mapping=True, return_tensors="pt")
    model = transformers.AutoModel.from_pretrained(folder).eval()
    with torch.no_grad():
        hidden = model(input_ids=given["input_ids"]).last_hidden_state[0].numpy()
    spans = np.clip(given["offset_mapping"][0].numpy() - len(prompt), 0, None)
    kept = spans[:, 0] < spans[:, 1]
    return TokenVectors(spans[kept], unit(hidden[kept]))


class TestATransformerOnTorch(TokenVectorsContract):
    @pytest.fixture
    def made(self, tmp_path):
        return make(write_transformer(tmp_path / "model", "word piece"))


@pytest.mark.parametrize("family", TOKENIZERS)
def test_vectors_and_places_are_those_of_transformers_in_any_family_and_runtime(tmp_path, family):
    folder = set_prompts(write_transformer(tmp_path / "model", family), query="red: ")
    texts = [text for text in TEXTS if text]
    runtimes = [make(folder), load_encoder(str(folder), runtime="onnxruntime")]
    for role, prompt in ((Role.QUERY, "red: "), (Role.DOCUMENT, "")):
        for encoder in runtimes:
            for text, found in zip(texts, encoder.token_vectors(texts, role), strict=True):
                expected = theirs(folder, text, prompt)
                np.testing.assert_array_equal(found.spans, expected.spans)
                np.testing.assert_allclose(found.vectors, expected.vectors, atol=2e-5)


def test_the_matches_of_minilm_are_those_of_brute_force_over_transformers(carried, minilm):
    query = "photosynthesis of untranslatable desert plants, at night?"
    for passage, found in zip(PASSAGES, explain_tokens(minilm, query, PASSAGES), strict=True):
        asked, told = whole_words(carried, query), whole_words(carried, passage)
        assert [query[slice(*match.query)] for match in found] == [word for word, _ in asked]
        for match, (_, vector) in zip(found, asked, strict=True):
            cosines = {word: float(vector @ other) for word, other in told}
            assert match.similarity == pytest.approx(max(cosines.values()), abs=1e-4)
            assert passage[slice(*match.text)] == max(cosines, key=cosines.__getitem__)


def whole_words(folder: Path, text: str) -> list[tuple[str, np.ndarray]]:
    """The words of a text as BERT's tokenizer numbers them, without signs, each with the mean of its tokens."""
    import transformers

    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"))
    given = tokenizer(text, padding=False, truncation=False)
    numbers = [number for number in given.word_ids() if number is not None]
    tokens = theirs(folder, text)
    found = []
    for number in sorted(set(numbers)):
        word = text[slice(*given.word_to_chars(number))]
        rows = [row for row, of in enumerate(numbers) if of == number]
        if word.isalnum():
            found.append((word, unit(tokens.vectors[rows].mean(axis=0))))
    return found


def test_a_causal_model_without_special_tokens_shows_each_byte_behind_its_prompt(qwen):
    text = "aé東"
    [found] = make(qwen).token_vectors([text], Role.QUERY)
    assert pieces(text, found) == ["a", *"éé", *"東東東"]
    expected = theirs(qwen, text, PROMPTS["query"])
    np.testing.assert_allclose(found.vectors, expected.vectors, atol=1e-5)
    assert found.vectors.shape == (6, 32)  # before a dense layer makes 16 numbers of them


def test_a_router_shows_the_tokens_that_both_its_ways_begin_with(tiny, tmp_path):
    write_router(tiny, tmp_path / "router")
    [found], [expected] = (
        make(folder).token_vectors(["red tree"], Role.QUERY) for folder in (tmp_path / "router", tiny)
    )
    np.testing.assert_array_equal(found.spans, expected.spans)
    np.testing.assert_allclose(found.vectors, expected.vectors, atol=1e-5)


def test_a_model_whose_tokenizer_knows_no_places_shows_none(built):
    found = make(built / "words").token_vectors(["the red house", ""], Role.DOCUMENT)
    assert [len(tokens.spans) for tokens in found] == [0, 0]
    assert explain_tokens(make(built / "words"), "red", ["the red house"]) == [()]


def test_a_model_of_another_kind_shows_none(tmp_path, peer):
    from tests.helpers.static_models import write_module

    found = make(write_module(tmp_path / "static")).token_vectors(["red"], Role.QUERY)
    assert [len(tokens.spans) for tokens in found] == [0]


def test_what_is_cut_is_cut_as_the_model_cuts_it(tmp_path):
    folder = write_transformer(tmp_path / "model", "word piece", positions=24)
    text = "red " * 22 + "tree"
    [found] = make(folder).token_vectors([text], Role.QUERY)
    assert pieces(text, found) == ["red"] * 22
    write_json(folder / "tokenizer_config.json", {**TOKENIZER_CONFIG, "truncation_side": "left"})
    [found] = make(folder).token_vectors([text], Role.QUERY)
    assert len(found.spans) == 0  # it has read other tokens than we can place


def test_lower_case_that_a_models_file_asks_for_is_seen(tmp_path):
    folder = write_transformer(tmp_path / "model", "byte level", do_lower_case=True)
    [small], [large] = (
        make(folder).token_vectors(["red house"], Role.QUERY),
        make(folder).token_vectors(["RED HOUSE"], Role.QUERY),
    )
    np.testing.assert_array_equal(small.spans, large.spans)
    np.testing.assert_allclose(small.vectors, large.vectors, atol=1e-6)


def test_too_little_memory_is_said_and_the_model_is_left_as_it_was(tiny):
    made = make(tiny)
    expected = made.token_vectors(["red"], Role.QUERY)[0]

    def no_memory(*_: Any) -> None:
        raise RuntimeError("MPS backend out of memory")

    hook = made.module[0].register_forward_pre_hook(no_memory)
    with pytest.raises(InvalidOption, match="device 'cpu' has too little memory for one text"):
        made.token_vectors(["red"], Role.QUERY)
    hook.remove()
    assert len(made.module[0]._forward_hooks) == 0
    np.testing.assert_array_equal(token_vectors_of(made, ["red"], Role.QUERY)[0].vectors, expected.vectors)
