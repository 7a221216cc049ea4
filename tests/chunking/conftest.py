from __future__ import annotations

import pytest

from vecsearch.chunking import Tokenizer
from vecsearch.errors import ModelNotFound
from vecsearch.models.encoders import load_encoder


@pytest.fixture(scope="module")
def model() -> Tokenizer:
    """The tokenizer of the default model."""
    try:
        return load_encoder()
    except ModelNotFound as error:
        pytest.skip(f"the default model is not installed: {error}")
