"""From a model's name to its row in the model table: full or short name, with or without a revision, or a folder.

Uses no network and opens no model.
"""

from __future__ import annotations

from vecsearch.models.encoders.hub_cache import repository_of
from vecsearch.models.encoders.model_folder import DEFAULT_OWNER
from vecsearch.models.encoders.model_paths import folder_named
from vecsearch.models.encoders.model_table import KNOWN_MODELS, KnownModel, ModelKind


def known_model(name: str) -> KnownModel | None:
    """Return the row for `name`: a full or short name, with or without a revision, or the folder that holds it.

    A folder's name says which model it holds, in the hub's cache that of its repository. Another owner's model with
    the same short name is another model.
    """
    folder = folder_named(name)
    wanted = (repository_of(folder) or folder.name) if folder else name.partition("@")[0]
    model = next((model for model in KNOWN_MODELS if wanted in (model.name, model.short_name)), None)
    if model is not None and model.kind is ModelKind.ENDPOINT and wanted != name:
        return None  # openai:MODEL@URL is whatever that server serves under the name
    return model


def prompts_for(name: str) -> tuple[str, str]:
    """Return what the model's card puts before a query and before a document; empty for none or an unknown model.

    Only for models whose own files name no prompts; where they do, the files are right.
    """
    model = known_model(name)
    return (model.query, model.document) if model else ("", "")


def full_name(name: str) -> str:
    """Return the name to look for on the hub: a known model of another owner than the default one gets its owner."""
    model = known_model(name)
    if model is None or "/" in name or model.kind is ModelKind.ENDPOINT or model.name.startswith(f"{DEFAULT_OWNER}/"):
        return name
    _, at, revision = name.partition("@")
    return f"{model.name}{at}{revision}"
