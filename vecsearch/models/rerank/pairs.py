"""A query and texts to the token ids of pairs, with a model's own tokenizer.json. Knows nothing of scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vecsearch.errors import ModelDamaged
from vecsearch.models.batching import pad, token_mask
from vecsearch.models.encoders.tokenizer import open_tokenizer, replace_surrogates
from vecsearch.models.rerank.spec import PairSpec
from vecsearch.types import IntArray


@dataclass(frozen=True, slots=True)
class PairBatch:
    """A batch of pairs: ids and types of their tokens, int64 (n, tokens), of which the first `lengths` count."""

    ids: IntArray
    types: IntArray
    lengths: IntArray

    @property
    def mask(self) -> IntArray:
        """1 for a token, 0 for the padding behind it: (n, tokens)."""
        return token_mask(self.lengths, self.ids.shape[1]).astype(np.int64)


class PairTokenizer:
    """A tokenizer that cuts pairs as sentence-transformers does; safe for several threads."""

    def __init__(self, spec: PairSpec) -> None:
        """Load the spec's tokenizer; raises ModelDamaged when it is broken or does not belong to the model."""
        path = spec.tokenizer
        self._tokenizer = open_tokenizer(path)
        special = self._tokenizer.num_special_tokens_to_add(True)
        if special >= spec.max_tokens:
            raise ModelDamaged(
                f"{path} adds {special} special tokens to a pair, the model reads {spec.max_tokens} tokens"
            )
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(spec.max_tokens, strategy="longest_first")
        self._types = spec.types
        self._check(spec)

    def pairs(self, query: str, texts: Sequence[str]) -> list[IntArray]:
        """Return, for each text paired with the query, the ids and types of the tokens: int64 (2, tokens).

        A pair that is too long loses the end of the longer one of the two; both are cut where both are long.
        """
        first = replace_surrogates(query)
        encodings = self._tokenizer.encode_batch_fast([(first, replace_surrogates(text)) for text in texts])
        pairs = [np.array([encoding.ids, encoding.type_ids], np.int64) for encoding in encodings]
        if not self._types:
            for pair in pairs:
                pair[1] = 0
        return pairs

    def _check(self, spec: PairSpec) -> None:
        """Raise ModelDamaged when the tokenizer has tokens or types that the model's tables lack."""
        if (shape := spec.shape) is None:
            return
        if (size := self._tokenizer.get_vocab_size()) > shape.vocabulary:
            raise ModelDamaged(
                f"{spec.tokenizer} has {size} tokens, the model {shape.vocabulary}: they do not belong together"
            )
        types = int(self.pairs("a", ["b"])[0][1].max(initial=0)) + 1
        if shape.token_types and types > shape.token_types:
            raise ModelDamaged(f"{spec.tokenizer} gives tokens {types} types, the model knows {shape.token_types}")


def pad_pairs(pairs: Sequence[IntArray], multiple: int, most: int) -> PairBatch:
    """Return the pairs with zeros behind them, up to a multiple of `multiple` tokens and at most `most`."""
    ids, lengths = pad([pair[0] for pair in pairs], multiple, most)
    types, _ = pad([pair[1] for pair in pairs], multiple, most)
    return PairBatch(ids, types, lengths)
