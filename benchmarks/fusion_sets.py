"""The collections that fusion is fitted to and measured with, and the candidates of both retrievers for their queries.

Collections of one kind are alike: when one of them is left out to see what the others would have done, all are. Code of
packages is of those that are installed where the benchmark runs.
"""

from __future__ import annotations

import sysconfig
import warnings
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
from judged import (
    Collection,
    among,
    asked_in,
    beir,
    chunked,
    headlines,
    intent_names,
    intents,
    paraphrases,
    sentences,
    spans,
    titles,
)
from known_items import functions, names, sections

from vecsearch import Role, embed
from vecsearch.models.capabilities import fertility_of
from vecsearch.models.encoder import Fertility
from vecsearch.models.encoders import load_encoder
from vecsearch.search.fusion import DEPTH, QueryFacts, features
from vecsearch.storage.lexical import AUTO, Bm25, LivePostings, build_postings
from vecsearch.types import FloatArray, IntArray, ScoreArray
from vecsearch.vectors import inner_products, unit_rows

AT = 10
DISCOUNTS = 1 / np.log2(np.arange(2, AT + 2))


class Made(NamedTuple):
    """How a collection is made, and which others are of its kind."""

    kind: str
    make: Callable[[], Collection]


class Candidates(NamedTuple):
    """One question's candidates: the scores of both retrievers, the documents they are of, and their gains, (m,).

    `ideal` is what the best ranking would gain; a document has the place of its best candidate.
    `features` are those that the weight follows from, empty where no candidate has a word of the question. `plain` is
    the nDCG@10 of a BM25 that knows neither stems nor stop words.
    """

    dense: ScoreArray
    lexical: ScoreArray
    owners: IntArray
    gains: ScoreArray
    ideal: float
    features: tuple[float, ...]
    plain: float


def fitted(data: Path) -> dict[str, Made]:
    """What the numbers of fusion.py were fitted to, by name."""
    fastapi, xquad, passages = data / "docs/fastapi", data / "xquad", data / "scale"
    small = {
        "scifact-train": Made("scifact", lambda: beir(data / "scifact", "train")),
        "scifact-test": Made("scifact", lambda: beir(data / "scifact")),
        "squad-dev": Made("squad", lambda: beir(data / "squad-dev")),
        "xquad-en": Made("squad", lambda: beir(xquad / "en")),
        **{f"xquad-{one}": Made("xquad", lambda one=one: beir(xquad / one)) for one in ("de", "es", "ru", "zh", "ar")},
        **{
            f"xquad-{one}>en": Made("cross", lambda one=one: asked_in(xquad / one, xquad / "en"))
            for one in ("de", "es")
        },
        "code-stdlib": Made("code", lambda: functions(Path(sysconfig.get_path("stdlib")))),
        **_code("numpy", "pandas", "networkx"),
        "fastapi-en": Made("fastapi", lambda: sections(fastapi / "en")),
        "fastapi-ja": Made("fastapi", lambda: sections(fastapi / "ja")),
        "fastapi-de>en": Made("fastapi", lambda: sections(fastapi / "en", asked_in=fastapi / "de")),
        "fastapi-zh>en": Made("fastapi", lambda: sections(fastapi / "en", asked_in=fastapi / "zh")),
        "rust-book": Made("rust", lambda: sections(data / "docs/rust-book/src")),
        "chunking-eval": Made("chunking", lambda: spans(data / "chunking-eval")),
        "banking77": Made("banking", lambda: intents(data / "banking77")),
        "wiki-titles": Made("wiki", lambda: titles(passages / "wiki-paragraphs.jsonl.gz")),
        **{f"sts-{one}": Made("sts", lambda one=one: paraphrases(data / "sts", one)) for one in ("en", "de", "zh")},
    }
    cut = [name for name, made in small.items() if made.kind not in ("banking", "sts")]
    large = ("scifact-test", "squad-dev", "xquad-de", "xquad-ru", "code-stdlib", "fastapi-en")
    return (
        small
        | {f"{name}, cut": Made(small[name].kind, lambda name=name: chunked(small[name].make())) for name in cut}
        | {
            f"{name}+71k": Made(small[name].kind, lambda name=name: among(small[name].make(), passages))
            for name in large
        }
    )


