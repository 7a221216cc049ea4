"""A transformer to a static model: a vector for each token, by model2vec, which is far faster to look up.

The tokens, and words that are added, go through the transformer one by one; their vectors are reduced by PCA and
weighted down the more frequent they are, by their rank (Zipf's law, and the weights of Arora et al. 2017). A text's
vector is then the mean of its tokens': order and context are lost, which is what the speed costs. The only file that
imports model2vec.
"""

from __future__ import annotations

import io
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext, redirect_stderr
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

from vecsearch import files
from vecsearch.errors import ExtraMissing, InvalidOption, ModelDamaged, ModelUnsupported
from vecsearch.index import Index
from vecsearch.models.encoders import DEFAULT_MODEL
from vecsearch.models.encoders.fingerprint import check_known_hashes
from vecsearch.models.encoders.model_folder import ModelFolder, find_whole_model
from vecsearch.models.encoders.model_names import full_name
from vecsearch.models.encoders.module_list import Module, read_modules
from vecsearch.models.encoders.static.spec import is_static
from vecsearch.models.encoders.torch.model import torch_threads
from vecsearch.models.encoders.torch.opening import check_device, check_tensors, quiet, short
from vecsearch.models.encoders.torch.trust import check_weights, needed_code
from vecsearch.models.encoders.transformer.spec import Pooling, read_spec
from vecsearch.storage.lexical import splitting
from vecsearch.storage.store import Store

_DOCUMENTS = 2  # that have a word at least: what stands in one alone is seldom a word
_AT_ONCE = 1024  # rows
_MODULES = {"model2vec", "skeletoken", "torch", "transformers"}
_POOLED = {Pooling.MEAN: "mean", Pooling.CLS: "first", Pooling.LAST: "last"}  # as model2vec calls it
_CARD = """\
---
library_name: model2vec
base_model: {teacher}
tags:
- static-embeddings
- sentence-transformers
---

# {teacher}, distilled

A static model of {tokens:,} tokens and {dim} dimensions, made of {teacher} by model2vec{added}. A text's vector is the
mean of its tokens': fast to make, and less exact than {teacher}. Its licence is that of {teacher}.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DistillReport:
    """A static model that was made of `teacher`: its folder, a matrix of `tokens` rows of `dim` numbers, in `bytes`.

    `words` of an index were given to have rows of their own.
    """

    model: str
    teacher: str
    dim: int
    tokens: int
    words: int
    bytes: int
    seconds: float


def distill(
    model: str = DEFAULT_MODEL,
    output: str | PathLike[str] = "distilled",
    *,
    dim: int = 256,
    vocabulary: Index | None = None,
    words: int = 20_000,
    device: str | None = None,
    threads: int | None = None,
    shown: bool = False,
) -> DistillReport:
    """The new folder `output` holds a static model made of a transformer, which load_encoder() opens as any model's.

    With an index as `vocabulary`, its most frequent words, so many of them, become tokens besides the model's own.
    `device` is torch's name of one; where that is the processor, `threads` bounds its cores. With `shown` model2vec
    draws its progress on standard error. Raises InvalidOption when there is something at `output`, or nothing to take
    words from; ModelUnsupported for a model that is no transformer or brings code along, ExtraMissing without
    model2vec[distill], and what finding a model raises.
    """
    started = monotonic()
    place = Path(output)
    _check(place, dim=dim, words=words, threads=1 if threads is None else threads)
    library = _model2vec()
    folder = find_whole_model(full_name(model))
    transformer = _checked(folder, device)
    added = [] if vocabulary is None else frequent_words(vocabulary, words)
    how = {"pca_dims": dim, "pooling": _pooling(folder), "device": device, "vocabulary": added or None}
    with nullcontext() if shown else redirect_stderr(io.StringIO()), quiet(), torch_threads(threads):
        static = _distilled(library, transformer.folder, how)
    tokens, width = static.embedding.shape
    _write(static, place, Path(model).name if folder.path == Path(model).expanduser() else model, len(added))
    return DistillReport(
        model=str(place),
        teacher=model,
        dim=width,
        tokens=tokens,
        words=len(added),
        bytes=sum(path.stat().st_size for path in place.rglob("*") if path.is_file()),
        seconds=monotonic() - started,
    )


def frequent_words(index: Index, most: int) -> list[str]:
    """The words that most documents of an index have, in lower case, the most frequent first, at most so many.

    Numbers, single characters and what only one document has are left out. Raises InvalidOption when none is left.
    """
    having: Counter[str] = Counter()
    for document in _words_by_document(index):
        having.update(document)
    by_frequency = sorted(having.items(), key=lambda counted: (-counted[1], counted[0]))
    found = [word for word, n in by_frequency if n >= _DOCUMENTS]
    if not found:
        raise InvalidOption(f"{index.path} has no word that two of its documents have: there is no vocabulary in it")
    return found[:most]


def _words_by_document(index: Index) -> Iterator[set[str]]:
    """The words of one document after the other, whose chunks stand together."""
    current, seen = None, set[str]()
    for part in Store(index.path).snapshot(index.info().version).parts:
        live = np.flatnonzero(part.mask())
        for first in range(0, len(live), _AT_ONCE):
            for row in part.segment.take(live[first : first + _AT_ONCE].tolist()):
                if row.chunk.document_id != current:
                    yield seen
                    current, seen = row.chunk.document_id, set()
                seen |= {
                    word.lower() for word in splitting.words(row.chunk.text) if len(word) > 1 and not word[0].isdigit()
                }
    yield seen


def _model2vec() -> Any:
    """model2vec's distillation; raises ExtraMissing when one of the packages that it needs for this is not there."""
    try:
        with quiet():
            import model2vec.distill
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _MODULES:
            raise
        raise ExtraMissing.of("model2vec[distill]", "distill", "distilling a model") from None
    except ImportError as error:  # model2vec's own, for what its extra would install
        raise ExtraMissing.of("model2vec[distill]", "distill", f"distilling a model ({short(error)})") from None
    return model2vec.distill


