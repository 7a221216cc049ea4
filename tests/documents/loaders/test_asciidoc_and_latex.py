"""AsciiDoc and LaTeX: titles without their marks, what is code and no heading, and what the files say of themselves."""

from __future__ import annotations

import pytest

from vecsearch.documents.loaders.asciidoc import parse_asciidoc
from vecsearch.documents.loaders.latex import parse_latex


def asciidoc(text: str) -> list[tuple[int, str]]:
    document = parse_asciidoc(text)
    assert document.text == text
    return [(heading.level, heading.title) for heading in document.outline.headings]


def latex(text: str) -> list[tuple[int, str]]:
    document = parse_latex(text)
    assert document.text == text
    return [(heading.level, heading.title) for heading in document.outline.headings]


@pytest.mark.parametrize(
    ("line", "heading"),
    [
        ("= One", (1, "One")),
        ("====== Six", (6, "Six")),
        ("## Two", (2, "Two")),
        ("== The `code` of *a* _word_", (2, "The code of a word")),
        ("== [[anchor]]Title", (2, "Title")),
        ("== https://x.example[A link] here", (2, "A link here")),
        ("== a*b*c", (2, "a*b*c")),
    ],
)
def test_titles_of_asciidoc_are_plain(line: str, heading: tuple[int, str]) -> None:
    assert asciidoc(f"text\n\n{line}\ntext\n") == [heading]


@pytest.mark.parametrize(
    "text", ["======= Seven", "==none", " == indented", "----\n== x\n----", "....\n== x", "```c\n== x\n```"]
)
def test_what_is_no_title_of_asciidoc(text: str) -> None:
    assert asciidoc(f"{text}\n") == []


def test_blocks_of_asciidoc_end_with_the_line_that_began_them() -> None:
    text = "-----\na\n----\nb\n-----\n\n////\n== no\n////\n\n--\n== Open\n--\n|===\n|x\n|===\n"
    document = parse_asciidoc(text)
    assert [text[start:end] for start, end in document.outline.blocks] == ["-----\na\n----\nb\n-----", "|===\n|x\n|==="]
    assert [heading.title for heading in document.outline.headings] == ["Open"]


@pytest.mark.parametrize(
    ("header", "metadata"),
    [
        ("= A title\nAda Lovelace <ada@x.example>\n:lang: en\n:revdate: 2024-05-31\n", "title author language created"),
        ("// a comment\n= A title\n:author: Ada Lovelace\n", "title author"),
        ("= A title\n\nAda Lovelace\n", "title"),
        (":title: A title\n", "title"),
        ("== Not a title\n", ""),
        ("", ""),
    ],
)
def test_the_header_of_asciidoc_is_metadata(header: str, metadata: str) -> None:
    values = {"title": "A title", "author": "Ada Lovelace", "language": "en", "created": "2024-05-31"}
    expected = {name: values[name] for name in metadata.split()}
    assert parse_asciidoc(f"{header}\ntext\n").metadata == expected


@pytest.mark.parametrize(
    ("line", "heading"),
    [
        (r"\section{One}", (2, "One")),
        (r"\section*{One}", (2, "One")),
        (r"\subsection[short]{The \emph{whole} title}", (3, "The whole title")),
        (r"\chapter {One~two\footnote{no}}", (1, "One two")),
        (r"\paragraph{a \{b\}}", (5, "a \\ b\\")),
    ],
)
def test_titles_of_latex_are_plain(line: str, heading: tuple[int, str]) -> None:
    (found,) = latex(f"text\n{line} text\n")
    assert found[0] == heading[0]
    assert found[1].replace("\\", "").split() == heading[1].replace("\\", "").split()


@pytest.mark.parametrize(
    "text",
    [
        r"% \section{no}",
        r"\begin{lstlisting}" + "\n\\section{no}\n" + r"\end{lstlisting}",
        r"\sectionmark{no}",
        r"\section",
    ],
)
def test_what_is_no_title_of_latex(text: str) -> None:
    assert latex(f"{text}\n") == []


def test_a_percent_sign_that_is_escaped_is_no_comment() -> None:
    assert latex("\\section{100\\% sure}\n") == [(2, "100\\% sure")]


def test_environments_of_latex_are_blocks() -> None:
    text = (
        "a\n\\begin{tabular}{ll}\n1 & 2\n\\end{tabular}\n\\begin{align*}\nx\n\\end{align*}\n\\begin{verbatim}\nno end"
    )
    document = parse_latex(text)
    assert [text[start:end].split("}")[0] for start, end in document.outline.blocks] == [
        "\\begin{tabular",
        "\\begin{align*",
    ]


def test_title_and_author_of_latex_are_metadata() -> None:
    text = "\\title{A \\textbf{title}}\\author{Ada\\thanks{x}}\\date{2024-05-31}\n\\begin{document}x"
    metadata = parse_latex(text).metadata
    assert metadata == {"title": "A title", "author": "Ada", "created": "2024-05-31"}


@pytest.mark.parametrize(
    "text", ["\\begin{verbatim}" * 20_000, "\\section[" * 20_000, "\\section{" * 20_000, "{" * 200_000]
)
def test_latex_without_ends_takes_time_in_proportion_to_it(text: str) -> None:
    """Looking for each end anew would take minutes."""
    assert parse_latex(text).text == text


def test_what_is_too_long_for_a_title_of_asciidoc_is_none() -> None:
    """It would take the square of its length to read it."""
    assert asciidoc(f"== One\n\n== {'*a ' * 50_000}\n\n== Two\n") == [(2, "One"), (2, "Two")]
