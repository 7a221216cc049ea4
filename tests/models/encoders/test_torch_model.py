"""What happens around a model while sentence-transformers opens and runs it, and what may go wrong."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.helpers.encoder_contract import TEXTS
from tests.helpers.peer_models import byte_tokenizer, make
from tests.helpers.tiny_bert import CONFIG, write_json
from vecsearch.errors import ExtraMissing, InvalidOption, ModelDamaged
from vecsearch.types import Role

pytestmark = [pytest.mark.peer, pytest.mark.usefixtures("peer")]


def message(error: pytest.ExceptionInfo[Exception]) -> str:
    assert "\n" not in str(error.value)
    return str(error.value)


def damaged(folder: Path, text: str = "red") -> str:
    with pytest.raises(ModelDamaged) as error:
        make(folder).encode([text], Role.QUERY)
    assert str(folder) in message(error)
    return message(error)


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A fresh process of ours, without what pytest sets."""
    environment = {name: value for name, value in os.environ.items() if name != "HF_HUB_OFFLINE"}
    environment["PYTHONPATH"] = str(Path(__file__).parents[3])
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True, env=environment
    )


def test_creating_one_imports_neither_torch_nor_a_tokenizer(qwen):
    code = """
import sys
from pathlib import Path
from vecsearch.models.encoders.model_folder import ModelFolder
from vecsearch.models.encoders.torch.encoder import TorchEncoder
made = TorchEncoder(ModelFolder(name="m", path=Path(sys.argv[1])))
made.dim, made.fingerprint
assert not {"tokenizers", "torch"} & set(sys.modules)
made.max_tokens, made.token_spans(["a"])
print(*{"torch", "transformers", "sentence_transformers", "safetensors"} & set(sys.modules))
"""
    assert run(code, str(qwen)).stdout.strip() == ""


def test_encoding_asks_no_network_and_leaves_standard_error_alone(qwen):
    code = """
import socket, sys
from pathlib import Path
def refuse(*given, **also):
    print("asked for", given)
    raise OSError("no network")
socket.socket.connect = socket.getaddrinfo = socket.create_connection = refuse
from vecsearch.models.encoders.model_folder import ModelFolder
from vecsearch.models.encoders.torch.encoder import TorchEncoder
from vecsearch import Role
made = TorchEncoder(ModelFolder(name="m", path=Path(sys.argv[1])))
print(made.encode(["red house"] * 40, Role.DOCUMENT).shape)
"""
    done = run(code, str(qwen))
    assert (done.stdout, done.stderr) == ("(40, 16)\n", "")


def test_what_the_libraries_say_is_heard_again_after_a_model_was_opened(tiny, peer):
    from transformers.utils import logging as bars

    names = ("transformers", "sentence_transformers", "huggingface_hub")
    before = [(logging.getLogger(name).handlers, logging.getLogger(name).level) for name in names]
    drawn = bars.is_progress_bar_enabled()
    make(tiny).encode(["red"], Role.QUERY)
    assert [(logging.getLogger(name).handlers, logging.getLogger(name).level) for name in names] == before
    assert bars.is_progress_bar_enabled() == drawn
    bars.disable_progress_bar()
    try:
        make(tiny).encode(["red"], Role.QUERY)
        assert not bars.is_progress_bar_enabled()
    finally:
        bars.enable_progress_bar() if drawn else None


def test_a_batch_that_does_not_fit_is_halved_until_it_does(tiny):
    import torch

    made = make(tiny)
    texts = [f"{text} {number}" for number in range(9) for text in TEXTS]
    expected = made.encode(texts, Role.DOCUMENT)
    sizes = []

    def small_memory(_: Any, given: tuple[Any, ...]) -> None:
        sizes.append(len(given[0]["input_ids"]))
        if sizes[-1] > 5:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    made.module[0].register_forward_pre_hook(small_memory)
    np.testing.assert_allclose(made.encode(texts, Role.DOCUMENT), expected, atol=1e-6)
    assert sizes[:4] == [32, 16, 8, 4]
    assert set(sizes[4:]) == {4}


