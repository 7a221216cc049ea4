"""A cross-encoder opened by sentence-transformers: a query and texts in, scores out, on the device that torch finds.

How it is opened, and how a batch that is too large is halved, is shared with the encoders.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vecsearch.errors import ModelDamaged, ModelUnsupported
from vecsearch.models.encoders.torch.model import batches_that_fit, is_out_of_memory, torch_threads
from vecsearch.models.encoders.torch.opening import TorchOptions, opening, sentence_transformers_library, short
from vecsearch.types import FloatArray, IntArray


class TorchPairs:
    """A model in memory. One call at a time: its tokenizer and torch's number of threads are shared state."""

    def __init__(self, folder: Path, options: TorchOptions) -> None:
        """Open the model; raises ModelDamaged when it cannot be, InvalidOption for a device that is not here."""
        library = sentence_transformers_library()
        self.folder = folder
        self._threads = options.threads
        weights = "model_kwargs" if int(library.__version__.partition(".")[0]) >= 4 else "automodel_args"
        with opening(folder, options) as (place, arguments):
            self._model: Any = library.CrossEncoder(place, **arguments, **{weights: {"use_safetensors": True}})

    def scores(self, query: str, texts: Sequence[str]) -> FloatArray:
        """The scores of `texts`, in their order: float32 (n,).

        Texts go from the longest to the shortest; a batch that does not fit in the device's memory is halved.
        Raises InvalidOption when not even one text fits, ModelDamaged when the model cannot run, ModelUnsupported when
        it gives no single score.
        """
        scores = np.empty(len(texts), np.float32)

        def run(rows: IntArray) -> FloatArray | None:
            return self._run_if_it_fits([(query, texts[row]) for row in rows])

        with torch_threads(self._threads):
            for rows, found in batches_that_fit(texts, self._model.model.device.type, run):
                if found.shape != (len(rows),):
                    raise ModelUnsupported(
                        f"{self.folder} gives {found.shape[1:]} numbers for a pair, expected one score"
                    )
                scores[rows] = found
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
