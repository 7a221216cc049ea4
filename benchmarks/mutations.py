"""A file -> a damaged copy of it: bytes, numbers, markup, and the members of zip files. Chance comes from outside.

Each kind of damage takes the bytes, those of another file, and the dice. Sources: what fuzzers of file formats do
(AFL's havoc, zzuf), and the attacks on XML that defusedxml lists.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO
from random import Random
from zipfile import ZIP_DEFLATED, ZipFile

Mutation = Callable[[bytes, bytes, Random], bytes]

SECRET = "secret.txt"  # the file in the working folder that entities of a damaged copy lead to

_ZIP = b"PK\x03\x04"
_ALONE = 0.7  # of the copies of zip files: damaged inside, and zipped again without another fault
_MOST = 3  # kinds of damage in one copy
_FLIPS = 8
_BLOCK = 4096  # bytes of a block at most
_FEW = 16
_NUMBERS = (b"0", b"-1", b"1e999", b"NaN", b"65536", b"2147483648", b"4294967295", b"9" * 20, b"9" * 5000)
_DEEP = (150, 250, 2_000, 50_000)  # elements in one another
_TEXTS = (".xml", ".rels", ".html", ".xhtml", ".opf", ".md")
_LONG = 200_000  # bytes of an attribute, and of what is repeated
_MANY = 5_000  # attributes of one element
_CHARACTERS = (
    b"&#0;",
    b"&#xD800;",
    b"&#xFFFFFFFF;",
    b"\x00",
    b"\xed\xa0\x80",
    b"\xff\xfe",
    b"\xe2\x80\xa8",
    b"]]>",
    b"<!--",
)
_LAUGHS = "".join('<!ENTITY l{} "{}">'.format(n, f"&l{n - 1};" * 10) for n in range(1, 10))  # 10 ** 9 times "ha"
_ENTITIES = (
    f'<!DOCTYPE x [<!ENTITY l0 "ha">{_LAUGHS}]>'.encode(),
    f'<!DOCTYPE x [<!ENTITY l9 SYSTEM "{SECRET}">]>'.encode(),
    f'<!DOCTYPE x [<!ENTITY % p SYSTEM "{SECRET}">%p;]>'.encode(),
    f'<!DOCTYPE x SYSTEM "{SECRET}">'.encode(),
)


def damaged(data: bytes, other: bytes, dice: Random) -> bytes:
    """A copy of a file that is whole, with one to three kinds of damage."""
    if data.startswith(_ZIP):
        data = inside(data, other, dice)  # always: what only breaks the zip file never reaches the parser behind it
        if dice.random() < _ALONE:
            return data
    for _ in range(dice.randint(1, _MOST)):
        data = dice.choice([*BYTES, *MARKUP])(data, other, dice)
    return data


def flip(data: bytes, _: bytes, dice: Random) -> bytes:
    """A few bits turned over."""
    mutable = bytearray(data)
    for _flip in range(dice.randint(1, _FLIPS) if data else 0):
        mutable[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    return bytes(mutable)


def scribble(data: bytes, _: bytes, dice: Random) -> bytes:
    """A few bytes that are anything."""
    mutable = bytearray(data)
    for _byte in range(dice.randint(1, _FLIPS) if data else 0):
        mutable[dice.randrange(len(data))] = dice.randrange(256)
    return bytes(mutable)


def truncate(data: bytes, _: bytes, dice: Random) -> bytes:
    """Cut off anywhere."""
    return data[: dice.randint(0, len(data))]


def cut(data: bytes, _: bytes, dice: Random) -> bytes:
    """A block taken out."""
    start, end = _block(data, dice)
    return data[:start] + data[end:]


def double(data: bytes, _: bytes, dice: Random) -> bytes:
    """A block that stands there twice, or fifty times."""
    start, end = _block(data, dice)
    return data[:start] + data[start:end] * dice.choice((2, 2, 50)) + data[end:]


def repeat(data: bytes, _: bytes, dice: Random) -> bytes:
    """A few bytes that stand there thousands of times: whoever looks back at each of them never ends."""
    start, end = _block(data, dice, _FEW)
    return data[:start] + data[start:end] * (_LONG // max(end - start, 1)) + data[end:]


def zero(data: bytes, _: bytes, dice: Random) -> bytes:
    """A block of nothing, as a disk leaves it."""
    start, end = _block(data, dice)
    return data[:start] + bytes(end - start) + data[end:]


def swap(data: bytes, other: bytes, dice: Random) -> bytes:
    """A block of another file in place of one."""
    start, end = _block(data, dice)
    first, last = _block(other, dice)
    return data[:start] + other[first:last] + data[end:]


def number(data: bytes, _: bytes, dice: Random) -> bytes:
    """A number written in digits that is another one: too large, below zero, none at all."""
    return _replaced(rb"\d+", data, dice, lambda _: dice.choice(_NUMBERS))


def nest(data: bytes, _: bytes, dice: Random) -> bytes:
    """Elements in one another, and as many ends of them, or none; with the name of an element that is there."""
    depth = dice.choice(_DEEP)
    ends = dice.choice((depth, depth, 0))

    def nested(tag: bytes) -> bytes:
        name = re.split(rb"[<\s/>]", tag)[1] or b"a"
        return tag + b"<" + b"><".join([name] * depth) + b">x" + b"</" * bool(ends) + b"></".join([name] * ends) + b">"

    return _replaced(rb"<[A-Za-z][^<>]*>", data, dice, nested)


def attributes(data: bytes, _: bytes, dice: Random) -> bytes:
    """An element with an attribute that is huge, or with thousands of them."""
    more = dice.choice((b' huge="' + b"a " * (_LONG // 2) + b'"', b"".join(b' a%d=""' % n for n in range(_MANY))))
    return _replaced(rb"<[A-Za-z][\w:.-]*", data, dice, lambda tag: tag + more)


def entities(data: bytes, _: bytes, dice: Random) -> bytes:
    """Entities of the document's own before its first element, and one of them in its text."""
    first = re.search(rb"<[A-Za-z]", data)
    if first is None:
        return data
    used = _replaced(rb">", data[first.start() :], dice, lambda end: end + b"&l9;")
    return data[: first.start()] + dice.choice(_ENTITIES) + used


