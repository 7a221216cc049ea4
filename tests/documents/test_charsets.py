"""Text in any usual encoding comes out right; what is no text is told apart, with its kind."""

from __future__ import annotations

import codecs
import io
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vecsearch.documents.charsets import NotText, decode, encoding_of_stream, guess_encoding
from vecsearch.reports import Failure
from vecsearch.types import Document

GERMAN = "Die Prüfung der Bücher ergab für das Jahr größere Überschüsse als erwartet."
SPANISH = "El niño que vivía en la montaña preguntó: ¿dónde está mi corazón? Mañana será otro día."
FRENCH = "L’été dernier, nous avons dîné près de la forêt où l'on goûte des crêpes à la crème."
CZECH = "Příliš žluťoučký kůň úpěl ďábelské ódy, když přišel večer a začalo pršet na střechy domů."
RUSSIAN = "Привет, мир! Это обычный русский текст о погоде, городах и людях, которые в них живут."
JAPANESE = "これは日本語のテキストです。吾輩は猫である。名前はまだ無い。"
CHINESE = "这是一个中文文本文件。今天天气很好，我们一起去公园散步。"
KOREAN = "안녕하세요. 이것은 한국어 텍스트 파일입니다. 오늘은 날씨가 좋습니다."


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (GERMAN, "latin-1"),
        (GERMAN, "cp1252"),
        (SPANISH, "latin-1"),
        (SPANISH * 30, "latin-1"),
        (FRENCH, "cp1252"),
        ("Café", "latin-1"),
        (CZECH, "cp1250"),
        (RUSSIAN, "koi8-r"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "cp866"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc-jp"),
        (CHINESE, "gbk"),
        (KOREAN, "euc-kr"),
        (RUSSIAN, "utf-8"),
    ],
)
def test_the_encoding_is_found(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text
    padded = "plain ASCII first\r\n" * 500 + text
    assert decode(padded.encode(encoding)) == padded


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("text", ["", "a\r\nb\rc\n", "é\U0001f600"])
def test_a_byte_order_mark_decides_and_goes(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [(codecs.BOM_UTF16_BE, "utf-16-be"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF32_BE, "utf-32-be")],
)
def test_both_byte_orders_are_known(mark: bytes, encoding: str) -> None:
    assert decode(mark + "aé".encode(encoding)) == "aé"
    assert decode(mark + "aé".encode(encoding) + b"\x00") == "aé\ufffd"


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"])))
def test_utf8_comes_back_exactly(text: str) -> None:
    assert decode(text.encode()) == text.removeprefix("\ufeff")


def test_line_ends_stay() -> None:
    assert decode(b"a\r\nb\rc\nd\x0ce") == "a\r\nb\rc\nd\x0ce"


def test_a_damaged_byte_does_not_change_the_encoding_of_the_rest() -> None:
    assert decode((RUSSIAN * 2).encode() + b"\xff") == RUSSIAN * 2 + "\ufffd"


def test_a_declared_encoding_is_used_where_the_text_is_not_utf8() -> None:
    short = "Привет"  # too short to tell KOI8-R from others
    assert decode(short.encode("koi8-r"), "KOI8-R") == short
    assert decode(short.encode(), "koi8-r") == short


@pytest.mark.parametrize("declared", ["no-such", "unicode_escape", "rot13", "hex", "undefined", "cp99999", "utf-7"])
def test_a_declaration_that_names_no_encoding_is_ignored(declared: str) -> None:
    assert decode(GERMAN.encode("latin-1"), declared) == GERMAN


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"%PDF-1.4\nall ASCII", "PDF"),
        (b"PK\x03\x04\x0a\x00", "ZIP or Office"),
        (b"\x1f\x8b\x08\x01\x02", "gzip"),
        (b"\x7fELF\x02\x01\x00", "ELF"),
        (b"GIF89a\x01\x00", "GIF"),
        (b"SQLite format 3\x00", "SQLite"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Office"),
    ],
)
def test_a_known_kind_of_binary_file_is_named(data: bytes, kind: str) -> None:
    with pytest.raises(NotText) as error:
        decode(data)
    assert str(error.value) == f"binary file ({kind})"


@pytest.mark.parametrize("text", ["PAR1 is a magic word", "GIF89a, a format", "BZh\n"])
def test_text_that_begins_like_a_binary_file_is_text(text: str) -> None:
    assert decode(text.encode()) == text


@pytest.mark.parametrize("size", [64, 1000, 20000])
def test_random_bytes_are_binary(size: int) -> None:
    for seed in range(20):
        with pytest.raises(NotText, match="binary"):
            decode(random.Random(seed).randbytes(size))
        with pytest.raises(NotText, match="binary"):
            decode(random.Random(seed).randbytes(size).replace(b"\x00", b"\x01"))


def test_what_no_encoding_explains_is_not_text() -> None:
    with pytest.raises(NotText, match="unknown encoding"):
        guess_encoding(bytes(range(0x80, 0x100)) * 3)


def test_a_few_odd_bytes_among_ascii_do_not_lose_the_text() -> None:
    assert decode(b"plain words \x81\x8d\x8f\x90\x9d and more plain words").startswith("plain words ")


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (b"", "utf-8"),
        (RUSSIAN.encode() * 20000, "utf-8"),
        (b"\xef\xbb\xbfa", "utf-8-sig"),
        (GERMAN.encode("cp1252"), "cp1252"),
        (b"a" * 3_000_000 + GERMAN.encode("cp1252"), "cp1252"),
        ("é".encode() * 1_000_000 + b"\xff", "utf-8"),
    ],
)
def test_a_stream_is_judged_by_all_of_it(data: bytes, encoding: str) -> None:
    assert encoding_of_stream(io.BytesIO(data)) == encoding


def test_a_csv_in_a_japanese_encoding_is_read(
    shared_data: Callable[[str], Path], read: Callable[..., list[Document | Failure]]
) -> None:
    data = shared_data("docs/formats/test_mskanji.csv").read_bytes()
    documents = read("names.csv", data, id="名前", text="住所")
    assert [
        (document.id, document.text, document.metadata) for document in documents if isinstance(document, Document)
    ] == [
        ("佐藤太郎", "東京", {"年齢": "30"}),
        ("三木英子", "大阪", {"年齢": "25"}),
        ("髙橋淳", "名古屋", {"年齢": "35"}),
    ]
