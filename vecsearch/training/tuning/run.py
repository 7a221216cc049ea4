"""One run of tune(): what it works with, its folder of unfinished work, and the scores kept there."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path

from vecsearch import files
from vecsearch.analysis.evaluation import Evaluation
from vecsearch.errors import IndexLocked, InvalidDocument
from vecsearch.models.encoders.torch.encoder import TorchEncoder
from vecsearch.storage.lock import hold_lock
from vecsearch.training.tuning.batches import Batch, batches_of_epoch
from vecsearch.training.tuning.checkpoint import CHECKPOINT
from vecsearch.training.tuning.held_out import Split, evaluate_held_out, mean
from vecsearch.training.tuning.options import TuneOptions
from vecsearch.training.tuning.pairs import TrainingPair
from vecsearch.training.tuning.report import TuneProgress

_LOCK = "writer.lock"
_SCORES = re.compile(r"scores-[0-9]{8}\.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a run works with. `folder` holds its unfinished work; `digest` tells it from runs with other arguments."""

    folder: Path
    encoder: TorchEncoder
    split: Split
    options: TuneOptions
    steps: int
    digest: str
    listener: Callable[[TuneProgress], None]

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes out of the folder, which is created. Raises IndexLocked when one is at it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            try:
                stack.enter_context(hold_lock(self.folder / _LOCK, 0))
            except IndexLocked:
                raise IndexLocked(
                    f"another process trains in {self.folder}: wait until it is done, or stop it"
                ) from None
            yield

    def remove(self) -> None:
        """Remove the files of the run, and the folder unless something else is in it."""
        own = (_LOCK, CHECKPOINT, files.TEMPORARY)
        names = [name for name in os.listdir(self.folder) if name.startswith(own) or _SCORES.fullmatch(name)]
        files.remove_from(self.folder, names)
        files.remove_folder(self.folder)

    def batches(self) -> Iterator[Batch]:
        """The batches of one epoch after another, without an end."""
        for epoch in count():
            yield from batches_of_epoch(self.split.training, self.options.batch, self.options.seed, epoch)

    def score(self, step: int) -> float:
        """Score the model as it is now, after `step` steps, and store its evaluation."""
        evaluation = evaluate_held_out(self.encoder, self.split)
        with files.replacing(self._evaluation_file(step)) as stream:
            stream.write(json.dumps(evaluation.as_fields()).encode())
        return mean(evaluation)

    def evaluation(self, step: int) -> Evaluation:
        """The evaluation that score() stored after `step` steps."""
        return Evaluation.from_file(self._evaluation_file(step))

    def _evaluation_file(self, step: int) -> Path:
        return self.folder / f"scores-{step:08}.json"


def start_run(
    output: Path,
    split: Split,
    encoder: TorchEncoder,
    options: TuneOptions,
    progress: Callable[[TuneProgress], None] | None,
) -> Run:
    """Return the run that trains `encoder` for `output`; raises InvalidDocument when the pairs make no batch."""
    return Run(
        folder=output.with_name(f"{output.name}.part"),
        encoder=encoder,
        split=split,
        options=options,
        steps=_count_steps(split.training, options),
        digest=_digest(encoder.fingerprint, split, options),
        listener=progress or (lambda _: None),
    )


def _count_steps(pairs: Sequence[TrainingPair], options: TuneOptions) -> int:
    per_epoch = len(batches_of_epoch(pairs, options.batch, options.seed, 0))
    if not per_epoch:
        raise InvalidDocument(
            f"no two of {len(pairs)} pairs fit into one batch: each one's passage answers the other's query"
        )
    return min(options.epochs * per_epoch, options.steps or options.epochs * per_epoch)


def _digest(fingerprint: str, split: Split, options: TuneOptions) -> str:
    """Equal for two runs exactly when both do the same."""
    parts = [fingerprint, asdict(options), asdict(split)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
