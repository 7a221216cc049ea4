"""TransformerEncoder: texts to vectors with a transformer's own tokenizer, pooling and prompts, on a runtime.

Holds the way from texts to batches and from token vectors to text vectors; a runtime turns token ids into token
vectors. Files are opened when they are first needed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from time import monotonic
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from vecsearch.checks import check_whole
from vecsearch.cores import usable_cores
from vecsearch.errors import ModelDamaged
from vecsearch.models.batching import batches_by_length, pad, run_batches
from vecsearch.models.encoder import Fertility, TokenVectors
from vecsearch.models.encoders.fingerprint import check_known_hashes, fingerprint
from vecsearch.models.encoders.model_folder import ModelFolder
from vecsearch.models.encoders.tokenizer import TextTokenizer
from vecsearch.models.encoders.transformer.pooling import pool, unit_rows
from vecsearch.models.encoders.transformer.runtime import TokenModel, TokenRuntime
from vecsearch.models.encoders.transformer.spec import SPECIAL_TOKENS, ModelSpec, read_spec
from vecsearch.models.open_once import OpenOnce
from vecsearch.types import FloatArray, IntArray, Role

if TYPE_CHECKING:
    from vecsearch.models.insides import Insides, Reading

_FEW_CHARACTERS = 40_000  # the swift runtime has encoded these before the steady one has started
_FIRST_SLICE = 64  # texts, until it is known how long they take
_LONGEST_SLICE = 4096  # bounds memory
_SLICES_AHEAD = 2

# Takes the row numbers of texts (n,), the vectors of their tokens (n, tokens, dim), and their numbers of tokens (n,).
_Keep: TypeAlias = Callable[[IntArray, FloatArray, IntArray], None]


class TransformerEncoder:
    """An Encoder (see vecsearch.models.encoder) on one or two runtimes; several threads run it side by side.

    With two, `swift` is ready sooner and takes few texts, `steady` has the higher throughput and takes many; tests
    hold their vectors to one another.
    """

    def __init__(
        self, model: ModelFolder, swift: TokenRuntime, steady: TokenRuntime | None = None, *, threads: int | None = None
    ) -> None:
        """Read the small files of `model`; raises ModelDamaged or ModelUnsupported when they cannot be run."""
        if threads is not None:
            check_whole("threads", threads, 1)
        self.model = model
        self.spec: ModelSpec = read_spec(model)
        self._threads = threads or usable_cores()
        self._tokenizer = OpenOnce(partial(_open_tokenizer, model, self.spec))
        self._swift = _Runner(swift, self.spec, self._threads)
        self._steady = _Runner(steady, self.spec, self._threads) if steady and self.spec.shape else self._swift

    @property
    def name(self) -> str:
        """The model's name as it was given."""
        return self.model.name

    @property
    def dim(self) -> int:
        """The length of a vector."""
        return self.spec.dim

    @cached_property
    def fingerprint(self) -> str:
        """The model's fingerprint; raises ModelDamaged when its files differ from their known hashes."""
        check_known_hashes(self.model)
        return fingerprint(self.spec)

    @cached_property
    def max_tokens(self) -> int:
        """Tokens of a document that the model reads: neither special tokens nor those of its prompt are counted."""
        prompt = self.spec.prompts.document
        special = SPECIAL_TOKENS if self.spec.shape else self._tokenizer().special
        return self.spec.max_seq_length - special - (self._tokenizer().count(prompt) if prompt else 0)

    def encode(self, texts: Sequence[str], role: Role) -> FloatArray:
        """Return the vectors of `texts` in their order: float32 (n, dim). Raises ModelDamaged if the model fails."""
        vectors = np.empty((len(texts), self.dim), np.float32)
        for rows, part in self.encode_parts(texts, role):
            vectors[rows.start : rows.stop] = part
        return vectors

    def encode_parts(self, texts: Sequence[str], role: Role) -> Iterator[tuple[range, FloatArray]]:
        """Yield the vectors of one slice of `texts` after another, with its indices, while the next is being encoded.

        A slice takes about a second, whatever the model: that is what a killed program has encoded in vain.
        """
        runner = self._steady if sum(map(len, texts)) > _FEW_CHARACTERS else self._swift
        running: deque[tuple[range, Callable[[], FloatArray]]] = deque()
        start, size = 0, _FIRST_SLICE
        with ThreadPoolExecutor(self._threads) as workers:
            try:
                while start < len(texts) or running:
                    if start < len(texts) and len(running) < _SLICES_AHEAD:
                        rows = range(start, min(start + size, len(texts)))
                        ids = self._token_ids(texts[rows.start : rows.stop], role)
                        running.append((rows, self._begin(ids, runner, workers, last=rows.stop == len(texts))))
                        start = rows.stop
                    else:
                        rows, part = running.popleft()
                        began = monotonic()
                        yield rows, part()
                        size = _next_size(size, monotonic() - began)
            finally:
                workers.shutdown(wait=True, cancel_futures=True)

    def token_vectors(self, texts: Sequence[str], role: Role) -> list[TokenVectors]:
        """Return the last layer's vectors of each text's tokens, before pooling: see TokenwiseEncoder."""
        prompt, limit = self.spec.prompts.of(role), self.spec.max_seq_length
        read = self._tokenizer().read(texts, limit, prompt=prompt, lowercase=self.spec.lowercase)
        results: dict[int, TokenVectors] = {}

        def keep(rows: IntArray, hidden: FloatArray, lengths: IntArray) -> None:
            for row, vectors, length in zip(rows.tolist(), hidden, lengths.tolist(), strict=True):
                results[row] = read[row].with_vectors(vectors[:length])

        with ThreadPoolExecutor(self._threads) as workers:
            for _ in self._run([tokens.ids for tokens in read], self._swift, workers, keep, last=True):
                pass
        return [results[row] for row in range(len(texts))]

    def token_spans(self, texts: Sequence[str]) -> list[IntArray]:
        """Return each text's tokens as character offsets: int64 (tokens, 2), no special tokens, nothing cut off."""
        return self._tokenizer().spans(texts)

    def fertility(self, texts: Sequence[str]) -> list[Fertility]:
        """Return how well the model reads each text: see FertilityEncoder."""
        return [Fertility(number, contextual=True) for number in self._tokenizer().characters_per_token(texts)]

    def insides(self) -> Insides:
        """Open the model for inspection: see InspectableEncoder."""
        from vecsearch.models.encoders.config_files import read_json  # what only an inspection needs
        from vecsearch.models.encoders.token_matrix import matrix_in_folder, matrix_in_graph
        from vecsearch.models.encoders.tokenizer import Vocabulary
        from vecsearch.models.encoders.transformer.insides import positions_of
        from vecsearch.models.insides import Insides

        spec = self.spec
        return Insides(
            tokens=Vocabulary(spec.tokenizer),
            matrix=matrix_in_folder(self.model.path) if spec.shape else matrix_in_graph(spec.weights),
            positions=positions_of(read_json(self.model.path / "config.json")),
            pooling=spec.pooling.value,
            normalize=spec.normalize,
            contextual=True,
            read=self._read,
        )

    def _read(self, text: str, role: Role) -> Reading:
        """One text, read alone."""
        from vecsearch.models.encoders.transformer.insides import contextual_reading

        spec, prompt, tokenizer = self.spec, self.spec.prompts.of(role), self._tokenizer()
        [tokens] = tokenizer.read([text], spec.max_seq_length, prompt=prompt, lowercase=spec.lowercase)
        ids, lengths = pad([tokens.ids], self._swift.batching.multiple, spec.max_seq_length)
        vectors = self._swift.model().run(ids, lengths, alone=True)[0, : len(tokens.ids)]
        return contextual_reading(tokenizer, prompt + text, tokens, np.array(vectors, np.float32), spec.pooling)

    def _token_ids(self, texts: Sequence[str], role: Role) -> list[list[int]]:
        prompt = self.spec.prompts.of(role)
        prompted = [prompt + text for text in texts]
        if self.spec.lowercase:
            prompted = [text.lower() for text in prompted]
        return self._tokenizer().ids(prompted, self.spec.max_seq_length)

    def _begin(
        self, ids: list[list[int]], runner: _Runner, workers: ThreadPoolExecutor, *, last: bool
    ) -> Callable[[], FloatArray]:
        """Begin to encode texts, given by their token ids; the function returned waits for the vectors, (n, dim)."""
        vectors = np.empty((len(ids), self.dim), np.float32)

        def keep(rows: IntArray, hidden: FloatArray, lengths: IntArray) -> None:
            vectors[rows] = pool(hidden, lengths, self.spec.pooling)

        batches = self._run(ids, runner, workers, keep, last=last)

        def finish() -> FloatArray:
            for _ in batches:
                pass
            return unit_rows(vectors) if self.spec.normalize else vectors

        return finish

    def _run(
        self, ids: list[list[int]], runner: _Runner, workers: ThreadPoolExecutor, keep: _Keep, *, last: bool
    ) -> Iterator[None]:
        """Begin to run texts, given by their token ids; they are done when the iterator is exhausted."""
        model, batching = runner.model(), runner.batching

        def run(rows: IntArray, *, alone: bool) -> None:
            padded, lengths = pad([ids[row] for row in rows], batching.multiple, self.spec.max_seq_length)
            keep(rows, model.run(padded, lengths, alone=alone), lengths)

        batches = list(batches_by_length([len(row) for row in ids], batching, self._threads if last else 0))
        return run_batches(batches, run, workers, self._threads)


