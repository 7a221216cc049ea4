"""Whatever is done to files, folders and roots, and whichever roots a run follows, the index ends up with the files."""

from __future__ import annotations

import itertools
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.counting import CountingEncoder
from tests.helpers.writing import write
from vecsearch import Index

STEPS = 14


def seeds(n: int) -> list[Any]:
    """The first n seeds; all but one are slow."""
    return [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, n))]


class Life:
    """A folder of roots, whose files change at random, and an index that follows it."""

    def __init__(self, base: Path, seed: int) -> None:
        self.base = base
        self.chance = random.Random(seed)
        self.numbers = itertools.count()
        self.index = Index.create(base / "index", model=CountingEncoder())
        self.roots = [base / "one", base / "two"]
        for root in self.roots:
            for _ in range(3):
                self.write(root)
        self.index.sync(self.roots[0], metadata={"root": 1})
        self.index.sync(self.roots[1])

    def files(self) -> list[Path]:
        return sorted(path for root in self.roots for path in root.rglob("*") if path.is_file())

    def folders(self) -> list[Path]:
        return sorted(path for root in self.roots for path in (root, *root.rglob("*")) if path.is_dir())

    def write(self, folder: Path | None = None) -> None:
        number = next(self.numbers)
        folder = folder or self.chance.choice(self.folders())
        nested = self.chance.choice(["", f"f{number}"])
        write(folder / nested / f"{number}.md", f"text number {number}")

    def edit(self) -> None:
        write(self.chance.choice(self.files()), f"text number {next(self.numbers)}")

    def delete(self) -> None:
        if len(self.files()) > 3:
            self.chance.choice(self.files()).unlink()

    def copy(self) -> None:
        file = self.chance.choice(self.files())
        shutil.copy2(file, self.chance.choice(self.folders()) / f"copy{next(self.numbers)}.md")

    def move_file(self) -> None:
        file = self.chance.choice(self.files())
        file.rename(self.chance.choice(self.folders()) / f"moved{next(self.numbers)}.md")

    def move_folder(self) -> None:
        inner = [path for path in self.folders() if path not in self.roots]
        if inner:
            folder = self.chance.choice(inner)
            targets = [path for path in self.folders() if not path.is_relative_to(folder)]
            folder.rename(self.chance.choice(targets) / f"moved{next(self.numbers)}")

    def rename_root(self) -> None:
        """Rename a root that was in step; some of its files are changed before the next run, fewer than half."""
        number = self.chance.randrange(len(self.roots))
        for _ in range(3):
            self.write(self.roots[number])
        self.sync(number)
        self.roots[number] = self.roots[number].rename(self.base / f"root{next(self.numbers)}")
        self.write(self.roots[number])
        write(next(path for path in self.roots[number].rglob("*.md")), f"text number {next(self.numbers)}")
        self.sync(number)

    def sync(self, number: int) -> None:
        self.index.sync(self.roots[number], metadata={"root": 1} if number == 0 else None)

    def sync_one(self) -> None:
        self.sync(self.chance.randrange(len(self.roots)))

    def sync_part(self) -> None:
        self.index.sync(self.chance.choice(self.folders()), force=self.chance.random() < 0.3)

    def sync_all(self) -> None:
        self.index.sync()


@pytest.mark.parametrize("seed", seeds(12))
def test_the_index_holds_the_files(tmp_path: Path, seed: int) -> None:
    life = Life(tmp_path, seed)
    steps = [life.write, life.edit, life.delete, life.copy, life.move_file, life.move_folder, life.rename_root]
    steps += [life.sync_one, life.sync_all]
    for _ in range(STEPS):
        life.chance.choice(steps)()
    life.sync(0)
    life.sync(1)
    report = life.index.sync()
    expected = {path.relative_to(tmp_path).as_posix() for path in life.files()}
    assert set(life.index.document_ids()) == expected
    first = {path.relative_to(tmp_path).as_posix() for path in life.files() if path.is_relative_to(life.roots[0])}
    assert set(life.index.document_ids("root = 1")) == first
    assert (report.added, report.updated, report.deleted, report.missing, report.failed) == (0, 0, 0, (), ())
    assert {root.path for root in life.index.roots()} == {str(root) for root in life.roots}
    assert sum(root.documents for root in life.index.roots()) == len(expected)
    assert life.index.verify().ok


@pytest.mark.parametrize("seed", seeds(6))
def test_a_part_of_a_root_is_brought_in_step_alone(tmp_path: Path, seed: int) -> None:
    life = Life(tmp_path, 100 + seed)
    for _ in range(STEPS):
        life.chance.choice([life.write, life.edit, life.delete, life.move_file, life.move_folder, life.sync_part])()
    report = life.index.sync()
    assert set(life.index.document_ids()) == {path.relative_to(tmp_path).as_posix() for path in life.files()}
    assert (report.missing, report.failed) == ((), ())
