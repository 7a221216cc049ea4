"""The catalog of models: all that are known or on this machine, and everything about one. Encodes nothing."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from vecsearch.choices import Choice
from vecsearch.errors import ExtraMissing, ModelNotFound
from vecsearch.models.encoder import Encoder
from vecsearch.models.encoders import load_encoder
from vecsearch.models.encoders.endpoint.name import Endpoint, find_endpoint
from vecsearch.models.encoders.hub_cache import cached_models, cached_snapshot, repository_of
from vecsearch.models.encoders.model_folder import DEFAULT_OWNER, carried_model, check_not_here
from vecsearch.models.encoders.model_names import known_model
from vecsearch.models.encoders.model_paths import folder_named
from vecsearch.models.encoders.model_table import KNOWN_MODELS, KnownModel, ModelKind
from vecsearch.models.encoders.runtimes import Runtime, graph_runtime, install_command
from vecsearch.models.encoders.transformer.architecture import Family
from vecsearch.models.encoders.transformer.encoder import TransformerEncoder
from vecsearch.models.encoders.transformer.spec import ModelSpec


class ModelLocation(Choice):
    """Where a model is on this machine, so that no network is needed to have it."""

    FOLDER = "folder"
    PACKAGE = "package"
    HUB_CACHE = "hub cache"
    KEY = "key set"  # for an endpoint, which needs the network


_ANY_LENGTH = 1_000_000  # max_tokens of encoders that read texts of any length
_GRAPHS = {family.value for family in Family}  # of transformers for which we build a graph ourselves


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """What is known about a model; None for what is not.

    `max_tokens` counts special tokens and is also None where a text may have any length. `runtime` is what would run
    it here, and `install` the command to get that. `path`, `normalize` and `fingerprint` are determined only by
    describe_model(), for a model on this machine.
    """

    name: str
    kind: str | None = None  # transformer, static or endpoint
    dim: int | None = None
    max_tokens: int | None = None
    megabytes: int | None = None  # of weights, 10^6 bytes
    parameters: int | None = None  # in millions
    query: str | None = None  # what goes before a query
    document: str | None = None  # and before a document
    pooling: str | None = None
    normalize: bool | None = None
    matryoshka: tuple[int, ...] = ()  # shorter dimensions that it was also trained for
    languages: str | None = None
    licence: str | None = None
    good_for: str | None = None
    runtime: str | None = None
    install: str | None = None
    here: str | None = None  # folder, package, hub cache, key set; None: to be fetched
    path: str | None = None
    fingerprint: str | None = None


def list_models(*, here: bool = False) -> list[ModelInfo]:
    """Return the known models, then other embedding models in the hub's cache; with `here` only those on this machine.

    Uses no network and opens no model.
    """
    listed = [_known_info(model) for model in KNOWN_MODELS]
    others = (name for name in cached_models() if known_model(name) is None)
    models = [*listed, *(ModelInfo(name=name, here=ModelLocation.HUB_CACHE.value) for name in others)]
    return [model for model in models if model.here or not here]


def describe_model(name: str) -> ModelInfo:
    """Return everything about one model, by its full or short name or its folder; from its files if they are here.

    Nothing is fetched. Raises ModelNotFound for a name that is neither known nor on this machine, ModelDamaged or
    ModelUnsupported when the files cannot be used.
    """
    if name.lower().startswith("openai:"):
        return _endpoint(find_endpoint(name))
    model = known_model(name)
    files = _files_of(name, model)
    if files is not None:
        return _read(_known_info(model) if model else ModelInfo(name=name), *files)
    if model is None:
        if name and "/" not in name:
            check_not_here(name, f"{DEFAULT_OWNER}/{name}")
        raise ModelNotFound(
            f"no model {name!r}: not a folder, not in the hub's cache, not known; run vecsearch models for a list"
        )
    return _known_info(model)


def location_of(model: KnownModel) -> ModelLocation | None:
    """Return where a known model is on this machine; None for one that would have to be fetched."""
    if model.kind is ModelKind.ENDPOINT:
        return ModelLocation.KEY if os.environ.get("OPENAI_API_KEY") else None
    if carried_model(model.name):
        return ModelLocation.PACKAGE
    return ModelLocation.HUB_CACHE if cached_snapshot(model.name) else None


def _known_info(model: KnownModel) -> ModelInfo:
    location = location_of(model)
    runtime = _runtime(model)
    carrier = f"pip install '{model.package}'" if model.package and location is None else None
    return ModelInfo(
        name=model.name,
        kind=model.kind.value,
        dim=model.dim,
        max_tokens=model.max_tokens,
        megabytes=model.megabytes,
        parameters=model.parameters,
        query=model.query,
        document=model.document,
        pooling=model.pooling,
        matryoshka=model.matryoshka,
        languages=model.languages,
        licence=model.licence,
        good_for=model.good_for,
        runtime=runtime.value,
        install=install_command(runtime) or carrier,
        here=location.value if location else None,
    )


def _runtime(model: KnownModel) -> Runtime:
    match model.kind:
        case ModelKind.STATIC:
            return Runtime.STATIC
        case ModelKind.ENDPOINT:
            return Runtime.OPENAI
        case ModelKind.TRANSFORMER:
            return graph_runtime() if model.family in _GRAPHS else Runtime.SENTENCE_TRANSFORMERS


def _endpoint(endpoint: Endpoint) -> ModelInfo:
    if model := known_model(endpoint.name):
        return _known_info(model)
    return ModelInfo(
        name=endpoint.name,
        kind=ModelKind.ENDPOINT.value,
        runtime=Runtime.OPENAI.value,
        install=install_command(Runtime.OPENAI),
    )


def _files_of(name: str, model: KnownModel | None) -> tuple[ModelLocation, Path] | None:
    """The location of a model's files on this machine, and their folder."""
    if folder := folder_named(name):
        return (ModelLocation.HUB_CACHE if repository_of(folder) else ModelLocation.FOLDER), folder
    short, _, revision = name.partition("@")
    full = model.name if model else short if "/" in short else f"{DEFAULT_OWNER}/{short}"
    if not revision and (carried := carried_model(full)):
        return ModelLocation.PACKAGE, carried.path
    snapshot = cached_snapshot(full, revision)
    return (ModelLocation.HUB_CACHE, snapshot) if snapshot else None


