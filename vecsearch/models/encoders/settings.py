"""What any model's small JSON files say: read with care, and the prompts among it. Opens no weights."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vecsearch.errors import ModelDamaged
from vecsearch.models.encoders.known import prompts_for
from vecsearch.types import Role


@dataclass(frozen=True, slots=True)
class Prompts:
    """What goes before a text, by the side of the search it stands on."""

    query: str = ""
    document: str = ""

    def of(self, role: Role) -> str:
        """The prompt of `role`, empty where the model has none."""
        return self.query if role is Role.QUERY else self.document


def read_json(path: Path, *, optional: bool = False) -> dict[str, Any]:
    """The object in a JSON file, empty for a missing one that is `optional`; raises ModelDamaged."""
    if optional and not path.is_file():
        return {}
    content = parse_json(existing(path))
    if not isinstance(content, dict):
        raise ModelDamaged(f"{path} is not a JSON object")
    return content


def parse_json(path: Path) -> Any:
    """What a JSON file holds; raises ModelDamaged."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelDamaged(f"{path} cannot be read: {error}") from error


def existing(path: Path) -> Path:
    """The path of a file that is there; raises ModelDamaged when it is not."""
    if not path.is_file():
        raise ModelDamaged(f"{path} is missing: not the folder of a supported model")
    return path


def read_prompts(folder: Path, name: str) -> Prompts:
    """What the model's own file puts before texts; where it names no prompt, what the card of a known model says."""
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
