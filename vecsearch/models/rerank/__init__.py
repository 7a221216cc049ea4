"""Rerankers, models that read a query and a text together: what one is, and load_reranker(), which opens one by name.

Holds no model. A runtime's library is imported when a text is first scored.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from vecsearch.errors import InvalidOption, ModelDamaged, ModelNotFound
from vecsearch.models.encoders import LoadOptions, graph_or_torch, whole_model
from vecsearch.models.encoders.model_folder import ModelFolder, check_not_here, find_model
from vecsearch.models.encoders.model_paths import is_path
from vecsearch.models.encoders.runtimes import Runtime
from vecsearch.types import FloatArray, ScoreArray

__all__ = ["Reranker", "checked_scores", "load_reranker"]

_OWNER = "cross-encoder"  # the hub owner of a name without one, as in sentence-transformers
_EXAMPLE = f"{_OWNER}/ms-marco-MiniLM-L6-v2"


class Reranker(Protocol):
    """Reads a query and a text together and scores how well the text answers the query.

    Creating one is cheap: files are opened by the first call of scores(), once, however many threads arrive together.
    An index calls scores() from every thread that searches, so it has to be safe for any number of threads.
    """

    @property
    def name(self) -> str:
        """The name to show, such as "cross-encoder/ms-marco-MiniLM-L6-v2"."""

    def scores(self, query: str, texts: Sequence[str]) -> ScoreArray | FloatArray:
        """Return a score (n,) for each text, in their order; higher is better, on a scale of the model's own."""


def checked_scores(reranker: Reranker, query: str, texts: Sequence[str]) -> ScoreArray:
    """Return the reranker's scores, checked to be one finite number for each text: float64 (n,).

    Raises ModelDamaged for anything else.
    """
    scores = np.asarray(reranker.scores(query, texts), np.float64)
    if scores.shape != (len(texts),):
        raise ModelDamaged(f"{reranker.name} gave scores of shape {scores.shape}, expected {(len(texts),)}")
    if bad := np.flatnonzero(~np.isfinite(scores)).tolist():
        raise ModelDamaged(
            f"{reranker.name} gave the score {scores[bad[0]]} for text {bad[0]}, expected a finite number"
        )
    return scores


def load_reranker(
    model: str,
    *,
    runtime: Runtime | str | None = None,
    threads: int | None = None,
    device: str | None = None,
    trust_remote_code: bool = False,
) -> Reranker:
    """Return the reranker for `model`, a cross-encoder that gives one score for a query and a text.

    `model` is a folder, an .onnx file in one, or a hub name ("owner/name@revision"). Opens small files only; the
    reranker is safe for any number of threads.

    `runtime` is onnxruntime, openvino or sentence-transformers; by default the first where it runs the model, else the
    last. `threads` bounds the cores in use, by default all that this process may use. `device` is torch's name of one
    ("cuda", "mps") and implies sentence-transformers. `trust_remote_code` allows the model's own code, as
    load_encoder() does.

    Raises ModelNotFound when no model of that name is here or on the hub, ModelDamaged when its files are broken,
    ModelUnsupported when it gives no single score or no installed runtime runs it, ExtraMissing when a runtime that can
    be installed does, InvalidOption.
    """
    options = LoadOptions.of(runtime=runtime, threads=threads, device=device, trust_remote_code=trust_remote_code)
    name = _full_name(model)
    try:
        return _open(name, options)
    except ModelNotFound as error:
        tried = str(error).rpartition("; ")[0]  # without the advice, which is for encoders
        raise ModelNotFound(f"{tried}; name a folder, or a cross-encoder on the hub, such as {_EXAMPLE}") from error


def _full_name(model: str) -> str:
    """The name with its owner, unless it is a path; raises ModelNotFound for the bare name of a folder here."""
    if "/" in model or is_path(model):
        return model
    check_not_here(model, f"{_OWNER}/{model}")
    return f"{_OWNER}/{model}"


def _open(model: str, options: LoadOptions) -> Reranker:
    """Open a model by a graph or by torch, as an encoder's model is opened."""
    from vecsearch.models.rerank.spec import check_one_score

    if options.needs_torch:
        return _by_torch(model, options)
    folder = find_model(model)
    check_one_score(folder.path)  # what fails here fails in any runtime
    return graph_or_torch(model, options, lambda: _by_graph(folder, options), lambda: _by_torch(model, options))


def _by_graph(folder: ModelFolder, options: LoadOptions) -> Reranker:
    from vecsearch.models.rerank.graph_reranker import GraphReranker
    from vecsearch.models.rerank.runtimes import ONNX_PAIRS, OPENVINO_PAIRS

    match options.runtime:
        case None | Runtime.ONNXRUNTIME:
            return GraphReranker(folder, ONNX_PAIRS, threads=options.threads)
        case Runtime.OPENVINO:
            return GraphReranker(folder, OPENVINO_PAIRS, threads=options.threads)
        case other:
            raise InvalidOption(
                f"runtime is {other.value!r}, but {folder.name} is a cross-encoder: name another or none"
            )


def _by_torch(model: str, options: LoadOptions) -> Reranker:
    from vecsearch.models.rerank.torch_reranker import TorchReranker

    return TorchReranker(
        whole_model(model, options),
        device=options.device,
        threads=options.threads,
        trust_remote_code=options.trust_remote_code,
    )
