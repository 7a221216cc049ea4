"""Models that turn texts into vectors: load_encoder() finds one by name and picks the runtime for it.

    load_encoder -> _open -> an endpoint          "openai:MODEL@URL"
                          -> word vectors         a file
                          -> torch                where runtime or device say so
                          -> a static model       a folder with a matrix and a tokenizer
                          -> a transformer        a folder whose graph we have or build, else torch

Holds no model code of its own. A runtime's library is imported when a text is first encoded, never here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from vecsearch.errors import ExtraMissing, InvalidOption, ModelUnsupported
from vecsearch.models.encoder import Encoder
from vecsearch.models.encoders.model_folder import DEFAULT_MODEL, ModelFolder, find_model, find_whole_model, is_graph
from vecsearch.models.encoders.model_names import full_name
from vecsearch.models.encoders.model_paths import path_named
from vecsearch.models.encoders.runtimes import Runtime, graph_runtime, installed

__all__ = ["DEFAULT_MODEL", "LoadOptions", "graph_or_torch", "load_encoder", "whole_model"]

_Opened = TypeVar("_Opened")
_ENDPOINT = "openai:"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadOptions:
    """How to run an encoder or a reranker; what each option means is in load_encoder()."""

    runtime: Runtime | None = None
    threads: int | None = None
    device: str | None = None
    trust_remote_code: bool = False
    fetch: bool = True

    @classmethod
    def of(
        cls,
        *,
        runtime: Runtime | str | None,
        threads: int | None,
        device: str | None,
        trust_remote_code: bool,
        fetch: bool = True,
    ) -> LoadOptions:
        """Check the options as a caller gives them."""
        return cls(
            runtime=None if runtime is None else Runtime.of(runtime),
            threads=threads,
            device=device,
            trust_remote_code=trust_remote_code,
            fetch=fetch,
        )

    @property
    def needs_torch(self) -> bool:
        """Whether only sentence-transformers can do this."""
        return bool(self.device) or self.runtime is Runtime.SENTENCE_TRANSFORMERS


def load_encoder(
    model: str = DEFAULT_MODEL,
    *,
    runtime: Runtime | str | None = None,
    dim: int | None = None,
    threads: int | None = None,
    device: str | None = None,
    trust_remote_code: bool = False,
    fetch: bool = True,
) -> Encoder:
    """Return the encoder for `model`, on the fastest runtime on this machine that gives its vectors.

    `model` is a folder, an .onnx file in one, a file of word vectors, a model that an installed package carries, a hub
    name ("owner/name@revision"), or an endpoint ("openai:MODEL@http://host/v1"). A path has a separator, as in
    "./folder": a bare name is never looked for in the working folder. Opens small files only.

    `runtime` names one: onnxruntime, openvino, sentence-transformers. `dim` cuts vectors to their first `dim` numbers.
    `threads` bounds the processor's cores in use, by default all that this process may use. `device` is torch's name
    of one ("cuda", "mps") and implies sentence-transformers. `trust_remote_code` lets code in a folder run,
    or of a model on the hub that is named with its commit ("owner/name@" and 40 digits); $VECSEARCH_TRUST_REMOTE_CODE
    does so for the models it names in this way. Without `fetch` nothing is downloaded from the hub.

    Raises ModelNotFound when no model of that name is on this machine or the hub, ModelDamaged when its files are
    broken, ModelUnsupported when no installed runtime runs it, ExtraMissing when an installable one does,
    InvalidOption.
    """
    options = LoadOptions.of(
        runtime=runtime, threads=threads, device=device, trust_remote_code=trust_remote_code, fetch=fetch
    )
    encoder = _open(model, options)
    if dim is None:
        return encoder
    from vecsearch.models.encoders.shortened import Shortened

    return Shortened(encoder, dim)


def _open(model: str, options: LoadOptions) -> Encoder:
    """The encoder for a model by what its name leads to."""
    if model.startswith(_ENDPOINT):
        return _endpoint(model, options)
    if (path := path_named(model)) is not None and path.is_file() and not is_graph(path):
        return _word_vectors(model, path, options)
    if options.needs_torch:
        return _with_torch(model, options)
    folder = find_model(full_name(model), fetch=options.fetch)
    if _is_static(folder):
        return _static(model, folder, options)
    return graph_or_torch(model, options, lambda: _with_graph(folder, options), lambda: _with_torch(model, options))


def graph_or_torch(
    model: str, options: LoadOptions, with_graph: Callable[[], _Opened], with_torch: Callable[[], _Opened]
) -> _Opened:
    """Open a transformer by its graph; without one that we have or build, by torch unless a runtime was named."""
    try:
        return with_graph()
    except ModelUnsupported as unsupported:
        if options.runtime:
            raise
        if not installed(Runtime.SENTENCE_TRANSFORMERS):
            purpose = f"the model {model!r} ({unsupported})"
            raise ExtraMissing.of("sentence-transformers", "sentence-transformers", purpose) from None
    return with_torch()


def _endpoint(model: str, options: LoadOptions) -> Encoder:
    from vecsearch.models.encoders.endpoint.encoder import EndpointEncoder

    _check_runtime(model, options, Runtime.OPENAI)
    return EndpointEncoder(model)


def _word_vectors(model: str, path: Path, options: LoadOptions) -> Encoder:
    from vecsearch.models.encoders.static.word_encoder import WordVectorEncoder

    _check_runtime(model, options, Runtime.STATIC)
    return WordVectorEncoder(path, name=model)


def _static(model: str, folder: ModelFolder, options: LoadOptions) -> Encoder:
    from vecsearch.models.encoders.static.encoder import StaticEncoder

    _check_runtime(model, options, Runtime.STATIC)
    return StaticEncoder(folder)


def _with_graph(folder: ModelFolder, options: LoadOptions) -> Encoder:
    from vecsearch.models.encoders.transformer.encoder import TransformerEncoder
    from vecsearch.models.encoders.transformer.onnx_session import ONNXRUNTIME
    from vecsearch.models.encoders.transformer.precision import OPENVINO

    match options.runtime or graph_runtime():
        case Runtime.ONNXRUNTIME:
            return TransformerEncoder(folder, ONNXRUNTIME, threads=options.threads)
        case Runtime.OPENVINO if options.runtime:
            return TransformerEncoder(folder, OPENVINO, threads=options.threads)
        case Runtime.OPENVINO:  # the default here: queries do not wait until it is ready
            return TransformerEncoder(folder, ONNXRUNTIME, OPENVINO, threads=options.threads)
        case other:
            raise InvalidOption(
                f"runtime is {other.value!r}, but {folder.name} is a transformer: name another runtime or none"
            )


def _with_torch(model: str, options: LoadOptions) -> Encoder:
    from vecsearch.models.encoders.torch.encoder import TorchEncoder

    return TorchEncoder(
        whole_model(full_name(model), options),
        device=options.device,
        threads=options.threads,
        trust_remote_code=options.trust_remote_code,
    )


def whole_model(name: str, options: LoadOptions) -> ModelFolder:
    """Return a model's folder with all its files, its code among them where the user may trust that."""
    from vecsearch.models.encoders.torch.trust import trusted_code

    code = options.trust_remote_code or bool(trusted_code(name.partition("@")[0]))
    return find_whole_model(name, code=code, fetch=options.fetch)


def _is_static(folder: ModelFolder) -> bool:
    from vecsearch.models.encoders.static.spec import is_static

    return is_static(folder)


def _check_runtime(model: str, options: LoadOptions, only: Runtime) -> None:
    """Raise InvalidOption for another runtime than the only one that can run a model."""
    if options.device:
        choice = f"device {options.device!r}"
    elif options.runtime and options.runtime is not only:
        choice = f"runtime {options.runtime.value!r}"
    else:
        return
    raise InvalidOption(f"{choice} cannot run {model}, only the runtime {only.value!r} can: leave it out")
