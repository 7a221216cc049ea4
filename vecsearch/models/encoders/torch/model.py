"""A model opened by sentence-transformers: prompted texts in, vectors out, on the device that torch finds.

How it is opened, and what can go wrong then, is in `opening`; here is how it is run, and with which batches.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from vecsearch.errors import InvalidOption, ModelDamaged
from vecsearch.models.batching import longest_first
from vecsearch.models.encoders.tokenizer import TextTokenizer
from vecsearch.models.encoders.torch.opening import TorchOptions, opening, sentence_transformers_library, short
from vecsearch.types import FloatArray, IntArray, Role

_BATCH_TEXTS = 32  # sentence-transformers' own


class TorchModel:
    """A model in memory. One call at a time: the library changes its tokenizer's limits while it encodes."""

    def __init__(self, folder: Path, options: TorchOptions) -> None:
        """Open the model; raises ModelDamaged when it cannot be, InvalidOption for an unusable device."""
        library = sentence_transformers_library()
        self.folder = folder
        self._threads = options.threads
        # A pooler's weights are not used for vectors, and many files lack them.
        with opening(folder, options, needed=lambda name: "pooler" not in name) as (path, arguments):
            self._model: Any = library.SentenceTransformer(
                path, **arguments, truncate_dim=options.shortened, model_kwargs={"use_safetensors": True}
            )

    @property
    def module(self) -> Any:
        """What the library opened."""
        return self._model

    @property
    def dim(self) -> int:
        """The length of a vector; a text is encoded to find out where no module says it."""
        known = getattr(self._model, "get_embedding_dimension", None)  # its name since 5.2
        stated = (known or self._model.get_sentence_embedding_dimension)()
        return int(stated) if stated else self._run(["."], "", Role.DOCUMENT).shape[1]

    @property
    def limit(self) -> float | None:
        """The tokens of a text that are read, special ones counted; None or infinite where there is no limit."""
        return getattr(self._model, "max_seq_length", None)

    def tokenizer(self) -> TextTokenizer | None:
        """Return a copy of the model's tokenizer that knows offsets; None where the model's own does not."""
        own: Any = getattr(self._model, "tokenizer", None)
        backend: Any = getattr(own, "backend_tokenizer", own)
        if not hasattr(backend, "to_str"):
            return None
        with TemporaryDirectory() as folder:
            path = Path(folder, "tokenizer.json")
            path.write_text(backend.to_str(), encoding="utf-8")
            return TextTokenizer(path)

    def encode(self, texts: Sequence[str], prompt: str, role: Role, dim: int) -> FloatArray:
        """Return the vectors of `texts` behind `prompt`: float32 (n, dim).

        Texts go from the longest to the shortest; a batch that does not fit in the device's memory is halved.
        Raises InvalidOption when not even one text fits, ModelDamaged when the model fails or its vectors do not have
        `dim` numbers.
        """
        vectors = np.empty((len(texts), dim), np.float32)

        def run(rows: IntArray) -> FloatArray | None:
            return self._run_if_it_fits([texts[row] for row in rows], prompt, role)

        with torch_threads(self._threads):
            for rows, part in batches_that_fit(texts, self._model.device.type, run):
                if part.shape != (len(rows), dim):
                    raise ModelDamaged(f"{self.folder} gives vectors of shape {part.shape[1:]}, its files say {dim}")
                vectors[rows] = part
        return vectors

    def tokens(self, text: str, prompt: str, role: Role) -> tuple[list[int], FloatArray] | None:
        """Return what is read of a text: its token ids, and their vectors before pooling, float32 (tokens, m).

        None for a model without token vectors. One text at a time: nothing is padded, on whichever side padding goes.
        Raises as encode() does.
        """
        seen: list[Any] = []
        hook = self._model[0].register_forward_hook(lambda module, inputs, features: seen.append(features))  # noqa: ARG005
        try:
            with torch_threads(self._threads):
                if self._run_if_it_fits([text], prompt, role) is None:
                    half_batch(1, self._model.device.type)
        finally:
            hook.remove()
        ids, vectors = seen[0].get("input_ids"), seen[0].get("token_embeddings")
        if ids is None or vectors is None or vectors.shape[:-1] != ids.shape:
            return None
        return ids[0].tolist(), vectors[0].float().cpu().numpy()

    def _run_if_it_fits(self, texts: list[str], prompt: str, role: Role) -> FloatArray | None:
        """The vectors of one batch; None when there is too little memory for it."""
        try:
            return self._run(texts, prompt, role)
        except Exception as error:
            if is_out_of_memory(error):
                return None
            raise ModelDamaged(f"{self.folder} cannot encode: {short(error)}") from error

    def _run(self, texts: list[str], prompt: str, role: Role) -> FloatArray:
        # Since 5 there is a method for each role, which also tells a Router the way. The prompt is always ours: with
        # its own choice a "passage" prompt would not be found, nor default_prompt_name be used.
        method = getattr(self._model, f"encode_{role.value}", self._model.encode)
        # No prompt is None, not "": before 5 an empty one is counted as a token of the text.
        vectors = method(texts, prompt=prompt or None, batch_size=len(texts), show_progress_bar=False)
        return np.asarray(vectors, np.float32)


