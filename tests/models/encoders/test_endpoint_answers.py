"""What an endpoint can answer that is nonsense, and what only looks like it."""

from __future__ import annotations

import numpy as np
import pytest

from tests.helpers.endpoint_clients import TEXTS, failure, ready
from tests.helpers.endpoint_server import altered, encoded, only_server, says
from vecsearch.types import Role

ONE = [1.0] * 32


@pytest.fixture(autouse=True)
def server():
    with only_server() as server:
        yield server


def rows(*embeddings: object) -> dict[str, object]:
    return {"data": [{"index": i, "embedding": embedding} for i, embedding in enumerate(embeddings)]}


@pytest.mark.parametrize(
    ("behaviour", "part"),
    [
        (says(b"<!DOCTYPE html><html>Sign in</html>"), "what is not JSON: '<!DOCTYPE html>"),
        (says(b""), "what is not JSON: ''"),
        (says(b"[" * 100_000), "what is not JSON"),
        (says(b'{"data": "\xff"}'), "what is not JSON"),
        (says({"object": "list"}), "JSON without a list of data"),
        (says({"data": {"0": ONE}}), "JSON without a list of data"),
        (says([ONE, ONE, ONE]), "JSON without a list of data"),
        (altered(lambda data: data[:2]), "2 vectors for 3 texts"),
        (altered(lambda data: [*data, data[0]]), "4 vectors for 3 texts"),
        (altered(lambda data: data[2].update(index=1)), "the index '1', expected each from 0 to 2 once"),
        (altered(lambda data: data[2].update(index=3)), "the index '3'"),
        (altered(lambda data: data[2].update(index=-1)), "the index '-1'"),
        (altered(lambda data: data[2].update(index=True)), "the index 'true'"),
        (altered(lambda data: data[2].pop("index") and None), "the index 'null'"),
        (altered(lambda data: [*data[:2], None]), "the index 'null'"),
        (altered(lambda data: data[1].update(embedding="no base64!")), "not a list of numbers: 'no base64!'"),
        (altered(lambda data: data[1].update(embedding="AAAAAAA=")), "not a list of numbers"),
        (altered(lambda data: data[1].update(embedding="")), "not a list of numbers"),
        (altered(lambda data: data[1].update(embedding=[])), "not a list of numbers"),
        (altered(lambda data: data[1].pop("embedding") and None), "not a list of numbers: 'null'"),
        (altered(lambda data: data[1].update(embedding=["1.0"] * 32)), "not a list of numbers"),
        (altered(lambda data: data[1].update(embedding=[[1.0], [1.0, 2.0]])), "not a list of numbers"),
        (altered(lambda data: data[1].update(embedding=[ONE])), "not a list of numbers"),
        (altered(lambda data: data[1].update(embedding=[None] * 32)), "not a list of numbers"),
        (altered(lambda data: data[1].update(embedding=[float("nan")] * 32)), "holds NaN or infinity"),
        (altered(lambda data: data[1].update(embedding=[1e300] * 32)), "holds NaN or infinity"),
        (altered(lambda data: data[1].update(embedding=encoded([np.inf] * 32))), "holds NaN or infinity"),
        (altered(lambda data: data[1].update(embedding=ONE[:8])), "vectors of 8 and of 32 numbers"),
        (says(rows(ONE[:8], ONE[:8], ONE[:8])), "vectors of 8 numbers, expected 32"),
    ],
)
def test_an_answer_that_is_nonsense_is_said_at_once(server, behaviour, part):
    ready(server)
    server.always = behaviour
    assert part in failure(server)
    assert len(server.requests) == 1


def test_rows_in_another_order_are_put_in_order_by_their_index(server):
    encoder = ready(server)
    server.then(altered(lambda data: data[::-1]))
    vectors = encoder.encode(TEXTS, Role.DOCUMENT)
    np.testing.assert_array_equal(vectors, [server.encoder.vector(text) for text in TEXTS])


def test_whole_numbers_are_numbers(server):
    encoder = ready(server)
    server.then(says(rows([1] * 32, [2] * 32, ONE)))
    np.testing.assert_array_equal(encoder.encode(TEXTS, Role.DOCUMENT)[:, 0], [1, 2, 1])
