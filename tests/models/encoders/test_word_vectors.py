"""Files of word vectors: what is read from each form, what is refused, and how texts get vectors from them."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.encoder_contract import EncoderContract
from vecsearch.errors import ModelDamaged, ModelNotFound
from vecsearch.models.encoders.static import word_table, word_vector_file
from vecsearch.models.encoders.static.word_encoder import WordVectorEncoder
from vecsearch.models.encoders.static.word_vector_file import read_beginning, read_blocks
from vecsearch.types import Role

WORDS = ["the", "red", "house", "green", "tree", "river", "blue", "Paris", "東", "grüße", ",", "fox"]
VECTORS = np.random.default_rng(0).normal(0, 1, (len(WORDS), 20)).astype(np.float32)
FORMS = ("glove", "text", "binary", "binary with line feeds")


def content_of(form: str, words: list[str], vectors: np.ndarray) -> bytes:
    """Words and vectors as the programs that made these files write them."""
    header = f"{len(words)} {vectors.shape[1]}\n".encode()
    if form.startswith("binary"):
        end = b"\n" if form.endswith("feeds") else b""
        return header + b"".join(
            word.encode() + b" " + row.astype("<f4").tobytes() + end for word, row in zip(words, vectors, strict=True)
        )
    lines = [f"{word} {' '.join(str(number) for number in row)}\n" for word, row in zip(words, vectors, strict=True)]
    return (header if form == "text" else b"") + "".join(lines).encode()


def write(path: Path, form: str = "glove", words: list[str] = WORDS, vectors: np.ndarray = VECTORS) -> Path:
    path.write_bytes(content_of(form, words, vectors))
    return path


def read(path: Path) -> tuple[list[str], np.ndarray]:
    blocks = list(read_blocks(read_beginning(path)))
    return [word for words, _ in blocks for word in words], np.concatenate([vectors for _, vectors in blocks])


def refused(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(ModelDamaged) as error:
        WordVectorEncoder(path).encode(["red"], Role.QUERY)
    assert "\n" not in str(error.value)
    assert str(path) in str(error.value)
    return str(error.value)


class TestGlove(EncoderContract):
    @pytest.fixture
    def made(self, tmp_path):
        return WordVectorEncoder(write(tmp_path / "vectors.txt"))


class TestWord2VecText(EncoderContract):
    @pytest.fixture
    def made(self, tmp_path):
        return WordVectorEncoder(write(tmp_path / "vectors.vec", "text"))


class TestWord2VecBinary(EncoderContract):
    @pytest.fixture
    def made(self, tmp_path):
        return WordVectorEncoder(write(tmp_path / "vectors.bin", "binary"))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("zipped", [False, True])
def test_every_form_gives_its_words_and_exact_vectors(tmp_path, form, zipped):
    path = write(tmp_path / "vectors", form)
    if zipped:
        path.write_bytes(gzip.compress(path.read_bytes()))
    words, vectors = read(path)
    assert words == WORDS
    np.testing.assert_array_equal(vectors, VECTORS)
    assert WordVectorEncoder(path).dim == 20


WORD = st.text(st.characters(blacklist_categories=["Cs", "Cc", "Zs"]), min_size=1, max_size=8)
NUMBERS = st.floats(-1e6, 1e6, width=32)


@given(
    words=st.lists(WORD, min_size=1, max_size=9),
    rows=st.data(),
    form=st.sampled_from(FORMS),
    block=st.integers(1, 200),
)
def test_what_is_read_does_not_depend_on_where_blocks_end(tmp_path_factory, words, rows, form, block):
    dim = rows.draw(st.integers(1, 6))
    vectors = np.array([[rows.draw(NUMBERS) for _ in range(dim)] for _ in words], np.float32)
    name = "w.bin" if form.startswith("binary") else "w.txt"  # three random numbers may happen to look like text
    path = write(tmp_path_factory.mktemp("words") / name, form, words, vectors)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(word_vector_file, "_BLOCK_BYTES", block)
        found, read_vectors = read(path)
    assert found == words
    np.testing.assert_array_equal(read_vectors, vectors)


def test_words_with_blanks_in_them_keep_the_last_columns_as_numbers(tmp_path):
    (tmp_path / "g.txt").write_text("the 1 2\n. . . 3 4\nat name@domain.com 5 6\n 7 8\n")
    words, vectors = read(tmp_path / "g.txt")
    assert words == ["the", ". . .", "at name@domain.com", ""]
    np.testing.assert_array_equal(vectors, [[1, 2], [3, 4], [5, 6], [7, 8]])


def test_a_first_word_that_is_a_number_is_a_word(tmp_path):
    (tmp_path / "g.txt").write_text("1 2 3\nthe 4 5\n")
    assert read(tmp_path / "g.txt")[0] == ["1", "the"]


def test_blanks_at_the_ends_of_lines_empty_lines_and_carriage_returns_do_not_count(tmp_path):
    (tmp_path / "v.vec").write_bytes(b"2 2 \r\nred 1 2 \r\n\r\ntree 3 4")
    words, vectors = read(tmp_path / "v.vec")
    assert words == ["red", "tree"]
    np.testing.assert_array_equal(vectors, [[1, 2], [3, 4]])


def test_a_word_that_is_no_utf8_harms_no_other(tmp_path):
    (tmp_path / "v.txt").write_bytes(b"red 1 2\nr\xff 3 4\ntree 5 6\n")
    assert read(tmp_path / "v.txt")[0] == ["red", "r\ufffd", "tree"]


@pytest.mark.parametrize("form", FORMS)
def test_of_a_word_that_comes_twice_the_first_counts(tmp_path, form, monkeypatch):
    monkeypatch.setattr(word_vector_file, "_BLOCK_BYTES", 1 << 10)
    words, vectors = [*WORDS, "red", "new", "red"], np.concatenate([VECTORS, VECTORS[:3] + 1])
    encoder = WordVectorEncoder(write(tmp_path / "v", form, words, vectors))
    found = encoder.encode(["red", "new", "?"], Role.QUERY)
    np.testing.assert_array_equal(found[:2], [VECTORS[1], VECTORS[1] + 1])
    kept = np.concatenate([VECTORS, VECTORS[1:2] + 1])
    np.testing.assert_allclose(found[2], kept.mean(axis=0), rtol=1e-5, atol=1e-7)


def test_a_text_is_the_mean_of_its_known_words_as_written_or_else_in_lower_case(tmp_path):
    encoder = WordVectorEncoder(write(tmp_path / "v.txt"))
    row = {word: VECTORS[i] for i, word in enumerate(WORDS)}
    texts = {
        "red house": ["red", "house"],
        "The RED, the unheard-of!": ["the", "red", "the"],
        "Paris": ["Paris"],
        "red_house house": ["house"],
        "東京": ["東"],
        "GRÜSSE Grüße": ["grüße"],
    }
    expected = [np.mean([row[word] for word in words], axis=0) for words in texts.values()]
    np.testing.assert_allclose(encoder.encode(list(texts), Role.DOCUMENT), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("text", ["", "unheard", "PARIS", ", .", "\ud83d"])
def test_a_text_without_a_known_word_is_the_mean_of_all(tmp_path, text):
    encoder = WordVectorEncoder(write(tmp_path / "v.txt"))
    np.testing.assert_allclose(encoder.encode([text], Role.QUERY)[0], VECTORS.mean(axis=0), rtol=1e-5, atol=1e-7)


def test_words_are_runs_of_letters_with_their_marks_and_single_han_characters(tmp_path):
    encoder = WordVectorEncoder(write(tmp_path / "v.txt"))
    text = "don't e\u0301a x_1 GPU加速 हिन्दी ภาษา 🌳"
    [spans] = encoder.token_spans([text])
    found = [text[start:end] for start, end in spans]
    assert found == ["don", "t", "e\u0301a", "x_1", "GPU", "加", "速", "हिन्दी", "ภาษา"]
    assert encoder.token_spans(["?!"])[0].shape == (0, 2)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "line 1 has 0 numbers after a word"),
        (b"\n\n", "line 1 has 0 numbers"),
        (b"It was a dark and stormy night\n", "line 1 has 0 numbers"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "line 1 has 0 numbers"),
        (b"red 1 2\ntree 3\n", "line 2 has 1 numbers, expected 2"),
        (b"red 1 2\n\ntree 3 4 5\n", "line 3 has 3 numbers, expected 2"),
        (b"red 1 2\ntree\n", "line 2 has 0 numbers, expected 2"),
        (b"red 1 2\ntree 3 x4\n", "line 2: 'x4' is not a number"),
        (b"red 1 2\ntree  4\n", "line 2: '' is not a number"),
        (b"red 1 2\ntree 3 1_0\n", "lines 1 to 2"),
        (b"red 1 2\ntree 3 nan\n", "line 2 holds NaN or infinity"),
        (b"red 1 2\n\ntree 3 1e99\n", "line 3 holds NaN or infinity"),
        (b"3 2\nred 1 2\ntree 3 4\n", "holds 2 vectors, its header says 3"),
        (b"1 2\nred 1 2\ntree 3 4\n", "holds 2 vectors, its header says 1"),
        (b"2 2\nred 1 2\ntree 3\n", "line 3 has 1 numbers, expected 2"),
        (b"0 2\n", "line 1: 0 words of 2 numbers"),
        (b"2 0\nred\ntree\n", "2 words of 0 numbers"),
        (b"2 99999\nred 1\n", "2 words of 99999 numbers"),
        (b"2 3\n", "holds 0 vectors, its header says 2"),
        (gzip.compress(content_of("text", WORDS, VECTORS), mtime=0)[:-20], "cannot be read"),
        (gzip.compress(content_of("text", WORDS, VECTORS), mtime=0)[:12] + b"garbage", "cannot be read"),
    ],
)
def test_text_that_is_no_word_vectors_is_refused_with_its_line(tmp_path, content, said):
    assert said in refused(tmp_path / "vectors.txt", content)


BINARY = content_of("binary", WORDS, VECTORS)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (BINARY[:-1], "ends in the middle of word 12 of 12"),
        (BINARY[: len(b"12 20\nthe ") + 80], "holds 1 vectors, its header says 12"),
        (BINARY + b"more", "ends in the middle of word 13"),
        (b"11" + BINARY[2:], "holds 12 vectors, its header says 11"),
        (BINARY[:-4] + np.float32(np.nan).tobytes(), "word 12 ('fox') holds NaN or infinity"),
    ],
)
def test_binary_files_that_are_broken_are_refused_with_their_word(tmp_path, content, said):
    assert said in refused(tmp_path / "vectors.bin", content)
    assert said in refused(tmp_path / "vectors", content)


def test_a_word_without_an_end_is_not_looked_for_in_all_of_the_file(tmp_path):
    assert "a word of more than 65536 bytes" in refused(tmp_path / "vectors.bin", b"2 2\n" + b"x" * 200_000)


def test_a_line_without_an_end_is_not_read_into_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(word_vector_file, "_LONGEST_LINE", 1000)
    monkeypatch.setattr(word_vector_file, "_BLOCK_BYTES", 500)
    assert "a line of more than 1000 bytes" in refused(tmp_path / "v.txt", b"red 1 2\n" + b"x" * 9999)


def test_what_is_no_file_is_not_found(tmp_path):
    for path in (tmp_path / "none.txt", tmp_path):
        with pytest.raises(ModelNotFound, match="is not a file"):
            WordVectorEncoder(path)


def test_a_file_is_parsed_once_and_then_mapped(tmp_path, monkeypatch, cache_folder):
    path = write(tmp_path / "v.txt")
    expected = WordVectorEncoder(path).encode(["red house", ""], Role.QUERY)
    assert [found.suffix for found in cache_folder.rglob("*.words")] == [".words"]
    monkeypatch.setattr(word_table, "read_blocks", lambda file: pytest.fail("parsed again"))
    np.testing.assert_array_equal(WordVectorEncoder(path).encode(["red house", ""], Role.QUERY), expected)


def test_a_changed_file_is_parsed_anew_and_has_another_fingerprint(tmp_path):
    path = write(tmp_path / "v.txt")
    before = WordVectorEncoder(path)
    known, vectors = before.fingerprint, before.encode(["red"], Role.QUERY)
    write(path, vectors=VECTORS + 1)
    os.utime(path, ns=(1, 1))
    after = WordVectorEncoder(path)
    assert after.fingerprint != known
    np.testing.assert_allclose(after.encode(["red"], Role.QUERY), vectors + 1, rtol=1e-5)
    assert WordVectorEncoder(write(tmp_path / "copy.txt")).fingerprint == known


@pytest.mark.parametrize("form", ["text", "binary"])
def test_a_damaged_table_in_the_cache_is_made_again(tmp_path, cache_folder, form):
    path = write(tmp_path / "v", form)
    expected = WordVectorEncoder(path).encode(["red house", "?"], Role.QUERY)
    [table] = cache_folder.rglob("*.words")
    intact = table.read_bytes()
    for change in (
        lambda b: b[:-3],
        lambda b: b[:40],
        lambda b: b + b"\0",
        lambda b: b"\0" + b[1:],
        lambda b: b[:33] + b"\7" + b[34:],
        lambda b: b[:-1] + b"?",
        lambda _: b"",
    ):
        table.write_bytes(change(intact))
        np.testing.assert_array_equal(WordVectorEncoder(path).encode(["red house", "?"], Role.QUERY), expected)
        assert table.read_bytes() == intact


def test_a_cache_folder_that_cannot_be_written_does_not_prevent_work(tmp_path, monkeypatch):
    path = write(tmp_path / "v.txt")
    expected = WordVectorEncoder(path).encode(["red house", "?"], Role.QUERY)
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("VECSEARCH_CACHE", str(tmp_path / "file"))
    encoder = WordVectorEncoder(path)
    np.testing.assert_array_equal(encoder.encode(["red house", "?"], Role.QUERY), expected)
    assert len(encoder.fingerprint) == 64


def test_a_file_that_turns_out_broken_leaves_nothing_in_the_cache(tmp_path, cache_folder):
    refused(tmp_path / "v.txt", b"red 1 2\ntree 3\n")
    assert not [path for path in cache_folder.rglob("*") if ".words" in path.name or ".tmp" in path.name]
