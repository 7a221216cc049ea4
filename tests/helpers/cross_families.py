"""Tiny random cross-encoders of every family, as transformers writes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.helpers.tiny_bert import WORDS, write_json
from tests.helpers.tiny_cross import BERT_PAIR, ROBERTA_PAIR, write_pair_tokenizer

FAMILIES = ("bert", "electra", "roberta", "xlm-roberta", "camembert", "distilbert", "mpnet")
LIMIT = 40
_USUAL = {
    "vocab_size": len(WORDS),
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 60,
    "num_labels": 1,
}
_ROBERTA = {**_USUAL, "pad_token_id": 1, "type_vocab_size": 1}
_DISTILBERT = {"dim": 32, "hidden_dim": 64, "n_layers": 2, "n_heads": 4, "max_position_embeddings": 60}


def write_family(folder: Path, family: str) -> None:
    """A cross-encoder of `family` with the tokenizer that models of its kind have."""
    import torch
    import transformers

    configs: dict[str, Any] = {
        "bert": lambda: transformers.BertConfig(**_USUAL),
        "electra": lambda: transformers.ElectraConfig(**_USUAL, embedding_size=32),
        "roberta": lambda: transformers.RobertaConfig(**_ROBERTA),
        "xlm-roberta": lambda: transformers.XLMRobertaConfig(**_ROBERTA),
        "camembert": lambda: transformers.CamembertConfig(**_ROBERTA),
        "mpnet": lambda: transformers.MPNetConfig(**_USUAL),
        "distilbert": lambda: transformers.DistilBertConfig(vocab_size=len(WORDS), num_labels=1, **_DISTILBERT),
    }
    torch.manual_seed(7)
    model = transformers.AutoModelForSequenceClassification.from_config(configs[family]())
    with torch.no_grad():
        for name, parameter in model.named_parameters():  # far from the small numbers that would hide a mistake
            parameter.normal_(1 if "norm.weight" in name.lower() else 0, 0.3)
    model.eval().save_pretrained(folder)
    _write_words(folder, family)


def _write_words(folder: Path, family: str) -> None:
    """The tiny tokenizer as the family has it: padding at 0 or 1, types of tokens told to the model or not."""
    special = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token"), WORDS, strict=False))
    if family in ("bert", "electra", "distilbert"):
        write_pair_tokenizer(folder / "tokenizer.json", BERT_PAIR)
    else:
        write_pair_tokenizer(folder / "tokenizer.json", ROBERTA_PAIR, [WORDS[1], WORDS[0], *WORDS[2:]])
    told = ["input_ids", "attention_mask", *(["token_type_ids"] if family in ("bert", "electra") else [])]
    said = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": LIMIT, "model_input_names": told}
    write_json(folder / "tokenizer_config.json", {**said, **special})
