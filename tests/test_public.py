from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import vecsearch

HEAVY = ["faiss", "pyarrow", "onnxruntime", "onnx", "tokenizers", "torch", "numpy", "sentence_transformers", "openvino"]


def loaded_by(code: str) -> set[str]:
    """The heavy libraries that a fresh process has loaded after running `code`."""
    ask = f"import sys\n{code}\nprint(*(name for name in {HEAVY} if name in sys.modules))"
    run = subprocess.run([sys.executable, "-W", "error", "-c", ask], check=True, capture_output=True, text=True)
    return set(run.stdout.split())


def promised_to_type_checkers() -> set[str]:
    """The names that __init__.py imports for type checkers."""
    [block] = [node for node in ast.parse(Path(vecsearch.__file__).read_text()).body if isinstance(node, ast.If)]
    return {alias.name for node in block.body for alias in node.names}


def test_public_names_are_those_that_type_checkers_see_in_order():
    assert set(vecsearch.__all__) == promised_to_type_checkers()
    assert vecsearch.__all__ == sorted(set(vecsearch.__all__))


@pytest.mark.parametrize("name", vecsearch.__all__)
def test_a_public_name_can_be_imported_and_has_a_docstring(name):
    value = getattr(vecsearch, name)
    assert value.__name__ == name
    assert value.__module__.startswith("vecsearch.")
    doc = inspect.getdoc(value)
    assert doc
    assert not doc.startswith(f"{name}(")  # what dataclasses and tuples write when nobody did


@pytest.mark.parametrize("name", vecsearch.__all__)
def test_a_public_method_has_a_docstring(name):
    value = getattr(vecsearch, name)
    public = {key: member for key, member in vars(value).items() if not key.startswith("_")}
    for key, member in public.items():
        member = getattr(member, "__func__", member)
        if inspect.isfunction(member) or isinstance(member, property):
            assert inspect.getdoc(member), f"{name}.{key}"


def test_all_names_are_listed_and_star_imported():
    assert set(vecsearch.__all__) <= set(dir(vecsearch))
    names: dict[str, object] = {}
    exec("from vecsearch import *", names)
    assert set(vecsearch.__all__) <= names.keys()


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
