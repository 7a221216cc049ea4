"""Bytes → text, in whatever character encoding they are; NotText for binary data.

Line ends are kept and a byte order mark is removed: offsets refer to the text that is returned.
"""

from __future__ import annotations

import codecs
import re
from typing import BinaryIO

from vecsearch.errors import InvalidDocument

HEAD = 8192  # bytes that decide whether a file is binary; git and grep look at as many

_CHUNK = 1 << 20  # bytes read at a time from files that may not fit into memory

_SAMPLE = 32768  # bytes that an encoding is guessed from: more take time and do not change the guess

_BYTE_ORDER_MARKS = (  # UTF-32 first: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_MAGIC = (
    (b"%PDF-", "PDF"),
    (b"PK\x03\x04", "ZIP or Office"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Office"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"(\xb5/\xfd", "zstd"),
    (b"7z\xbc\xaf'\x1c", "7-Zip"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"\x7fELF", "ELF"),
    (b"SQLite format 3\x00", "SQLite"),
    (b"PAR1", "Parquet"),
)

# Control characters that text does not contain; tab, line ends, form feed, backspace and escape may occur.
_CONTROLS = bytes([*range(8), 11, *range(14, 27), *range(28, 32), 127])

_NOT_ASCII = re.compile(rb"[\x80-\xff][^\n]*\n?")
_WHOLE_CHARACTERS = re.compile(rb".*[\x00-/]", re.DOTALL)  # ends in a byte that no encoding has inside a character
_HALF_WIDTH = re.compile("[\uff61-\uff9f]")
_STRICT = ("gb2312", "big5", "euc_kr", "euc_jp", "shift_jis")  # in each, many byte sequences are invalid
_SHIFT_JIS = ("cp932", "shift_jis", "shift_jis_2004", "shift_jisx0213")

# Programs often write a superset of the encoding that they name.
_SUPERSETS = {"shift_jis": "cp932", "gb2312": "gb18030", "gbk": "gb18030", "euc_kr": "cp949", "iso8859-1": "cp1252"}

# Beyond ASCII: the letters of western European languages, one string a language, and the signs that all of them use.
_WESTERN_LETTERS = (
    "äöüßé",
    "áéíóúüñ",
    "àâçèéêëîïôùûüœæÿ",
    "àèéìíòóù",
    "áâãàçéêíóôõúü",
    "åäöæøé",
    "éëïöüèáó",
    "àçèéíïòóúü",
)
_WESTERN_SIGNS = frozenset("\xa0¡¿«»‹›‘’‚“”„–—…•·°§€£©®™ªº×½´")

# Encodings that a document may declare; Python has others, such as "unicode_escape", that no document is written in.
_DECLARABLE = re.compile(r"(?i)(x-)?(iso|latin|windows|cp|ibm|koi8|shift|sjis|ms|euc|gb|big5|hz|ks|mac|tis)[-_]?\w")


class NotText(InvalidDocument):
    """The bytes are not text; the message names the kind of file where it is known."""


def decode(data: bytes, declared: str | None = None) -> str:
    """Return the text of `data`; `declared` is the encoding that the document declares, tried when it is not UTF-8.

    Bytes without a character in the encoding become U+FFFD. Raises NotText when `data` is binary.
    """
    encoding = encoding_of_mark(data)
    if encoding is None:
        check_text(data)
        encoding = "utf-8"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return data.decode(guess_encoding(data, declared) if encoding == "utf-8" else encoding, "replace")


def encoding_of_mark(data: bytes) -> str | None:
    """Return the encoding that a byte order mark at the start of `data` shows; None without one."""
    return next((encoding for mark, encoding in _BYTE_ORDER_MARKS if data.startswith(mark)), None)


def check_text(head: bytes) -> None:
    """Raises NotText when `head`, the first bytes of a file, are binary."""
    if encoding_of_mark(head) is not None:
        return
    for magic, kind in _MAGIC:
        if head.startswith(magic) and (b"\x00" in head or not head.isascii() or kind == "PDF"):
            raise NotText(f"binary file ({kind})")
    controls = len(head) - len(head.translate(None, _CONTROLS))
    if b"\x00" in head or controls * 10 > len(head):
        raise NotText("binary file")


def encoding_of_stream(file: BinaryIO) -> str:
    """Return the encoding of the rest of `file`, read once, in constant memory. Raises NotText."""
    chunk = file.read(_CHUNK)
    marked = encoding_of_mark(chunk)
    if marked is not None:
        return marked
    check_text(chunk[:HEAD])
    utf8 = codecs.getincrementaldecoder("utf-8")()
    while chunk:
        following = file.read(_CHUNK)
        try:
            utf8.decode(chunk, final=not following)
        except UnicodeDecodeError:
            return guess_encoding(chunk)
        chunk = following
    return "utf-8"


def guess_encoding(data: bytes, declared: str | None = None) -> str:
    """Return the likeliest encoding of text that is not valid UTF-8; "utf-8" when only a few bytes are damaged."""
    sample = _sample(data)
    if _is_damaged_utf8(sample):
        return "utf-8"
    if declared is not None and _DECLARABLE.match(declared) and _is_valid(sample, declared):
        return _superset(declared)
    if _is_western(sample):
        return "cp1252"
    return _superset(_statistical_guess(sample))


def _sample(data: bytes) -> bytes:
    """Return the parts of `data` that are not ASCII, with the start of their lines; only whole characters."""
    pieces: list[bytes] = []
    size = 0
    for match in _NOT_ASCII.finditer(data):
        near = max(0, match.start() - 80)
        start = data.rfind(b"\n", near, match.start()) + 1 or near
        pieces.append(data[start : match.end()])
        size += len(pieces[-1])
        if size > _SAMPLE:
            cut = _WHOLE_CHARACTERS.match(b"".join(pieces), 0, _SAMPLE)
            return cut[0] if cut else b"".join(pieces)
    return b"".join(pieces)


def _is_damaged_utf8(sample: bytes) -> bool:
    """Whether nine in ten characters beyond ASCII are valid UTF-8, which other encodings hardly ever are by chance."""
    text = sample.decode("utf-8", "replace")
    return sum(not char.isascii() for char in text) >= 10 * text.count("\ufffd")


def _is_valid(sample: bytes, encoding: str) -> bool:
    """Whether Python knows the encoding and the sample is valid in it."""
    try:
        codecs.getincrementaldecoder(encoding)().decode(sample)
    except (LookupError, UnicodeDecodeError):
        return False
    return True


def _is_western(sample: bytes) -> bool:
    """Whether the sample, read as Windows-1252, is spelled like one of the languages of western Europe.

    charset_normalizer mistakes about half of all Spanish for Central European: their letters share code points.
    """
    text = sample.decode("cp1252", "replace").lower()
    letters = [char for char in text if not char.isascii() and char not in _WESTERN_SIGNS]
    plain = sum(char.isascii() and char.isalpha() for char in text)
    known = max(sum(char in alphabet for char in letters) for alphabet in _WESTERN_LETTERS)
    return known >= 0.9 * len(letters) and len(letters) <= plain


def _statistical_guess(sample: bytes) -> str:
    """Return the encoding that charset_normalizer finds likeliest. Raises NotText when no encoding fits."""
    from charset_normalizer import from_bytes

    excluded = ["utf_7", "utf_16", "utf_16_le", "utf_16_be", "utf_32"]
    # Lines that mix code and words are rejected at its usual threshold of 0.2.
    best = from_bytes(sample, threshold=0.4, cp_exclusion=excluded).best()
    if best is not None and len(_HALF_WIDTH.findall(str(best))) * 4 > len(str(best)):
        # Cyrillic in KOI8-R is half-width katakana in Shift JIS, which nobody writes whole texts in.
        best = from_bytes(sample, threshold=0.4, cp_exclusion=[*excluded, *_SHIFT_JIS]).best()
    encoding = (
        next((strict for strict in _STRICT if _is_valid(sample, strict)), None) if best is None else best.encoding
    )
    if encoding is None:
        raise NotText("binary file, or text in an unknown encoding")
    return encoding


def _superset(encoding: str) -> str:
    """Return Python's name of the encoding, or of the superset that programs really write."""
    name = codecs.lookup(encoding).name
    return _SUPERSETS.get(name, name)
