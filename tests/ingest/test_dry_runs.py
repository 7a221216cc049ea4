"""What a dry run says is what the run then does, whatever was changed since the last one."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

import vecsearch.ingest.run
import vecsearch.storage.merge_policy
from tests.helpers.counting import CountingEncoder
from tests.helpers.writing import write
from vecsearch import Index, Report
from vecsearch.models import Cache

TEXTS = ["cats purr", "the heron waits", "the heron waits\n\nin the river", "# Title\n\nherons wait"]
EMPTY = ["", " \n", "\x00\x01"]
PAGE = "page {0} says\n\n" + "the same long line about the heron that waits in the river " * 4
FLAGS: list[dict[str, Any]] = [
    {},
    {},
    {"exclude": ("*.txt",)},
    {"metadata": {"team": "a"}},
    {"dedupe": "report"},
    {"dedupe": "collapse"},
    {"drop_boilerplate": True},
    {"id_field": "key"},
]


@pytest.mark.parametrize("seed", range(30))
def test_predicts_the_run_that_follows(
    tmp_path: Path, encoder: CountingEncoder, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    rng = random.Random(seed)
    monkeypatch.setattr(vecsearch.ingest.run, "_WINDOW_DOCUMENTS", rng.choice([1, 2, 3, 4_096]))
    monkeypatch.setattr(vecsearch.storage.merge_policy, "SEGMENT_CHUNKS", rng.choice([1, 4, 16_384]))
    index = Index.create(tmp_path / "index", model=encoder, cache=Cache(tmp_path / "cache"))
    for name in ("one", "two", "one/inner"):
        (tmp_path / name).mkdir()
    for _ in range(6):
        for _ in range(rng.randint(0, 6)):
            rng.choice(CHANGES)(tmp_path, rng)
        roots = [path for path in (tmp_path / "one", tmp_path / "two", tmp_path / "one" / "inner") if path.exists()]
        paths = rng.choice([None, *([root] for root in roots), roots]) if index.roots() else roots
        flags = {} if paths is None else rng.choice(FLAGS)
        if rng.random() < 0.2:
            index.delete([document.id for document in index][:2])
        force = rng.random() < 0.2
        before = encoder.encoded.copy()
        planned = index.sync(paths, dry_run=True, force=force, **flags)
        assert encoder.encoded == before
        done = index.sync(paths, force=force, **flags)
        assert facts(planned) == facts(done)
        assert len(encoder.encoded) - len(before) == done.encoded


def facts(report: Report) -> dict[str, Any]:
    """All but the time it took, and the recall, which is measured on what was written."""
    return {key: value for key, value in asdict(report).items() if key not in ("seconds", "measured_recall")}


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and {"one", "two"} & set(path.parts))


def _somewhere(folder: Path, rng: random.Random) -> Path:
    place = folder / rng.choice(["one", "two", "one/inner", "one/new", "two/deep/er"])
    return place / f"{rng.choice('abcdef')}{rng.choice(['.md', '.txt', '.html'])}"


def write_text(folder: Path, rng: random.Random) -> None:
    write(_somewhere(folder, rng), rng.choice([*TEXTS, *EMPTY, *(PAGE.format(number) for number in range(3))]))


def write_rows(folder: Path, rng: random.Random) -> None:
    ids = rng.sample("abcdefgh", rng.randint(0, 4))
    rows = [{"id": name, "key": f"k{name}", "text": rng.choice(TEXTS)} for name in ids]
    lines = [json.dumps(row) for row in rows] + rng.choice([[], [], ["{broken"], [json.dumps({"no": "text"})]])
    write(_somewhere(folder, rng).with_suffix(".jsonl"), "\n".join(lines) + "\n")


def copy(folder: Path, rng: random.Random) -> None:
    if files := _files(folder):
        target = _somewhere(folder, rng)
        target.parent.mkdir(parents=True, exist_ok=True)
        source = rng.choice(files)
        if source != target:
            shutil.copy(source, target)


def rename(folder: Path, rng: random.Random) -> None:
    if files := _files(folder):
        target = _somewhere(folder, rng)
        target.parent.mkdir(parents=True, exist_ok=True)
        rng.choice(files).replace(target)


def remove(folder: Path, rng: random.Random) -> None:
    if files := _files(folder):
        rng.choice(files).unlink()


def touch(folder: Path, rng: random.Random) -> None:
    if files := _files(folder):
        rng.choice(files).touch()


def rename_folder(folder: Path, rng: random.Random) -> None:
    source, target = (
        folder / rng.choice(["two", "one/inner", "one/new"]),
        folder / "one" / rng.choice(["inner", "other"]),
    )
    if source.exists() and not target.exists() and (folder / "one").exists():
        source.rename(target)


def forget_vectors(folder: Path, _: random.Random) -> None:
    Cache(folder / "cache").clear()


CHANGES: list[Callable[[Path, random.Random], None]] = [write_text, write_text, write_text, write_rows, write_rows]
CHANGES += [copy, rename, remove, touch, rename_folder, forget_vectors]
