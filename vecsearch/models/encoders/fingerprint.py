"""A model's identity: hashes of its large files, remembered, and one fingerprint over all that shapes a vector.

Hashing 90 MB takes longer than answering a query, so a hash is remembered with the file's real path, size, times and
inode, and computed again when one of them differs.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from vecsearch.errors import ModelDamaged
from vecsearch.files import sha256
from vecsearch.models.encoder import Encoder
from vecsearch.models.encoders.derived_files import model_cache, read_derived, write_derived
from vecsearch.models.encoders.model_folder import ModelFolder
from vecsearch.models.encoders.shortened import Shortened, cut_fingerprint
from vecsearch.models.encoders.transformer.identity import unusual_settings
from vecsearch.models.encoders.transformer.spec import ModelSpec


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal digits, a remembered one where the file has not changed since."""
    real = path.resolve()
    status = real.stat()
    # An archive sets the modification time; the time of the change of the file itself is the system's own.
    stamp = [str(real), status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]
    record = model_cache() / f"{hashlib.sha256(str(real).encode('utf-8', 'surrogateescape')).hexdigest()[:32]}.json"
    if (known := read_derived(record)) is not None:
        remembered, digest = json.loads(known)
        if remembered == stamp:
            return str(digest)
    digest = sha256(real)
    write_derived(record, json.dumps([stamp, digest]).encode())
    return digest


def check_known_hashes(model: ModelFolder) -> None:
    """Raise ModelDamaged naming the first file that differs from the hash that the model is known by."""
    for name, expected in model.known_hashes.items():
        path = model.path / name
        if not path.is_file():
            raise ModelDamaged(f"model {model.name!r}: {path} is missing; reinstall the package that carries it")
        if (actual := file_hash(path)) != expected:
            raise ModelDamaged(
                f"model {model.name!r}: {path} has SHA-256 {actual[:12]}..., expected {expected[:12]}...; "
                "reinstall the package that carries it"
            )


def fingerprint(spec: ModelSpec) -> str:
    """Return 64 hexadecimal digits, equal for two models exactly when every text has the same vector in both.

    Neither the name nor the runtime is part of it, nor numbers that only bound the vectors' precision. Of config.json
    only what the weights do not imply is, so that the usual models have the fingerprints that indexes know them by.
    """
    return _digest(_ingredients(spec) | _settings(spec))


def earlier_fingerprint(encoder: Encoder) -> str | None:
    """Return the fingerprint that a model had when its config.json was no part of it; None for one without.

    Only to tell the user why an index of that time is refused: two models may share it.
    """
    if isinstance(encoder, Shortened) and encoder.dim < encoder.inner.dim:
        inner = earlier_fingerprint(encoder.inner)
        return None if inner is None else cut_fingerprint(inner, encoder.dim)
    spec = getattr(encoder, "spec", None)
    return _digest(_ingredients(spec)) if isinstance(spec, ModelSpec) else None


def _settings(spec: ModelSpec) -> dict[str, Any]:
    unusual = unusual_settings(spec.config, spec.shape, spec.weights) if spec.shape else {}
    return {"config": unusual} if unusual else {}


def _ingredients(spec: ModelSpec) -> dict[str, Any]:
    beside = spec.weights.with_name(f"{spec.weights.name}_data")  # the weights of a graph of more than 2 GB
    return {
        "weights": file_hash(spec.weights) + (file_hash(beside) if beside.is_file() else ""),
        "tokenizer": file_hash(spec.tokenizer),
        "pooling": spec.pooling.value,
        "normalize": spec.normalize,
        "lowercase": spec.lowercase,
        "prompts": [spec.prompts.query, spec.prompts.document],
        "max_tokens": spec.max_seq_length,
        "dim": spec.dim,
    }


def _digest(ingredients: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(ingredients, sort_keys=True).encode()).hexdigest()
