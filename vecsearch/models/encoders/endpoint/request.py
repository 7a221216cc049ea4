"""One request to an endpoint until it is answered: waits, halves, clear errors. Only this file imports openai.

The client's own retries are not used: they sleep through Ctrl-C and the end of a run; they try again when the account
is empty; and client 1.40 ignores a Retry-After of over a minute. Sources: OpenAI's API reference
and its guides on rate limits and error codes; RFC 9110 for Retry-After.
"""

from __future__ import annotations

import random
import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import partial
from math import isfinite
from threading import Event
from time import time
from typing import TYPE_CHECKING, Any

import numpy as np

from vecsearch.errors import EndpointFailed, InvalidOption
from vecsearch.imports import require
from vecsearch.models.encoders.endpoint.answer import AnswerInvalid, read_answer
from vecsearch.models.encoders.endpoint.bounds import Bounds, OutOfBoundsError, refuse_packed
from vecsearch.models.encoders.endpoint.name import Endpoint
from vecsearch.models.open_once import OpenOnce
from vecsearch.types import FloatArray

if TYPE_CHECKING:
    from openai import APIStatusError, OpenAI

_TEMPORARY = (408, 409, 429)  # statuses that may change a moment later, as may those from 500 on
_CONNECT_SECONDS = 5.0
_LONGEST_WAITS = 150.0  # seconds between all the retries of one request; to wait longer is an error
_BYTES = 1 << 20  # of an answer, and for each text:
_BYTES_OF_TEXT = 400_000  # a vector of 16,384 numbers, each written in 24 characters
_SHOWN = 200  # characters of a server's message
# all that an untrusted server gets
_HEADERS = {"host", "accept", "accept-encoding", "connection", "user-agent", "authorization"}
_NO_KEY = "none"  # the client needs one even where the server does not
_RAW = "x-stainless-raw-response"  # asks the client for the raw answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """How texts are sent. Times are in seconds; a wait doubles from one retry to the next."""

    texts: int = 128  # per request; OpenAI takes 2,048, but a failed or interrupted request is paid for in vain
    tokens: int = 100_000  # estimated, per request; OpenAI takes 300,000
    in_flight: int = 4  # requests at the same time
    timeout: float = 60.0  # without a byte from the server
    total: float = 120.0  # until an answer is complete
    retries: int = 8  # over about 70 seconds: OpenAI's limits are per minute
    query_retries: int = 2  # someone is waiting for a query
    first_wait: float = 0.5
    longest_wait: float = 30.0

    def __post_init__(self) -> None:
        """Raise InvalidOption for impossible numbers."""
        for name in ("texts", "tokens", "in_flight", "timeout", "total"):
            if not getattr(self, name) > 0:
                raise InvalidOption(f"{name} is {getattr(self, name)}; expected more than 0")
        for name in ("retries", "query_retries", "first_wait", "longest_wait"):
            if not getattr(self, name) >= 0:
                raise InvalidOption(f"{name} is {getattr(self, name)}; expected 0 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refusal:
    """Why a request was not answered, and what to do about it."""

    reason: str
    advice: str
    temporary: bool = False  # a retry may help
    after: float | None = None  # seconds that the server asks to wait
    too_many: bool = False  # fewer texts may help


class Requests:
    """Requests to one endpoint, from any number of threads; they share a client, opened when first needed."""

    def __init__(self, endpoint: Endpoint, sending: Sending) -> None:
        self._endpoint = endpoint
        self._sending = sending
        self._bounds = Bounds()
        self._client: OpenOnce[OpenAI] = OpenOnce(
            partial(_open_client, endpoint, sending.timeout, self._bounds, weakref.ref(self))
        )

    def check_usable(self) -> None:
        """Raise what a request would before it is sent: EndpointFailed without a key, ExtraMissing without openai."""
        self._client()

    def vectors(self, texts: Sequence[str], *, retries: int, stop: Event) -> FloatArray:
        """Return the vectors of texts that fit into a request, in their order: float32 (n, dim), finite.

        Retries temporary failures until `stop` is set. A server that takes fewer texts at a time gets them in halves:
        many have such a limit and report it only then. Raises EndpointFailed; ExtraMissing without openai.
        """
        failures, waited = 0, 0.0
        while isinstance(answer := self._send(texts), _Refusal):
            if answer.too_many and len(texts) > 1:
                middle = len(texts) // 2
                halves = [self.vectors(half, retries=retries, stop=stop) for half in (texts[:middle], texts[middle:])]
                return self._joined(halves)
            wait = self._wait(failures) if answer.after is None else answer.after
            waited += wait
            if not answer.temporary or failures >= retries or waited > _LONGEST_WAITS or stop.wait(wait):
                tried = f" ({failures + 1} times)" if failures else ""
                raise EndpointFailed(f"{self._endpoint}: {answer.reason}{tried}; {answer.advice}")
            failures += 1
        try:
            return read_answer(answer, len(texts))
        except AnswerInvalid as error:
            raise self._invalid(str(error)) from None

    def _joined(self, halves: Sequence[FloatArray]) -> FloatArray:
        if len({half.shape[1] for half in halves}) > 1:
            raise self._invalid("vectors of different lengths")
        return np.concatenate(halves)

    def _invalid(self, answer: str) -> EndpointFailed:
        return EndpointFailed(f"{self._endpoint} answered {answer}; is that the URL of an OpenAI-compatible API?")

    def _wait(self, failures: int) -> float:
        longest = min(self._sending.first_wait * 2.0**failures, self._sending.longest_wait)
        return longest * random.uniform(0.5, 1)  # noqa: S311  # so that clients that failed together do not retry together

    def _send(self, texts: Sequence[str]) -> bytes | _Refusal:
        """The body of the answer, or why the server gave none."""
        client = self._client()
        from openai import APIConnectionError, APIStatusError, APITimeoutError

        try:
            # The raw answer: the client's own parsing accepts invalid answers, and fails in many ways.
            with self._bounds.within(seconds=self._sending.total, size=_BYTES + _BYTES_OF_TEXT * len(texts)):
                answer = client.embeddings.with_raw_response.create(
                    model=self._endpoint.model, input=list(texts), encoding_format="base64"
                )
        except APIStatusError as error:
            return self._refusal(error)
        except OutOfBoundsError as error:
            return _out_of_bounds(error)
        except APITimeoutError:
            reason = f"no answer within {self._sending.timeout:g} seconds"
            return _Refusal(reason=reason, advice="run again when it is less busy", temporary=True)
        except APIConnectionError as error:
            if isinstance(error.__cause__, OutOfBoundsError):  # releases of the client differ in what they pass on
                return _out_of_bounds(error.__cause__)
            reason = f"no connection ({_one_line(str(error.__cause__ or error))})"
            return _Refusal(reason=reason, advice="check that it runs and that its URL is right", temporary=True)
        return bytes(answer.content)

    def _refusal(self, error: APIStatusError) -> _Refusal:
        status, message = error.status_code, _message(error.body)
        if 300 <= status < 400:
            place = _one_line(error.response.headers.get("location", "nowhere"))
            advice = "no text was sent there: if you trust it, name that address"
            return _Refusal(reason=f"{status}, it redirects to {place}", advice=advice)
        if key := self._endpoint.key():
            message = message.replace(key, "...")  # some servers repeat a key that they refuse
        code = str(error.body.get("code") or error.body.get("type")) if isinstance(error.body, dict) else ""
        empty = code == "insufficient_quota"
        return _Refusal(
            reason=f"{status}, {_one_line(message)}",
            advice="the account has no credit left" if empty else self._advice(status),
            temporary=(status in _TEMPORARY or status >= 500) and not empty,
            after=_retry_after(error.response.headers),
            too_many=status == 413 or (status in (400, 422) and "batch" in message.lower()),
        )

    def _advice(self, status: int) -> str:
        if status in (401, 403):
            if self._endpoint.trusted:
                return "check $OPENAI_API_KEY"
            return f"the key goes only where $OPENAI_BASE_URL points: set it to {self._endpoint.url}"
        if status == 404:
            return "check the model's name, and the URL, which usually ends in /v1"
        if status in _TEMPORARY or status >= 500:
            return "run again later: vectors that were received are cached"
        return (
            "if a text is too long, make smaller chunks, or set $VECSEARCH_ENDPOINT_MAX_TOKENS to what the model reads"
        )


def _open_client(endpoint: Endpoint, seconds: float, bounds: Bounds, owner: weakref.ref[Requests]) -> OpenAI:
    """A client that is closed when its owner goes. It follows no redirect, and its answers are bounded."""
    key = endpoint.key() or _NO_KEY
    openai = require("openai", "openai", f"model {endpoint.name}")
    timeout = openai.Timeout(seconds, connect=min(seconds, _CONNECT_SECONDS))
    hooks = {"request": [] if endpoint.trusted else [_strip_headers], "response": [refuse_packed]}
    http_client = openai.DefaultHttpxClient(
        base_url=endpoint.url,
        timeout=timeout,
        headers={"accept-encoding": "identity"},
        event_hooks=hooks,
        follow_redirects=False,
    )
    bounds.hold(http_client)
    client: OpenAI = openai.OpenAI(
        api_key=key, base_url=endpoint.url, max_retries=0, timeout=timeout, http_client=http_client
    )
    if (requests := owner()) is not None:
        weakref.finalize(requests, client.close).atexit = False  # at the end of the program it may be in use
    return client


def _out_of_bounds(error: OutOfBoundsError) -> _Refusal:
    return _Refusal(reason=str(error), advice="is that the URL of an OpenAI-compatible API?")


def _strip_headers(request: Any) -> None:
    """Remove what the client adds of the user's (organization, project, headers) for an untrusted server."""
    for name in list(request.headers):
        if name.lower() not in {*_HEADERS, _RAW} and not name.lower().startswith("content-"):
            del request.headers[name]
    request.headers["authorization"] = f"Bearer {_NO_KEY}"  # the user's own headers may hold another one


def _message(body: object) -> str:
    """The server's message in any of the forms in use: OpenAI's message, FastAPI's detail, a plain text."""
    if isinstance(body, dict):
        body = next((body[name] for name in ("message", "detail", "error") if body.get(name)), body)
    return str(body or "no reason given")


def _one_line(text: str) -> str:
    visible = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(visible.split())[:_SHOWN]


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds that the server asks to wait, given as a number or a date."""
    for name, seconds in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        with suppress(ValueError):  # missing, or a date
            if isfinite(number := float(headers.get(name, ""))):
                return max(0.0, number * seconds)
    with suppress(ValueError, OverflowError):
        return max(0.0, parsedate_to_datetime(headers.get("retry-after", "")).timestamp() - time())
    return None
