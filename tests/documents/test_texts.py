"""Texts of files and streams: one a line or a record, in order and none left out; what is no text is an error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.examples import examples
from vecsearch.documents import RecordFields
from vecsearch.documents.texts import NamedText, TextSource, check_sources, read_texts, size_of
from vecsearch.errors import InvalidDocument, PathNotFound

ReadTexts = Callable[..., list[tuple[str, str]]]
WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufeff"))


def texts_in(source: TextSource, json_lines: bool | None = None, **fields: str) -> list[NamedText]:
    return list(read_texts(source, RecordFields(**fields), json_lines=json_lines))


@pytest.fixture
def texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ReadTexts:
    """The ids and texts in a file of that name and content."""
    monkeypatch.chdir(tmp_path)

    def read(name: str, content: str | bytes, json_lines: bool | None = None, **fields: str) -> list[tuple[str, str]]:
        Path(name).write_bytes(content.encode() if isinstance(content, str) else content)
        return [text[:2] for text in texts_in(Path(name), json_lines, **fields)]

    return read


class TestLines:
    def test_each_line_is_a_text_named_by_its_place_and_an_empty_one_is_too(self, texts: ReadTexts) -> None:
        assert texts("a.txt", "one\n\n  two \n") == [("a.txt:1", "one"), ("a.txt:2", ""), ("a.txt:3", "  two ")]

    def test_the_last_line_needs_no_end_and_an_empty_file_has_no_line(self, texts: ReadTexts) -> None:
        assert texts("a.txt", "one\ntwo") == [("a.txt:1", "one"), ("a.txt:2", "two")]
        assert texts("a.txt", "") == []

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_every_kind_of_line_end_ends_a_line(self, texts: ReadTexts, end: str) -> None:
        assert texts("a.txt", f"one{end}two{end}") == [("a.txt:1", "one"), ("a.txt:2", "two")]

    def test_what_ends_no_line_elsewhere_ends_none_here(self, texts: ReadTexts) -> None:
        line = "a\x0bb\x0cc\x85d\u2028e"
        assert texts("a.txt", f"{line}\n") == [("a.txt:1", line)]

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
    def test_a_file_is_read_in_its_own_encoding(self, texts: ReadTexts, encoding: str) -> None:
        lines = ["Die Straße führt über die Brücke.", "Größe"]
        assert [text for _, text in texts("a.txt", "\n".join(lines).encode(encoding))] == lines

    @pytest.mark.parametrize("name", ["a.txt", "a.jsonl", "a.csv"])
    def test_a_binary_file_is_refused_by_its_name(self, texts: ReadTexts, name: str) -> None:
        with pytest.raises(InvalidDocument, match=rf"^{name}: binary file \(PNG\)$"):
            texts(name, b"\x89PNG\r\n\x1a\n\x00\x00")

    @settings(max_examples=examples(50))
    @given(st.lists(WORDS))
    def test_any_lines_come_back(self, lines: list[str]) -> None:
        with TemporaryDirectory() as folder:
            path = Path(folder, "a.txt")
            path.write_bytes("".join(f"{line}\n" for line in lines).encode())
            assert [text.text for text in texts_in(path)] == lines


class TestRecords:
    def test_a_line_is_a_text_or_a_record_of_one(self, texts: ReadTexts) -> None:
        lines = ['"alone"', '{"_id": "x", "text": "a text"}', '{"id": 7, "title": "A title.", "text": "A text."}']
        expected = [("a.jsonl:1", "alone"), ("x", "a text"), ("7", "A title. A text.")]
        assert texts("a.jsonl", "\n".join(lines)) == expected

    def test_a_record_without_an_id_is_named_by_its_line_and_blank_lines_are_none(self, texts: ReadTexts) -> None:
        assert texts("a.ndjson", '\n{"text": "one"}\n \n{"text": "two", "id": ""}\n') == [
            ("a.ndjson:2", "one"),
            ("a.ndjson:4", "two"),
        ]

    @pytest.mark.parametrize(
        ("title", "text", "expected"),
        [("t", "", "t"), (" ", "x", "x"), (None, "x", "x"), (1984, "x", "1984 x"), ("t", None, "t"), ("", None, "")],
    )
    def test_a_title_with_words_goes_in_front_and_no_text_is_an_empty_one(
        self, texts: ReadTexts, title: object, text: object, expected: str
    ) -> None:
        assert texts("a.jsonl", json.dumps({"id": 1, "title": title, "text": text})) == [("1", expected)]

    def test_fields_can_be_named(self, texts: ReadTexts) -> None:
        row = {"key": 1, "body": "b", "head": "h", "text": "t", "title": "other", "id": "no"}
        assert texts("a.jsonl", json.dumps(row), id="key", text="body", title="head") == [("1", "h b")]
        assert texts("a.jsonl", '"alone"', text="body") == [("a.jsonl:1", "alone")]

    def test_rows_of_csv_and_parquet_are_records(self, texts: ReadTexts, tmp_path: Path) -> None:
        assert texts("a.csv", 'id;text\r\nx;"one\r\nline"\r\n;two\r\n') == [("x", "one\r\nline"), ("a.csv:4", "two")]
        pq.write_table(pa.table({"id": [5, None], "text": [b"one", b"zwei"]}), "a.parquet")
        assert [text[:2] for text in texts_in(Path("a.parquet"))] == [("5", "one"), ("a.parquet:2", "zwei")]

    def test_what_lines_are_can_be_said(self, texts: ReadTexts) -> None:
        assert texts("a.txt", '"one"\n', json_lines=True) == [("a.txt:1", "one")]
        assert texts("a.jsonl", '"one"\n', json_lines=False) == [("a.jsonl:1", '"one"')]
        assert texts("a.csv", "id,text\n", json_lines=False) == [("a.csv:1", "id,text")]

    @pytest.mark.parametrize(
        ("line", "said"),
        [
            ('{"text": "x"', "not valid JSON: Expecting ',' delimiter at column 13"),
            ("[" * 100_000, "JSON that cannot be read: "),
            ("17", "a JSON int; expected a string or an object with a text"),
            ("null", "a JSON NoneType; expected a string or an object with a text"),
            ('["x"]', "a JSON list; expected a string or an object with a text"),
            ('{"body": 1, "n": 2}', "no field 'text' for its text; it has body, n: name it with --text-field"),
            ("{}", "no field 'text' for its text; it has no field: name it with --text-field"),
            ('{"text": 17}', "its field 'text' is int; expected a text"),
            ('{"text": ' + "[" * 500 + "]" * 500 + "}", "its field 'text' is list; expected a text"),
        ],
    )
    def test_a_line_that_is_no_text_is_named(self, texts: ReadTexts, line: str, said: str) -> None:
        with pytest.raises(InvalidDocument) as caught:
            texts("a.jsonl", f'"good"\n\n{line}\n"good"\n')
        assert str(caught.value).startswith(f"a.jsonl:3: {said}")
        assert "\n" not in str(caught.value)

    def test_bytes_that_are_no_text_are_refused(self, texts: ReadTexts, tmp_path: Path) -> None:
        pq.write_table(pa.table({"text": [b"\xff\xfe\xff"]}), tmp_path / "a.parquet")
        with pytest.raises(InvalidDocument, match=r"a\.parquet:1: its field 'text' is bytes; expected a text"):
            texts_in(tmp_path / "a.parquet")

    def test_an_id_that_was_asked_for_must_be_there(self, texts: ReadTexts) -> None:
        with pytest.raises(InvalidDocument, match=r"^a\.jsonl:1: no id in its field 'key'$"):
            texts("a.jsonl", '{"text": "x", "id": "y"}', id="key")

    @pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
    def test_broken_rows_are_an_error(self, texts: ReadTexts, name: str) -> None:
        with pytest.raises(InvalidDocument, match=rf"^{name}(:2: 3 fields; |: not a readable Parquet file)"):
            texts(name, "id,text\na,b,c\n")

    @settings(max_examples=examples(50))
    @given(st.lists(st.text(st.characters(exclude_categories=("Cs",)))))
    def test_any_texts_come_back_from_json(self, lines: list[str]) -> None:
        rows = [json.dumps(line if i % 2 else {"text": line, "id": i}) for i, line in enumerate(lines)]
        assert [text.text for text in texts_in(StringIO("\n".join(rows)), True)] == lines


class TestStreams:
    def test_a_text_of_a_stream_is_named_by_its_line(self) -> None:
        assert [text[:2] for text in texts_in(StringIO("one\n\ntwo"))] == [("1", "one"), ("2", ""), ("3", "two")]
        assert [text[:2] for text in texts_in(StringIO('{"id": "x", "text": "y"}'), True)] == [("x", "y")]

    def test_a_bad_line_of_a_stream_is_named(self) -> None:
        with pytest.raises(InvalidDocument, match=r"^line 2: not valid JSON"):
            texts_in(StringIO('"one"\n{\n'), True)

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes with a name in a folder")
    def test_a_pipe_with_a_name_is_read_as_it_comes(self, tmp_path: Path) -> None:
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        writer = Thread(target=pipe.write_bytes, args=("\ufeffGröße\r\n\xff".encode() + b"\xff\n",))
        writer.start()
        check_sources([pipe])
        assert [text.text for text in texts_in(pipe)] == ["Größe", "\xff\ufffd"]
        writer.join()


def test_sizes_add_up_to_the_files_of_lines_whatever_the_letters(tmp_path: Path) -> None:
    paths = [tmp_path / "a.txt", tmp_path / "b.jsonl"]
    paths[0].write_bytes("eins\nzwölf\n\n三".encode())
    paths[1].write_bytes('{"text": "drei", "more": "四"}\n'.encode())
    assert sum(text.size for path in paths for text in texts_in(path)) == size_of(paths) > 40


def test_of_a_stream_nobody_knows_the_size(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one\n")
    assert size_of([tmp_path / "a.txt", StringIO("two")]) == 0


def test_what_is_no_file_is_found_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(PathNotFound, match=r"no file at .*absent\.txt: check the path"):
        check_sources([tmp_path / "absent.txt"])
    with pytest.raises(PathNotFound, match="is a folder: name the files in it"):
        check_sources([tmp_path])
