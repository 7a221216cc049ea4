"""Source code: what is kept whole in languages that mark it with indentation, braces or words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from vecsearch.documents.formats import LANGUAGES
from vecsearch.documents.loaders.code import parse_code
from vecsearch.types import Document

PYTHON = '''"""A module."""
import os

X = 1


# What it does.
@decorated
def first(a):
    if a:
        return 1

    return 2
class Second:
    def method(self):
        pass


print(first(1))
'''
JAVA = """package a;
/**
 * What it does.
 */
public class One
{
    int x;
}

interface Two { }
class Three {
    void f() {
    }
}
"""
RUBY = "module A\n  def b\n    1\n  end\nend\n\nputs 1\n"
GO = "// F does it.\nfunc F() {\n\treturn\n}\n\nvar x = 1\nfunc G() {\n\tx()\n}\n"
C = "#include <a.h>\nint f(void)\n{\n\treturn 0;\n}\n#define X \\\n  1\n"


@pytest.mark.parametrize(
    ("language", "code", "blocks"),
    [
        ("python", PYTHON, ["# What it does.\n@decorated\ndef first", "class Second:\n    def method"]),
        ("java", JAVA, ["/**\n * What", "class Three {"]),
        ("ruby", RUBY, ["module A\n  def b\n    1\n  end\nend"]),
        ("go", GO, ["// F does it.\nfunc F() {", "func G() {"]),
        ("c", C, ["int f(void)\n{", "#define X"]),
        ("python", "x = 1\ny = 2\n", []),
        ("python", "    indented\n    all\n", []),
        ("python", "", []),
    ],
)
def test_definitions_are_blocks_with_the_comments_above_them(language: str, code: str, blocks: list[str]) -> None:
    document = parse_code(code, language)
    found = [document.text[start:end] for start, end in document.outline.blocks]
    assert [block[: len(begin)] for block, begin in zip(found, blocks, strict=True)] == blocks
    assert all(block == block.strip("\n") for block in found)


def test_a_definition_is_whole_up_to_what_closes_it() -> None:
    document = parse_code(JAVA, "java")
    start, end = document.outline.blocks[0]
    assert document.text[start:end].endswith("    int x;\n}")
    start, end = parse_code(PYTHON, "python").outline.blocks[0]
    assert PYTHON[start:end].endswith("    return 2")


def test_of_a_long_class_its_methods_are_blocks() -> None:
    methods = "".join(f"    def method_{n}(self):\n        return '{'x' * 500}'\n\n" for n in range(10))
    code = f"class Long:\n{methods}\n\nclass Short:\n    x = 1\n"
    blocks = [code[start:end] for start, end in parse_code(code, "python").outline.blocks]
    assert [block.split("(")[0].strip() for block in blocks[:10]] == [f"def method_{n}" for n in range(10)]
    assert blocks[10:] == ["class Short:\n    x = 1"]


def test_what_nests_without_end_is_looked_at_to_a_depth() -> None:
    code = "".join(" " * depth + "if x:\n" for depth in range(3000))
    assert len(parse_code(code, "python").outline.blocks) <= 1


@pytest.mark.parametrize(
    ("name", "language"), [("a.py", "python"), ("a.TS", "typescript"), ("a.hpp", "c++"), ("a.sql", "sql")]
)
def test_the_language_is_the_type(document_in: Callable[[str, str], Document], name: str, language: str) -> None:
    document = document_in(name, "x\n")
    assert (document.text, document.metadata) == ("x\n", {"type": language})


def test_our_own_files_are_parted_at_their_definitions() -> None:
    import ast

    path = Path(__file__).parents[3] / "vecsearch" / "documents" / "records.py"
    code = path.read_text(encoding="utf-8")
    blocks = [code[start:end] for start, end in parse_code(code, "python").outline.blocks]
    for node in ast.parse(code).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            whole = ast.get_source_segment(code, node)
            assert whole is not None
            assert any(whole in block for block in blocks), node.name


def test_each_language_is_known_by_lower_case_extensions() -> None:
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in LANGUAGES)
