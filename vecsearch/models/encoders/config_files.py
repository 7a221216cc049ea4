"""A model's small JSON files, read with care; prompts are among what they say. Opens no weights."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vecsearch.errors import ModelDamaged
from vecsearch.models.encoders.model_names import prompts_for
from vecsearch.types import Role


@dataclass(frozen=True, slots=True)
class Prompts:
    """What goes before a text, by its role in a search."""

    query: str = ""
    document: str = ""

    def of(self, role: Role) -> str:
        """Return the prompt for `role`, empty where the model has none."""
        return self.query if role is Role.QUERY else self.document


def read_json(path: Path, *, optional: bool = False) -> dict[str, Any]:
    """Return the object in a JSON file, empty for a missing `optional` one; raises ModelDamaged."""
    if optional and not path.is_file():
        return {}
    content = parse_json(existing_file(path))
    if not isinstance(content, dict):
        raise ModelDamaged(f"{path} is not a JSON object")
    return content


def parse_json(path: Path) -> Any:
    """Return what a JSON file holds; raises ModelDamaged."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelDamaged(f"{path} cannot be read: {error}") from error


def existing_file(path: Path) -> Path:
    """Return `path`; raises ModelDamaged when there is no file."""
    if not path.is_file():
        raise ModelDamaged(f"{path} is missing: not the folder of a supported model")
    return path


def positive_int(path: Path, config: dict[str, Any], key: str) -> int:
    """Return the whole number at `key` of the file at `path`; raises ModelDamaged unless it is at least 1."""
    value = config.get(key)
    if not isinstance(value, int) or value < 1:
        raise ModelDamaged(f"{path}: {key} is {value!r}, expected a positive whole number")
    return value


def read_prompts(folder: Path, name: str) -> Prompts:
    """Return the prompts that the model's own file names; where it names none, those on the card of a known model."""
    path = folder / "config_sentence_transformers.json"
    config = read_json(path, optional=True)
    own = config.get("prompts") or {}
    if not isinstance(own, dict) or not all(isinstance(prompt, str) for prompt in own.values()):
        raise ModelDamaged(f"{path}: prompts is not an object of texts")
    if not any(own.values()):
        return Prompts(*prompts_for(name))
    default = own.get(config.get("default_prompt_name"), "")
    document = next((own[key] for key in ("document", "passage", "corpus") if own.get(key)), default)
    return Prompts(query=own.get("query") or default, document=document)
