"""What makes a model itself: hashes of its big files, remembered, and one fingerprint over all that shapes a vector.

Hashing 90 MB takes longer than answering a query, so a hash is remembered under the file's real path, size and
modification time, and taken again when one of them differs.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from vecsearch.errors import ModelDamaged
from vecsearch.files import sha256
from vecsearch.models.encoders.derived_files import model_cache, read_derived, write_derived
from vecsearch.models.encoders.model_folder import ModelFolder
from vecsearch.models.encoders.transformer.spec import ModelSpec


def file_hash(path: Path) -> str:
    """The SHA-256 of a file in hexadecimal digits, from memory where the file has not changed since."""
    real = path.resolve()
    found = real.stat()
    stat = [str(real), found.st_size, found.st_mtime_ns]
    record = model_cache() / f"{hashlib.sha256(str(real).encode('utf-8', 'surrogateescape')).hexdigest()[:32]}.json"
    if (known := read_derived(record)) is not None:
        remembered, digest = json.loads(known)
        if remembered == stat:
            return str(digest)
    digest = sha256(real)
    write_derived(record, json.dumps([stat, digest]).encode())
    return digest


def check_known_hashes(model: ModelFolder) -> None:
    """Return when the files are those the model is known by; raise ModelDamaged naming the first that is not."""
    for name, expected in model.known_hashes.items():
        path = model.path / name
        if not path.is_file():
            raise ModelDamaged(f"model {model.name!r}: {path} is missing; reinstall the package that carries it")
        if (found := file_hash(path)) != expected:
            raise ModelDamaged(
                f"model {model.name!r}: {path} has SHA-256 {found[:12]}..., expected {expected[:12]}...; "
                "reinstall the package that carries it"
            )


def fingerprint(spec: ModelSpec) -> str:
    """64 hexadecimal digits, equal for two models exactly when every text has the same vector in both.

    The name and the runtime are no part of it; numbers that only bound the vectors' precision are not either.
    """
    beside = spec.weights.with_name(f"{spec.weights.name}_data")  # what a graph of more than 2 GB keeps apart
    ingredients = {
        "weights": file_hash(spec.weights) + (file_hash(beside) if beside.is_file() else ""),
        "tokenizer": file_hash(spec.tokenizer),
        "pooling": spec.pooling.value,
        "normalize": spec.normalize,
        "lowercase": spec.lowercase,
        "prompts": [spec.prompts.query, spec.prompts.document],
        "max_tokens": spec.max_seq_length,
        "dim": spec.dim,
    }
    return hashlib.sha256(json.dumps(ingredients, sort_keys=True).encode()).hexdigest()
