"""LaTeX with very many sections: each is found where it stands, and no part of the text is gone through twice."""

from __future__ import annotations

import pytest

from vecsearch.documents.loaders.latex import _closing_braces, _headings, parse_latex

MANY = 50_000


class Counted(str):
    """A text that counts the characters that line ends are looked for among."""

    searched = 0

    def rfind(self, wanted: str, start: int, end: int) -> int:  # type: ignore[override]
        assert 0 <= start <= end
        self.searched += end - start
        return super().rfind(wanted, start, end)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("between", "lines"),
    [("\n", MANY), ("\r\n", MANY), ("\r", MANY), (" ", 1), ("\\begin{align}\n\\section{no}\\end{align}\n", MANY)],
    ids=["LF", "CRLF", "CR", "one line", "blocks"],
)
def test_line_ends_are_looked_for_once_however_many_sections_there_are(between: str, lines: int) -> None:
    text = Counted("".join(f"\\section{{Part {number:05} of a long book}}{between}" for number in range(MANY)))
    blocks = parse_latex(text).outline.blocks
    found = list(_headings(text, blocks, _closing_braces(text)))
    assert text.searched <= 2 * len(text)  # once for each kind of line end
    assert [heading.title for heading in found] == [f"Part {number:05} of a long book" for number in range(lines)]


def test_a_file_of_two_megabytes_has_all_its_sections_where_they_stand() -> None:
    line = "\\section{{Title {:05}}} and a sentence.\n"
    text = "".join(line.format(number) for number in range(MANY))
    headings = parse_latex(text).outline.headings
    width = len(line.format(0))
    assert [(heading.start, heading.title) for heading in headings] == [
        (number * width, f"Title {number:05}") for number in range(MANY)
    ]


@pytest.mark.parametrize("title", [r"a \{b\}", r"{a {b}} c", r"\{", "", "x" * 1_999])
def test_a_title_ends_at_the_brace_that_closes_it(title: str) -> None:
    (heading,) = parse_latex(f"\\section{{{title}}} {{text}}\n").outline.headings
    assert heading.title == " ".join(title.replace("{", " ").replace("}", " ").split())


@pytest.mark.parametrize("text", ["\\section{never closed {}", "\\section{" + "x" * 2_000 + "}"])
def test_a_title_without_an_end_nearby_is_empty(text: str) -> None:
    assert [heading.title for heading in parse_latex(text).outline.headings] == [""]
