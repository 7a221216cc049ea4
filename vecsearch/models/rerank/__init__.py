"""Models that read a query and a text together: load_reranker() finds one by name and picks the runtime for it.

Holds no model code of its own. A runtime's library is imported when a text is first scored, never here.
"""

from __future__ import annotations

import os
from pathlib import Path

from vecsearch.errors import InvalidOption, ModelNotFound
from vecsearch.models.encoders import TRUSTED, Loading, graph_or_torch
from vecsearch.models.encoders.model_folder import ModelFolder, find_model, find_whole_model, folder_named, is_graph
from vecsearch.models.encoders.runtimes import Runtime
from vecsearch.models.rerank.reranker import Reranker, checked_scores

__all__ = ["Reranker", "checked_scores", "load_reranker"]

_OWNER = "cross-encoder"  # whose a name without an owner is, as for sentence-transformers
_EXAMPLE = f"{_OWNER}/ms-marco-MiniLM-L6-v2"


def load_reranker(
    model: str,
    *,
    runtime: Runtime | str | None = None,
    threads: int | None = None,
    device: str | None = None,
    trust_remote_code: bool = False,
) -> Reranker:
    """The reranker for `model`, a cross-encoder that gives one score for a query and a text.

    `model` is a folder, an .onnx file in one, or a hub name ("owner/name@revision"). Opens small files only.

    `runtime` names one: onnxruntime, openvino, sentence-transformers; by default the first where it runs the model,
    else the last. `threads` bounds the processor's cores in use, by default all this process may use. `device` is
    torch's name of one ("cuda", "mps") and means sentence-transformers. `trust_remote_code` lets a model's folder
    bring code of its own; $VECSEARCH_TRUST_REMOTE_CODE does so for the models it names.

    Raises ModelNotFound when nothing of that name is here or on the hub, ModelDamaged when its files are broken,
    ModelUnsupported when it gives no single score or nothing that is installed runs it, ExtraMissing when something
    that can be installed does, InvalidOption.
    """
    loading = Loading(
        runtime=None if runtime is None else Runtime.of(runtime),
        threads=threads,
        device=device,
        trust_remote_code=trust_remote_code or model in os.environ.get(TRUSTED, "").split(","),
    )
    try:
        return _opened(_full_name(model), loading)
    except ModelNotFound as error:
        looked = str(error).rpartition("; ")[0]  # without the advice, which is for encoders
        raise ModelNotFound(f"{looked}; name a folder, or a cross-encoder on the hub, as {_EXAMPLE}") from error


def _full_name(model: str) -> str:
    """The name to look for: with its owner's where it is neither a path nor has one."""
    is_path = "\\" in model or folder_named(model) or is_graph(Path(model))
    return model if "/" in model or is_path else f"{_OWNER}/{model}"


def _opened(model: str, loading: Loading) -> Reranker:
    """By a graph or by torch, as an encoder's model is."""
    from vecsearch.models.rerank.spec import check_one_score

    if loading.device or loading.runtime is Runtime.SENTENCE_TRANSFORMERS:
        return _by_torch(model, loading)
    folder = find_model(model)
    check_one_score(folder.path)  # what fails here fails in any runtime
    return graph_or_torch(model, loading, lambda: _by_graph(folder, loading), lambda: _by_torch(model, loading))


def _by_graph(folder: ModelFolder, loading: Loading) -> Reranker:
    from vecsearch.models.rerank.graph_reranker import GraphReranker
    from vecsearch.models.rerank.onnx_pairs import ONNX_PAIRS
    from vecsearch.models.rerank.openvino_pairs import OPENVINO_PAIRS

    match loading.runtime:
        case None | Runtime.ONNXRUNTIME:
            return GraphReranker(folder, ONNX_PAIRS, threads=loading.threads)
        case Runtime.OPENVINO:
            return GraphReranker(folder, OPENVINO_PAIRS, threads=loading.threads)
        case other:
            raise InvalidOption(
                f"runtime is {other.value!r}, but {folder.name} is a cross-encoder: name another or none"
            )


def _by_torch(model: str, loading: Loading) -> Reranker:
    from vecsearch.models.rerank.torch_reranker import TorchReranker

    return TorchReranker(
        find_whole_model(model, code=loading.trust_remote_code),
        device=loading.device,
        threads=loading.threads,
        trust_remote_code=loading.trust_remote_code,
    )
