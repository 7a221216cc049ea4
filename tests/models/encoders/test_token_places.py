"""Where tokens stand in a text: exactly, for any text, by a tokenizer of any family, behind any prompt."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.token_contract import pieces, shown
from tests.helpers.tokenizer_families import TOKENIZERS, set_prompts, write_static, write_transformer
from vecsearch.models.encoder import Encoder
from vecsearch.models.encoders import load_encoder
from vecsearch.types import Role

LETTERS = "ab İßé東京はสด한😀👩‍👧🇩🇪\u0301\u200d\ufeff.,'’_-09\n\t\x00ﬁ½\u2028e"
TEXT = st.text(st.sampled_from(LETTERS) | st.characters(), max_size=40)


@pytest.mark.parametrize("family", ["byte level", "unigram", "sentence BPE"])
@pytest.mark.parametrize("write", [write_transformer, write_static])
def test_a_token_over_the_end_of_the_prompt_is_shown_as_far_as_it_is_text(tmp_path, family, write):
    folder = set_prompts(write(tmp_path / "model", family), query="the re", document="the red ")
    encoder = load_encoder(str(folder))
    for role, text in ((Role.QUERY, "d house"), (Role.DOCUMENT, "house")):
        [tokens] = encoder.token_vectors([text], role)
        assert shown(text, tokens) == text.replace(" ", "")


def test_lower_case_that_is_longer_keeps_the_places(tmp_path):
    folder = write_transformer(tmp_path / "model", "word level", do_lower_case=True)
    text = "İstanbul İ, RED Grüße"
    for prompt in ("", "İ red "):
        [tokens] = load_encoder(str(set_prompts(folder, query=prompt))).token_vectors([text], Role.QUERY)
        assert pieces(text, tokens) == ["İstanbul", "İ", ",", "RED", "Grüße"]


@pytest.mark.parametrize("family", TOKENIZERS)
def test_pieces_of_lower_case_that_is_longer_keep_the_places(tmp_path, family):
    encoder = load_encoder(str(write_transformer(tmp_path / "model", family, do_lower_case=True)))
    text = "the İSTANBULİ REDİ́ house"
    low = text.lower()
    assert len(low) == len(text) + 3
    [tokens], [places] = encoder.token_vectors([text], Role.QUERY), encoder.token_spans([low])
    for piece, (start, end) in zip(pieces(text, tokens), places.tolist(), strict=True):
        assert low[start:end] in piece.lower()
        assert len(piece.lower()) <= end - start + piece.count("İ")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a transformer and a static model for each family of tokenizers."""
    place = tmp_path_factory.mktemp("families")
    for family in TOKENIZERS:
        for kind, write in (("transformer", write_transformer), ("static", write_static)):
            set_prompts(write(place / f"{kind} {family}", family), query="the tree: ")
    return place


@pytest.fixture(
    scope="module", params=[f"{kind} {family}" for kind in ("transformer", "static") for family in TOKENIZERS]
)
def reader(request, written: Path) -> Iterator[Encoder]:
    """An encoder of each kind with a tokenizer of each family."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VECSEARCH_CACHE", str(written / "cache"))
        yield load_encoder(str(written / request.param))


@given(text=TEXT)
def test_the_places_are_those_the_tokenizer_gives_in_any_family(reader, text):
    [tokens] = reader.token_vectors([text], Role.DOCUMENT)
    [spans] = reader.token_spans([text])
    assert tokens.spans.tolist() == [[start, end] for start, end in spans.tolist() if start < end]
    assert len(tokens.vectors) == len(tokens.spans)


@given(text=TEXT)
def test_a_prompt_hides_nothing_of_the_text_in_any_family(reader, text):
    [asked], [told] = (reader.token_vectors([text], role) for role in (Role.QUERY, Role.DOCUMENT))
    assert shown(text, asked) == shown(text, told)
    assert len(asked.vectors) == len(asked.spans)
