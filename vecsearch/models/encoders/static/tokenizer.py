"""Texts to token ids for a matrix with a row for each token: no special tokens are put around a text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from vecsearch.errors import ModelDamaged, ModelUnsupported
from vecsearch.models.encoders.tokenizer import TextTokenizer


class StaticTokenizer(TextTokenizer):
    """A TextTokenizer without special tokens.

    `own_limit` is the number of tokens at which tokenizer.json truncates, None where it does not; `unknown` the id of
    the token for what the tokenizer does not know, None where it has none.
    """

    def __init__(self, path: Path, rows: int) -> None:
        """Load `path` for a matrix of `rows` rows.

        Raises ModelDamaged when it is not a tokenizer or has more tokens than the matrix has rows, ModelUnsupported
        when it truncates the beginning of a long text.
        """
        super().__init__(path, special_tokens=False)
        if self.size > rows:
            raise ModelDamaged(f"{path} has {self.size} tokens, the model {rows} rows: they do not belong together")
        content = json.loads(path.read_text(encoding="utf-8"))
        self.own_limit = _own_limit(path, content.get("truncation"))
        self.unknown = self._find_unknown(content["model"])

    def _find_unknown(self, model: dict[str, Any]) -> int | None:
        if "unk_id" in model:  # Unigram's
            number: int | None = model["unk_id"]
            return number
        token = model.get("unk_token")
        return None if token is None else self.token_id(token)


def _own_limit(path: Path, truncation: dict[str, Any] | None) -> int | None:
    if truncation is None:
        return None
    if truncation.get("direction", "Right") != "Right":  # older files have no direction
        raise ModelUnsupported(f"{path} keeps the end of a long text, only its beginning is supported")
    return int(truncation["max_length"])
