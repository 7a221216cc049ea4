"""What can run a model on this machine: which runtimes are installed, how to install the others, what the processor
can do. Imports none of them: a package is looked up, not loaded.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from vecsearch.choices import Runtime as Runtime

_MODULES: Mapping[Runtime, str] = MappingProxyType(
    {
        Runtime.ONNXRUNTIME: "onnxruntime",
        Runtime.OPENVINO: "openvino",
        Runtime.SENTENCE_TRANSFORMERS: "sentence_transformers",
        Runtime.STATIC: "tokenizers",
        Runtime.OPENAI: "openai",
    }
)
_BF16_FLAGS = {"avx512_bf16", "amx_bf16"}  # as Linux names them, arch/x86/include/asm/cpufeatures.h


def installed(runtime: Runtime) -> bool:
    """Whether the runtime's package is installed; nothing is imported."""
    return importlib.util.find_spec(_MODULES[runtime]) is not None


def install_command(runtime: Runtime) -> str | None:
    """Return the command that installs the runtime; None where it is installed."""
    return None if installed(runtime) else f"pip install 'vecsearch[{runtime.value}]'"


def graph_runtime() -> Runtime:
    """Return the faster runtime for graphs here: OpenVINO where it may compute in bf16, else ONNX Runtime."""
    return Runtime.OPENVINO if installed(Runtime.OPENVINO) and has_bf16_units() else Runtime.ONNXRUNTIME


def has_bf16_units() -> bool:
    """Whether this processor multiplies bf16 numbers itself; False wherever Linux on x86 does not report it."""
    if sys.platform != "linux":
        return False
    try:
        return _names_bf16(Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace"))
    except OSError:  # a container without /proc
        return False


def _names_bf16(cpuinfo: str) -> bool:
    """Whether the flags in the text of a /proc/cpuinfo name bf16 arithmetic."""
    lines = (line.partition(":") for line in cpuinfo.splitlines())
    return any(key.strip() == "flags" and _BF16_FLAGS & set(flags.split()) for key, _, flags in lines)
