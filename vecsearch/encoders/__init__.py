"""Models that turn texts into vectors: load_encoder() finds one by name and picks the runtime for it.

Holds no model code of its own. A runtime's library is imported when a text is first encoded, never here.
"""

from __future__ import annotations

from vecsearch.encoders.folder import DEFAULT_MODEL, ModelFolder, find_model
from vecsearch.encoders.onnx_session import ONNXRUNTIME
from vecsearch.encoders.precision import OPENVINO
from vecsearch.encoders.transformer import TransformerEncoder
from vecsearch.encoding import Encoder

__all__ = ["DEFAULT_MODEL", "load_encoder"]


def load_encoder(model: str = DEFAULT_MODEL, *, runtime: str | None = None, threads: int | None = None) -> Encoder:
    """The encoder for `model`: a folder, a model an installed package carries, or a hub name ("owner/name@revision").

    Opens small files only. `threads` bounds the processor's cores in use; by default all this process may use.
    Raises ModelNotFound when nothing of that name is here or on the hub, ModelDamaged when its files are broken or
    of a kind that is not supported.
    """
    return _transformer(find_model(model), runtime, threads)


def _transformer(folder: ModelFolder, runtime: str | None, threads: int | None) -> Encoder:
    if runtime == "openvino":
        return TransformerEncoder(folder, OPENVINO, threads=threads)
    return TransformerEncoder(folder, ONNXRUNTIME, threads=threads)
