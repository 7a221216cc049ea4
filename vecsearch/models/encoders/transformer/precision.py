"""OpenVINO as a runtime, and the precision of a model: bfloat16 where the processor has it and vectors agree.

Half the bits make a model twice as fast, and deeper models less exact. So each model is tested once: passages encoded
in both precisions must have a cosine of at least FAITHFUL with one another. The result is remembered by the model's
fingerprint.
"""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version

import numpy as np

from vecsearch.models.batching import Batching
from vecsearch.models.encoders.derived_files import model_cache, read_derived, write_derived
from vecsearch.models.encoders.fingerprint import fingerprint
from vecsearch.models.encoders.tokenizer import TextTokenizer
from vecsearch.models.encoders.transformer.openvino_session import OpenvinoModel, Precision, computes_bfloat16
from vecsearch.models.encoders.transformer.pooling import pool, unit_rows
from vecsearch.models.encoders.transformer.runtime import TokenRuntime
from vecsearch.models.encoders.transformer.spec import ModelSpec
from vecsearch.types import FloatArray

FAITHFUL = 0.9999  # below it two runtimes do not share a fingerprint, see docs/benchmarks.md

_PASSAGES = (
    "How do I reset it?",
    "The battery lasts two days, or one when the display is always on.",
    "def area(radius: float) -> float:\n    return math.pi * radius**2  # square metres",
    "A glacier is a body of dense ice that moves under its own weight. It forms where more snow falls than melts over "
    "many years, and it deforms slowly under the stress that its weight induces, with crevasses and other features.",
    "Patients were assigned at random to 20 mg a day or placebo for 12 weeks (n = 214). The primary end point, a "
    "change of the score from the start, differed by 3.1 points (95 % interval 1.2 to 5.0; P = 0.002). Adverse events "
    "were mild and occurred in 18 % and 15 %; no death was attributed to the treatment.",
    "Article 7. The tenant gives notice in writing three months before the end of a quarter; the landlord answers "
    "within thirty days. Where the parties do not agree, the court of the place decides. Article 8 does not apply.",
    "| year | port | tonnes |\n| --- | --- | --- |\n| 1998 | Rotterdam | 315,000,000 |\n"
    "| 2004 | Shanghai | 379,000,000 |",
    "She said nothing for a while, looked out at the grey sea, and then laughed so loudly that the gulls flew up from "
    'the wall. "You knew it all along," she said, "and you let me go on talking about the weather!" ' * 4,
)


def open_model(spec: ModelSpec, threads: int) -> OpenvinoModel:
    """Open the model in the precision that is right for it on this processor; raises as OpenvinoModel does."""
    return OpenvinoModel(spec, threads, chosen_precision(spec))


def chosen_precision(spec: ModelSpec) -> Precision:
    """Return the precision of a model on this processor; raises as opening it does."""
    if not computes_bfloat16():
        return Precision.FLOAT32
    key = hashlib.sha256(f"{fingerprint(spec)} {version('openvino')}".encode()).hexdigest()[:32]
    record = model_cache() / f"precision-{key}.json"
    if (known := read_derived(record)) is not None:
        return Precision(json.loads(known)["precision"])
    cosine = _agreement(spec)
    chosen = Precision.BFLOAT16 if cosine >= FAITHFUL else Precision.FLOAT32
    write_derived(record, json.dumps({"precision": chosen.value, "cosine": cosine}).encode())
    return chosen


def _agreement(spec: ModelSpec) -> float:
    """The lowest cosine of a passage's two vectors."""
    ids = TextTokenizer(spec.tokenizer).ids(_PASSAGES, spec.max_seq_length)
    full, half = (_vectors(spec, ids, precision) for precision in (Precision.FLOAT32, Precision.BFLOAT16))
    return float(np.sum(full * half, axis=1).min())


def _vectors(spec: ModelSpec, ids: list[list[int]], precision: Precision) -> FloatArray:
    model = OpenvinoModel(spec, 1, precision)
    rows = []
    for tokens in ids:
        hidden = model.run(np.array([tokens], np.int64), np.array([len(tokens)]), alone=True)
        rows.append(pool(hidden, np.array([len(tokens)]), spec.pooling))
    return unit_rows(np.concatenate(rows))


OPENVINO = TokenRuntime(open_model, Batching(texts=16, tokens=8192, multiple=16))
