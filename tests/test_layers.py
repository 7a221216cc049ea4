"""The order of the house: a room imports only rooms below it, and each heavy library has its place."""

from __future__ import annotations

import ast
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1]
ROOMS = [  # from the ground up; rooms of one floor do not know one another
    {
        "errors",
        "imports",
        "checks",
        "choices",
        "types",
        "reports",
        "vectors",
        "files",
        "cores",
        "addresses",
        "owners",
        "trust",
        "awaiting",
    },
    {"documents"},
    {"chunking", "models"},
    {"storage"},
    {"ingest", "search", "upkeep"},
    {"session"},
    {"index"},
    {"several"},
    {"analysis"},
    {"training"},
]
FLOOR = {room: number for number, rooms in enumerate(ROOMS) for room in rooms}
PUBLIC = [
    "vecsearch",
    *(
        f"vecsearch.{name}"
        for name in ("analysis", "choices", "errors", "models", "reports", "training", "trust", "types")
    ),
]
FILES = sorted((HOUSE / "vecsearch").rglob("*.py"))
COMMANDS = sorted((HOUSE / "cli").rglob("*.py"))
PLACES = {
    "faiss": {"storage/ann/"},
    "pyarrow": {
        "analysis/clustering/writing.py",
        "analysis/mapping/table.py",
        "documents/arrow_tables.py",
        "documents/loaders/archives.py",
        "documents/parquet_rows.py",
        "ingest/metadata.py",
        "ingest/vector_files.py",
        "search/documents.py",
        "search/filters/",
        "search/hits.py",
        "storage/buffers.py",
        "storage/columns.py",
        "storage/document_values.py",
        "storage/file_stamps.py",
        "storage/arrow_file.py",
        "storage/mapped_rows.py",
        "storage/row_reader.py",
        "storage/rows.py",
        "storage/segment.py",
        "storage/typed_columns.py",
        "upkeep/export_files.py",
        "upkeep/exporting.py",
        "upkeep/imported_rows.py",
        "upkeep/importing.py",
    },
    "pyarrow.parquet": {
        "analysis/mapping/table.py",
        "documents/parquet_rows.py",
        "ingest/vector_files.py",
        "storage/segment.py",
        "upkeep/export_files.py",
        "upkeep/exporting.py",
        "upkeep/importing.py",
    },
    "pypdfium2": {"documents/loaders/pdf.py"},
    "python_calamine": {"documents/loaders/sheets.py"},
    "olefile": {"documents/loaders/msg.py"},
    "striprtf": {"documents/loaders/rtf.py"},
    "selectolax": {"documents/loaders/html.py"},
    "sqlite3": {"models/cache/"},
    "sqlglot": {"search/filters/"},
    "chonkie_core": {"chunking/semantic.py"},
    "Stemmer": {"storage/lexical/terms.py"},
    "filelock": {"storage/lock.py"},
    "rensa": {"ingest/duplicates.py"},
    "watchfiles": {"ingest/watching.py"},
    "sentence_transformers": {"models/encoders/torch/opening.py", "training/tuning/training.py"},
    "model2vec": {"training/distilling.py"},
    "matplotlib": {"analysis/dimensions/drawing.py", "analysis/mapping/images.py"},
    "openTSNE": {"analysis/mapping/projecting.py"},
    "umap": {"analysis/mapping/projecting.py"},
    "sklearn": {"analysis/clustering/groups.py"},
    "transformers": {"models/encoders/torch/opening.py"},
    "safetensors": {"models/encoders/torch/opening.py", "training/tuning/checkpoint.py"},
    "onnxruntime": {"models/encoders/"},
    "onnx": {"models/encoders/"},
    "tokenizers": {"models/encoders/"},
    "openvino": {"models/encoders/"},
    "openai": {"models/encoders/endpoint/request.py"},
    "torch": {
        "models/encoders/torch/opening.py",
        "models/encoders/torch/model.py",
        "training/tuning/training.py",
    },
    "ir_measures": {"analysis/evaluation/measures.py"},
    "pytrec_eval": {"analysis/evaluation/measures.py"},
}


def name_of(path: Path) -> str:
    return path.relative_to(HOUSE / "vecsearch").as_posix()


def room_of(path: Path) -> str:
    return name_of(path).split("/")[0].removesuffix(".py")


def module_of(path: Path) -> str:
    """The module's full name; a package's is that of its folder."""
    return f"vecsearch.{name_of(path)[:-3].replace('/', '.')}".removesuffix(".__init__")