class _Runner:
    """A runtime with the model that it opens when it is first needed."""

    def __init__(self, runtime: TokenRuntime, spec: ModelSpec, threads: int) -> None:
        self.batching = runtime.batching
        self.model: OpenOnce[TokenModel] = OpenOnce(partial(runtime.open, spec, threads))


def _open_tokenizer(model: ModelFolder, spec: ModelSpec) -> TextTokenizer:
    """The model's tokenizer, checked against the tables of a graph that we build."""
    check_known_hashes(model)
    tokenizer = TextTokenizer(spec.tokenizer)
    if spec.shape and tokenizer.special != SPECIAL_TOKENS:
        raise ModelDamaged(
            f"{spec.tokenizer} adds {tokenizer.special} special tokens to a text, expected {SPECIAL_TOKENS}"
        )
    if spec.shape and tokenizer.size > spec.shape.vocabulary:
        raise ModelDamaged(
            f"{spec.tokenizer} has {tokenizer.size} tokens, the model {spec.shape.vocabulary}: "
            "they do not belong together"
        )
    return tokenizer


def _next_size(size: int, seconds: float) -> int:
    """The number of texts in the next slice, after one that took `seconds`."""
    if seconds < 0.5:
        return min(2 * size, _LONGEST_SLICE)
    return max(size // 2, 1) if seconds > 2 else size
