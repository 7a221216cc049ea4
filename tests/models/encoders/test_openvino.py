"""OpenVINO: the same vectors in either precision, bfloat16 only where it holds, and nothing reported."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.encoder_contract import TEXTS, EncoderContract
from vecsearch.errors import ExtraMissing, ModelUnsupported
from vecsearch.models.encoders import load_encoder
from vecsearch.models.encoders.derived_files import read_derived
from vecsearch.models.encoders.model_folder import ModelFolder
from vecsearch.models.encoders.transformer import precision
from vecsearch.models.encoders.transformer.openvino_graph import import_openvino
from vecsearch.models.encoders.transformer.openvino_session import OpenvinoModel, Precision, computes_bfloat16
from vecsearch.models.encoders.transformer.precision import FAITHFUL, chosen_precision
from vecsearch.models.encoders.transformer.spec import read_spec
from vecsearch.types import Role


@pytest.fixture(autouse=True)
def installed() -> None:
    try:
        import_openvino()
    except ExtraMissing as error:
        pytest.skip(str(error))


class TestOpenvinoEncoder(EncoderContract):
    tolerance = 1e-3  # bfloat16 has eight bits, and this model is random and tiny

    @pytest.fixture
    def made(self, tiny):
        return load_encoder(str(tiny), runtime="openvino", threads=2)


@pytest.mark.parametrize("kind", list(Precision))
def test_a_model_has_the_vectors_of_onnxruntime(tiny, kind, monkeypatch):
    monkeypatch.setattr(precision, "chosen_precision", lambda spec: kind)
    found = load_encoder(str(tiny), runtime="openvino").encode(TEXTS, Role.DOCUMENT)
    expected = load_encoder(str(tiny), runtime="onnxruntime").encode(TEXTS, Role.DOCUMENT)
    cosine = np.sum(found * expected, axis=1)
    assert cosine.min() > (0.999999 if kind is Precision.FLOAT32 else 0.999)


def test_both_runtimes_have_one_fingerprint(tiny):
    assert load_encoder(str(tiny), runtime="openvino").fingerprint == load_encoder(str(tiny)).fingerprint


def test_the_default_model_is_run_in_bfloat16_where_the_processor_has_it(carried):
    chosen = chosen_precision(read_spec(ModelFolder(name="minilm", path=carried)))
    assert chosen is (Precision.BFLOAT16 if computes_bfloat16() else Precision.FLOAT32)


@pytest.mark.parametrize(("cosine", "chosen"), [(FAITHFUL, Precision.BFLOAT16), (FAITHFUL - 1e-6, Precision.FLOAT32)])
def test_bfloat16_is_chosen_where_vectors_hold_and_the_choice_is_remembered(tiny, monkeypatch, cosine, chosen):
    spec = read_spec(ModelFolder(name="tiny", path=tiny))
    monkeypatch.setattr(precision, "computes_bfloat16", lambda: True)
    monkeypatch.setattr(precision, "_agreement", lambda spec: cosine)
    assert chosen_precision(spec) is chosen
    monkeypatch.setattr(precision, "_agreement", None)  # asked once only
    assert chosen_precision(spec) is chosen
    record = next(precision.model_cache().glob("precision-*.json"))
    assert b"cosine" in (read_derived(record) or b"")


def test_without_units_for_bfloat16_a_model_is_run_in_float32(tiny, monkeypatch):
    monkeypatch.setattr(precision, "computes_bfloat16", lambda: False)
    assert chosen_precision(read_spec(ModelFolder(name="tiny", path=tiny))) is Precision.FLOAT32


def test_a_graph_of_its_own_is_left_to_onnxruntime(tiny):
    (tiny / "model.safetensors").unlink()
    (tiny / "model.onnx").write_bytes(b"")
    with pytest.raises(ModelUnsupported, match=r"model\.onnx: .*onnxruntime"):
        OpenvinoModel(read_spec(ModelFolder(name="tiny", path=tiny)), 1, Precision.FLOAT32)


def test_a_missing_openvino_names_the_command_that_installs_it(tiny):
    code = (
        "import sys; sys.modules['openvino'] = None; from vecsearch import Role\n"
        "from vecsearch.models.encoders import load_encoder\n"
        "try: load_encoder(sys.argv[1], runtime='openvino').encode(['red'], Role.QUERY)\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tiny)], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("ExtraMissing")
    assert "pip install 'vecsearch[openvino]'" in done.stdout


def test_nothing_is_reported_to_anyone(tiny, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    environment = {name: value for name, value in os.environ.items() if name not in ("CI", "XDG_CACHE_HOME")}
    code = (
        "import sys, socket\n"
        "def refuse(*_, **__): raise AssertionError('asked for an address')\n"
        "socket.getaddrinfo = socket.create_connection = refuse\n"
        "from vecsearch.models.encoders import load_encoder; from vecsearch import Role\n"
        "assert len(load_encoder(sys.argv[1], runtime='openvino').encode(['red house'], Role.DOCUMENT)) == 1\n"
        "assert 'openvino_telemetry' not in sys.modules"
    )
    command = [sys.executable, "-c", code, str(tiny)]
    done = subprocess.run(command, env={**environment, "HOME": str(home)}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert list(Path(home).rglob("*")) == []
