"""One loaded encoder for all indexes of a process that use the same model in the same way."""

from __future__ import annotations

from threading import Lock
from typing import Any
from weakref import WeakValueDictionary

from vecsearch.models.encoder import Encoder
from vecsearch.models.encoders import load_encoder

_ENDPOINT = "openai:"  # holds no weights, and may be opened with another key the next time
_Key = tuple[str, str, str, tuple[tuple[str, Any], ...]]
_shared: WeakValueDictionary[_Key, Encoder] = WeakValueDictionary()
_lock = Lock()


def shared_encoder(model: str, **settings: Any) -> Encoder:
    """The encoder that load_encoder(model, **settings) gives, or an equal one that is in use already.

    Equal means: same name, fingerprint, class and settings. An encoder is kept as long as somebody holds it. Loading is
    cheap here: weights are read when a text is first encoded.
    """
    encoder = load_encoder(model, **settings)
    if model.startswith(_ENDPOINT):
        return encoder
    key = (encoder.name, encoder.fingerprint, type(encoder).__qualname__, tuple(sorted(settings.items())))
    with _lock:
        return _shared.setdefault(key, encoder)