@contextmanager
def torch_threads(threads: int | None) -> Iterator[None]:
    """Let torch use that many threads in the block and as many as before afterwards; None: as it likes.

    Several threads may be inside at once. Each has its own number as long as torch keeps one for each thread, which
    builds with OpenMP do; afterwards all have the number from before the first one came.
    """
    if threads is None:
        yield
        return
    import torch

    _BOUNDS.enter(torch, threads)
    try:
        yield
    finally:
        _BOUNDS.leave(torch)


class _ThreadBounds(threading.local):
    """The bounds that this thread is inside of; the number of threads before any is shared by all threads."""

    lock = threading.Lock()
    inside = 0
    before = 0

    def __init__(self) -> None:
        self.bounds: list[int] = []

    def enter(self, torch: Any, threads: int) -> None:
        shared = type(self)
        with shared.lock:
            if shared.inside == 0:
                shared.before = torch.get_num_threads()
            shared.inside += 1
        self.bounds.append(threads)
        torch.set_num_threads(threads)

    def leave(self, torch: Any) -> None:
        shared = type(self)
        self.bounds.pop()
        with shared.lock:
            shared.inside -= 1
            torch.set_num_threads(self.bounds[-1] if self.bounds else shared.before)


_BOUNDS = _ThreadBounds()


def batches_that_fit(
    texts: Sequence[str], device: str, run: Callable[[IntArray], FloatArray | None]
) -> Iterator[tuple[IntArray, FloatArray]]:
    """Yield the row numbers of each batch, and what `run` makes of them; longest texts first.

    Where that is None, the batch does not fit in the device's memory and is halved. Raises InvalidOption when not even
    one text fits.
    """
    order = longest_first([len(text) for text in texts])
    start, size = 0, _BATCH_TEXTS
    while start < len(order):
        rows = order[start : start + size]
        result = run(rows)
        if result is None:
            size = half_batch(len(rows), device)
            continue
        yield rows, result
        start += len(rows)


def half_batch(texts: int, device: str) -> int:
    """Free the memory of a batch that did not fit and return half its size; raises InvalidOption for one text."""
    import torch

    if texts == 1:
        raise InvalidOption(f"device {device!r} has too little memory for one text: choose another one")
    getattr(getattr(torch, device, None), "empty_cache", lambda: None)()
    return texts // 2


def is_out_of_memory(error: Exception) -> bool:
    """Whether a device had too little memory: CUDA has a class for it, MPS and the processor only a message."""
    return isinstance(error, MemoryError) or "out of memory" in str(error) or "can't allocate memory" in str(error)
