"""distill(): a transformer to a static model, one vector per token, by model2vec. The only file that imports it.

The tokens, and words that are added, go through the transformer one by one; their vectors are reduced by PCA and
weighted down the more frequent they are, by their rank (Zipf's law, and the weights of Arora et al. 2017). A text's
vector is then the mean of its tokens', which is fast and loses order and context.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext, redirect_stderr
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4

import numpy as np

from vecsearch import files
from vecsearch.checks import check_whole
from vecsearch.errors import ExtraMissing, InvalidOption, ModelDamaged, ModelUnsupported
from vecsearch.imports import require
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
from vecsearch.session import Session
from vecsearch.storage.lexical import splitting

_DOCUMENTS = 2  # that contain a word, at least: what only one contains is seldom a word
_AT_ONCE = 1024  # rows
_POOLING_NAMES = {Pooling.MEAN: "mean", Pooling.CLS: "first", Pooling.LAST: "last"}  # model2vec's names
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
mean of its tokens': faster than {teacher}, and less exact. Its licence is that of {teacher}.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DistillReport:
    """A static model distilled from `teacher`: its folder, of `bytes`, with a matrix of `tokens` rows of `dim` numbers.

    `words` counts the words of an index that have rows of their own.
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
    """Distill a transformer into a static model in the new folder `output`, for load_encoder() to open.

    With an index as `vocabulary`, its most frequent words, at most `words`, become tokens besides the model's own.
    `device` is torch's name of one; on the processor, `threads` bounds the cores. With `shown` model2vec draws its
    progress on standard error. Raises InvalidOption when `output` exists or the index has no words; ModelUnsupported
    for a model that is not a transformer or needs code of its own, ExtraMissing without model2vec[distill], and what
    finding a model raises.
    """
    started = monotonic()
    target = Path(output)
    for name, value in {"dim": dim, "words": words, "threads": 1 if threads is None else threads}.items():
        check_whole(name, value, 1)
    if target.exists():
        raise InvalidOption(f"{target} already exists: name another folder")
    library = _model2vec()
    teacher = find_whole_model(full_name(model))
    transformer = _transformer_of(teacher, device)
    added = [] if vocabulary is None else frequent_words(vocabulary, words)
    options = {"pca_dims": dim, "pooling": _pooling(teacher), "device": device, "vocabulary": added or None}
    with nullcontext() if shown else redirect_stderr(io.StringIO()), quiet(), torch_threads(threads):
        static = _distill(library, transformer.folder, options)
    tokens, width = static.embedding.shape
    _write(static, target, Path(model).name if teacher.path == Path(model).expanduser() else model, len(added))
    return DistillReport(
        model=str(target),
        teacher=model,
        dim=width,
        tokens=tokens,
        words=len(added),
        bytes=sum(path.stat().st_size for path in target.rglob("*") if path.is_file()),
        seconds=monotonic() - started,
    )


def frequent_words(index: Index, most: int) -> list[str]:
    """Return the words that most documents of an index contain, in lower case, the most frequent first, at most `most`.

    Numbers, single characters and words of only one document are left out. Raises InvalidOption when no word is left.
    """
    documents: Counter[str] = Counter()
    for words in _words_by_document(index.session()):
        documents.update(words)
    by_frequency = sorted(documents.items(), key=lambda entry: (-entry[1], entry[0]))
    frequent = [word for word, n in by_frequency if n >= _DOCUMENTS]
    if not frequent:
        raise InvalidOption(f"{index.path} has no word that two documents contain: use an index with more documents")
    return frequent[:most]


def _words_by_document(session: Session) -> Iterator[set[str]]:
    """The words of one document after another; the chunks of each follow one another."""
    current, seen = None, set[str]()
    for part in session.parts:
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
    """The module model2vec.distill; raises ExtraMissing when it, or a package that it needs, is not installed."""
    package = "model2vec[distill]"
    needs = ("skeletoken", "torch", "transformers")
    try:
        with quiet():
            return require("model2vec.distill", "distill", "distilling a model", package=package, parts=needs)
    except (ExtraMissing, ModuleNotFoundError):
        raise
    except ImportError as error:  # model2vec's own, when its extra is not installed
        raise ExtraMissing.of(package, "distill", f"distilling a model ({short(error)})") from None


def _distill(library: Any, folder: Path, options: dict[str, Any]) -> Any:
    """The library's static model; raises ModelDamaged when it cannot make one."""
    try:
        return library.distill(str(folder.absolute()), **options)
    except Exception as error:  # a library that opens hundreds of architectures may raise anything
        raise ModelDamaged(f"{folder} cannot be distilled by model2vec: {short(error)}") from error


def _transformer_of(model: ModelFolder, device: str | None) -> Module:
    """The transformer among a model's modules, once its files are known to be whole and to hold no code."""
    if is_static(model):
        raise ModelUnsupported(f"{model.name} is a static model already: name a transformer")
    modules = read_modules(model.path)
    if modules[0].kind != "Transformer":
        raise ModelUnsupported(f"{model.name} begins with {modules[0].kind}: only a transformer can be distilled")
    if code := needed_code(modules):
        raise ModelUnsupported(f"{code}, code of the model's own, which distill() does not run")
    check_weights(modules)
    check_known_hashes(model)
    check_device(device)
    check_tensors(model.path)
    return modules[0]


def _pooling(model: ModelFolder) -> str:
    """The name of the model's pooling, where model2vec knows it, else "mean"."""
    try:
        return _POOLING_NAMES.get(read_spec(model).pooling, "mean")
    except (ModelDamaged, ModelUnsupported):  # of a family that only sentence-transformers understands
        return "mean"


def _write(static: Any, target: Path, name: str, words: int) -> None:
    """Write the model and its card to `target` in one atomic step; no file names a path of this machine."""
    tokens, dim = static.embedding.shape
    added = f", with {words:,} words of an index" if words else ""
    static.base_model_name = name
    static.config["tokenizer_name"] = name
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f"{files.TEMPORARY}{uuid4().hex}")  # a name that no folder of the user's has
    try:
        static.save_pretrained(unfinished)
        text = _CARD.format(teacher=name, tokens=tokens, dim=dim, added=added)
        (unfinished / "README.md").write_text(text, encoding="utf-8")
        files.flush_all([unfinished, *unfinished.rglob("*")])
        files.move(unfinished, target)
    finally:
        files.remove_tree(unfinished)
