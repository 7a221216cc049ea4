"""How far a run has come, in one file that is replaced atomically: tensors, and the state of the run.

    checkpoint.safetensors   weights.*  the model now           first.*, second.*  AdamW's moments of the gradient
                             best.*     the model that scored best; metadata: State, as JSON

Nothing is pickled, as torch.save would: a checkpoint from somebody else runs no code.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from vecsearch import files
from vecsearch.errors import InvalidOption, ModelDamaged

CHECKPOINT = "checkpoint.safetensors"
_STATE = "state"


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How far a run is: `run` is its digest, `step` the number of steps done.

    The model of `best_step` scored best, 0 before the first score; `misses` scores since then were no better.
    """

    run: str
    step: int = 0
    best_step: int = 0
    misses: int = 0

    def scored(self, step: int, *, better: bool) -> State:
        """Return the state once the model after `step` steps is scored."""
        if better:
            return replace(self, step=step, best_step=step, misses=0)
        return replace(self, step=step, misses=self.misses + 1)


def write_checkpoint(folder: Path, state: State, tensors: dict[str, Any]) -> None:
    """Replace the checkpoint in `folder`; when this raises OSError, the one before is still whole."""
    from safetensors.torch import save

    content = save(tensors, {_STATE: json.dumps(asdict(state))})
    with files.replacing(folder / CHECKPOINT) as stream:
        stream.write(content)


def read_checkpoint(folder: Path, run: str) -> tuple[State, dict[str, Any]] | None:
    """Return the state and the tensors of the checkpoint in `folder`, None without one.

    Raises InvalidOption when it is that of another run, ModelDamaged when it cannot be read.
    """
    from safetensors import safe_open

    path = folder / CHECKPOINT
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="pt") as stored:
            state = State(**json.loads(stored.metadata()[_STATE]))
            tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118  # not a dict
    except Exception as error:  # the library's own has no public base
        reason = f"{type(error).__name__}: {error}"
        raise ModelDamaged(f"{path} cannot be read ({reason}): remove {folder} and start again") from error
    if state.run != run:
        raise InvalidOption(
            f"{folder} holds {state.step} steps of a run with other pairs, options or another base: run it with those "
            "again, name another output, or remove the folder"
        )
    return state, tensors
