"""A cross-encoder opened by sentence-transformers: a query and texts in, scores out, on the device that torch finds.

The only file besides the encoders' torch/session.py that imports sentence-transformers and torch; what it does so that
they stay quiet and make up no weights is shared with that one.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vecsearch.encoders.torch.session import (
    MISSING_4,
    MISSING_5,
    STYLE,
    TorchOptions,
    check_device,
    check_tensors,
    half_batch,
    is_out_of_memory,
    mismatches,
    quiet,
    sentence_transformers_library,
    short,
    torch_threads,
)
from vecsearch.errors import ModelDamaged, ModelUnsupported
from vecsearch.types import FloatArray

_BATCH_TEXTS = 32  # sentence-transformers' own


class TorchPairs:
    """A model in memory. One call at a time: its tokenizer and torch's number of threads are shared state."""

    def __init__(self, folder: Path, options: TorchOptions) -> None:
        """Open the model; raises ModelDamaged when it cannot be, InvalidOption for a device that is not here."""
        library = sentence_transformers_library()
        self.folder = folder
        self._threads = options.threads
        check_device(options.device)
        check_tensors(folder)
        arguments = "model_kwargs" if int(library.__version__.partition(".")[0]) >= 4 else "automodel_args"
        with quiet() as said:
            try:
                self._model: Any = library.CrossEncoder(
                    str(folder.absolute()),  # a relative one could be taken for a name on the hub
                    device=options.device,
                    trust_remote_code=options.trusted,
                    local_files_only=True,
                    **{arguments: {"use_safetensors": True}},
                )
            except Exception as error:  # whatever a library that opens hundreds of architectures raises
                reason = "; ".join(mismatches(said)) or short(error)
                raise ModelDamaged(f"{folder} cannot be opened by sentence-transformers: {reason}") from error
        if missing := _missing_weights(said):
            raise ModelDamaged(f"{folder}: its safetensors lack {missing[0]}, which config.json asks for")

    def scores(self, query: str, texts: Sequence[str]) -> FloatArray:
        """The scores of `texts`, in their order: float32 (n,).

        Texts go from the longest to the shortest; a batch that does not fit in the device's memory is halved.
        Raises InvalidOption when not even one text fits, ModelDamaged when the model cannot run, ModelUnsupported when
        it gives no single score.
        """
        scores = np.empty(len(texts), np.float32)
        order = np.argsort([-len(text) for text in texts], kind="stable")
        start, size = 0, _BATCH_TEXTS
        with torch_threads(self._threads):
            while start < len(order):
                rows = order[start : start + size]
                found = self._run_if_it_fits([(query, texts[row]) for row in rows])
                if found is None:
                    size = half_batch(len(rows), self._model.model.device.type)
                    continue
                if found.shape != (len(rows),):
                    raise ModelUnsupported(
                        f"{self.folder} gives {found.shape[1:]} numbers for a pair, expected one score"
                    )
                scores[rows] = found
                start += len(rows)
        return scores

    def _run_if_it_fits(self, pairs: list[tuple[str, str]]) -> FloatArray | None:
        """The scores of one batch; None when there is too little memory for it."""
        try:
            found = self._model.predict(pairs, batch_size=len(pairs), show_progress_bar=False)
        except Exception as error:
            if is_out_of_memory(error):
                return None
            raise ModelDamaged(f"{self.folder} cannot score: {short(error)}") from error
        return np.asarray(found, np.float32)


def _missing_weights(said: Sequence[str]) -> list[str]:
    """The weights that transformers says it made up; of a cross-encoder a pooler's count like any other."""
    plain = STYLE.sub("", "\n".join(said))
    listed = [name.strip(" '\"\n") for names in MISSING_4.findall(plain) for name in names.split(",")]
    return [*MISSING_5.findall(plain), *listed]
