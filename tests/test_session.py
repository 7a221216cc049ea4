"""Sessions: every answer is of one version, whatever is written meanwhile, in any number of threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.counting import CountingEncoder
from vecsearch import Document, Hit, Index, InvalidOption
from vecsearch.search.options import SearchOptions
from vecsearch.types import FloatArray, Role

MODES = ["hybrid", "dense", "lexical"]
WORDS = ["apple", "zebra", "kernel", "river", "stone", "cloud"]


class PausingEncoder(CountingEncoder):
    """Lets something happen in the middle of a search: after the session was taken, while its query is encoded."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: Callable[[], object] | None = None

    def encode(self, texts: Sequence[str], role: Role) -> FloatArray:
        if role is Role.QUERY and self.meanwhile:
            meanwhile, self.meanwhile = self.meanwhile, None
            thread = threading.Thread(target=meanwhile)
            thread.start()
            thread.join()
        return super().encode(texts, role)


CHANGES: dict[str, Callable[[Index], object]] = {
    "delete the row before": lambda index: index.delete(["a"]),
    "delete the answer": lambda index: index.delete(["b"]),
    "add one": lambda index: index.add([Document("z", "zebra zebra zebra")]),
    "add many": lambda index: index.add(Document(f"n{number}", f"news {number}") for number in range(50)),
    "replace the answer": lambda index: index.add([Document("b", "nothing like it")]),
    "delete and compact": lambda index: (index.delete(["a"]), index.compact()),
    "restore": lambda index: index.restore(1),
    "refresh after another wrote": lambda index: (Index.open(index.path).delete(["a"]), index.refresh()),
    "close": lambda index: index.close(),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("ask", ["search", "rank"])
def test_an_answer_is_of_the_version_that_was_current_when_the_search_began(
    tmp_path: Path, mode: str, change: str, ask: str
) -> None:
    encoder, numbers = PausingEncoder(), count()
    index = Index.create(tmp_path / "index", model=encoder)
    index.add([Document("a", "apple pie"), Document("b", "zebra crossing"), Document("c", "kernel panic")])
    session = index.session()

    def answers() -> list[tuple[str, float]]:
        query = f"zebra crossing {next(numbers)}"  # never encoded before, so that the encoder is asked
        source = index if encoder.meanwhile else session
        options = {"k": 3, "mode": mode, "min_similarity": -1.0}
        hits = (
            getattr(source, ask)(query, **options)
            if source is index
            else getattr(source, ask)(query, SearchOptions(**options))
        )
        return [hit.document_id for hit in hits]

    expected = answers()
    encoder.meanwhile = lambda: CHANGES[change](index)
    assert answers() == expected
    assert encoder.meanwhile is None
    assert answers() == expected  # the session still sees its version


@pytest.mark.parametrize("change", [change for change in CHANGES if change != "close"])
def test_a_filter_is_evaluated_on_the_version_that_is_searched(tmp_path: Path, change: str) -> None:
    encoder = PausingEncoder()
    index = Index.create(tmp_path / "index", model=encoder)
    index.add(Document(name, text, {"n": n}) for n, (name, text) in enumerate([("a", "apple"), ("b", "zebra")]))
    encoder.meanwhile = lambda: CHANGES[change](index)
    assert [hit.document_id for hit in index.search("zebra", where="n = 1")] == ["b"]
    assert encoder.meanwhile is None


def test_a_session_stays_as_it_is_and_the_index_moves_on(tmp_path: Path, encoder: CountingEncoder) -> None:
    index = Index.create(tmp_path / "index", model=encoder)
    index.add([Document("a", "apple", {"n": 1})])
    before = index.session()
    index.add([Document("b", "zebra", {"n": 2})])
    assert index.session() is not before
    assert (before.count(), index.count()) == (1, 2)
    assert (before.document_ids("n > 0"), index.document_ids("n > 0")) == (["a"], ["a", "b"])
    assert before.info().version + 1 == index.info().version
    with pytest.raises(InvalidOption, match="explain"):
        before.rank("apple", SearchOptions(explain=True))


def test_refreshing_an_unchanged_index_keeps_the_session_and_what_it_has_worked_out(
    tmp_path: Path, encoder: CountingEncoder
) -> None:
    index = Index.create(tmp_path / "index", model=encoder)
    index.add(["apple"])
    session = index.session()
    index.refresh()
    assert index.session() is session


def test_an_index_made_again_at_the_same_path_with_the_same_version_number_is_seen(
    tmp_path: Path, encoder: CountingEncoder
) -> None:
    """The version number alone does not say that nothing changed."""
    import shutil

    path = tmp_path / "index"
    Index.create(path, model=encoder).add([Document("a", "apple")])
    reader = Index.open(path, model=encoder, refresh=True)
    assert reader.document_ids() == ["a"]
    shutil.rmtree(path)
    Index.create(path, model=encoder).add([Document("b", "zebra")])
    assert reader.document_ids() == ["b"]


class Versions:
    """What every version of a growing index holds: documents of one word and the version's number."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self.texts: dict[str, set[str]] = {word: set() for word in WORDS}

    def write(self, step: int) -> None:
        """One commit: replaces, deletes, compacts; ids are reused with other words, so that rows move."""
        rng = np.random.default_rng(step)
        documents = [Document(f"d{rng.integers(40)}", f"{WORDS[rng.integers(6)]} {step}") for _ in range(5)]
        self.index.add(documents)
        if step % 3 == 0:
            self.index.delete([f"d{rng.integers(40)}" for _ in range(4)])
        if step % 7 == 0:
            self.index.compact()


def wrong(hits: list[Hit], word: str) -> list[str]:
    """The hits of a lexical search for a word that do not hold it."""
    return [hit.text for hit in hits if word not in hit.text]


@pytest.mark.slow
def test_threads_that_search_while_one_writes_and_others_refresh_get_right_answers(tmp_path: Path) -> None:
    index = Index.create(tmp_path / "index", model=CountingEncoder())
    versions, done, faults = Versions(index), threading.Event(), []
    versions.write(0)
    searches = count()

    def search(seed: int) -> None:
        rng = np.random.default_rng(seed)
        while not done.is_set():
            word = WORDS[rng.integers(6)]
            faults.extend(wrong(index.search(word, k=5, mode="lexical"), word))
            session = index.session()
            expected = session.count()
            for hits in session.search([word, "stone 3"], SearchOptions(k=100, mode="dense")):
                if len(hits) != expected:  # type: ignore[arg-type]  # a list of hits
                    faults.append(f"{len(hits)} hits of {expected} chunks")  # type: ignore[arg-type]
            next(searches)

    def refresh() -> None:
        while not done.is_set():
            index.refresh()

    with ThreadPoolExecutor(5) as threads:
        running = [*(threads.submit(search, seed) for seed in range(3)), *(threads.submit(refresh) for _ in range(2))]
        try:
            for step in range(1, 30):
                versions.write(step)
        finally:
            done.set()
        for each in running:
            each.result()
    assert faults == []
    assert next(searches) > 20
