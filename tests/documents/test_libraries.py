"""Without a library its files fail one by one, each with the command that installs it; the others are read."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from tests.helpers.samples import SAMPLES
from vecsearch.reports import Failure, NeedsExtra
from vecsearch.types import Document

DATA = {sample.name: sample.data for sample in SAMPLES}
NEEDED = [
    ("a.pdf", "pypdfium2", "reading PDF needs pypdfium2"),
    ("a.xlsx", "python_calamine", "reading sheets needs python-calamine"),
    ("a.ods", "python_calamine", "reading sheets needs python-calamine"),
    ("a.msg", "olefile", "reading Outlook's messages needs olefile"),
    ("a.rtf", "striprtf", "reading RTF needs striprtf"),
]


class Absent:
    """Stands for packages that are not installed."""

    def __init__(self, *packages: str) -> None:
        self.packages = packages

    def find_spec(self, name: str, *_: object) -> None:
        if name in self.packages:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes packages absent for the rest of a test."""

    def without(*packages: str) -> None:
        for module in list(sys.modules):
            if module.split(".")[0] in packages:
                monkeypatch.delitem(sys.modules, module)
        monkeypatch.setattr(sys, "meta_path", [Absent(*packages), *sys.meta_path])

    return without


@pytest.mark.parametrize(("name", "package", "said"), NEEDED)
def test_the_command_that_installs_it_is_said(
    read_here: Callable[..., list[Document | Failure]],
    without: Callable[..., None],
    name: str,
    package: str,
    said: str,
) -> None:
    without(package)
    (failure,) = read_here(name, DATA[name])
    kind = name.partition(".")[2].upper()
    reason = f"{said}: pip install 'vecsearch[documents]'"
    assert failure == NeedsExtra(failure.source, reason, "documents", kind)  # no Skip: what the index has of it stays


@pytest.mark.parametrize("name", sorted(DATA.keys() - {name for name, _, _ in NEEDED}))
def test_other_formats_need_no_library(
    read_here: Callable[..., list[Document | Failure]], without: Callable[..., None], name: str
) -> None:
    without(*{package for _, package, _ in NEEDED})
    assert any(isinstance(found, Document) for found in read_here(name, DATA[name]))
