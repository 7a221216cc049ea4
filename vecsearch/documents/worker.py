"""The process that reads what may be dangerous, seen from inside: a request is a line of JSON, and so is an answer.

JSON, never pickle: a file that takes over the parser can return any text, but run nothing outside this process.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Generator
from pathlib import Path
from time import monotonic
from typing import Any, BinaryIO

from vecsearch.documents.formats import Format, format_of
from vecsearch.documents.limits import Limits
from vecsearch.documents.loading import documents_in, records_in
from vecsearch.documents.outcomes import Skip, os_reason
from vecsearch.documents.piece import Piece
from vecsearch.documents.record_places import record_place
from vecsearch.documents.records import RecordFields
from vecsearch.documents.restraint import ProcessorTime, end_with, limit_memory, requests_until_end
from vecsearch.errors import InvalidDocument
from vecsearch.reports import Failure, NeedsExtra
from vecsearch.types import Document, Heading, Outline, Place, Span

_BUFFER = 1 << 16  # bytes of answers
_TIDY = 0.05  # seconds for which answers may be held back, to be sent together


def main(parent: int) -> None:
    """Answer the requests of the process `parent` until there are no more, or it is gone."""
    end_with(parent)
    requests, answers = requests_until_end(parent), _private_output()
    for line in iter(requests.get, b""):
        request = json.loads(line)
        limits = Limits(**request["limits"])
        limit_memory(limits.memory)
        _answer(request, limits, answers)


def _answer(request: dict[str, Any], limits: Limits, answers: BinaryIO) -> None:
    """Read a file and send what is in it. Nothing is sent while the next document may take long to come."""
    clock = ProcessorTime(limits)
    holds_records = format_of(Path(request["path"]).name, b"") is Format.RECORDS  # as many as there are
    results = _load(request, limits)
    sent = 0.0
    while True:
        clock.renew()
        try:
            answer = next(results, None)
        except InvalidDocument as error:
            answers.write(_line({"refused": str(error)}))
            answers.flush()
            return
        if answer is not None and not holds_records and clock.is_spent:
            _send(answers, Failure(request["path"], clock.reason))
            answer = None
        _send(answers, answer)
        if answer is None or not _is_record(answer) or monotonic() - sent > _TIDY:
            clock.pause()
            answers.flush()
            sent = monotonic()
        if answer is None:
            results.close()
            return


def request_line(path: Path, document_id: str, fields: RecordFields, limits: Limits, *, expect_records: bool) -> bytes:
    """Return the request to read a file."""
    request = {
        "path": str(path),
        "id": document_id,
        "fields": {name: getattr(fields, name) for name in RecordFields.__slots__},
        "limits": {name: getattr(limits, name) for name in Limits.__slots__},
        "expect_records": expect_records,
    }
    return json.dumps(request).encode() + b"\n"


def answer_of(line: bytes) -> Document | Failure | InvalidDocument | None:
    """Parse a line of the worker's output; None is the end of a file. Raises ValueError for an invalid line.

    An InvalidDocument is the end of a file, too: what the loader raised.
    """
    match json.loads(line):
        case {"text": str(text), "id": str(identifier), "source": str(source), "metadata": dict(metadata), **outline}:
            return Document(identifier, text, metadata, source, _outline(outline))
        case {"skipped": str(reason), "source": str(source)}:
            return Skip(source, reason)
        case {"failed": str(reason), "source": str(source), "extra": str(extra), "kind": str(kind)}:
            return NeedsExtra(source, reason, extra, kind)
        case {"failed": str(reason), "source": str(source)}:
            return Failure(source, reason)
        case {"refused": str(reason)}:
            return InvalidDocument(reason)
        case {"end": True}:
            return None
        case other:
            raise ValueError(f"{type(other).__name__} without the fields of an answer")


def _outline(fields: dict[Any, Any]) -> Outline:
    try:
        return Outline(
            tuple(Heading(*heading) for heading in fields["headings"]),
            tuple(Span(*span) for span in fields["blocks"]),
            tuple(Span(*span) for span in fields["markup"]),
            tuple(Place(*place) for place in fields["places"]),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"invalid outline: {error}") from None


def _load(request: dict[str, Any], limits: Limits) -> Generator[Document | Failure, None, None]:
    path, fields = Path(request["path"]), RecordFields(**request["fields"])
    try:
        piece = Piece.of_path(path, request["id"], limits, fields, expect_records=request["expect_records"])
    except OSError as error:
        yield Failure(str(path), os_reason(error))
        return
    yield from (records_in if format_of(piece.name, piece.head) is Format.RECORDS else documents_in)(piece)


def _send(answers: BinaryIO, answer: Document | Failure | None) -> None:
    try:
        line = _line(_as_json(answer))
    except (RecursionError, MemoryError) as error:
        source = answer.source if answer is not None and answer.source else ""
        line = _line({"source": source, "failed": f"cannot be passed on: {type(error).__name__}"})
    answers.write(line)


def _line(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n"


def _is_record(answer: Document | Failure) -> bool:
    """Whether the answer is one of many that come quickly."""
    return isinstance(answer, Failure) or bool(record_place(answer.outline))


def _as_json(answer: Document | Failure | None) -> dict[str, Any]:
    match answer:
        case Document():
            fields: dict[str, Any] = {"id": answer.id, "text": answer.text, "source": answer.source}
            outline = {name: getattr(answer.outline, name) for name in Outline.__slots__}
            return {**fields, "metadata": answer.metadata, **outline}
        case Skip(source=source, reason=reason):
            return {"source": source, "skipped": reason}
        case NeedsExtra(source=source, reason=reason):
            return {"source": source, "failed": reason, "extra": answer.extra, "kind": answer.kind}
        case Failure(source=source, reason=reason):
            return {"source": source, "failed": reason}
        case None:
            return {"end": True}


def _private_output() -> BinaryIO:
    """Return standard output for answers alone; what libraries print goes to standard error from now on."""
    own = os.fdopen(os.dup(sys.stdout.fileno()), "wb", _BUFFER)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return own