@cache
def imports_of(path: Path) -> frozenset[tuple[str, str | None]]:
    """Every import of a file, wherever in it: the module, and the name that is taken from it."""
    found: set[tuple[str, str | None]] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {(alias.name, None) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {("." * node.level + (node.module or ""), alias.name) for alias in node.names}
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "require":
            [module, *_] = node.args  # an optional package, see imports.py
            assert isinstance(module, ast.Constant), f"{path}: require() names its module by a literal"
            found.add((str(module.value), None))
    return frozenset(found)


@cache
def modules_of(path: Path) -> frozenset[str]:
    """What a file imports, in full: `from a import b` may be the module a.b or a name of a."""
    return frozenset(name for module, taken in imports_of(path) for name in (module, f"{module}.{taken}"))


def rooms_used(path: Path) -> set[str]:
    """The rooms that a file imports from."""
    parts = [module.split(".") for module in modules_of(path)]
    return {part[1] for part in parts if part[0] == "vecsearch" and len(part) > 1 and part[1] in FLOOR}


def forbidden(path: Path, own: str) -> set[str]:
    """The rooms that a file of the room `own` uses but must not: above it, or beside it on its floor."""
    beside = set() if FLOOR[own] == 0 else ROOMS[FLOOR[own]] - {own}
    return {room for room in rooms_used(path) if FLOOR[room] > FLOOR[own] or room in beside}


def circle(needs: dict[str, set[str]]) -> list[str]:
    """What remains when everything that needs nothing else of the rest is taken away, again and again."""
    while free := {module for module, needed in needs.items() if not needed & needs.keys()}:
        needs = {module: needed for module, needed in needs.items() if module not in free}
    return sorted(needs)


def public_names(module: str) -> set[str]:
    """The names that a public module offers."""
    loaded = import_module(module)
    return set(getattr(loaded, "__all__", [name for name in vars(loaded) if not name.startswith("_")]))


def test_every_file_and_folder_has_its_floor():
    assert {room_of(path) for path in FILES} - {"__init__", "__main__"} == FLOOR.keys()


def test_no_file_imports_a_room_above_it_or_beside_it():
    assert {
        name_of(path): wrong
        for path in FILES
        if FLOOR.get(room_of(path)) is not None and (wrong := forbidden(path, room_of(path)))
    } == {}


def test_an_upward_import_would_be_seen(tmp_path):
    (tmp_path / "low.py").write_text(
        "import vecsearch.ingest.draft\ndef f():\n    from vecsearch.storage.store import Store\n"
        "    from vecsearch import index\n    from vecsearch import errors\n"
    )
    assert forbidden(tmp_path / "low.py", "chunking") == {"storage", "index", "ingest"}
    assert forbidden(tmp_path / "low.py", "search") == {"ingest", "index"}


def test_no_files_import_one_another_in_a_circle():
    """A package's __init__ is a file of its own: what imports from the package imports that."""
    modules = {module_of(path): path for path in FILES if room_of(path) not in ("__init__", "__main__")}
    needs = {name: set(modules_of(path) & modules.keys()) - {name} for name, path in modules.items()}
    assert circle(needs) == []


def test_a_circle_would_be_seen():
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set()}) == ["a", "b", "c"]


@pytest.mark.parametrize("library", PLACES)
def test_a_library_is_imported_in_its_place_only(library):
    using = {
        name_of(path)
        for path in FILES
        if any(module == library or module.startswith(f"{library}.") for module in modules_of(path))
    }
    places = PLACES[library]
    assert [name for name in using if not any(name == place or name.startswith(place) for place in places)] == []


def test_the_libraries_that_are_needed_are_found_by_this_test():
    for library in ("faiss", "pyarrow.parquet", "onnxruntime", "tokenizers"):
        assert any(library in modules_of(path) for path in FILES)


def test_nothing_is_pickled():
    assert not [path for path in [*FILES, *COMMANDS] if modules_of(path) & {"pickle", "shelve", "marshal", "dill"}]


@pytest.mark.parametrize("path", COMMANDS, ids=lambda path: path.relative_to(HOUSE / "cli").as_posix())
def test_the_command_line_uses_public_names_only(path):
    for module, name in imports_of(path):
        if module.split(".")[0] == "vecsearch":
            assert module in PUBLIC, (module, name)
            assert name in public_names(module), (module, name)


def test_the_rooms_of_the_command_line_go_one_way():
    """output < options < commands: what a command prints knows nothing of the options that it was called with."""
    floors = {"output": 0, "options": 1, "commands": 2}
    for path in COMMANDS:
        own = path.relative_to(HOUSE / "cli").parts[0]
        for module, _ in imports_of(path):
            room = module.lstrip(".").split(".")[0]
            if module.startswith("..") and own in floors:
                assert floors[room] < floors[own], (path, module)


def test_the_command_line_is_not_used_by_the_library():
    assert not [
        path for path in FILES if any(m.startswith(("vecsearch.cli", "cli", "click")) for m in modules_of(path))
    ]
