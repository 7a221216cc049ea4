"""Tiny random models of every family, as transformers writes them, in the layout of sentence-transformers."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.helpers.tiny_bert import WORDS, set_pooling, write_json

FAMILIES = ("bert", "roberta", "xlm-roberta", "camembert", "distilbert", "mpnet")
_SIZES = {"vocab_size": len(WORDS), "layer_norm_eps": 1e-5}
_USUAL = {
    **_SIZES,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 200,
}


def write_family(source: Path, folder: Path, family: str) -> None:
    """A model of `family` in `folder`, with the tokenizer of the tiny BERT in `source`."""
    import torch
    import transformers

    settings = {
        "bert": lambda: transformers.BertConfig(**_USUAL),
        "roberta": lambda: transformers.RobertaConfig(**_USUAL, pad_token_id=1, type_vocab_size=1),
        "xlm-roberta": lambda: transformers.XLMRobertaConfig(**_USUAL, pad_token_id=1, type_vocab_size=1),
        "camembert": lambda: transformers.CamembertConfig(**_USUAL, pad_token_id=1, type_vocab_size=1),
        "mpnet": lambda: transformers.MPNetConfig(**_USUAL),
        "distilbert": lambda: transformers.DistilBertConfig(
            vocab_size=len(WORDS), dim=32, hidden_dim=64, n_layers=2, n_heads=4, max_position_embeddings=200
        ),
    }
    torch.manual_seed(7)
    model = transformers.AutoModel.from_config(settings[family]())
    with torch.no_grad():
        for parameter in model.parameters():  # far from the small numbers that would hide a mistake
            parameter.normal_(0, 0.3)
    model.eval()
    model.save_pretrained(folder, safe_serialization=True)
    for name in ("tokenizer.json", "modules.json"):
        shutil.copy(source / name, folder / name)
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": 190, "do_lower_case": False})
    set_pooling(folder, "mean_tokens")


def hidden_states(folder: Path, ids: list[list[int]]) -> list[list[list[float]]]:
    """The last layer's vectors of every text's tokens, by transformers itself, one text at a time."""
    import torch
    import transformers

    model = transformers.AutoModel.from_pretrained(folder).eval()
    with torch.no_grad():
        return [model(input_ids=torch.tensor([row])).last_hidden_state[0].tolist() for row in ids]