@pytest.mark.parametrize("said", ["MPS backend out of memory", "DefaultCPUAllocator: can't allocate memory"])
def test_one_text_that_does_not_fit_is_said(tiny, said):
    made = make(tiny)

    def no_memory(*_: Any) -> None:
        raise RuntimeError(said)

    made.module[0].register_forward_pre_hook(no_memory)
    with pytest.raises(InvalidOption, match="device 'cpu' has too little memory for one text"):
        made.encode(TEXTS, Role.QUERY)


def test_another_failure_of_the_model_is_one_line(tiny):
    write_json(tiny / "sentence_bert_config.json", {"max_seq_length": 60})  # more than it has positions
    assert "cannot encode: " in damaged(tiny, "red " * 50)


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_are_used_for_its_own_work_only(tiny, threads):
    import torch

    made = make(tiny, threads=threads)
    seen = []
    made.module[0].register_forward_pre_hook(lambda *_: seen.append(torch.get_num_threads()))
    before = torch.get_num_threads()
    torch.set_num_threads(before + 3)
    try:
        made.encode(["red"], Role.QUERY)
        assert (seen, torch.get_num_threads()) == ([threads], before + 3)
        make(tiny).encode(["red"], Role.QUERY)
        assert torch.get_num_threads() == before + 3
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("device", ["no-such-device", "cpu:cpu"])
def test_a_device_that_is_not_here_is_said(tiny, device):
    with pytest.raises(InvalidOption, match=f"device '{device}' cannot be used: .*expected cuda, mps or cpu") as error:
        make(tiny, device=device).encode(["red"], Role.QUERY)
    message(error)


def test_without_the_package_the_command_that_installs_it_is_told(tiny, monkeypatch):
    made = make(tiny)
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(ExtraMissing, match=r"pip install 'vecsearch\[sentence-transformers\]'"):
        made.encode(["red"], Role.QUERY)
    assert make(tiny).token_spans(["red"])[0].tolist() == [[0, 3]]


def test_another_package_that_is_missing_is_not_taken_for_ours(tiny, monkeypatch):
    class Finder:
        @staticmethod
        def find_spec(name, *_):
            if name == "sentence_transformers":
                raise ModuleNotFoundError("No module named 'torch'", name="torch")

    monkeypatch.delitem(sys.modules, "sentence_transformers")
    monkeypatch.setattr(sys, "meta_path", [Finder, *sys.meta_path])
    with pytest.raises(ModuleNotFoundError, match="'torch'") as error:
        make(tiny).encode(["red"], Role.QUERY)
    assert not isinstance(error.value, ExtraMissing)


@pytest.mark.parametrize("size", [0, 7, 100, -4])
def test_weights_that_are_cut_short_are_named(tiny, size):
    path = tiny / "model.safetensors"
    path.write_bytes(path.read_bytes()[:size])
    assert f"{path} cannot be read" in damaged(tiny)


def test_weights_under_another_name_are_not_found(tiny):
    (tiny / "model.safetensors").rename(tiny / "other.safetensors")
    assert "cannot be opened by sentence-transformers: OSError" in damaged(tiny)


@pytest.mark.parametrize(
    ("change", "said"),
    [({"num_hidden_layers": 3}, "encoder.layer.2"), ({"intermediate_size": 128}, r"\.dense\.|size mismatch")],
)
def test_weights_that_are_not_there_are_not_made_up(tiny, change, said):
    write_json(tiny / "config.json", {**CONFIG, **change})
    assert re.search(said, damaged(tiny))


def test_files_that_say_another_dimension_than_the_model_has_are_damaged(tiny):
    modes = {"pooling_mode_weightedmean_tokens": True, "pooling_mode_mean_tokens": False}
    write_json(tiny / "1_Pooling" / "config.json", {"word_embedding_dimension": 16, **modes})
    assert "gives vectors of shape (32,), its files say 16" in damaged(tiny)


def test_a_tokenizer_without_a_sign_to_pad_with_is_one_line(qwen):
    tokenizer = byte_tokenizer()
    tokenizer.pad_token = None
    tokenizer.save_pretrained(qwen)
    with pytest.raises(ModelDamaged, match=r"cannot encode: .*pad") as error:
        make(qwen).encode(["red", "green tree"], Role.QUERY)
    message(error)
