"""Random cross-encoders of two layers and 32 dimensions, written file by file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tests.helpers.tiny_bert import CONFIG, SHAPE, WORDS, write_json, write_safetensors
from vecsearch.models.encoders.transformer.architecture import parameters
from vecsearch.models.encoders.transformer.onnx_graph import build_graph

LIMIT = 24  # tokens of a pair
CROSS_SHAPE = replace(SHAPE, labels=1)
CROSS_CONFIG: dict[str, Any] = {
    **CONFIG,
    "architectures": ["BertForSequenceClassification"],
    "id2label": {"0": "LABEL_0"},
    "label2id": {"LABEL_0": 0},
}
SINCE_4 = {"sentence_transformers": {"activation_fn": "torch.nn.modules.linear.Identity"}}
BEFORE_4 = {"sbert_ce_default_activation_function": "torch.nn.modules.linear.Identity"}
IDENTITY = {**SINCE_4, **BEFORE_4}  # for any version of sentence-transformers
BERT_PAIR = "[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1"
ROBERTA_PAIR = "[CLS]:0 $A:0 [SEP]:0 [SEP]:0 $B:0 [SEP]:0"


def cross_tensors(seed: int = 0) -> dict[str, np.ndarray]:
    """The model's weights under the names that transformers gives them."""
    rng = np.random.default_rng(seed)
    made = {name: rng.normal(0, 0.3, dims).astype(np.float32) for name, dims in parameters(CROSS_SHAPE).items()}
    return {name if name.startswith("classifier") else f"bert.{name}": tensor for name, tensor in made.items()}


def write_pair_tokenizer(path: Path, pair: str = BERT_PAIR, words: Sequence[str] = WORDS) -> None:
    """A WordPiece tokenizer whose file carries truncation and padding, which must not count."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    tokenizer = Tokenizer(models.WordPiece({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    special = [("[CLS]", 2), ("[SEP]", 3)]
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", pair=pair, special_tokens=special)
    tokenizer.add_special_tokens(list(words[:4]))
    tokenizer.enable_truncation(7)
    tokenizer.enable_padding(length=9)
    tokenizer.save(str(path))


def write_tiny_cross(folder: Path, **config: Any) -> None:
    """A cross-encoder of 24 tokens a pair; `config` goes into its config.json."""
    folder.mkdir()
    write_json(folder / "config.json", {**CROSS_CONFIG, **config})
    special = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token"), WORDS, strict=False))
    said = {"tokenizer_class": "BertTokenizer", "model_max_length": LIMIT, **special}
    write_json(folder / "tokenizer_config.json", said)
    write_pair_tokenizer(folder / "tokenizer.json")
    write_safetensors(folder / "model.safetensors", cross_tensors())


def write_cross_graph(path: Path) -> None:
    """The tiny model as an .onnx file with its weights inside, checked by the format's own library."""
    import onnx

    graph = onnx.load_model_from_string(build_graph(CROSS_SHAPE))
    tensors = {name.removeprefix("bert."): tensor for name, tensor in cross_tensors().items()}
    for initializer in graph.graph.initializer:
        if initializer.name in tensors:
            initializer.CopyFrom(onnx.numpy_helper.from_array(tensors[initializer.name], initializer.name))
    onnx.checker.check_model(graph)
    path.parent.mkdir(exist_ok=True)
    onnx.save(graph, path)


def change_json(path: Path, **changes: Any) -> None:
    """What a JSON file holds, with some keys changed; None removes one."""
    kept = {**(json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}), **changes}
    write_json(path, {key: value for key, value in kept.items() if value is not None})
