"""Small models that sentence-transformers makes, of kinds that only it runs."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from vecsearch.models.encoders.model_folder import ModelFolder
from vecsearch.models.encoders.torch.encoder import TorchEncoder

PROMPTS = {"query": "find: ", "passage": "passage: "}


def make(folder: Path, **options: Any) -> TorchEncoder:
    return TorchEncoder(ModelFolder(name=folder.name, path=folder), **{"device": "cpu", **options})


def write_qwen(folder: Path) -> None:
    """A causal transformer of 64 tokens without special ones, pooled by its last, then 16 numbers of a dense layer."""
    import torch
    from transformers import Qwen3Config, Qwen3Model

    base = folder.parent / f"{folder.name}-base"
    config = Qwen3Config(
        vocab_size=257,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        max_position_embeddings=64,
    )
    torch.manual_seed(3)
    Qwen3Model(config).save_pretrained(base)
    byte_tokenizer().save_pretrained(base)
    kinds = modules()
    dense = kinds.Dense(32, 16, activation_function=torch.nn.Tanh())
    save(folder, [kinds.Transformer(str(base)), kinds.Pooling(32, pooling_mode="lasttoken"), dense], PROMPTS)


def byte_tokenizer() -> Any:
    """A tokenizer whose tokens are bytes, and which puts none around a text."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = [*sorted(pre_tokenizers.ByteLevel.alphabet()), "<pad>"]
    tokenizer = Tokenizer(models.BPE(vocab={sign: number for number, sign in enumerate(alphabet)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", model_max_length=64)


def write_words(folder: Path) -> None:
    """Word vectors with a tokenizer that knows no offsets."""
    import numpy as np

    kinds = modules()
    words = ["the", "red", "green", "house", "tree", "river"]
    tokenizer = kinds.tokenizer.WhitespaceTokenizer(words, stop_words=[])
    weights = np.random.default_rng(5).normal(size=(len(words), 8)).astype(np.float32)
    save(folder, [kinds.WordEmbeddings(tokenizer, weights), kinds.Pooling(8)], {})


def write_router(source: Path, folder: Path) -> None:
    """The model in `source` with a dense layer of its own for queries and for documents."""
    import torch

    kinds = modules()
    torch.manual_seed(9)
    first = kinds.Transformer(str(source))
    routes = [[kinds.Pooling(32), kinds.Dense(32, 12)] for _ in range(2)]
    save(folder, [first, kinds.Router.for_query_document(query_modules=routes[0], document_modules=routes[1])], {})


def modules() -> Any:
    """The modules of sentence-transformers, under the name that versions 3 to 6 share."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # 6 has another name for them
        import sentence_transformers.models
    return sentence_transformers.models


def save(folder: Path, steps: list[Any], prompts: dict[str, str]) -> None:
    from sentence_transformers import SentenceTransformer

    SentenceTransformer(modules=steps, device="cpu", prompts=prompts).save(str(folder))
