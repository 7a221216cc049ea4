"""TorchReranker: any cross-encoder that sentence-transformers opens, on the device that torch finds.

For architectures that have no graph of ours, and for GPUs. What a folder would run as code is found out before it is
opened, as for encoders.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vecsearch.errors import InvalidOption, ModelDamaged, ModelUnsupported
from vecsearch.models.encoders.config_files import parse_json, read_json
from vecsearch.models.encoders.model_folder import ModelFolder
from vecsearch.models.encoders.module_list import Module, module_at
from vecsearch.models.encoders.tokenizer import replace_surrogates
from vecsearch.models.encoders.torch.opening import TorchOptions
from vecsearch.models.encoders.torch.trust import check_weights, needed_code
from vecsearch.models.rerank.spec import TORCH_NAMES, check_one_score, named_activation, own_classifier
from vecsearch.models.rerank.torch_pairs import TorchPairs
from vecsearch.types import FloatArray


class TorchReranker:
    """A Reranker (see vecsearch.models.rerank.reranker) that may be used from several threads; they take turns."""

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
        if threads is not None and threads < 1:
            raise InvalidOption(f"threads is {threads}, expected at least 1")
        self.model = model
        check_one_score(model.path)
        steps = _steps(model.path)
        code = needed_code(steps) or _own_code(model.path)
        if code and not trust_remote_code:
            raise ModelUnsupported(
                f"{code}, which is code of the model's own; if you trust it, allow it with trust_remote_code, or write "
                "the model's name into $VECSEARCH_TRUST_REMOTE_CODE"
            )
        check_weights(steps)
        self._options = TorchOptions(device=device, threads=threads, trusted=bool(code))
        self._lock = threading.Lock()
        self._loaded: TorchPairs | None = None

    @property
    def name(self) -> str:
        """The model's name as it was asked for."""
        return self.model.name

    def scores(self, query: str, texts: Sequence[str]) -> FloatArray:
        """A score for each of the texts, in their order: float32 (n,).

        Raises ModelDamaged when the model cannot run, InvalidOption when the device is not there or has too little
        memory for one text, ExtraMissing when sentence-transformers is not installed.
        """
        if not texts:
            return np.empty(0, np.float32)
        with self._lock:
            if self._loaded is None:
                self._loaded = TorchPairs(self.model.path, self._options)
            found = self._loaded.scores(replace_surrogates(query), [replace_surrogates(text) for text in texts])
        if not np.isfinite(found).all():
            raise ModelDamaged(f"{self.model.path} gives scores that are not finite numbers: download it again")
        return found


def _steps(folder: Path) -> list[Module]:
    """What a cross-encoder consists of; a folder of transformers alone is one Transformer."""
    listed = folder / "modules.json"
    if not listed.is_file():
        return [Module("sentence_transformers.models.Transformer", folder, folder / "config.json")]
    entries = parse_json(listed)
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        raise ModelDamaged(f"{listed} is not a list of modules with a type and a path")
    return [module_at(folder, listed, entry.get("type"), entry.get("path")) for entry in entries]


def _own_code(folder: Path) -> str | None:
    """Which file names a class or a function of the model's own that a cross-encoder needs besides its steps."""
    config = read_json(folder / "config.json")
    if named := own_classifier(config):
        return f"{folder / 'config.json'} names {named}"
    activation = named_activation(folder, config)  # before version 4 it is imported wherever it is from
    if activation and not activation[1].startswith(TORCH_NAMES):
        return f"{activation[0]} names {activation[1]}"
    return None