def held_out(data: Path) -> dict[str, Made]:
    """What they were not fitted to, by name."""
    whole = {
        "fastapi-de": Made("fastapi", lambda: sections(data / "docs/fastapi/de")),
        "fastapi-zh": Made("fastapi", lambda: sections(data / "docs/fastapi/zh")),
        **_code("scipy", "sklearn"),
        "squad-sentences": Made("sentences", lambda: sentences(data / "squad-dev")),
        "scifact-titles": Made("headlines", lambda: headlines(data / "scifact")),
        "stdlib-names": Made("names", lambda: names(Path(sysconfig.get_path("stdlib")))),
        "banking77-names": Made("banking", lambda: intent_names(data / "banking77")),
    }
    cut = [name for name, made in whole.items() if made.kind not in ("banking", "sentences")]
    return whole | {
        f"{name}, cut": Made(whole[name].kind, lambda name=name: chunked(whole[name].make())) for name in cut
    }


def _code(*packages: str) -> dict[str, Made]:
    found = {package: find_spec(package) for package in packages}
    if missing := [package for package, spec in found.items() if spec is None]:
        print(f"left out, not installed: {', '.join(missing)}")
    folders = {package: Path(spec.origin).parent for package, spec in found.items() if spec and spec.origin}
    return {
        f"code-{package}": Made("code", lambda folder=folder: functions(folder)) for package, folder in folders.items()
    }


def candidates_of(collection: Collection, model: str | None) -> list[Candidates]:
    """The candidates of every question of a collection, by vecsearch's own retrievers."""
    encoder = load_encoder(model) if model else load_encoder()
    texts, queries = _unit(collection.texts, model, Role.DOCUMENT), _unit(collection.queries, model, Role.QUERY)
    bm25, plain = (
        Bm25([LivePostings(build_postings(collection.texts, language), None)]) for language in (AUTO, "none")
    )
    fertilities = fertility_of(encoder, collection.queries)
    everything = np.arange(len(texts))

    owners = everything if collection.owners is None else np.array(collection.owners)

    def candidates(text: str, query: FloatArray, gains: dict[int, int], fertility: Fertility) -> Candidates:
        dense, scored = inner_products(texts, query), bm25.scores(text)
        lexical, unread = scored.of(0, everything), plain.scores(text).of(0, everything)
        rows, others = np.union1d(first(dense, DEPTH), _having(lexical)), _having(unread)
        facts = QueryFacts(fertility, scored.words, scored.limit, float(np.median(scored.lengths(0, rows))))
        values = features(dense[rows], lexical[rows], facts) if lexical.any() else ()
        best = sorted(gains.values(), reverse=True)[:AT]
        ideal = float(best @ DISCOUNTS[: len(best)])
        gained = np.array([gains.get(owner, 0) for owner in owners.tolist()], np.float64)
        by_plain = _gained(owners[others], gained[others], unread[others]) / ideal
        return Candidates(dense[rows], lexical[rows], owners[rows], gained[rows], ideal, values, by_plain)

    return list(map(candidates, collection.queries, queries, collection.gains, fertilities))


def quality(candidates: Candidates, scores: ScoreArray) -> float:
    """nDCG@10 of one question whose candidates are ranked by these scores."""
    return _gained(candidates.owners, candidates.gains, scores) / candidates.ideal


def _gained(owners: IntArray, gains: ScoreArray, scores: ScoreArray) -> float:
    """The discounted gain of the ten documents that score highest."""
    order = np.argsort(-scores, kind="stable")
    _, places = np.unique(owners[order], return_index=True)
    gained = gains[order[np.sort(places)[:AT]]]
    return float(gained @ DISCOUNTS[: len(gained)])


def _unit(texts: Sequence[str], model: str | None, role: Role) -> FloatArray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # some texts are longer than the model reads: that is the task
        how: Mapping[str, str] = {"model": model} if model else {}
        return unit_rows(embed(texts, role=role, **how))[0]


def first(scores: ScoreArray, k: int) -> np.ndarray:
    """The places of the k highest scores, the first of equal ones first."""
    return np.argsort(-scores, kind="stable")[:k]


def _having(scores: ScoreArray) -> np.ndarray:
    found = first(scores, DEPTH)
    return found[scores[found] > 0]
