"""Source code: the text as it stands; functions, classes and the like are blocks, with the comments above them.

Found by indentation, which is kept in every language: a line that others below stand further in than, up to what closes
it. So no grammar is needed, and code that does not compile is read as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from vecsearch.documents.lines import Line, lines_of
from vecsearch.types import Document, Outline, Span

# fmt: off
LANGUAGES = {
    ".py": "python", ".pyi": "python", ".js": "javascript", ".mjs": "javascript", ".cjs": "javascript",
    ".jsx": "javascript", ".ts": "typescript", ".tsx": "typescript", ".java": "java", ".kt": "kotlin", ".kts": "kotlin",
    ".scala": "scala", ".groovy": "groovy", ".c": "c", ".h": "c", ".cc": "c++", ".cpp": "c++", ".cxx": "c++",
    ".hpp": "c++", ".hh": "c++", ".cs": "c#", ".fs": "f#", ".vb": "visual basic", ".go": "go", ".rs": "rust",
    ".swift": "swift", ".m": "objective-c", ".mm": "objective-c", ".rb": "ruby", ".php": "php", ".pl": "perl",
    ".pm": "perl", ".lua": "lua", ".r": "r", ".jl": "julia", ".dart": "dart", ".ex": "elixir", ".exs": "elixir",
    ".erl": "erlang", ".hs": "haskell", ".ml": "ocaml", ".clj": "clojure", ".lisp": "lisp", ".el": "lisp",
    ".scm": "scheme", ".sh": "shell", ".bash": "shell", ".zsh": "shell", ".fish": "shell", ".ps1": "powershell",
    ".bat": "batch", ".sql": "sql", ".zig": "zig", ".nim": "nim", ".v": "verilog", ".vhd": "vhdl", ".tf": "terraform",
    ".proto": "protobuf", ".graphql": "graphql", ".css": "css", ".scss": "css", ".vue": "vue", ".svelte": "svelte",
}
# fmt: on

_WHOLE = 3_000  # characters; of a longer definition the ones in it are blocks
_DEEPEST = 4  # definitions in one another that are looked at
_TAB = 4  # columns
_CLOSES = re.compile(r"[])}{]|(?:end|else|elif|elsif|except|finally|rescue|ensure|catch|fi|done|esac|then|do|begin)\b")
_LEADS = re.compile(r"#(?!include|define|if|endif)|//|/\*|\*|--|;;|@|\[|%|'''|\"\"\"|template\b")


def code_document(content: str, document_id: str, source: str) -> Document:
    """The document whose text is `content`, unchanged, with its definitions as blocks and its language as type."""
    lines = lines_of(content)
    spans = (Span(lines[unit[0]].start, lines[unit[-1]].end) for unit in _blocks(lines, range(len(lines)), _DEEPEST))
    language = LANGUAGES.get(PurePosixPath(source).suffix.lower(), "code")
    return Document(document_id, content, {"type": language}, source, Outline(blocks=tuple(spans)))


def _blocks(lines: Sequence[Line], numbers: range, depth: int) -> Iterator[range]:
    """The definitions among the lines; of one that is too long those in it."""
    for unit in _units(lines, numbers):
        if lines[unit[-1]].end - lines[unit[0]].start <= _WHOLE:
            yield unit
        elif depth > 1:
            yield from _blocks(lines, _body(lines, unit), depth - 1)


def _units(lines: Sequence[Line], numbers: range) -> Iterator[range]:
    """The lines of each definition: its first line, with comments right above it, up to the line that closes it."""
    words = [number for number in numbers if lines[number].text]
    edge = min((_column(lines[number]) for number in words), default=0)
    start, last, is_whole, leads = -1, -1, False, False
    for number in words:
        text = lines[number].text.lstrip()
        if _column(lines[number]) > edge and not (leads and text.startswith("*")):
            is_whole = is_whole or start >= 0
        elif start < 0 or not (_CLOSES.match(text) or (leads and number == last + 1)):
            if is_whole:
                yield range(start, last + 1)
            start, is_whole = number, False
        leads = not is_whole and _LEADS.match(text) is not None
        last = number
    if is_whole:
        yield range(start, last + 1)


def _body(lines: Sequence[Line], unit: range) -> range:
    """The lines of a definition that stand further in than its edge, from the first such line to the last."""
    edge = min(_column(lines[number]) for number in unit if lines[number].text)
    inside = [number for number in unit if lines[number].text and _column(lines[number]) > edge]
    return range(inside[0], inside[-1] + 1)


def _column(line: Line) -> int:
    """How far in the line stands, a tab as four blanks."""
    return len(line.text[: line.indent].replace("\t", " " * _TAB))
