"""EndpointEncoder: a model behind an OpenAI-compatible HTTP endpoint, such as OpenAI, vLLM, Ollama or llama.cpp.

Texts leave this machine for the URL in the model's name. Holds what is particular to the model: its name, dimension
and limit, and how texts are grouped into requests; `request` sends one, `in_flight` several at a time.
Limits are those of OpenAI's API reference, embeddings/create.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cached_property, partial
from pathlib import Path
from threading import Event

import numpy as np

from vecsearch.errors import EndpointFailed, InvalidOption
from vecsearch.models.encoders.derived_files import model_cache, read_derived, write_derived
from vecsearch.models.encoders.endpoint.in_flight import as_finished
from vecsearch.models.encoders.endpoint.name import OPENAI_URL, Endpoint, find_endpoint
from vecsearch.models.encoders.endpoint.request import Requests, Sending
from vecsearch.models.encoders.estimated_tokenizer import estimate_spans
from vecsearch.models.encoders.tokenizer import replace_surrogates
from vecsearch.models.open_once import OpenOnce
from vecsearch.types import FloatArray, IntArray, Role

_OPENAI_DIMS = {"text-embedding-3-small": 1536, "text-embedding-3-large": 3072, "text-embedding-ada-002": 1536}
_MAX_TOKENS = 8191  # what OpenAI's models read
_LIMIT_VARIABLE = "VECSEARCH_ENDPOINT_MAX_TOKENS"
_BLANK = "."  # OpenAI refuses "", others all white space


class EndpointEncoder:
    """An Encoder (see vecsearch.models.encoder) whose threads share one HTTP client; it adds no prompts.

    Creating one imports nothing and sends nothing.
    """

    def __init__(self, name: str, *, sending: Sending | None = None) -> None:
        """For the model called "openai:MODEL" or "openai:MODEL@http://host:port/v1"; raises InvalidOption."""
        self.endpoint = find_endpoint(name)
        self._sending = sending or Sending()
        self._requests = Requests(self.endpoint, self._sending)
        self._dim = OpenOnce(partial(_find_dim, self.endpoint, self._requests, self._sending.query_retries))

    @property
    def name(self) -> str:
        """The model's name with the URL, except for OpenAI's own."""
        return self.endpoint.name

    @property
    def address(self) -> str:
        """The URL that texts are sent to."""
        return self.endpoint.url

    @property
    def dim(self) -> int:
        """The length of a vector: known for OpenAI's models, else measured once and remembered in the cache folder."""
        return self._dim()

    @cached_property
    def fingerprint(self) -> str:
        """A hash of URL, model and dimension: a model's name identifies its weights only together with the server.

        Other weights of the same dimension that are served under the same name later cannot be detected.
        """
        ingredients = {"kind": "endpoint", "url": self.endpoint.url, "model": self.endpoint.model, "dim": self.dim}
        return hashlib.sha256(json.dumps(ingredients, sort_keys=True).encode()).hexdigest()

    @cached_property
    def max_tokens(self) -> int:
        """Tokens of a text that are sent, by our estimate: $VECSEARCH_ENDPOINT_MAX_TOKENS, else 8191.

        No endpoint reports what its model reads. Chunks have at most 254 tokens by default, so the limit matters only
        for longer texts and models that read less than 8191 tokens and refuse longer texts.
        """
        limit = os.environ.get(_LIMIT_VARIABLE, "")
        if limit and not (limit.isascii() and limit.isdigit() and int(limit) > 0):
            raise InvalidOption(f"${_LIMIT_VARIABLE} is {limit!r}; expected a number of tokens")
        return int(limit) if limit else _MAX_TOKENS

    def check_usable(self) -> None:
        """Raise EndpointFailed without the key that the endpoint needs, ExtraMissing without openai; sends nothing."""
        self._requests.check_usable()

    def token_spans(self, texts: Sequence[str]) -> list[IntArray]:
        """Return each text's tokens as estimated character offsets: int64 (tokens, 2), nothing cut off."""
        return [estimate_spans(text) for text in texts]

    def encode(self, texts: Sequence[str], role: Role) -> FloatArray:
        """Return the vectors of `texts` in their order: float32 (n, dim). Raises EndpointFailed, ExtraMissing."""
        vectors = np.empty((len(texts), self.dim), np.float32)
        for rows, part in self.encode_parts(texts, role):
            vectors[rows.start : rows.stop] = part
        return vectors

    def encode_parts(self, texts: Sequence[str], role: Role) -> Iterator[tuple[range, FloatArray]]:
        """Yield the vectors of `texts` as they arrive, see PartwiseEncoder; raises as encode does.

        Texts that OpenAI would refuse are changed: a blank one is sent as ".", one too long for the model is cut.
        """
        prepared = [self._prepared(text) for text in texts]
        sent = [text for text, _ in prepared]
        retries = self._sending.query_retries if role is Role.QUERY else self._sending.retries
        ranges = _group([tokens for _, tokens in prepared], self._sending)
        calls = (partial(self._part, sent, rows, retries) for rows in ranges)
        nothing = range(0), np.empty((0, self.dim), np.float32)
        for part in as_finished(calls, self._sending.in_flight):
            yield part or nothing

    def _prepared(self, text: str) -> tuple[str, int]:
        """The text as it is sent, and its number of tokens."""
        spans = estimate_spans(text)
        if len(spans) > self.max_tokens:
            text = text[: int(spans[self.max_tokens, 0])].rstrip()
        whole = replace_surrogates(text)
        return whole if whole.strip() else _BLANK, min(len(spans), self.max_tokens)

    def _part(self, texts: Sequence[str], rows: range, retries: int, stop: Event) -> tuple[range, FloatArray]:
        vectors = self._requests.vectors(texts[rows.start : rows.stop], retries=retries, stop=stop)
        if vectors.shape[1] != self.dim:
            with suppress(OSError):  # so that the next encoder measures it again
                dim_record(self.endpoint).unlink()
            raise EndpointFailed(
                f"{self.endpoint} answered vectors of {vectors.shape[1]} numbers, expected {self.dim}; "
                "if another model is served under that name now, index again into a new folder"
            )
        return rows, vectors


def _find_dim(endpoint: Endpoint, requests: Requests, retries: int) -> int:
    """The length of a vector: known, remembered, or that of the vector of one text."""
    if endpoint.url == OPENAI_URL and endpoint.model in _OPENAI_DIMS:
        return _OPENAI_DIMS[endpoint.model]
    record = dim_record(endpoint)
    if (remembered := read_derived(record)) is not None:
        return int(remembered)
    dim = int(requests.vectors([_BLANK], retries=retries, stop=Event()).shape[1])
    write_derived(record, str(dim).encode())
    return dim


def dim_record(endpoint: Endpoint) -> Path:
    """Return the file in the cache folder that remembers an endpoint's dimension."""
    key = hashlib.sha256(f"{endpoint.url} {endpoint.model}".encode()).hexdigest()[:32]
    return model_cache() / f"endpoint-{key}.dim"


def _group(sizes: Sequence[int], sending: Sending) -> Iterator[range]:
    """Ranges of consecutive texts that fit into one request each, by their numbers of tokens."""
    first = tokens = 0
    for row, size in enumerate(sizes):
        if row > first and (row - first >= sending.texts or tokens + size > sending.tokens):
            yield range(first, row)
            first, tokens = row, 0
        tokens += size
    if first < len(sizes):
        yield range(first, len(sizes))