def _read(info: ModelInfo, location: ModelLocation, path: Path) -> ModelInfo:
    """What the files at `path` say, on top of what is known about the model."""
    info = replace(info, here=location.value, path=str(path))
    try:  # by name from a package, so that the files are held to their known hashes
        return _of_encoder(info, load_encoder(info.name if location is ModelLocation.PACKAGE else str(path)))
    except ExtraMissing:
        runtime = Runtime.SENTENCE_TRANSFORMERS  # the only runtime for folders that may not be installed
        return replace(info, runtime=runtime.value, install=install_command(runtime))


def _of_encoder(info: ModelInfo, encoder: Encoder) -> ModelInfo:
    from vecsearch.models.encoders.static.encoder import StaticEncoder  # imported here to keep start-up short
    from vecsearch.models.encoders.torch.encoder import TorchEncoder

    info = replace(info, dim=encoder.dim, fingerprint=encoder.fingerprint, install=None)
    if isinstance(encoder, TransformerEncoder):
        return replace(_of_spec(info, encoder.spec), runtime=graph_runtime().value)
    if isinstance(encoder, TorchEncoder):
        limited = replace(info, max_tokens=info.max_tokens or _limit(encoder))  # a card's limit is exact
        described = _of_spec(info, encoder.spec) if encoder.spec else limited
        return replace(described, kind=ModelKind.TRANSFORMER.value, runtime=Runtime.SENTENCE_TRANSFORMERS.value)
    if isinstance(encoder, StaticEncoder):
        prompts = encoder.spec.prompts
        info = replace(info, query=prompts.query, document=prompts.document, normalize=encoder.spec.normalize)
    return replace(info, kind=ModelKind.STATIC.value, max_tokens=_limit(encoder), runtime=Runtime.STATIC.value)


def _limit(encoder: Encoder) -> int | None:
    return encoder.max_tokens if encoder.max_tokens < _ANY_LENGTH else None


def _of_spec(info: ModelInfo, spec: ModelSpec) -> ModelInfo:
    tensors = spec.weights.suffix == ".safetensors"  # a graph may keep its weights in a file beside it
    return replace(
        info,
        kind=ModelKind.TRANSFORMER.value,
        max_tokens=spec.max_seq_length,
        megabytes=round(spec.weights.stat().st_size / 1e6) if tensors else info.megabytes,
        query=spec.prompts.query,
        document=spec.prompts.document,
        pooling=spec.pooling.value,
        normalize=spec.normalize,
    )
