"""How a model knows the order of its tokens, as the configurations of real families say it."""

from __future__ import annotations

import pytest

from vecsearch.models.encoders.transformer.insides import positions_of
from vecsearch.models.insides import Positions


@pytest.mark.parametrize(
    ("config", "kind"),
    [
        ({"model_type": "bert", "position_embedding_type": "absolute"}, "learned"),
        ({"model_type": "mpnet"}, "learned"),
        ({"model_type": "distilbert", "sinusoidal_pos_embds": False}, "learned"),
        ({"model_type": "distilbert", "sinusoidal_pos_embds": True}, "sinusoidal"),
        ({"model_type": "bert", "position_embedding_type": "relative_key_query"}, "relative"),
        ({"model_type": "t5", "relative_attention_num_buckets": 32}, "relative"),
        ({"model_type": "qwen3", "rope_theta": 1000000}, "rotary"),
        ({"model_type": "qwen3", "rope_parameters": {"rope_type": "default"}}, "rotary"),
        ({"model_type": "modernbert", "position_embedding_type": "absolute", "global_rope_theta": 160000.0}, "rotary"),
        ({"model_type": "nomic_bert", "rotary_emb_fraction": 1.0}, "rotary"),
        ({"model_type": "new", "position_embedding_type": "rope"}, "rotary"),
        ({"model_type": "bert", "position_embedding_type": "alibi"}, "alibi"),
        ({"model_type": "mpt", "alibi": True}, "alibi"),
        ({"model_type": "mamba"}, "unknown"),
        ({}, "unknown"),
        ({"model_type": "bert", "rope_scaling": None}, "learned"),
    ],
)
def test_the_kind_is_the_one_that_the_family_has(config, kind):
    assert positions_of(config).kind == kind


def test_how_many_places_there_are_is_known_where_the_configuration_says_it():
    assert positions_of({"model_type": "bert", "max_position_embeddings": 512}).count == 512
    assert positions_of({"model_type": "bert"}) == Positions(positions_of({"model_type": "bert"}).kind, None)
    assert positions_of({"model_type": "bert", "max_position_embeddings": "many"}).count is None
