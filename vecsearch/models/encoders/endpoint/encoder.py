"""EndpointEncoder: a model behind an OpenAI-compatible HTTP address, such as OpenAI, vLLM, Ollama or llama.cpp.

Texts leave this machine for the address in the model's name. Holds what is particular to the model: its name,
dimension and limit, and how texts are put into requests; `endpoint_request` sends one, `in_flight` several.
Limits are those of OpenAI's API reference, embeddings/create.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cached_property, partial
from pathlib import Path
from threading import Event

import numpy as np

from vecsearch.errors import EndpointFailed, InvalidOption
from vecsearch.models.encoders.derived_files import model_cache, read_derived, write_derived
from vecsearch.models.encoders.endpoint.in_flight import as_finished
from vecsearch.models.encoders.endpoint.name import OPENAI_URL, find_endpoint
from vecsearch.models.encoders.endpoint.request import Requests, Sending
from vecsearch.models.encoders.estimated_tokenizer import estimate_spans
from vecsearch.types import FloatArray, IntArray, Role

_OPENAI_DIMS = {"text-embedding-3-small": 1536, "text-embedding-3-large": 3072, "text-embedding-ada-002": 1536}
_MAX_TOKENS = 8191  # what OpenAI's models read
_LIMIT_VARIABLE = "VECSEARCH_ENDPOINT_MAX_TOKENS"
_SURROGATES = re.compile("[\ud800-\udfff]")
_BLANK = "."  # OpenAI refuses "", others all white space


class EndpointEncoder:
    """An Encoder (see vecsearch.models.encoder) that may be used from several threads at once; it adds no prompts.

    Creating one imports nothing and asks nothing.
    """

    def __init__(self, name: str, *, sending: Sending | None = None) -> None:
        """For the model called "openai:MODEL" or "openai:MODEL@http://host:port/v1"; raises InvalidOption."""
        self.endpoint = find_endpoint(name)
        self._sending = sending or Sending()
        self._requests = Requests(self.endpoint, self._sending)

    @property
    def name(self) -> str:
        """The model's name with the address, but for OpenAI's own."""
        return self.endpoint.name

    @cached_property
    def dim(self) -> int:
        """The length of a vector: known for OpenAI's models, else asked for once and remembered in the cache folder."""
        if self.endpoint.url == OPENAI_URL and self.endpoint.model in _OPENAI_DIMS:
            return _OPENAI_DIMS[self.endpoint.model]
        if (remembered := read_derived(self._dim_record)) is not None:
            return int(remembered)
        probe = self._requests.vectors([_BLANK], retries=self._sending.query_retries, stop=Event())
        write_derived(self._dim_record, str(probe.shape[1]).encode())
        return int(probe.shape[1])

    @cached_property
    def fingerprint(self) -> str:
        """Of address, model and dimension. A name says what weights are only together with who gave it to them.

        Nobody can tell from here when other weights of the same dimension are served under the same name.
        """
        ingredients = {"kind": "endpoint", "url": self.endpoint.url, "model": self.endpoint.model, "dim": self.dim}
        return hashlib.sha256(json.dumps(ingredients, sort_keys=True).encode()).hexdigest()

    @cached_property
    def max_tokens(self) -> int:
        """Tokens of a text that are sent, by our estimate: $VECSEARCH_ENDPOINT_MAX_TOKENS, else 8191.

        No endpoint says what its model reads. An index has chunks of 254 tokens at most unless it is told otherwise,
        so the limit matters for models that read less than 8191 of longer texts, and refuse them.
        """
        given = os.environ.get(_LIMIT_VARIABLE, "")
        if given and not (given.isascii() and given.isdigit() and int(given) > 0):
            raise InvalidOption(f"${_LIMIT_VARIABLE} is {given!r}; expected a number of tokens")
        return int(given) if given else _MAX_TOKENS

    def check_usable(self) -> None:
        """Raises EndpointFailed without the key that the endpoint needs, ExtraMissing without openai; asks nothing."""
        self._requests.check_usable()

    def token_spans(self, texts: Sequence[str]) -> list[IntArray]:
        """For each text the character offsets of its tokens, estimated: int64 (tokens, 2), nothing cut."""
        return [estimate_spans(text) for text in texts]

    def encode(self, texts: Sequence[str], role: Role) -> FloatArray:
        """The vectors of `texts` in their order: float32 (n, dim). Raises EndpointFailed, ExtraMissing."""
        vectors = np.empty((len(texts), self.dim), np.float32)
        for rows, part in self.encode_parts(texts, role):
            vectors[rows.start : rows.stop] = part
        return vectors

    def encode_parts(self, texts: Sequence[str], role: Role) -> Iterator[tuple[range, FloatArray]]:
        """The vectors of `texts` as they come, see PartwiseEncoder; raises as encode does, after giving what came.

        What OpenAI refuses is mended: a blank text is sent as ".", one too long for the model is cut.
        """
        prepared = [self._prepared(text) for text in texts]
        sent = [text for text, _ in prepared]
        retries = self._sending.query_retries if role is Role.QUERY else self._sending.retries
        ranges = _requests([tokens for _, tokens in prepared], self._sending)
        calls = (partial(self._part, sent, rows, retries) for rows in ranges)
        nothing_yet = range(0), np.empty((0, self.dim), np.float32)
        for part in as_finished(calls, self._sending.in_flight):
            yield part or nothing_yet

    def _prepared(self, text: str) -> tuple[str, int]:
        """The text as it is sent, and its tokens."""
        spans = estimate_spans(text)
        if len(spans) > self.max_tokens:
            text = text[: int(spans[self.max_tokens, 0])].rstrip()
        whole = _SURROGATES.sub("\ufffd", text)  # half of a surrogate pair has no bytes to be sent
        return whole if whole.strip() else _BLANK, min(len(spans), self.max_tokens)

    def _part(self, texts: Sequence[str], rows: range, retries: int, stop: Event) -> tuple[range, FloatArray]:
        vectors = self._requests.vectors(texts[rows.start : rows.stop], retries=retries, stop=stop)
        if vectors.shape[1] != self.dim:
            with suppress(OSError):  # so that the next one to ask finds out anew
                self._dim_record.unlink()
            raise EndpointFailed(
                f"{self.endpoint} answered vectors of {vectors.shape[1]} numbers, expected {self.dim}; "
                "if another model is served under that name now, index again elsewhere"
            )
        return rows, vectors

    @property
    def _dim_record(self) -> Path:
        key = hashlib.sha256(f"{self.endpoint.url} {self.endpoint.model}".encode()).hexdigest()[:32]
        return model_cache() / f"endpoint-{key}.dim"


def _requests(sizes: Sequence[int], sending: Sending) -> Iterator[range]:
    """Texts next to one another that go into one request, by their numbers of tokens."""
    first = tokens = 0
    for row, size in enumerate(sizes):
        if row > first and (row - first >= sending.texts or tokens + size > sending.tokens):
            yield range(first, row)
            first, tokens = row, 0
        tokens += size
    if first < len(sizes):
        yield range(first, len(sizes))
