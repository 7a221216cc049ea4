"""Texts to token numbers for a matrix with a row for each token: no special tokens are added to a text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vecsearch.errors import ModelDamaged, ModelUnsupported
from vecsearch.models.encoders.tokens import TextTokenizer, _batches, _offsets
from vecsearch.types import IntArray


class StaticTokenizer(TextTokenizer):
    """A tokenizer without padding, that cuts texts only where it is told to; safe for several threads.

    `own_limit` is the number of tokens at which its own file says to cut, None where it does not.
    """

    def __init__(self, path: Path, rows: int) -> None:
        """Load `path` for a matrix of so many rows.

        Raises ModelDamaged when it is no tokenizer or has more tokens than the matrix has rows, ModelUnsupported when
        it keeps the end of a long text instead of its beginning.
        """
        super().__init__(path)
        if self.size > rows:
            raise ModelDamaged(f"{path} has {self.size} tokens, the model {rows} rows: they do not belong together")
        content = json.loads(path.read_text(encoding="utf-8"))
        self.own_limit = _own_limit(path, content.get("truncation"))
        self.unknown = self._unknown(content["model"])

    def _unknown(self, model: dict[str, Any]) -> int | None:
        """The number of the token for what the tokenizer does not know; some have none."""
        if "unk_id" in model:  # Unigram's
            number: int | None = model["unk_id"]
            return number
        token = model.get("unk_token")
        return None if token is None else self._tokenizer.token_to_id(token)

    def ids(self, texts: Sequence[str], limit: int) -> list[list[int]]:
        """For each text the numbers of its first `limit` tokens."""
        return [
            encoding.ids[:limit]
            for batch in _batches(texts)
            for encoding in self._tokenizer.encode_batch_fast(batch, add_special_tokens=False)
        ]

    def ids_and_spans(self, texts: Sequence[str], limit: int) -> list[tuple[list[int], IntArray]]:
        """For each text what ids() gives, and each token's character offsets, int64 (tokens, 2)."""
        return [
            (encoding.ids[:limit], _offsets(encoding.offsets[:limit]))
            for batch in _batches(texts)
            for encoding in self._tokenizer.encode_batch(batch, add_special_tokens=False)
        ]


def _own_limit(path: Path, truncation: dict[str, Any] | None) -> int | None:
    if truncation is None:
        return None
    if truncation.get("direction", "Right") != "Right":  # older files do not say it
        raise ModelUnsupported(f"{path} keeps the end of a long text, only its beginning is supported")
    return int(truncation["max_length"])
