"""A tokenizer of each family that models come with, trained on the spot, and small models that read by one."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tests.helpers.static_models import random_matrix, write_modules
from tests.helpers.tiny_bert import CONFIG, SHAPE, write_json, write_safetensors, write_tiny_bert
from vecsearch.models.encoders.transformer.architecture import parameters

SENTENCES = [
    "the red house and the green tree by the blue river",
    "İstanbul, Grüße, naïve café: don't, 3.14!",
    "東京都は晴れ、気温は25度です。今天天气很好。",
    "한국어 नमस्ते สวัสดี שלום عالم 😀 👩‍👧 🇩🇪",
]
TOKENIZER_CONFIG = {"tokenizer_class": "PreTrainedTokenizerFast", "pad_token": "<pad>"}  # as it is, for transformers
_SPECIAL = ["<pad>", "<unk>", "<s>", "</s>"]


def _word_piece() -> Any:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.WordPiece(unk_token="<unk>"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer, trainers.WordPieceTrainer(vocab_size=300, special_tokens=_SPECIAL)


def _byte_level() -> Any:
    """GPT-2's and RoBERTa's: each byte is a token at least, so that a character may be several."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    return tokenizer, trainers.BpeTrainer(vocab_size=400, special_tokens=_SPECIAL, initial_alphabet=alphabet)


def _unigram() -> Any:
    """XLM-R's and multilingual E5's: blanks belong to the tokens behind them."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    return tokenizer, trainers.UnigramTrainer(vocab_size=200, special_tokens=_SPECIAL, unk_token="<unk>")


def _sentence_bpe() -> Any:
    """Llama's and wordllama's: one run over the whole text, in which blanks are signs as any other."""
    from tokenizers import Tokenizer, models, normalizers, trainers

    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    return tokenizer, trainers.BpeTrainer(vocab_size=300, special_tokens=_SPECIAL)


def _word_level() -> Any:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.WordLevel(unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return tokenizer, trainers.WordLevelTrainer(vocab_size=300, special_tokens=_SPECIAL)


TOKENIZERS: dict[str, Callable[[], Any]] = {
    "word piece": _word_piece,
    "byte level": _byte_level,
    "unigram": _unigram,
    "sentence BPE": _sentence_bpe,
    "word level": _word_level,
}


def write_trained(path: Path, family: str, *, special: bool) -> int:
    """Writes a tokenizer of `family`, which puts special tokens around a text or does not; how many tokens it knows."""
    from tokenizers import processors

    tokenizer, trainer = TOKENIZERS[family]()
    tokenizer.train_from_iterator(SENTENCES, trainer)
    if special:
        around = [(name, tokenizer.token_to_id(name)) for name in ("<s>", "</s>")]
        tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=around)
    tokenizer.save(str(path))
    return int(tokenizer.get_vocab_size())


def write_transformer(folder: Path, family: str, *, positions: int = 400, **settings: Any) -> Path:
    """A tiny transformer that reads by a tokenizer of `family`, with `settings` in sentence_bert_config.json."""
    write_tiny_bert(folder)
    vocabulary = write_trained(folder / "tokenizer.json", family, special=True)
    write_json(folder / "config.json", {**CONFIG, "vocab_size": vocabulary, "max_position_embeddings": positions})
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": positions, **settings})
    write_json(folder / "tokenizer_config.json", TOKENIZER_CONFIG)
    rng = np.random.default_rng(0)
    shapes = parameters(replace(SHAPE, vocabulary=vocabulary, positions=positions))
    tensors = {name: rng.normal(*_spread(name), dims).astype(np.float32) for name, dims in shapes.items()}
    write_safetensors(folder / "model.safetensors", tensors)
    return folder


def _spread(name: str) -> tuple[float, float]:
    """Mean and deviation of a tensor's numbers, such that tokens do not come out all alike."""
    if "LayerNorm.weight" in name:
        return 1, 0.1
    return 0, 1 if "embeddings" in name else 0.15


def write_static(folder: Path, family: str) -> Path:
    """A StaticEmbedding that reads by a tokenizer of `family`."""
    folder.mkdir()
    vocabulary = write_trained(folder / "tokenizer.json", family, special=False)
    write_safetensors(folder / "model.safetensors", {"embedding.weight": random_matrix(vocabulary)})
    write_modules(folder, ("StaticEmbedding", "."))
    return folder


def set_prompts(folder: Path, query: str, document: str = "") -> Path:
    """Puts prompts before texts."""
    prompts = {"prompts": {"query": query, "document": document}}
    (folder / "config_sentence_transformers.json").write_text(json.dumps(prompts), encoding="utf-8")
    return folder
