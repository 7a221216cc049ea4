"""Index a folder of notes and ask it a question: `python examples/notes_search.py FOLDER QUESTION`."""

import sys
from pathlib import Path

from vecsearch import Index

HERE = Path(__file__).parent


def main(folder: Path = HERE / "notes", question: str = "how do I reset it?") -> None:
    """Bring `notes.vecsearch` in step with the folder and print the passages that answer the question."""
    with Index.open_or_create("notes.vecsearch") as index:
        report = index.sync(folder)  # reads only files that changed since the last run
        print(f"{report.added} added, {report.updated} updated, {report.unchanged} unchanged")
        for failure in report.failed:
            print(f"{failure.source}: {failure.reason}", file=sys.stderr)
        for hit in index.search(question, k=3, per_document=1):
            print(f"{hit.similarity:.2f}  {Path(hit.source or '').name}:{hit.line}  {hit.heading}")


if __name__ == "__main__":
    main(*(convert(given) for convert, given in zip((Path, str), sys.argv[1:], strict=False)))
