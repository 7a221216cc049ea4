"""A file that a missing package would read is skipped, not failed; one line says what to install."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.helpers.commands import Command
from tests.helpers.counting import CountingEncoder
from tests.helpers.writing import write
from vecsearch import Index
from vecsearch.reports import NeedsExtra


@pytest.fixture
def without_libraries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """For the process that reads files, the libraries of PDF and RTF are not installed, until this is undone."""
    for module in ("pypdfium2", "striprtf"):
        write(tmp_path / "shadows" / f"{module}.py", f"raise ModuleNotFoundError('no {module}', name='{module}')\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(tmp_path / "shadows"))
        yield patch


def write_files(folder: Path) -> None:
    write(folder / "a.md", "cats purr")
    for name in ("b.pdf", "c.PDF", "sub/d.pdf"):
        write(folder / name, "%PDF-1.7\n")
    write(folder / "e.rtf", r"{\rtf1 herons wait}")


def test_one_line_at_the_end_counts_them_by_kind(
    folder: Path, vecsearch_command: Command, without_libraries: pytest.MonkeyPatch
) -> None:
    write_files(folder)
    done = vecsearch_command("index", folder)
    assert done.status == 0
    assert done.err.splitlines() == ["3 PDF, 1 RTF files skipped: pip install 'vecsearch[documents]'"]
    (folder / "e.rtf").unlink()
    assert "3 PDF files skipped: pip" in vecsearch_command("index", folder).err
    assert "1 PDF file skipped: pip" in vecsearch_command("index", folder / "b.pdf").err
    report = json.loads(vecsearch_command("index", folder, "--json").out)
    assert [skip["extra"] for skip in report["skipped"]] == ["documents"] * 3
    assert {Path(skip["source"]).name for skip in report["skipped"]} == {"b.pdf", "c.PDF", "d.pdf"}


def test_what_was_read_with_the_package_stays_and_is_read_again_with_it(
    folder: Path, encoder: CountingEncoder, without_libraries: pytest.MonkeyPatch
) -> None:
    without_libraries.undo()
    pytest.importorskip("striprtf.striprtf")
    write_files(folder)
    index = Index.create(folder.parent / "index", model=encoder)
    file = folder / "e.rtf"
    assert index.sync(file).added == 1
    write(file, r"{\rtf1 egrets wait, too}")
    without_libraries.syspath_prepend(str(folder.parent / "shadows"))
    report = index.sync(file)
    assert (report.skipped, report.failed, report.deleted) == (
        (NeedsExtra(str(file), report.skipped[0].reason, "documents", "RTF"),),
        (),
        0,
    )
    assert "pip install 'vecsearch[documents]'" in report.skipped[0].reason
    assert [document.text for document in index] == ["herons wait"]
    without_libraries.undo()
    assert index.sync(file).updated == 1
    assert [document.text for document in index] == ["egrets wait, too"]
