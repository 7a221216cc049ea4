"""Rows of .jsonl, .csv and .parquet files become documents; bad rows are reported and the rest goes on."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from vecsearch.documents import RecordFields, Skip, load
from vecsearch.documents.record_places import record_line, record_outline, record_row
from vecsearch.errors import InvalidDocument, InvalidOption
from vecsearch.reports import Failure
from vecsearch.types import Document

Read = Callable[..., list[Document | Failure]]


def lines(*rows: Any) -> str:
    return "".join(f"{json.dumps(row)}\n" for row in rows)


def metadata(result: Document | Failure) -> dict[str, Any]:
    assert isinstance(result, Document), result
    return dict(result.metadata)


class TestPlaces:
    def test_a_row_is_counted_from_1_below_the_header_and_its_line_is_the_one_it_begins_on(self, read: Read) -> None:
        found = read("a.csv", 'id,text\na,one\nb,"two\nlines"\n\nc,three\n')
        labels = [document.outline.places[0].label for document in found if isinstance(document, Document)]
        assert labels == ["row 1, line 2", "row 2, line 3", "row 3, line 6"]

    def test_blank_and_broken_lines_are_counted_as_lines(self, read: Read) -> None:
        found = read("a.jsonl", '{"id": 1, "text": "a"}\n\n{broken\n{"id": 2, "text": "b"}\n')
        labels = [document.outline.places[0].label for document in found if isinstance(document, Document)]
        assert labels == ["row 1", "row 3, line 4"]

    @pytest.mark.parametrize(
        ("label", "row", "line"),
        [
            ("row 7", 7, 7),
            ("row 7, line 9", 7, 9),
            ("Sales, row 14", 14, None),
            ("slide 2", None, None),
            ("", None, None),
        ],
    )
    def test_a_label_says_row_and_line(self, label: str, row: int | None, line: int | None) -> None:
        assert (record_row(label), record_line(label)) == (row, line)


class TestFields:
    def test_a_line_of_beir_becomes_title_blank_text(self, read: Read, tmp_path: Path) -> None:
        (document,) = read(
            "corpus.jsonl", lines({"_id": "4983", "title": "A title.", "text": "The text.", "year": 1999})
        )
        assert document == Document(
            "4983",
            "A title. The text.",
            {"title": "A title.", "year": 1999},
            str(tmp_path / "corpus.jsonl"),
            record_outline(1, 1),
        )

    def test_real_lines_of_beir_are_read(self, shared_data: Callable[[str], Path]) -> None:
        path = shared_data("scifact/corpus.jsonl")
        documents = list(load(path, "corpus"))
        assert len(documents) == 5183
        with path.open(encoding="utf-8") as file:
            for document, line in zip(documents, file, strict=True):
                row = json.loads(line)
                assert isinstance(document, Document)
                assert (document.id, document.text) == (row["_id"], f"{row['title']} {row['text']}")

    def test_underscore_id_goes_before_id_and_the_other_is_metadata(self, read: Read) -> None:
        (document,) = read("a.jsonl", lines({"id": "x", "_id": "y", "text": "t"}))
        assert isinstance(document, Document)
        assert (document.id, document.metadata) == ("y", {"id": "x"})

    @pytest.mark.parametrize(
        ("value", "expected"), [(7, "7"), (-1, "-1"), (1.5, "1.5"), ("007", "007"), (" a ", " a ")]
    )
    def test_an_id_stands_as_it_is(self, read: Read, value: object, expected: str) -> None:
        (document,) = read("a.ndjson", lines({"id": value, "text": "t"}))
        assert isinstance(document, Document)
        assert document.id == expected

    def test_fields_can_be_named(self, read: Read) -> None:
        row = {"key": 1, "body": "b", "head": "h", "text": "t", "title": "other"}
        (document,) = read("a.jsonl", lines(row), id="key", text="body", title="head")
        assert isinstance(document, Document)
        assert (document.id, document.text, document.metadata) == ("1", "h b", {"text": "t", "title": "h"})

    @pytest.mark.parametrize(
        ("title", "text"), [("", "t"), (None, "t"), ("  ", "t"), (["x"], "t"), (True, "t"), (1984, "1984 t")]
    )
    def test_only_a_title_with_words_goes_in_front(self, read: Read, title: object, text: str) -> None:
        (document,) = read("a.jsonl", lines({"id": 1, "title": title, "text": "t"}))
        assert isinstance(document, Document)
        assert document.text == text

    def test_a_title_alone_is_text(self, read: Read) -> None:
        (document,) = read("a.jsonl", lines({"id": 1, "title": "h", "text": ""}))
        assert isinstance(document, Document)
        assert document.text == "h"

    @pytest.mark.parametrize(
        ("name", "content"),
        [("a.jsonl", lines({"id": 1, "body": "x"})), ("a.csv", "id,body\n1,x\n")],
    )
    def test_a_file_without_the_text_field_says_what_it_has_and_what_to_do(
        self, read: Read, name: str, content: str
    ) -> None:
        with pytest.raises(InvalidDocument, match=rf"{name}: no field 'text'.*it has id, body.*--text-field"):
            read(name, content)

    def test_a_file_without_an_id_or_the_named_title_says_so(self, read: Read) -> None:
        with pytest.raises(InvalidDocument, match=r"no field '_id' or 'id'.*--id-field"):
            read("a.csv", "text\nx\n")
        with pytest.raises(InvalidDocument, match=r"no field 'key'.*--id-field"):
            read("a.csv", "id,text\n1,x\n", id="key")
        with pytest.raises(InvalidDocument, match=r"no field 'head'.*--title-field"):
            read("a.csv", "id,text\n1,x\n", title="head")

    @pytest.mark.parametrize("role", ["id", "text", "title"])
    def test_an_empty_name_is_refused(self, role: str) -> None:
        with pytest.raises(InvalidOption, match=role):
            RecordFields(**{role: ""})

    def test_one_field_may_be_both_id_and_text(self, read: Read) -> None:
        (document,) = read("a.csv", "text,kind\nhello,x\n", id="text")
        assert isinstance(document, Document)
        assert (document.id, document.text, document.metadata) == ("hello", "hello", {"kind": "x"})


class TestJsonLines:
    def test_bad_rows_are_failures_and_the_rest_goes_on(self, read: Read, tmp_path: Path) -> None:
        deep = "[" * 100_000
        rows = ['{"id": 1, "text": "a"}', "{broken", "[1]", '{"text": "no id"}', '{"id": 5}', '{"id": "", "text": "b"}']
        rows += [
            '{"id": [7], "text": "b"}',
            '{"id": 8, "text": 8}',
            deep,
            '{"id": true, "text": "b"}',
            f'{{"id": {"9" * 5000}}}',
        ]
        rows += ['{"id": 12, "text": " "}', '{"id": 13, "text": null}', "", '{"id": 15, "text": "z"}']
        results = read("a.jsonl", "\n".join(rows))
        assert [result.id for result in results if isinstance(result, Document)] == ["1", "15"]
        problems = {int(r.source.rsplit(":", 1)[1]): r for r in results if isinstance(r, Failure)}
        assert list(problems) == [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]
        assert problems[2] == Failure(
            f"{tmp_path / 'a.jsonl'}:2", "not valid JSON: Expecting property name enclosed in double quotes at column 2"
        )
        assert problems[3].reason == "a JSON list; expected an object"
        assert problems[4].reason == "no id in its field 'id'"
        assert problems[5].reason == "no text in its field 'text'"
        assert problems[8].reason == "no text in its field 'text'"
        assert {number for number, problem in problems.items() if isinstance(problem, Skip)} == {12, 13}

    def test_metadata_keeps_the_types_of_json(self, read: Read) -> None:
        values = {
            "i": 1,
            "f": 1.5,
            "b": False,
            "s": "",
            "l": [1, None, "x"],
            "o": {"a": {"b": 2}, "n": None},
            "n": None,
        }
        (document,) = read("a.jsonl", lines({"id": 1, "text": "t", **values}))
        assert metadata(document) == {"i": 1, "f": 1.5, "b": False, "s": "", "l": [1, None, "x"], "o": {"a": {"b": 2}}}

    def test_what_json_has_no_word_for_is_dropped(self, read: Read) -> None:
        (document,) = read("a.jsonl", '{"id": 1, "text": "t", "a": NaN, "b": Infinity, "c": 1e999, "d": [NaN]}')
        assert metadata(document) == {"d": [None]}

    def test_lone_surrogates_are_replaced_one_for_one(self, read: Read) -> None:
        row = r'{"id": "a\ud800", "text": "b\udfffc \ud83d\ude00", "k\ud800": ["\ud800"]}'
        (document,) = read("a.jsonl", row)
        assert isinstance(document, Document)
        assert (document.id, document.text) == ("a\ufffd", "b\ufffdc \U0001f600")
        assert document.metadata == {"k\ufffd": ["\ufffd"]}

    def test_a_line_ends_at_a_line_feed_only(self, read: Read) -> None:
        content = '{"id": 1, "text": "a\u2028b\x85"}\r\n{"id": 2, "text": "c"}\r\n'
        assert [result.text for result in read("a.jsonl", content)] == ["a\u2028b\x85", "c"]  # type: ignore[union-attr]

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "cp1252"])
    def test_other_encodings_are_read(self, read: Read, encoding: str) -> None:
        row = '{"id": "ä", "text": "größer, schöner, früher"}\n'
        results = read("a.jsonl", (row * 3).encode(encoding))
        assert [(r.id, r.text) for r in results if isinstance(r, Document)] == [("ä", "größer, schöner, früher")] * 3

    def test_fields_that_the_first_row_lacks_are_found_in_the_next(self, read: Read) -> None:
        results = read("a.jsonl", lines({"id": 1}, {"id": 2, "text": "b", "title": "h"}))
        assert isinstance(results[0], Failure)
        assert results[1].text == "h b"  # type: ignore[union-attr]

    def test_a_file_that_is_no_json_lines_at_all_is_one_error(self, read: Read) -> None:
        with pytest.raises(InvalidDocument, match="none of the first 100 rows is a record"):
            read("a.jsonl", "no json\n" * 1000)

    def test_values_nested_deeper_than_python_recurses_are_a_failure(self, read: Read) -> None:
        nested = '{"a":' * 600 + "1" + "}" * 600
        results = read("a.jsonl", f'{{"id": 1, "text": "a"}}\n{{"id": 2, "text": "b", "x": {nested}}}\n')
        assert isinstance(results[0], Document)
        assert isinstance(results[1], (Document, Failure))

    def test_rows_stream(self, tmp_path: Path) -> None:
        path = tmp_path / "a.jsonl"
        path.write_text(lines(*({"id": i, "text": "t"} for i in range(1000))))
        documents = load(path, "x")
        assert isinstance(documents, Iterator)
        assert isinstance(next(documents), Document)


class TestCsv:
    def test_values_stay_texts_and_empty_ones_are_absent(self, read: Read) -> None:
        (document,) = read("a.csv", "id,text,year,note\n1,x,2020,\n")
        assert isinstance(document, Document)
        assert (document.id, document.metadata) == ("1", {"year": "2020"})

    @pytest.mark.parametrize(
        "content",
        [
            "id;text;a\n1;x, y;z\n",
            "id\ttext\ta\n1\tx, y\tz\n",
            'id,text,a\n1,"x, y",z\n',
            '"id; or, not";id;text;a\n;1;x, y;z\n',
            ' id , text ,a\r\n1,"x, y",z\r\n',
        ],
    )
    def test_the_header_tells_the_delimiter(self, read: Read, content: str) -> None:
        (document,) = read("a.csv", content)
        assert isinstance(document, Document)
        assert (document.id, document.text, document.metadata) == ("1", "x, y", {"a": "z"})

    def test_quoted_fields_may_hold_line_ends_quotes_and_delimiters(self, read: Read) -> None:
        (first, second) = read("a.csv", 'id,text\r\n1,"a\r\nb ""c"", d"\r\n2,e\r\n')
        assert isinstance(first, Document)
        assert isinstance(second, Document)
        assert (first.text, second.text) == ('a\r\nb "c", d', "e")

    def test_a_byte_order_mark_is_no_part_of_the_header(self, read: Read) -> None:
        (document,) = read("a.csv", b"\xef\xbb\xbfid,text\n1,x\n")
        assert isinstance(document, Document)

    def test_rows_that_do_not_fit_the_header_are_failures(self, read: Read, tmp_path: Path) -> None:
        results = read("a.csv", 'id,text,a\n1,x,y,z\n\n2\n3,x\n,x\n"4\n5",\n')
        path = tmp_path / "a.csv"
        assert [r if isinstance(r, Failure) else r.id for r in results] == [
            Failure(f"{path}:2", "4 fields; the header has 3"),
            Failure(f"{path}:4", "no text in its field 'text'"),
            "3",
            Failure(f"{path}:6", "no id in its field 'id'"),
            Skip(f"{path}:8", "no text in it"),
        ]

    def test_long_fields_are_read_and_the_limit_of_the_csv_module_stays(self, read: Read) -> None:
        limit = csv.field_size_limit()
        (document,) = read("a.csv", f"id,text\n1,{'x' * 1_000_000}\n")
        assert isinstance(document, Document)
        assert len(document.text) == 1_000_000
        assert csv.field_size_limit() == limit

    @pytest.mark.parametrize("content", ["id,text\n", "\n\n", "  \n"])
    def test_a_file_without_rows_is_skipped(self, read: Read, content: str) -> None:
        (skip,) = read("a.csv", content)
        assert isinstance(skip, Skip)

    def test_real_rows_are_read(self, shared_data: Callable[[str], Path]) -> None:
        path = shared_data("banking77/test.csv")
        documents = list(load(path, "x", RecordFields(id="text")))
        assert len(documents) == 3080
        assert all(isinstance(document, Document) and set(document.metadata) == {"category"} for document in documents)
