"""Where a run has come to, in one file that is wholly there or not at all: tensors, and what is known beside them.

    checkpoint.safetensors   weights.*  the model now           first.*, second.*  AdamW's averages of the gradient
                             best.*     the model that scored best; metadata: State, as JSON

Nothing is pickled, as torch.save would: a checkpoint that somebody gave you runs no code.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from vecsearch import files
from vecsearch.errors import InvalidOption, ModelDamaged

_NAME = "checkpoint.safetensors"
_STATE = "state"


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How far a run is: `run` is a digest of what it is made of, `step` how many steps are done.

    The model of `best_step` scored best, and since then `misses` scores were no better; 0 where none was taken yet.
    """

    run: str
    step: int = 0
    best_step: int = 0
    misses: int = 0

    def scored(self, step: int, *, better: bool) -> State:
        """The state once the model after `step` steps has its score."""
        if better:
            return replace(self, step=step, best_step=step, misses=0)
        return replace(self, step=step, misses=self.misses + 1)


def write_checkpoint(folder: Path, state: State, tensors: dict[str, Any]) -> None:
    """The checkpoint in `folder` is this one, on the disk, or, when this raises, the one before. Raises OSError."""
    from safetensors.torch import save

    content = save(tensors, {_STATE: json.dumps(asdict(state))})
    with files.replacing(folder / _NAME) as stream:
        stream.write(content)


def read_checkpoint(folder: Path, run: str) -> tuple[State, dict[str, Any]] | None:
    """The state and the tensors of the checkpoint in `folder`, None when there is none.

    Raises InvalidOption when it is one of another run, ModelDamaged when it cannot be read.
    """
    from safetensors import safe_open

    path = folder / _NAME
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="pt") as opened:
            state = State(**json.loads(opened.metadata()[_STATE]))
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118  # it is no dict
    except Exception as error:  # the library's own has no public base
        said = f"{type(error).__name__}: {error}"
        raise ModelDamaged(f"{path} cannot be read ({said}): remove {folder} and start again") from error
    if state.run != run:
        raise InvalidOption(
            f"{folder} holds {state.step} steps of a run with other pairs, options or another base: go on with those, "
            "name another folder, or remove it"
        )
    return state, tensors
