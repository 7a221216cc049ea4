"""One request to an endpoint until it is answered: waits, halves, errors for people. Only this file imports openai.

The client's own retries are not used: they sleep, deaf to Ctrl-C and to a run that is over; they ask again when the
account is empty; and client 1.40 does not wait for a Retry-After of over a minute. Sources: OpenAI's API reference
and its guides on rate limits and error codes; RFC 9110 for Retry-After.
"""

from __future__ import annotations

import random
import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from math import isfinite
from threading import Event, Lock
from time import time
from typing import TYPE_CHECKING, Any

import numpy as np

from vecsearch.errors import EndpointFailed, ExtraMissing, InvalidOption
from vecsearch.models.encoders.endpoint.answer import AnswerInvalid, read_answer
from vecsearch.models.encoders.endpoint.name import Endpoint
from vecsearch.types import FloatArray

if TYPE_CHECKING:
    from openai import APIStatusError, OpenAI

_PASSING = (408, 409, 429)  # statuses that may be another one a moment later, as are those from 500
_CONNECT_SECONDS = 5.0
_LONGEST_ASKED = 120.0  # seconds; who is told to come back later than that is told so
_SHOWN = 200  # characters of a server's message
_HEADERS = {"host", "accept", "accept-encoding", "connection", "user-agent", "authorization"}  # a stranger gets
_NO_KEY = "none"  # the client wants one, whether the server does or not
_RAW = "x-stainless-raw-response"  # by which the client knows that the raw answer is wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """How texts are sent. Times are in seconds; a wait doubles from one retry to the next."""

    texts: int = 128  # in a request; OpenAI takes 2,048, but a failed or interrupted request is paid for in vain
    tokens: int = 100_000  # estimated, in a request; OpenAI takes 300,000
    in_flight: int = 4  # requests at the same time
    timeout: float = 60.0  # without a sign from the server
    retries: int = 8  # over about 70 seconds: OpenAI counts its limits by the minute
    query_retries: int = 2  # somebody waits for a query
    first_wait: float = 0.5
    longest_wait: float = 30.0

    def __post_init__(self) -> None:
        """Raises InvalidOption for numbers that cannot be."""
        for name in ("texts", "tokens", "in_flight", "timeout"):
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
    passing: bool = False  # asking again may help
    after: float | None = None  # seconds that the server wants to be left alone
    too_many: bool = False  # fewer texts may help


