"""What cannot be written in a condition is refused in one clear line, with its place."""

from __future__ import annotations

from typing import Any

import pytest

from vecsearch.errors import InvalidFilter
from vecsearch.search.filters.parsing import parse


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("", "is empty"),
        (" \n", "is empty"),
        ("a = ", "cannot be parsed at character 3, ="),
        ("(a = 1", "cannot be parsed at character 6"),
        ("a = 1)", r"cannot be parsed at character 6, \)"),
        ("a = 1 b", "cannot be parsed at character 7, b"),
        ("a = 1 AND", "cannot be parsed at character 7, AND"),
        ("AND", "cannot be parsed"),
        ("ELSE a = 1", "cannot be parsed.*ELSE"),
        ("+", r"cannot be parsed: \+"),
        ("a = 'x", "a quote never closes"),
        ('"a = 1', "a quote never closes"),
        ("odd key = 1", "cannot be parsed at character 5, key.*names that are not plain words"),
        ("tags CONTAINS 'x'", "cannot be parsed at character 6, CONTAINS"),
        ("a = 1, b = 1", "cannot be parsed at character 6"),
        ("SELECT 1", "cannot be parsed at character 1, SELECT"),
        ("a = 1 LIMIT 5", "character 7, LIMIT"),
        ("a = 1 AND\n" * 20 + " a = 1 LIMIT 5", "character 208, LIMIT"),
        ("a = 1 ORDER BY a", "character 7, ORDER"),
        ("a = 1 UNION SELECT 1", "character 7, UNION"),
        ("a = 1; b = 1", "; at character 6"),
        ("a = 1;", "; at character 6"),
        ("a = 1; DROP TABLE chunks", "; at character 6"),
        ("a = 1 -- AND b = 2", "comment, AND b = 2"),
        ("a = 1 /* b */ AND b = 1", "comment, b"),
        ("--\na = 1", "comment"),
        ("TRUE", "the condition has TRUE"),
        ("5", "the condition has 5 at character 1"),
        ("1 = 1", "has 1 at character 5: a comparison has a name on one side"),
        ("a = b", "compares a with b, two names; a text is written in single quotes"),
        ('lang = "en"', 'compares lang with "en", two names'),
        ("a.b = c.d.e.f.g", "compares a.b with c.d.e.f.g, two names"),
        ("lower(a) = 'x'", r"LOWER\(a\) at character \d: a comparison has a name"),
        ("a + 1 > 2", r"a \+ 1 at character 1"),
        ("a > 1 + 1", r"1 \+ 1 at character 5: a value is"),
        ("-a > 1", "has -a"),
        ("a = - -5", "a value is"),
        ("a = CURRENT_DATE", "CURRENT_DATE.*a value is"),
        ("a > INTERVAL '1' DAY", "INTERVAL"),
        ("a IN (SELECT b FROM c)", "SELECT b FROM c"),
        ("a IN ()", "IN needs values"),
        ("a IN 5", "a IN 5"),
        ("a IN (b)", "has b at character 7: a value is"),
        ("EXISTS (SELECT 1)", "EXISTS"),
        ("CASE WHEN a THEN b END = 1", "CASE"),
        ("a = NULL", "never true: write IS NULL or IS NOT NULL"),
        ("a IN (1, NULL)", "never true"),
        ("a IS 5", "IS goes with NULL, TRUE and FALSE"),
        ("a IS NOT DISTINCT FROM 1", "DISTINCT"),
        ("a BETWEEN SYMMETRIC 2 AND 1", "a filter supports"),
        ("a BETWEEN FALSE AND TRUE", "TRUE and FALSE go with = and <> only"),
        ("a < TRUE", "TRUE and FALSE go with = and <> only"),
        ("a LIKE b", "text in single quotes is expected"),
        ("a LIKE 5", "text in single quotes is expected"),
        ("a LIKE ANY ('x', 'y')", "ANY"),
        ("a LIKE 'x' ESCAPE ''", "ESCAPE is '', expected one character"),
        ("a LIKE 'x' ESCAPE 'no'", "ESCAPE is 'no'"),
        ("a LIKE 'x!' ESCAPE '!'", "in front of what is neither %, _ nor !"),
        ("a LIKE 'x!y' ESCAPE '!'", "in front of what is neither %, _ nor !"),
        ("a = 'x' ESCAPE '!'", "cannot be parsed"),
        ("a GLOB 'x'", "GLOB"),
        ("a GLOB 'x' ESCAPE '!'", "GLOB"),
        ("a SIMILAR TO 'x'", "SIMILAR"),
        ("'x' <> ANY(a)", "ANY goes with = only"),
        ("'x' < ANY(a)", "ANY goes with = only"),
        ("'x' = ANY(SELECT 1)", "SELECT 1"),
        ("'x' = ANY('a')", "'a'"),
        ("b = ANY(a)", "has b at character 1: a value is"),
        ("'x' = ALL(a)", "ALL"),
        ("array_contains(a, b)", "has b"),
        ("array_contains('x', a)", "'x'"),
        ("a[1] = 2", r"a\[1\]"),
        ("a -> 'b' = 1", "a comparison has a name"),
        ("a.* = 1", r"a\.\*"),
        ("* = 1", r"has \* at character 1"),
        ("a = :x", ":x"),
        ("a = ?", r"\?"),
        ("a = @x", "@x"),
        ("a = 'x' 'y'", "a value is"),
        ("a = N'x'", "N'x'"),
        ("a = 'x' COLLATE nocase", "COLLATE"),
        ("a || 'x' = 'y'", r"a \|\| 'x'"),
        ("a::DATE = '2024-01-31'", "CAST"),
        ("a = 5::TEXT", "text in single quotes is expected"),
        ("a = TIME '10:00'", "TIME"),
        ("a = DATE '31.1.2024'", "DATE '31.1.2024', expected the form DATE '2024-01-31'"),
        ("a = DATE '2024-02-30'", "DATE '2024-02-30', expected"),
        ("a = DATE '2024-01-31 10:00'", "expected the form DATE"),
        ("a = TIMESTAMP '2024-01-31 25:00'", "expected the form TIMESTAMP '2024-01-31 12:00:00'"),
        ("a = TIMESTAMP 'now'", "expected the form TIMESTAMP"),
        ("a = 1e400", "the number 1e400, larger than any value"),
        ("a = 1" + "0" * 5000, "larger than any value"),
        ("a = 5e", "the number 5e, which cannot be parsed"),
        ("a = 1_000", "cannot be parsed"),
        ("a = 0x1F", "cannot be parsed"),
        ("a XOR b", "cannot be parsed"),
        ("(a = 1, b = 1)", r"\(a = 1, b = 1\)"),
        ("(" * 41 + "a" + ")" * 41, "more than 40 nested parentheses"),
        ("NOT " * 20_000 + "a", "nested too deeply"),
    ],
)
def test_what_a_filter_cannot_answer_is_refused_in_one_line(where: str, said: str) -> None:
    with pytest.raises(InvalidFilter, match=said) as raised:
        parse(where)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 300


@pytest.mark.parametrize("where", [5, None, b"a = 1", ["a = 1"], {"a": 1}, "a = '\ud83d'"])
def test_what_is_no_text_is_refused(where: Any) -> None:
    with pytest.raises(InvalidFilter, match="a condition is a text such as"):
        parse(where)
