"""Models that turn texts into vectors: load_encoder() finds one by name and picks the runtime for it.

Holds no model code of its own. A runtime's library is imported when a text is first encoded, never here.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from vecsearch.errors import ExtraMissing, InvalidOption, ModelUnsupported
from vecsearch.models.encoder import Encoder
from vecsearch.models.encoders.model_folder import DEFAULT_MODEL, ModelFolder, find_model, is_graph
from vecsearch.models.encoders.model_names import full_name
from vecsearch.models.encoders.runtimes import Runtime, graph_runtime, installed

__all__ = ["DEFAULT_MODEL", "Loading", "load_encoder"]

_Opened = TypeVar("_Opened")
_ENDPOINT = "openai:"
TRUSTED = "VECSEARCH_TRUST_REMOTE_CODE"  # names of models, separated by commas


@dataclass(frozen=True, slots=True, kw_only=True)
class Loading:
    """How to run a model; the meaning of each is in load_encoder()."""

    runtime: Runtime | None = None
    dim: int | None = None
    threads: int | None = None
    device: str | None = None
    trust_remote_code: bool = False


def load_encoder(
    model: str = DEFAULT_MODEL,
    *,
    runtime: Runtime | str | None = None,
    dim: int | None = None,
    threads: int | None = None,
    device: str | None = None,
    trust_remote_code: bool = False,
) -> Encoder:
    """The encoder for `model`, on the fastest runtime here that gives its vectors.

    `model` is a folder, an .onnx file in one, a file of word vectors, a model that an installed package carries, a hub
    name ("owner/name@revision"), or an endpoint ("openai:MODEL@http://host/v1"). Opens small files only.

    `runtime` names one: onnxruntime, openvino, sentence-transformers. With `dim`, vectors are their first so many
    numbers. `threads` bounds the processor's cores in use, by default all this process may use. `device` is torch's
    name of one ("cuda", "mps") and means sentence-transformers. `trust_remote_code` lets a model's folder bring code
    of its own; $VECSEARCH_TRUST_REMOTE_CODE does so for the models it names.

    Raises ModelNotFound when nothing of that name is here or on the hub, ModelDamaged when its files are broken,
    ModelUnsupported when nothing that is installed runs it, ExtraMissing when something that can be installed does,
    InvalidOption.
    """
    loading = Loading(
        runtime=None if runtime is None else Runtime.of(runtime),
        dim=dim,
        threads=threads,
        device=device,
        trust_remote_code=trust_remote_code or model in os.environ.get(TRUSTED, "").split(","),
    )
    encoder = _opened(model, loading)
    if dim is None:
        return encoder
    from vecsearch.models.encoders.shortened import Shortened

    return Shortened(encoder, dim)


def _opened(model: str, loading: Loading) -> Encoder:
    """The encoder for a model by where it is: behind an address, in a file, in a folder."""
    if model.startswith(_ENDPOINT):
        from vecsearch.models.encoders.endpoint.encoder import EndpointEncoder

        _check_runtime(model, loading, Runtime.OPENAI)
        return EndpointEncoder(model)
    if (path := Path(model).expanduser()).is_file() and not is_graph(path):
        from vecsearch.models.encoders.static.word_encoder import WordVectorEncoder

        _check_runtime(model, loading, Runtime.STATIC)
        return WordVectorEncoder(path)
    if loading.device or loading.runtime is Runtime.SENTENCE_TRANSFORMERS:
        return _by_torch(model, loading)
    folder = find_model(full_name(model))
    if _is_static(folder):
        from vecsearch.models.encoders.static.encoder import StaticEncoder

        _check_runtime(model, loading, Runtime.STATIC)
        return StaticEncoder(folder)
    return graph_or_torch(model, loading, lambda: _by_graph(folder, loading), lambda: _by_torch(model, loading))


def graph_or_torch(
    model: str, loading: Loading, by_graph: Callable[[], _Opened], by_torch: Callable[[], _Opened]
) -> _Opened:
    """A transformer whose graph we have or build; else by sentence-transformers, if nothing else was asked for."""
    try:
        return by_graph()
    except ModelUnsupported as unsupported:
        if loading.runtime:
            raise
        if not installed(Runtime.SENTENCE_TRANSFORMERS):
            purpose = f"the model {model!r} ({unsupported})"
            raise ExtraMissing.of("sentence-transformers", "sentence-transformers", purpose) from None
    return by_torch()


def _by_graph(folder: ModelFolder, loading: Loading) -> Encoder:
    from vecsearch.models.encoders.transformer.encoder import TransformerEncoder
    from vecsearch.models.encoders.transformer.onnx_session import ONNXRUNTIME
    from vecsearch.models.encoders.transformer.precision import OPENVINO

    match loading.runtime or graph_runtime():
        case Runtime.ONNXRUNTIME:
            return TransformerEncoder(folder, ONNXRUNTIME, threads=loading.threads)
        case Runtime.OPENVINO if loading.runtime:
            return TransformerEncoder(folder, OPENVINO, threads=loading.threads)
        case Runtime.OPENVINO:
            return TransformerEncoder(folder, ONNXRUNTIME, OPENVINO, threads=loading.threads)
        case other:
            raise InvalidOption(f"runtime is {other.value!r}, but {folder.name} is a transformer: name another or none")


def _by_torch(model: str, loading: Loading) -> Encoder:
    from vecsearch.models.encoders.model_folder import find_whole_model
    from vecsearch.models.encoders.torch.encoder import TorchEncoder

    folder = find_whole_model(full_name(model), code=loading.trust_remote_code)
    return TorchEncoder(
        folder,
        device=loading.device,
        threads=loading.threads,
        trust_remote_code=loading.trust_remote_code,
    )


def _is_static(folder: ModelFolder) -> bool:
    from vecsearch.models.encoders.static.spec import is_static

    return is_static(folder)


def _check_runtime(model: str, loading: Loading, only: Runtime) -> None:
    """Raises InvalidOption when another runtime is asked for than the only one that can run a model."""
    if loading.runtime not in (None, only) or loading.device:
        asked = f"device {loading.device!r}" if loading.device else f"runtime {loading.runtime.value!r}"  # type: ignore[union-attr]
        raise InvalidOption(f"{asked} cannot run {model}, only the runtime {only.value!r} can: leave it out")
