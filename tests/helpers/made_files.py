"""Small files of each format, made by hand: what is in them is in the test that asks for them."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

SECTOR = 4096  # bytes; a stream of at least this needs no second, finer allocation table
_END, _FREE = 0xFFFFFFFE, 0xFFFFFFFF


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    file = BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def repacked(data: bytes, parts: Mapping[str, str | bytes]) -> bytes:
    """The zip file with some of its parts replaced."""
    with ZipFile(BytesIO(data)) as archive:
        return zipped({name: archive.read(name) for name in archive.namelist()} | dict(parts))


def relations(*entries: tuple[str, str, str]) -> str:
    """The relations of an Office part: id, kind, target."""
    rows = "".join(f'<Relationship Id="{i}" Type="http://x/{kind}" Target="{to}"/>' for i, kind, to in entries)
    return f'<Relationships xmlns="http://x/package/relationships">{rows}</Relationships>'


CORE = (
    '<cp:coreProperties xmlns:cp="c" xmlns:dc="d" xmlns:dcterms="t"><dc:title>A title</dc:title>'
    "<dc:creator>Ada</dc:creator><dc:language>en-GB</dc:language>"
    "<dcterms:created>2024-05-31T10:00:00Z</dcterms:created></cp:coreProperties>"
)
PROPERTIES = {"title": "A title", "author": "Ada", "language": "en-GB", "created": "2024-05-31"}


def pdf(
    pages: Sequence[str],
    info: str = "",
    catalog: str = "",
    trailer: str = "",
    contents: Sequence[tuple[str, int]] = (),
) -> bytes:
    """A PDF whose pages show the lines of each text; its table of contents leads from titles to pages, from 0."""
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R {catalog} >>",
        "",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>",
    ]
    objects.append(f"<< {info} >>")
    kids = []
    for text in pages:
        shown = "".join(f"({line}) Tj T* " for line in text.split("\n"))
        stream = f"BT /F1 12 Tf 14 TL 50 700 Td {shown}ET"
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents {len(objects)} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>"
        )
        kids.append(f"{len(objects)} 0 R")
    if contents:
        root = len(objects) + 1
        objects[0] = objects[0].replace(" >>", f" /Outlines {root} 0 R >>")
        objects.append(f"<< /First {root + 1} 0 R /Last {root + len(contents)} 0 R >>")
        for number, (title, page) in enumerate(contents, 1):
            following = f"/Next {root + number + 1} 0 R" if number < len(contents) else ""
            objects.append(f"<< /Title ({title}) /Parent {root} 0 R {following} /Dest [{kids[page]} /Fit] >>")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    body, places = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(body))
        body += f"{number} 0 obj\n{content}\nendobj\n".encode("latin-1")
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    end = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R /Info 4 0 R {trailer} >>\nstartxref\n{len(body)}\n%%EOF\n"
    return body + f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}{end}".encode()


LOCKED = (
    f"/Encrypt << /Filter /Standard /V 1 /R 2 /O <{'41' * 32}> /U <{'42' * 32}> /P -4 >> "
    f"/ID [<{'43' * 16}> <{'43' * 16}>]"
)


def docx(body: str, **parts: str) -> bytes:
    """A Word file; `styles`, `footnotes` and `comments` are parts beside its body."""
    space = 'xmlns:w="urn:w" xmlns:m="urn:m" xmlns:mc="urn:mc" xmlns:wp="urn:wp"'
    files = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": relations(("r1", "officeDocument", "word/document.xml")),
        "docProps/core.xml": CORE,
        "word/document.xml": f"<w:document {space}><w:body>{body}</w:body></w:document>",
        "word/_rels/document.xml.rels": relations(*((f"r{name}", name, f"{name}.xml") for name in parts)),
    }
    return zipped(files | {f"word/{name}.xml": f"<w:x {space}>{content}</w:x>" for name, content in parts.items()})


STYLES = (
    '<w:style w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style>'
    '<w:style w:styleId="H2"><w:name w:val="Heading 2"/></w:style>'
)


def paragraph(text: str, style: str = "") -> str:
    settings = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{settings}<w:r><w:t>{text}</w:t></w:r></w:p>"


def word_table(rows: Sequence[Sequence[str]]) -> str:
    cells = ("".join(f"<w:tc>{paragraph(cell)}</w:tc>" for cell in row) for row in rows)
    return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"


def pptx(slides: Sequence[str], **parts: str) -> bytes:
    """Slides with these shapes; a part `notes1` belongs to slide 1."""
    space = 'xmlns:p="urn:p" xmlns:a="urn:a" xmlns:r="http://x/officeDocument/relationships" xmlns:c="urn:c"'
    ids = "".join(f'<p:sldId id="{255 + n}" r:id="r{n}"/>' for n in range(1, len(slides) + 1))
    files = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": relations(("r1", "officeDocument", "ppt/presentation.xml")),
        "docProps/core.xml": CORE,
        "ppt/presentation.xml": f"<p:presentation {space}><p:sldIdLst>{ids}</p:sldIdLst></p:presentation>",
        # Stored in another order than they are shown in.
        "ppt/_rels/presentation.xml.rels": relations(
            *((f"r{n}", "slide", f"slides/slide{len(slides) - n}.xml") for n in range(len(slides), 0, -1))
        ),
    }
    for number, shapes in enumerate(slides, 1):
        place = len(slides) - number
        files[f"ppt/slides/slide{place}.xml"] = f"<p:sld {space}><p:cSld><p:spTree>{shapes}</p:spTree></p:cSld></p:sld>"
        own = [
            (f"n{name}", name.rstrip("0123456789"), f"../{name}.xml") for name in parts if name.endswith(str(number))
        ]
        files[f"ppt/slides/_rels/slide{place}.xml.rels"] = relations(*own)
    return zipped(files | {f"ppt/{name}.xml": f"<p:x {space}>{content}</p:x>" for name, content in parts.items()})


def shape(text: str, kind: str = "") -> str:
    lines = "".join(f"<a:p><a:r><a:t>{line}</a:t></a:r></a:p>" for line in text.split("\n"))
    placeholder = f'<p:ph type="{kind}"/>' if kind else ""
    return f"<p:sp><p:nvSpPr><p:nvPr>{placeholder}</p:nvPr></p:nvSpPr><p:txBody>{lines}</p:txBody></p:sp>"


def odf(kind: str, content: str, **parts: str) -> bytes:
    """An OpenDocument file: `kind` is text, spreadsheet or presentation."""
    space = (
        'xmlns:office="urn:o" xmlns:text="urn:t" xmlns:table="urn:b" xmlns:draw="urn:d" xmlns:meta="urn:m" xmlns:dc="d"'
    )
    meta = (
        "<dc:title>A title</dc:title><meta:initial-creator>Ada</meta:initial-creator><dc:language>en-GB</dc:language>"
        "<meta:creation-date>2024-05-31T10:00:00</meta:creation-date>"
    )
    body = f"<office:body><office:{kind}>{content}</office:{kind}></office:body>"
    return zipped(
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}",
            "META-INF/manifest.xml": '<manifest:manifest xmlns:manifest="urn:f"/>',
            "content.xml": f"<office:document-content {space}>{body}</office:document-content>",
            "meta.xml": f"<office:document-meta {space}><office:meta>{meta}</office:meta></office:document-meta>",
            **{name.replace("_", "/"): text for name, text in parts.items()},
        }
    )


SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'
)


def xlsx(sheets: Mapping[str, Sequence[Sequence[str | float]]], first_row: int = 1) -> bytes:
    """A workbook whose sheets begin in the row `first_row`."""
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    names = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, name in enumerate(sheets, 1))
    package = "http://schemas.openxmlformats.org/package/2006/relationships"

    def related(*rows: tuple[str, str, str]) -> str:
        listed = "".join(f'<Relationship Id="{i}" Type="{kinds}/{kind}" Target="{to}"/>' for i, kind, to in rows)
        return f'<Relationships xmlns="{package}">{listed}</Relationships>'

    files = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": related(("r1", "officeDocument", "xl/workbook.xml")),
        "docProps/core.xml": CORE,
        "xl/workbook.xml": f'<workbook {space} xmlns:r="{kinds}"><sheets>{names}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": related(
            *((f"r{n}", "worksheet", f"worksheets/sheet{n}.xml") for n in range(1, len(sheets) + 1))
        ),
    }
    for number, rows in enumerate(sheets.values(), 1):
        lines = "".join(f'<row r="{place}">{_cells(row, place)}</row>' for place, row in enumerate(rows, first_row))
        files[f"xl/worksheets/sheet{number}.xml"] = SHEET.format(lines)
    return zipped(files)


def _cells(row: Sequence[str | float], place: int) -> str:
    cells = []
    for column, value in enumerate(row):
        name = f"{chr(65 + column)}{place}"
        if isinstance(value, str):
            cells.append(f'<c r="{name}" t="inlineStr"><is><t>{value}</t></is></c>' if value else "")
        else:
            cells.append(f'<c r="{name}"><v>{value}</v></c>')
    return "".join(cells)


def epub(chapters: Sequence[str], **parts: str) -> bytes:
    """An e-book; a chapter is what stands in its body."""
    listed = range(len(chapters))
    items = "".join(f'<item id="c{n}" href="text/c%20{n}.xhtml" media-type="application/xhtml+xml"/>' for n in listed)
    order = "".join(f'<itemref idref="c{n}"/>' for n in listed)
    meta = (
        "<dc:title>A title</dc:title><dc:creator>Ada</dc:creator><dc:language>en-GB</dc:language>"
        "<dc:date>2024-05-31</dc:date>"
    )
    page = '<?xml version="1.0"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml"><body>{}</body></html>'
    files = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<container xmlns="c"><rootfile full-path="book/a.opf"/></container>',
        "book/a.opf": f'<package xmlns="p" xmlns:dc="d"><metadata>{meta}</metadata><manifest>{items}'
        '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/></manifest>'
        f'<spine><itemref idref="nav"/>{order}</spine></package>',
        "book/nav.xhtml": page.format("<p>Contents</p>"),
    }
    files |= {f"book/text/c {number}.xhtml": page.format(body) for number, body in enumerate(chapters)}
    return zipped(files | {name.replace("_", "/"): content for name, content in parts.items()})


def compound(streams: Mapping[str, bytes]) -> bytes:
    """A compound file of old Office: streams by path, each padded to whole sectors; folders are one deep."""
    folders = list(dict.fromkeys(path.split("/")[0] for path in streams if "/" in path))
    top = [*folders, *(path for path in streams if "/" not in path)]
    order = ["", *top, *(path for path in streams if "/" in path)]
    padded = {path: data.ljust(-(-max(len(data), 1) // SECTOR) * SECTOR, b"\0") for path, data in streams.items()}
    chains, sectors, table = {}, b"", [0xFFFFFFFD]  # the first sector is the table itself
    for path, data in padded.items():
        chains[path] = len(table)
        count = len(data) // 512
        table += [*range(len(table) + 1, len(table) + count), _END]
        sectors += data
    children = {"": top} | {name: [path for path in order if path.startswith(f"{name}/")] for name in folders}
    entries = b"".join(_entry(path, order, children, chains, padded) for path in order)
    entries += _entry(None, [], {}, {}, {}) * (-len(entries) // 128 % 4)
    directory = len(table)
    table += [*range(directory + 1, directory + len(entries) // 512), _END]
    assert len(table) <= 128, "one sector holds the table"
    header = struct.pack(
        "<8s16xHHHHH6xIIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, directory, 0,
        SECTOR, _END, 0, _END, 0, 0,
    )  # fmt: skip
    header += struct.pack("<108I", *[_FREE] * 108)
    fat = struct.pack("<128I", *table, *[_FREE] * (128 - len(table)))
    return header + fat + sectors + entries


def _entry(
    path: str | None,
    order: Sequence[str],
    children: Mapping[str, Sequence[str]],
    chains: Mapping[str, int],
    padded: Mapping[str, bytes],
) -> bytes:
    """An entry of the directory; the entries of a folder are linked as a list that leans to the right."""
    if path is None:
        return struct.pack("<64xHBBIII36xIQ", 0, 0, 0, _FREE, _FREE, _FREE, 0, 0)
    name = (path.split("/")[-1] or "Root Entry").encode("utf-16-le")
    beside = next((inside for inside in children.values() if path in inside), [])
    following = beside[beside.index(path) + 1] if path in beside[:-1] else None
    below = children.get(path)
    return name.ljust(64, b"\0") + struct.pack(
        "<HBBIII36xIQ",
        len(name) + 2,
        5 if path == "" else 1 if below is not None else 2,
        1,
        _FREE,
        order.index(following) if following else _FREE,
        order.index(below[0]) if below else _FREE,
        chains.get(path, _END if path == "" else 0),
        len(padded.get(path, b"")),
    )