class Requests:
    """Requests to one endpoint; may be used from several threads. The client is made when it is first needed."""

    def __init__(self, endpoint: Endpoint, sending: Sending) -> None:
        self._endpoint = endpoint
        self._sending = sending
        self._lock = Lock()
        self._made: OpenAI | None = None

    def check_usable(self) -> None:
        """Raises what a request would before it is sent: EndpointFailed without a key, ExtraMissing without openai."""
        self._client()

    def vectors(self, texts: Sequence[str], *, retries: int, stop: Event) -> FloatArray:
        """The vectors of texts that fit into a request, in their order: float32 (n, dim), finite.

        Asks again after a failure that may pass, until `stop` is set. A server that takes fewer texts at a time gets
        them in halves: many do, and say how many only then. Raises EndpointFailed; ExtraMissing without openai.
        """
        failures = 0
        while isinstance(answer := self._ask(texts), _Refusal):
            if answer.too_many and len(texts) > 1:
                middle = len(texts) // 2
                halves = [self.vectors(half, retries=retries, stop=stop) for half in (texts[:middle], texts[middle:])]
                return self._joined(halves)
            wait = self._wait(failures) if answer.after is None else answer.after
            if not answer.passing or failures >= retries or wait > _LONGEST_ASKED or stop.wait(wait):
                tried = f" ({failures + 1} times)" if failures else ""
                raise EndpointFailed(f"{self._endpoint}: {answer.reason}{tried}; {answer.advice}")
            failures += 1
        try:
            return read_answer(answer, len(texts))
        except AnswerInvalid as error:
            raise self._nonsense(str(error)) from None

    def _joined(self, halves: Sequence[FloatArray]) -> FloatArray:
        if len({half.shape[1] for half in halves}) > 1:
            raise self._nonsense("vectors of different lengths")
        return np.concatenate(halves)

    def _nonsense(self, found: str) -> EndpointFailed:
        return EndpointFailed(f"{self._endpoint} answered {found}; is that the address of an OpenAI-compatible API?")

    def _wait(self, failures: int) -> float:
        longest = min(self._sending.first_wait * 2.0**failures, self._sending.longest_wait)
        return longest * random.uniform(0.5, 1)  # noqa: S311  # so that those who failed together do not come together

    def _ask(self, texts: Sequence[str]) -> bytes | _Refusal:
        """The body of the answer, or why there is none."""
        client = self._client()
        from openai import APIConnectionError, APIStatusError, APITimeoutError

        try:
            # The raw answer: the client's own reading of it takes what is no answer for one, and fails in many ways.
            answer = client.embeddings.with_raw_response.create(
                model=self._endpoint.model, input=list(texts), encoding_format="base64"
            )
        except APIStatusError as error:
            return self._refusal(error)
        except APITimeoutError:
            reason = f"no answer within {self._sending.timeout:g} seconds"
            return _Refusal(reason=reason, advice="run again when it is less busy", passing=True)
        except APIConnectionError as error:
            reason = f"no connection ({_one_line(str(error.__cause__ or error))})"
            return _Refusal(reason=reason, advice="check that it runs and its address is right", passing=True)
        return bytes(answer.content)

    def _refusal(self, error: APIStatusError) -> _Refusal:
        status, said = error.status_code, _message(error.body)
        if key := self._endpoint.key():
            said = said.replace(key, "...")  # some servers repeat the key they do not like
        code = str(error.body.get("code") or error.body.get("type")) if isinstance(error.body, dict) else ""
        empty = code == "insufficient_quota"
        return _Refusal(
            reason=f"{status}, {_one_line(said)}",
            advice="the account has no credit left" if empty else self._advice(status),
            passing=(status in _PASSING or status >= 500) and not empty,
            after=_asked_wait(error.response.headers),
            too_many=status == 413 or (status in (400, 422) and "batch" in said.lower()),
        )

    def _advice(self, status: int) -> str:
        if status in (401, 403):
            if self._endpoint.trusted:
                return "check $OPENAI_API_KEY"
            return f"the key goes only where $OPENAI_BASE_URL points: set it to {self._endpoint.url}"
        if status == 404:
            return "check the model's name, and the address, which mostly ends in /v1"
        if status in _PASSING or status >= 500:
            return "run again later: what was answered is kept"
        return "if a text is too long, make smaller chunks, or say in $VECSEARCH_ENDPOINT_MAX_TOKENS what is read"

    def _client(self) -> OpenAI:
        with self._lock:
            if self._made is None:
                self._made = _open_client(self._endpoint, self._sending.timeout)
                weakref.finalize(self, self._made.close).atexit = False  # at the end of the program it may be in use
            return self._made


def _open_client(endpoint: Endpoint, timeout: float) -> OpenAI:
    key = endpoint.key() or _NO_KEY
    try:
        from openai import DefaultHttpxClient, OpenAI, Timeout
    except ModuleNotFoundError as error:
        if error.name != "openai":
            raise
        raise ExtraMissing.of("openai", "openai", f"model {endpoint.name}") from None
    patience = Timeout(timeout, connect=min(timeout, _CONNECT_SECONDS))
    hooks = {} if endpoint.trusted else {"request": [_bare]}
    http_client = DefaultHttpxClient(base_url=endpoint.url, timeout=patience, event_hooks=hooks)
    return OpenAI(api_key=key, base_url=endpoint.url, max_retries=0, timeout=patience, http_client=http_client)


def _bare(request: Any) -> None:
    """Takes from a request to a stranger what the client adds of the user's: organization, project, own headers."""
    for name in list(request.headers):
        if name.lower() not in {*_HEADERS, _RAW} and not name.lower().startswith("content-"):
            del request.headers[name]
    request.headers["authorization"] = f"Bearer {_NO_KEY}"  # the user's own headers may have another


def _message(body: object) -> str:
    """What the server says in any of the forms in use: OpenAI's message, FastAPI's detail, a bare text."""
    if isinstance(body, dict):
        body = next((body[name] for name in ("message", "detail", "error") if body.get(name)), body)
    return str(body or "no reason given")


def _one_line(text: str) -> str:
    visible = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(visible.split())[:_SHOWN]


def _asked_wait(headers: Mapping[str, str]) -> float | None:
    """How many seconds the server asks to wait, as a number or a date."""
    for name, seconds in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        with suppress(ValueError):  # not there, or a date
            if isfinite(asked := float(headers.get(name, ""))):
                return max(0.0, asked * seconds)
    with suppress(ValueError, OverflowError):
        return max(0.0, parsedate_to_datetime(headers.get("retry-after", "")).timestamp() - time())
    return None
