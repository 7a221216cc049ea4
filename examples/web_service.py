"""A web service with FastAPI: questions are answered while documents are added, changed and removed.

`pip install fastapi uvicorn`, then `uvicorn examples.web_service:app`; the pages to try it are at /docs.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from vecsearch import (
    EndpointFailed,
    Index,
    IndexLocked,
    InvalidInput,
    UnknownId,
    VecsearchError,
)

STATUS = [(UnknownId, 404), (InvalidInput, 400), (IndexLocked, 503), (EndpointFailed, 503), (VecsearchError, 500)]


class Question(BaseModel):
    """What is asked, and of which documents: a condition such as {"lang": "en", "year": {"gte": 2020}}."""

    text: str
    k: int = 5
    where: dict[str, Any] | None = None


class Note(BaseModel):
    """A document to add."""

    id: str
    text: str
    metadata: dict[str, Any] = {}


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open the index before the first request, and close it after the last."""
    async with Index.open_or_create(os.environ.get("NOTES_INDEX", "notes.vecsearch")) as index:
        app.state.index = index
        yield


app = FastAPI(lifespan=lifespan)


@app.exception_handler(VecsearchError)
async def report(_: Request, error: VecsearchError) -> JSONResponse:
    """Say whose fault it is; only what the caller did wrong is told to the caller."""
    status = next(status for kind, status in STATUS if isinstance(error, kind))
    return JSONResponse({"error": str(error) if status < 500 else "try again later"}, status)


@app.post("/search")
async def search(question: Question, request: Request) -> list[dict[str, Any]]:
    """The passages that answer a question."""
    hits = await request.app.state.index.asearch(question.text, question.k, where=question.where)
    return hits.to_dicts()


@app.put("/notes")
async def add(notes: list[Note], request: Request) -> dict[str, int]:
    """Add documents, each in place of the one with its id."""
    report = await request.app.state.index.aadd(note.model_dump() for note in notes)
    return {"added": report.added, "updated": report.updated, "failed": len(report.failed)}


@app.patch("/notes/{note_id}")
async def change(note_id: str, changes: dict[str, Any], request: Request) -> dict[str, int]:
    """Change a document's metadata; null removes a key."""
    return {"changed": await request.app.state.index.aupdate_metadata(note_id, changes)}


@app.delete("/notes/{note_id}")
async def delete(note_id: str, request: Request) -> dict[str, int]:
    """Remove a document."""
    return {"deleted": await request.app.state.index.adelete(note_id)}


async def load(requests: int = 200, at_once: int = 16) -> list[int]:
    """Send searches and writes, many at once, without a server; return the statuses."""
    from httpx import ASGITransport, AsyncClient

    gate = asyncio.Semaphore(at_once)

    async def send(n: int) -> int:
        async with gate:
            match n % 5:
                case 0:
                    note = {"id": f"n{n}", "text": f"Note {n} is about the battery.", "metadata": {"n": n}}
                    answer = await client.put("/notes", json=[note])
                case 1:
                    answer = await client.patch(f"/notes/n{n - 1}", json={"seen": True})
                case 2:
                    answer = await client.request("DELETE", f"/notes/n{n - 50}")
                case _:
                    answer = await client.post("/search", json={"text": "how long does the battery last?", "k": 3})
            return answer.status_code

    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=ASGITransport(app), base_url="http://notes") as client,
    ):
        statuses = await asyncio.gather(*(send(n) for n in range(requests)))
        bad = await client.post("/search", json={"text": "battery", "where": {"n": {"about": 5}}})
        return [*statuses, bad.status_code]


if __name__ == "__main__":
    codes = asyncio.run(load())
    print({code: codes.count(code) for code in sorted({*codes})})
