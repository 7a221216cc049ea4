"""A random BERT of two layers and 32 dimensions in the layout of sentence-transformers, written file by file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from vecsearch.models.encoders.transformer.architecture import Shape, parameters
from vecsearch.models.encoders.transformer.onnx_graph import build_graph

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *"abcdefghijklmnopqrstuvwxyz", *(f"##{c}" for c in "abcdefghijklmnopqrst")]
WORDS += ["red", "green", "blue", "house", "tree", "river", ",", ".", ":"]
CONFIG: dict[str, Any] = {
    "model_type": "bert",
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "vocab_size": len(WORDS),
    "max_position_embeddings": 24,
    "type_vocab_size": 2,
    "layer_norm_eps": 1e-12,
    "hidden_act": "gelu",
}
SHAPE = Shape(
    hidden=32,
    intermediate=64,
    layers=2,
    heads=4,
    vocabulary=len(WORDS),
    positions=24,
    token_types=2,
    layer_norm_eps=1e-12,
    activation="gelu",
)


def write_safetensors(path: Path, tensors: dict[str, np.ndarray], names: dict[str, str] | None = None) -> None:
    """Written after the format's description, not with the code under test."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    blob = b""
    for name, tensor in tensors.items():
        raw = tensor.tobytes()
        kind = (names or {}).get(name) or {"float32": "F32", "float16": "F16", "int64": "I64"}[tensor.dtype.name]
        header[name] = {"dtype": kind, "shape": tensor.shape, "data_offsets": [len(blob), len(blob) + len(raw)]}
        blob += raw
    encoded = json.dumps(header).encode()
    encoded += b" " * (-len(encoded) % 8)
    path.write_bytes(len(encoded).to_bytes(8, "little") + encoded + blob)


def tiny_tensors(seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {name: rng.normal(0, 0.3, dims).astype(np.float32) for name, dims in parameters(SHAPE).items()}


def write_json(path: Path, content: Any) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def write_tokenizer(path: Path) -> None:
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    tokenizer = Tokenizer(models.WordPiece({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.add_special_tokens(WORDS[:4])
    tokenizer.enable_truncation(7)  # as in all-MiniLM-L6-v2: what tokenizer.json says here must not count
    tokenizer.enable_padding(length=9)
    tokenizer.save(str(path))


def set_pooling(folder: Path, *modes: str) -> None:
    known = ("mean_tokens", "cls_token", "max_tokens", "lasttoken", "mean_sqrt_len_tokens")
    config: dict[str, Any] = {f"pooling_mode_{mode}": mode in modes for mode in known}
    write_json(folder / "1_Pooling" / "config.json", {"word_embedding_dimension": 32, **config})


def write_tiny_bert(folder: Path) -> None:
    """A mean-pooling, normalising model of 24 tokens."""
    folder.mkdir()
    write_json(folder / "config.json", CONFIG)
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": 24, "do_lower_case": False})
    kinds = {"": "Transformer", "1_Pooling": "Pooling", "2_Normalize": "Normalize"}
    write_json(
        folder / "modules.json",
        [
            {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
            for i, (path, kind) in enumerate(kinds.items())
        ],
    )
    set_pooling(folder, "mean_tokens")
    write_json(folder / "tokenizer_config.json", {"tokenizer_class": "BertTokenizer", "model_max_length": 24})
    write_tokenizer(folder / "tokenizer.json")
    write_safetensors(folder / "model.safetensors", tiny_tensors())


def write_graph(path: Path) -> None:
    """The tiny model as an .onnx file with its weights inside, checked by the format's own library."""
    import onnx

    graph = onnx.load_model_from_string(build_graph(SHAPE))
    tensors = tiny_tensors()
    for initializer in graph.graph.initializer:
        if initializer.name in tensors:
            initializer.CopyFrom(onnx.numpy_helper.from_array(tensors[initializer.name], initializer.name))
    onnx.checker.check_model(graph)
    path.parent.mkdir(exist_ok=True)
    onnx.save(graph, path)