def unbalance(data: bytes, _: bytes, dice: Random) -> bytes:
    """A tag that is gone, or that stands there twice."""
    return _replaced(rb"<[^<>]*>", data, dice, lambda tag: tag * dice.choice((0, 2)))


def characters(data: bytes, _: bytes, dice: Random) -> bytes:
    """What is no character, or means something to parsers, between others."""
    place = dice.randint(0, len(data))
    return data[:place] + dice.choice(_CHARACTERS) + data[place:]


def inside(data: bytes, other: bytes, dice: Random) -> bytes:
    """A member of a zip file damaged, and all of it zipped again, so that checksums are right."""
    with ZipFile(BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    texts = [name for name in parts if name.endswith(_TEXTS)]
    name = dice.choice(texts or list(parts))
    parts[name] = dice.choice([*BYTES, *MARKUP, *MARKUP])(parts[name], other, dice)
    file = BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED, compresslevel=1) as archive:
        for part, content in parts.items():
            archive.writestr(part, content)
    return file.getvalue()


BYTES: tuple[Mutation, ...] = (flip, scribble, truncate, cut, double, repeat, zero, swap)
MARKUP: tuple[Mutation, ...] = (number, nest, attributes, entities, unbalance, characters)


def _block(data: bytes, dice: Random, longest: int = _BLOCK) -> tuple[int, int]:
    """Where a block of the data starts and ends."""
    start = dice.randint(0, len(data))
    return start, min(len(data), start + dice.randint(1, longest))


def _replaced(pattern: bytes, data: bytes, dice: Random, new: Callable[[bytes], bytes]) -> bytes:
    """The data with one of the places that the pattern finds replaced; as it is when there is none."""
    places = [match.span() for match in re.finditer(pattern, data)]
    if not places:
        return data
    start, end = dice.choice(places)
    return data[:start] + new(data[start:end]) + data[end:]
