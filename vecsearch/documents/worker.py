"""The process that reads foreign formats, seen from inside: a request is a line of JSON, an answer is one a document.

JSON, never pickle: a file that takes over the parser can return any text, but run nothing outside this process.
"""

from __future__ import annotations

import faulthandler
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from vecsearch.documents.limits import Limits
from vecsearch.documents.loading import documents_in
from vecsearch.documents.outcomes import Skip, os_reason
from vecsearch.documents.piece import Piece
from vecsearch.documents.records import RecordFields
from vecsearch.reports import Failure
from vecsearch.types import Document, Heading, Outline, Place, Span

_GRACE = 10  # seconds beyond the limit after which this process ends itself, when its parent is gone


def main() -> None:
    """Answer requests until there are no more."""
    requests, answers = sys.stdin.buffer, _private_output()
    for line in requests:
        request = json.loads(line)
        limits = Limits(**request["limits"])
        _limit_memory(limits.memory)
        results = _load(request, limits)
        while True:
            faulthandler.dump_traceback_later(limits.seconds + _GRACE, exit=True, file=sys.stderr)
            answer = next(results, None)
            faulthandler.cancel_dump_traceback_later()
            _send(answers, answer)
            if answer is None:
                break


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


def answer_of(line: bytes) -> Document | Failure | None:
    """Parse a line of the worker's output; None is the end of a file. Raises ValueError for an invalid line."""
    match json.loads(line):
        case {"text": str(text), "id": str(identifier), "source": str(source), "metadata": dict(metadata), **outline}:
            return Document(identifier, text, metadata, source, _outline(outline))
        case {"skipped": str(reason), "source": str(source)}:
            return Skip(source, reason)
        case {"failed": str(reason), "source": str(source)}:
            return Failure(source, reason)
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


def _load(request: dict[str, Any], limits: Limits) -> Iterator[Document | Failure]:
    path, fields = Path(request["path"]), RecordFields(**request["fields"])
    try:
        piece = Piece.of_path(path, request["id"], limits, fields, expect_records=request["expect_records"])
    except OSError as error:
        return iter([Failure(str(path), os_reason(error))])
    return documents_in(piece)


def _send(answers: BinaryIO, answer: Document | Failure | None) -> None:
    answers.write(json.dumps(_as_json(answer)).encode() + b"\n")
    answers.flush()


def _as_json(answer: Document | Failure | None) -> dict[str, Any]:
    match answer:
        case Document():
            fields: dict[str, Any] = {"id": answer.id, "text": answer.text, "source": answer.source}
            outline = {name: getattr(answer.outline, name) for name in Outline.__slots__}
            return {**fields, "metadata": answer.metadata, **outline}
        case Skip(source=source, reason=reason):
            return {"source": source, "skipped": reason}
        case Failure(source=source, reason=reason):
            return {"source": source, "failed": reason}
        case None:
            return {"end": True}


def _private_output() -> BinaryIO:
    """Return standard output for answers alone; what libraries print goes to standard error from now on."""
    own = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return own


def _limit_memory(size: int) -> None:
    """Limit the memory of this process to `size` bytes, where the system supports that."""
    if sys.platform == "linux":
        import resource

        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        soft = size if hard == resource.RLIM_INFINITY else min(size, hard)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
