"""A small file of every foreign format, and what is in it."""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
import tarfile
from io import BytesIO
from typing import NamedTuple

import pyarrow as pa

from tests.helpers import made_files as made

RTF = (
    r"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}{\info{\title A title}{\author Ada}"
    r"{\creatim\yr2024\mo5\dy31\hr1}}\f0 A needle in the hay.\par Gr\'fc\'dfe und \u8364?.\par}"
)
MAIL = (
    "From: Ada <ada@example.org>\r\nTo: Bob <bob@example.org>\r\nSubject: =?utf-8?q?A_t=C3=ADtle?=\r\n"
    "Date: Fri, 31 May 2024 23:00:00 +0000\r\nMIME-Version: 1.0\r\n"
    "Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    "A needle in the hay.\r\nGr=FC=DFe\r\n"
)
FEED = (
    '<?xml version="1.0"?><rss version="2.0"><channel><title>News</title><language>en</language>'
    "<item><title>First</title><description>&lt;p&gt;A needle in the hay.&lt;/p&gt;</description></item>"
    "</channel></rss>"
)


def tar(files: dict[str, bytes], mode: str = "w") -> bytes:
    out = BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, BytesIO(data))
    return out.getvalue()


def zstd(data: bytes) -> bytes:
    out = pa.BufferOutputStream()
    with pa.CompressedOutputStream(out, "zstd") as packed:
        packed.write(data)
    return out.getvalue().to_pybytes()


def msg(**streams: bytes) -> bytes:
    sent = struct.pack("<IIQ", 0x0039_0040, 0, (154_776 * 86_400) * 10**7)
    fixed = {
        "__properties_version1.0": b"\0" * 32 + sent,
        "__substg1.0_0037001F": "A title".encode("utf-16-le"),
        "__substg1.0_0C1A001F": "Ada".encode("utf-16-le"),
        "__substg1.0_0C1F001F": "ada@example.org".encode("utf-16-le"),
        "__substg1.0_0E04001F": "Bob".encode("utf-16-le"),
    }
    return made.compound(fixed | streams)


class Sample(NamedTuple):
    """A file of a format; `place` is where its words "A needle in the hay." stand, `type` what its document says."""

    name: str
    data: bytes
    place: str
    type: str


NEEDLE = "A needle in the hay."
SAMPLES = [
    Sample("a.pdf", made.pdf(["one", NEEDLE]), "page 2", "pdf"),
    Sample("a.docx", made.docx(made.paragraph(NEEDLE)), "", "docx"),
    Sample("a.pptx", made.pptx([made.shape("one"), made.shape(NEEDLE)]), "slide 2", "pptx"),
    Sample("a.xlsx", made.xlsx({"S": [["a", "b"], [1, NEEDLE]]}), "S, row 2", "sheets"),
    Sample(
        "a.ods",
        made.odf(
            "spreadsheet",
            '<table:table table:name="S"><table:table-row><table:table-cell office:value-type="string">'
            f"<text:p>{NEEDLE}</text:p></table:table-cell></table:table-row></table:table>",
            META_INF_manifest_xml="",
        ),
        "S, row 1",
        "sheets",
    ),
    Sample("a.odt", made.odf("text", f"<text:p>{NEEDLE}</text:p>"), "", "odf"),
    Sample(
        "a.odp",
        made.odf(
            "presentation", f"<draw:page><text:p>a</text:p></draw:page><draw:page><text:p>{NEEDLE}</text:p></draw:page>"
        ),
        "slide 2",
        "odf",
    ),
    Sample("a.epub", made.epub(["<h1>One</h1>", f"<p>{NEEDLE}</p>"]), "section 2", "epub"),
    Sample("a.rtf", RTF.encode(), "", "rtf"),
    Sample("a.eml", MAIL.encode(), "", "mail"),
    Sample(
        "a.mbox",
        f"From a Fri May 31 2024\n{MAIL}\nFrom b Fri May 31 2024\nSubject: x\n\ny\n".encode(),
        "message 1",
        "mail",
    ),
    Sample("a.msg", msg(**{"__substg1.0_1000001F": NEEDLE.encode("utf-16-le")}), "", "msg"),
    Sample("a.rss", FEED.encode(), "entry 1", "feed"),
    Sample("a.zip", made.zipped({"in/notes.md": NEEDLE}), "", "markdown"),
    Sample("a.tar", tar({"in/notes.md": NEEDLE.encode()}), "", "markdown"),
    Sample("a.tar.gz", tar({"in/notes.md": NEEDLE.encode()}, "w:gz"), "", "markdown"),
    Sample("notes.md.gz", gzip.compress(NEEDLE.encode()), "", "markdown"),
    Sample("notes.md.bz2", bz2.compress(NEEDLE.encode()), "", "markdown"),
    Sample("notes.md.xz", lzma.compress(NEEDLE.encode()), "", "markdown"),
    Sample("notes.md.zst", zstd(NEEDLE.encode()), "", "markdown"),
]
