from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import pytest

import vecsearch.analysis
import vecsearch.choices
import vecsearch.errors
import vecsearch.models
import vecsearch.reports
import vecsearch.training
import vecsearch.trust
import vecsearch.types

HEAVY = ["faiss", "pyarrow", "onnxruntime", "onnx", "tokenizers", "torch", "numpy", "sentence_transformers", "openvino"]


def loaded_by(code: str) -> set[str]:
    """The heavy libraries that a fresh process has loaded after running `code`."""
    ask = f"import sys\n{code}\nprint(*(name for name in {HEAVY} if name in sys.modules))"
    run = subprocess.run([sys.executable, "-W", "error", "-c", ask], check=True, capture_output=True, text=True)
    return set(run.stdout.split())


PACKAGES = [vecsearch, vecsearch.analysis, vecsearch.models, vecsearch.training]
MODULES = [
    vecsearch.choices,
    vecsearch.errors,
    vecsearch.reports,
    vecsearch.trust,
    vecsearch.types,
]  # public as a whole
NAMES = [(package, name) for package in PACKAGES for name in package.__all__]


def promised_to_type_checkers(package: ModuleType) -> dict[str, str]:
    """The names that a package imports for type checkers, each with its module."""
    [block] = [node for node in ast.parse(Path(package.__file__).read_text()).body if isinstance(node, ast.If)]
    return {alias.name: node.module for node in block.body for alias in node.names}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_the_names_of_a_package_are_those_that_type_checkers_see_in_order(package):
    assert promised_to_type_checkers(package) == package._HOMES
    assert package.__all__ == sorted(package._HOMES)


@pytest.mark.parametrize(("package", "name"), NAMES, ids=str)
def test_a_public_name_can_be_imported_and_has_a_docstring(package, name):
    value = getattr(package, name)
    assert value.__name__ == name
    assert value.__module__.startswith("vecsearch.")
    doc = inspect.getdoc(value)
    assert doc
    assert not doc.startswith(f"{name}(")  # what dataclasses and tuples write when nobody did


def public_classes() -> Iterator[type]:
    """Every class that is public, by name or as one of a public module."""
    values = [getattr(package, name) for package, name in NAMES]
    values += [value for module in MODULES for name, value in vars(module).items() if not name.startswith("_")]
    yield from {value for value in values if inspect.isclass(value) and value.__module__.startswith("vecsearch.")}


@pytest.mark.parametrize("value", sorted(public_classes(), key=lambda value: value.__qualname__))
def test_a_public_method_has_a_docstring(value):
    public = {key: member for key, member in vars(value).items() if not key.startswith("_")}
    for key, member in public.items():
        member = getattr(member, "__func__", member)
        if inspect.isfunction(member) or isinstance(member, property):
            assert inspect.getdoc(member), f"{value.__name__}.{key}"


@pytest.mark.parametrize(("package", "name"), NAMES, ids=str)
def test_help_shows_the_parameters_of_a_public_function(package, name):
    """No `**kwargs` that hides what can be given, and no parameter without a type."""
    value = getattr(package, name)
    functions = [value] if inspect.isfunction(value) else []
    if name == "Index":
        functions = [getattr(member, "__func__", member) for key, member in vars(value).items() if key[0] != "_"]
    for function in filter(inspect.isfunction, functions):
        for parameter in list(inspect.signature(function).parameters.values()):
            assert parameter.kind is not parameter.VAR_KEYWORD, f"{function.__qualname__}({parameter})"
            assert parameter.name in ("self", "cls") or parameter.annotation is not parameter.empty


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_all_names_are_listed_and_star_imported(package):
    assert set(package.__all__) <= set(dir(package))
    names: dict[str, object] = {}
    exec(f"from {package.__name__} import *", names)
    assert set(package.__all__) <= names.keys()


def test_the_front_door_has_the_errors_and_some_thirty_names():
    rest = [name for name in vecsearch.__all__ if not hasattr(vecsearch.errors, name)]
    assert len(rest) < 36


def test_every_error_is_public():
    from vecsearch import errors

    assert {name for name, value in vars(errors).items() if inspect.isclass(value)} <= set(vecsearch.__all__)


def test_another_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Indx'"):
        vecsearch.Indx  # noqa: B018


def test_the_version_is_that_of_the_package():
    assert vecsearch.__version__ == version("vecsearch")


@pytest.mark.parametrize(
    "code",
    [
        "import vecsearch",
        "import vecsearch; dir(vecsearch); vecsearch.__version__",
        "from vecsearch import IndexNotFound, VecsearchError",
        "from vecsearch import Dedupe, Metric, Mode, Role, Splitter",
        "import vecsearch.choices",
        "import vecsearch.cli.main",
    ],
)
def test_importing_loads_nothing_heavy(code):
    assert loaded_by(code) == set()


def test_opening_the_words_of_the_library_loads_numpy_only():
    assert loaded_by("from vecsearch import Document, Hit, Encoder") == {"numpy"}


def test_a_heavy_library_would_be_seen():
    assert "numpy" in loaded_by("import numpy")


def test_a_user_is_told_the_types():
    assert (Path(vecsearch.__file__).parent / "py.typed").exists()


def test_a_search_by_vector_loads_numpy_faiss_and_arrow_but_no_parquet_reader_and_no_model(tmp_path, encoder):
    vecsearch.Index.create(tmp_path / "index", model=encoder).add(["one text", "another"])
    code = f"""
import numpy
from vecsearch import Index
assert Index.open({str(tmp_path / "index")!r}).search(numpy.ones({encoder.dim}, numpy.float32), k=1)
assert not {{"pyarrow.parquet", "pandas", "tqdm", "selectolax", "pyromark"}} & set(sys.modules)
"""
    ask = f"import sys\n{code}\nprint(*(name for name in {HEAVY} if name in sys.modules))"
    run = subprocess.run([sys.executable, "-c", ask], check=True, capture_output=True, text=True)
    assert set(run.stdout.split()) == {"numpy", "faiss", "pyarrow"}