def _distilled(library: Any, folder: Path, how: dict[str, Any]) -> Any:
    """The library's static model; raises ModelDamaged when it cannot make one."""
    try:
        return library.distill(str(folder.absolute()), **how)
    except Exception as error:  # whatever a library that opens hundreds of architectures raises
        raise ModelDamaged(f"{folder} cannot be distilled by model2vec: {short(error)}") from error


def _checked(model: ModelFolder, device: str | None) -> Module:
    """The transformer among a model's modules, whose files are data only and whole."""
    if is_static(model):
        raise ModelUnsupported(f"{model.name} is a static model already: name a transformer")
    modules = read_modules(model.path)
    if modules[0].kind != "Transformer":
        raise ModelUnsupported(f"{model.name} begins with {modules[0].kind}: only a transformer can be distilled")
    if code := needed_code(modules):
        raise ModelUnsupported(f"{code}, which is code of the model's own: it is not run to distill it")
    check_weights(modules)
    check_known_hashes(model)
    check_device(device)
    check_tensors(model.path)
    return modules[0]


def _pooling(model: ModelFolder) -> str:
    """How the vectors of a token's pieces become one: as the model does it, where model2vec can."""
    try:
        return _POOLED.get(read_spec(model).pooling, "mean")
    except (ModelDamaged, ModelUnsupported):  # of a family that only sentence-transformers understands
        return "mean"


def _check(place: Path, **numbers: int) -> None:
    for name, value in numbers.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise InvalidOption(f"{name} is {value!r}; a whole number, at least 1")
    if place.exists():
        raise InvalidOption(f"there is something at {place} already: name another folder")


def _write(static: Any, place: Path, name: str, words: int) -> None:
    """The model and its card are in the folder `place`, wholly or not at all, and name no path of this machine."""
    tokens, dim = static.embedding.shape
    added = f", with {words:,} words of an index" if words else ""
    static.base_model_name = name
    static.config["tokenizer_name"] = name
    place.parent.mkdir(parents=True, exist_ok=True)
    made = place.with_name(f"{place.name}.part")
    shutil.rmtree(made, ignore_errors=True)
    try:
        static.save_pretrained(made)
        (made / "README.md").write_text(
            _CARD.format(teacher=name, tokens=tokens, dim=dim, added=added), encoding="utf-8"
        )
        files.flush_all([made, *made.rglob("*")])
        files.move(made, place)
    finally:
        files.remove_tree(made)
