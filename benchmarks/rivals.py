"""Other ways from texts to vectors of all-MiniLM-L6-v2, each on its own: what ours are compared with.

sentence-transformers and fastembed as their READMEs call them, and the loop that somebody writes by hand around
ONNX Runtime or OpenVINO. Each class loads its model when it is made; `encode` gives unit vectors in the texts' order.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np

from vecsearch.models.encoders.model_folder import ModelFolder
from vecsearch.models.encoders.transformer.onnx_graph import build_graph
from vecsearch.models.encoders.transformer.spec import read_spec
from vecsearch.models.encoders.weights import read_parameters

_LIMIT = 256  # tokens that the model reads
_BATCH = 16


def write_onnx(model: ModelFolder, folder: Path) -> Path:
    """A folder with the model as one .onnx file of float32, and the small files beside it."""
    import onnx

    spec = read_spec(model)
    assert spec.shape
    graph = onnx.load_model_from_string(build_graph(spec.shape))
    tensors = read_parameters(spec.weights, spec.shape)
    for initializer in graph.graph.initializer:
        if initializer.name in tensors:
            initializer.CopyFrom(onnx.numpy_helper.from_array(np.array(tensors[initializer.name]), initializer.name))
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
        shutil.copy(model.path / name, folder / name)
    onnx.save(graph, folder / "model.onnx")
    return folder


class SentenceTransformers:
    """`SentenceTransformer(model).encode(texts)`: float32, batches of 32."""

    def __init__(self, folder: Path) -> None:
        from sentence_transformers import SentenceTransformer

        self._model = SentenceTransformer(str(folder), device="cpu")

    def encode(self, texts: list[str]) -> Any:
        return self._model.encode(texts)


class Fastembed:
    """`TextEmbedding(model).embed(texts)`, from a local folder."""

    def __init__(self, folder: Path) -> None:
        from fastembed import TextEmbedding

        name = "sentence-transformers/all-MiniLM-L6-v2"
        self._model = TextEmbedding(name, specific_model_path=str(folder))

    def encode(self, texts: list[str]) -> Any:
        return np.stack(list(self._model.embed(texts)))


class BareLoop:
    """Tokenise, sort by length, pad to the longest of 16, run, take the mean: what is left when all else is gone."""

    def __init__(self, folder: Path) -> None:
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(_LIMIT)
        self._tokenizer.no_padding()

    def encode(self, texts: list[str]) -> Any:
        ids = [encoding.ids for encoding in self._tokenizer.encode_batch_fast(texts)]
        order = sorted(range(len(ids)), key=lambda place: -len(ids[place]))
        vectors = np.empty((len(ids), 384), np.float32)
        self._run([order[start : start + _BATCH] for start in range(0, len(order), _BATCH)], ids, vectors)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def _run(self, batches: list[list[int]], ids: list[list[int]], vectors: Any) -> None:
        raise NotImplementedError


class BareOnnxruntime(BareLoop):
    """The loop around ONNX Runtime in float32, all cores in every operator."""

    def __init__(self, folder: Path) -> None:
        import onnxruntime

        super().__init__(folder)
        self._session = onnxruntime.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])

    def _run(self, batches: list[list[int]], ids: list[list[int]], vectors: Any) -> None:
        for rows in batches:
            padded, mask = _padded([ids[row] for row in rows], 1)
            hidden = self._session.run(None, {"input_ids": padded, "attention_mask": mask})[0]
            vectors[rows] = _mean(hidden, mask)


class BareOpenvino(BareLoop):
    """The loop around OpenVINO: bfloat16 where the processor has it, a stream a core, padded to a multiple of 16."""

    def __init__(self, folder: Path) -> None:
        from vecsearch.models.encoders.transformer.openvino_graph import import_openvino

        super().__init__(folder)
        self._openvino = import_openvino()  # without its telemetry
        core = self._openvino.Core()
        precision = "bf16" if "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES") else "f32"
        hints = {"INFERENCE_PRECISION_HINT": precision, "NUM_STREAMS": 2, "INFERENCE_NUM_THREADS": 2}
        self._compiled = core.compile_model(core.read_model(folder / "model.onnx"), "CPU", hints)

    def _run(self, batches: list[list[int]], ids: list[list[int]], vectors: Any) -> None:
        queue = self._openvino.AsyncInferQueue(self._compiled, 2)

        def keep(request: Any, given: Any) -> None:
            rows, mask = given
            vectors[rows] = _mean(request.get_output_tensor().data, mask)

        queue.set_callback(keep)
        for rows in batches:
            padded, mask = _padded([ids[row] for row in rows], 16)
            queue.start_async({"input_ids": padded, "attention_mask": mask}, (rows, mask))
        queue.wait_all()


def _padded(ids: list[list[int]], multiple: int) -> tuple[Any, Any]:
    lengths = np.array([len(row) for row in ids])
    width = -(-int(lengths.max()) // multiple) * multiple
    padded = np.zeros((len(ids), width), np.int64)
    for row, tokens in zip(padded, ids, strict=True):
        row[: len(tokens)] = tokens
    return padded, (np.arange(width) < lengths[:, None]).astype(np.int64)


def _mean(hidden: Any, mask: Any) -> Any:
    return np.einsum("ntd,nt->nd", hidden, mask.astype(np.float32)) / mask.sum(axis=1, keepdims=True)
