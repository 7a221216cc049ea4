"""Models in a hub's cache, as the hub's library leaves them there."""

from __future__ import annotations

from pathlib import Path

import pytest

COMMIT, OLDER = "c" * 40, "a" * 40
_VARIABLES = ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME", "OPENAI_API_KEY", "OPENAI_BASE_URL")


def put(cache: Path, repository: str, commit: str = COMMIT, *, weights: str = "model.safetensors") -> Path:
    """A snapshot: links to files that are kept by their hash, and what branch main means."""
    folder = cache / f"models--{repository.replace('/', '--')}"
    snapshot = folder / "snapshots" / commit
    (snapshot / weights).parent.mkdir(parents=True)
    (folder / "blobs").mkdir(exist_ok=True)
    (folder / "blobs" / "1f").write_bytes(b"weights")
    try:
        (snapshot / weights).symlink_to(folder / "blobs" / "1f")
    except OSError:  # Windows without the right to make links: the library copies there
        (snapshot / weights).write_bytes(b"weights")
    (snapshot / "modules.json").write_text("[]")
    (folder / "refs").mkdir(exist_ok=True)
    (folder / "refs" / "main").write_text(commit)
    return snapshot


def empty_cache(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Makes `folder` the hub's cache, and takes away keys and what else says where models are."""
    for name in _VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HUB_CACHE", str(folder))
    return folder
