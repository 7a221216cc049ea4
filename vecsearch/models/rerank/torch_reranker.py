"""TorchReranker: any cross-encoder that sentence-transformers opens, on the device that torch finds.

For architectures that have no graph of ours, and for GPUs. How a model is opened, what code in its folder is trusted,
and how a batch that is too large is halved, is shared with the encoders.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vecsearch.checks import check_whole
from vecsearch.errors import ModelDamaged, ModelUnsupported
from vecsearch.models.encoders.config_files import parse_json, read_json
from vecsearch.models.encoders.model_folder import ModelFolder
from vecsearch.models.encoders.module_list import Module, module_at
from vecsearch.models.encoders.tokenizer import replace_surrogates
from vecsearch.models.encoders.torch.model import batches_that_fit, is_out_of_memory, torch_threads
from vecsearch.models.encoders.torch.opening import TorchOptions, opening, sentence_transformers_library, short
from vecsearch.models.encoders.torch.trust import check_weights, runs_code
from vecsearch.models.rerank.spec import TORCH_NAMES, check_one_score, named_activation, own_classifier
from vecsearch.types import FloatArray, IntArray


class TorchReranker:
    """A Reranker by sentence-transformers, opened by the first thread that scores; threads take turns."""

    def __init__(
        self,
        model: ModelFolder,
        *,
        device: str | None = None,
        threads: int | None = None,
        trust_remote_code: bool = False,
    ) -> None:
        """Read the small files of `model`; torch is imported when a text is first scored.

        `device` is torch's name of one, as in "cuda:1"; by default the one that sentence-transformers chooses. Raises
        ModelDamaged when files are missing or broken; ModelUnsupported when the model gives no single score, when its
        weights are pickles, or when it needs code from its own folder, which runs only with `trust_remote_code`.
        """
        if threads is not None:
            check_whole("threads", threads, 1)
        self.model = model
        check_one_score(model.path)
        modules = _modules(model.path)
        code = runs_code(model, modules, asked=trust_remote_code, named=_own_code(model.path))
        check_weights(modules)
        self._options = TorchOptions(device=device, threads=threads, trusted=code)
        self._lock = threading.Lock()
        self._model: _TorchModel | None = None

    @property
    def name(self) -> str:
        """The model's name as it was given."""
        return self.model.name

    def scores(self, query: str, texts: Sequence[str]) -> FloatArray:
        """Return a score for each text, in their order: float32 (n,).

        Raises ModelDamaged when the model cannot run, InvalidOption when the device does not exist or has too little
        memory for one text, ExtraMissing when sentence-transformers is not installed.
        """
        if not texts:
            return np.empty(0, np.float32)
        with self._lock:
            if self._model is None:
                self._model = _TorchModel(self.model.path, self._options)
            scores = self._model.scores(replace_surrogates(query), [replace_surrogates(text) for text in texts])
        if not np.isfinite(scores).all():
            raise ModelDamaged(f"{self.model.path} gives scores that are not finite numbers: download it again")
        return scores


class _TorchModel:
    """A model in memory, for one call at a time: its tokenizer and torch's number of threads are shared state."""

    def __init__(self, folder: Path, options: TorchOptions) -> None:
        """Open the model; raises ModelDamaged when it cannot be, InvalidOption for a device that is not here."""
        library = sentence_transformers_library()
        self.folder = folder
        self._threads = options.threads
        weights = "model_kwargs" if int(library.__version__.partition(".")[0]) >= 4 else "automodel_args"
        with opening(folder, options) as (path, arguments):
            self._cross_encoder: Any = library.CrossEncoder(path, **arguments, **{weights: {"use_safetensors": True}})

    def scores(self, query: str, texts: Sequence[str]) -> FloatArray:
        """Return the scores of `texts`, in their order: float32 (n,).

        Texts go from the longest to the shortest; a batch that does not fit in the device's memory is halved.
        Raises InvalidOption when not even one text fits, ModelDamaged when the model cannot run, ModelUnsupported when
        it gives no single score.
        """
        scores = np.empty(len(texts), np.float32)

        def run(rows: IntArray) -> FloatArray | None:
            return self._run_if_it_fits([(query, texts[row]) for row in rows])

        with torch_threads(self._threads):
            for rows, part in batches_that_fit(texts, self._cross_encoder.model.device.type, run):
                if part.shape != (len(rows),):
                    raise ModelUnsupported(
                        f"{self.folder} gives {part.shape[1:]} numbers for a pair, expected one score"
                    )
                scores[rows] = part
        return scores

    def _run_if_it_fits(self, pairs: list[tuple[str, str]]) -> FloatArray | None:
        """The scores of one batch; None when there is too little memory for it."""
        try:
            scores = self._cross_encoder.predict(pairs, batch_size=len(pairs), show_progress_bar=False)
        except Exception as error:
            if is_out_of_memory(error):
                return None
            raise ModelDamaged(f"{self.folder} cannot score: {short(error)}") from error
        return np.asarray(scores, np.float32)


def _modules(folder: Path) -> list[Module]:
    """The modules of a cross-encoder; a folder that only transformers wrote is one Transformer."""
    listed = folder / "modules.json"
    if not listed.is_file():
        return [Module("sentence_transformers.models.Transformer", folder, folder / "config.json")]
    entries = parse_json(listed)
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        raise ModelDamaged(f"{listed} is not a list of modules with a type and a path")
    return [module_at(folder, listed, entry.get("type"), entry.get("path")) for entry in entries]


def _own_code(folder: Path) -> str | None:
    """The file that names code of the model's own besides its modules, and the name; None where no file does."""
    config = read_json(folder / "config.json")
    if named := own_classifier(config):
        return f"{folder / 'config.json'} names {named}"
    activation = named_activation(folder, config)  # before version 4 it is imported wherever it is from
    if activation and not activation[1].startswith(TORCH_NAMES):
        return f"{activation[0]} names {activation[1]}"
    return None
