"""From documents to the next version of an index. Open `run.py` first: it is the write story, top to bottom.

    sync.py          files and folders -> which ones to read -> their documents, to `run.py`
    sync_options.py  which files a root takes and how they are read
    choosing.py      which roots a run follows
    planning.py      which of their files are new, changed or gone
    moves.py         files and folders that were moved, recognised by their contents
    followed.py      the roots of an index as people see them
    prune.py         roots that are gone leave the index
    add.py           what a program adds and deletes
    run.py           documents -> chunks -> vectors -> commits
    draft.py         the next version while it is being written: staged and deleted documents, and the commit
    background.py    the thread that encodes one window while the next is read and chunked
    duplicates.py    near-duplicate documents and repeated chunks
    tally.py         counts of a run: progress and the report
    streams.py       documents from standard input and URLs, for `add.py`
    watching.py      a run after each change of a file

Without an index: `embed.py` turns texts into vectors, `vector_files.py` writes them to files.
"""
