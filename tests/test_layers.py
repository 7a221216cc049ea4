"""The order of the house: a file imports only files below it, and each heavy library has one place."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import vecsearch

HOUSE = Path(__file__).parents[1]
ORDER = [
    "errors",
    "types",
    "reports",
    "vectors",
    "files",
    "cores",
    "documents",
    "boundaries",
    "chunking",
    "encoding",
    "cache",
    "encoders",
    "rerank",
    "vector_files",
    "embedding",
    "ann",
    "columns",
    "rows",
    "row_reader",
    "lexical",
    "fusion",
    "explaining",
    "inspecting",
    "manifest",
    "segment",
    "sources",
    "lock",
    "store",
    "garbage",
    "commit",
    "merging",
    "draft",
    "duplicates",
    "tally",
    "boilerplate",
    "background",
    "ingest",
    "sync",
    "streams",
    "watching",
    "filters",
    "legs",
    "reasons",
    "options",
    "choosing",
    "questions",
    "query",
    "examples",
    "surroundings",
    "summary",
    "upkeep",
    "searching",
    "index",
    "words",
    "evaluation",
    "tuning",
    "distilling",
    "dimensions",
    "components",
    "sampling",
    "clustering",
    "mapping",
]
FILES = sorted((HOUSE / "vecsearch").rglob("*.py"))
COMMANDS = sorted((HOUSE / "cli").rglob("*.py"))
PLACES = {
    "faiss": {"ann/"},
    "pyarrow": {
        "upkeep/exchange.py",
        "columns.py",
        "rows.py",
        "row_reader.py",
        "segment.py",
        "sources.py",
        "filters/",
        "clustering/writing.py",
        "mapping/table.py",
        "documents/rows.py",
        "documents/archives.py",
        "vector_files.py",
    },
    "pyarrow.parquet": {"mapping/table.py", "upkeep/exchange.py", "segment.py", "documents/rows.py", "vector_files.py"},
    "pypdfium2": {"documents/pdf.py"},
    "python_calamine": {"documents/sheets.py"},
    "olefile": {"documents/msg.py"},
    "striprtf": {"documents/rtf.py"},
    "selectolax": {"documents/html.py"},
    "sqlite3": {"cache/"},
    "sqlglot": {"filters/"},
    "chonkie_core": {"chunking/semantic.py"},
    "Stemmer": {"lexical/terms.py"},
    "filelock": {"lock.py"},
    "rensa": {"duplicates.py"},
    "watchfiles": {"watching.py"},
    "sentence_transformers": {"encoders/torch/opening.py", "tuning/training.py"},
    "model2vec": {"distilling.py"},
    "matplotlib": {"dimensions/drawing.py", "mapping/images.py"},
    "openTSNE": {"mapping/projecting.py"},
    "umap": {"mapping/projecting.py"},
    "sklearn": {"clustering/density.py"},
    "transformers": {"encoders/torch/opening.py"},
    "safetensors": {"encoders/torch/opening.py", "tuning/checkpoint.py"},
    "onnxruntime": {"encoders/"},
    "onnx": {"encoders/"},
    "tokenizers": {"encoders/"},
    "openvino": {"encoders/"},
    "openai": {"encoders/endpoint/request.py"},
    "torch": {"encoders/torch/opening.py", "encoders/torch/session.py", "tuning/training.py"},
    "ir_measures": {"evaluation/measures.py"},
    "pytrec_eval": {"evaluation/measures.py"},
}


def name_of(path: Path) -> str:
    return path.relative_to(HOUSE / "vecsearch").as_posix()


def imports_of(path: Path) -> list[tuple[str, str | None]]:
    """Every import of a file, wherever it stands in it: the module, and the name that is taken from it."""
    found: list[tuple[str, str | None]] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(alias.name, None) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [("." * node.level + (node.module or ""), alias.name) for alias in node.names]
    return found


def modules_of(path: Path) -> set[str]:
    """What a file imports, in full: `from a import b` may be the module a.b or a name of a."""
    return {name for module, taken in imports_of(path) for name in (module, f"{module}.{taken}")}


def floor_of(module: str) -> str | None:
    """The file or package of ours that a module is in."""
    parts = module.split(".")
    return parts[1] if parts[0] == "vecsearch" and len(parts) > 1 and parts[1] in ORDER else None


def upward(path: Path, own: str) -> set[str]:
    """What a file imports from above its own floor."""
    return {
        module for module in modules_of(path) if (floor := floor_of(module)) and ORDER.index(floor) > ORDER.index(own)
    }


def test_every_file_has_its_place_in_the_order():
    tops = {name_of(path).split("/")[0].removesuffix(".py") for path in FILES}
    assert tops - {"__init__"} == set(ORDER)


@pytest.mark.parametrize("path", [path for path in FILES if name_of(path) != "__init__.py"], ids=name_of)
def test_no_file_imports_one_above_it(path):
    assert upward(path, name_of(path).split("/")[0].removesuffix(".py")) == set()


def test_an_upward_import_would_be_seen(tmp_path):
    (tmp_path / "low.py").write_text(
        "import vecsearch.ann\ndef f():\n    from vecsearch.store import Store\n    from vecsearch import index\n"
    )
    assert upward(tmp_path / "low.py", "chunking") == {
        "vecsearch.store",
        "vecsearch.store.Store",
        "vecsearch.index",
        "vecsearch.ann",
        "vecsearch.ann.None",
    }


@pytest.mark.parametrize(
    "package",
    [
        "ann",
        "cache",
        "chunking",
        "clustering",
        "documents",
        "encoders",
        "filters",
        "lexical",
        "mapping",
        "rerank",
        "tuning",
    ],
)
def test_the_files_of_a_package_import_one_another_in_one_direction(package):
    inside = {
        f"vecsearch.{name_of(path)[:-3].replace('/', '.')}" for path in FILES if name_of(path).startswith(package)
    }
    needs = {
        module: modules_of(HOUSE / f"{module.replace('.', '/')}.py") & inside - {f"vecsearch.{package}.__init__"}
        for module in inside
    }
    while needs:
        free = {module for module, needed in needs.items() if not needed & needs.keys()}
        assert free, f"these import one another in a circle: {sorted(needs)}"
        needs = {module: needed for module, needed in needs.items() if module not in free}


@pytest.mark.parametrize("library", PLACES)
def test_a_library_is_imported_in_its_place_only(library):
    using = {
        name_of(path)
        for path in FILES
        if any(module == library or module.startswith(f"{library}.") for module in modules_of(path))
    }
    allowed = PLACES[library]
    assert not [name for name in using if name not in allowed and f"{name.split('/')[0]}/" not in allowed]


def test_the_libraries_that_are_needed_are_found_by_this_test():
    for library in ("faiss", "pyarrow.parquet", "onnxruntime", "tokenizers"):
        assert any(library in modules_of(path) for path in FILES)


def test_nothing_is_pickled():
    assert not [path for path in [*FILES, *COMMANDS] if modules_of(path) & {"pickle", "shelve", "marshal", "dill"}]


@pytest.mark.parametrize("path", COMMANDS, ids=lambda path: path.name)
def test_the_command_line_uses_public_names_only(path):
    for module, name in imports_of(path):
        if module.split(".")[0] == "vecsearch":
            assert module == "vecsearch.errors" or (module == "vecsearch" and name in vecsearch.__all__), (module, name)


def test_the_command_line_is_not_used_by_the_library():
    assert not [
        path for path in FILES if any(m.startswith(("vecsearch.cli", "cli", "click")) for m in modules_of(path))
    ]
