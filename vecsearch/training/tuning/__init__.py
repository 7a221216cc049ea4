"""A model trained further on pairs of a query and a passage that answers it.

    pairs -> some held out -> the base scored -> steps, scored and kept now and then -> the best model, with its card

Pairs come from files (`pairs`) or out of an index (`mining`), hard negatives from an index (`negatives`). What is held
out is in `held_out`, what a step takes in `batches`, the model and the loss in `training`, where a run has come to in
`checkpoint`. A run that was killed goes on from its last checkpoint when it is started again with the same arguments.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import count, islice
from os import PathLike
from pathlib import Path
from time import monotonic

from vecsearch import files
from vecsearch.analysis.evaluation import Evaluation
from vecsearch.analysis.evaluation.measures import require_ir_measures
from vecsearch.errors import IndexLocked, InvalidDocument, InvalidOption
from vecsearch.models.encoders import DEFAULT_MODEL, load_encoder
from vecsearch.models.encoders.torch.encoder import TorchEncoder
from vecsearch.models.encoders.torch.model import torch_threads
from vecsearch.models.encoders.torch.opening import sentence_transformers_library
from vecsearch.storage.lock import hold_lock
from vecsearch.training.tuning.batches import Batch, batches_of_epoch
from vecsearch.training.tuning.card import card
from vecsearch.training.tuning.checkpoint import State, read_checkpoint, write_checkpoint
from vecsearch.training.tuning.held_out import Split, hold_out
from vecsearch.training.tuning.mining import mine_pairs
from vecsearch.training.tuning.negatives import with_hard_negatives
from vecsearch.training.tuning.options import TuneOptions
from vecsearch.training.tuning.pairs import TrainingPair, read_training_pairs
from vecsearch.training.tuning.report import TuneProgress, TuneReport
from vecsearch.training.tuning.scoring import MEASURE, mean, score
from vecsearch.training.tuning.training import Training, taken

__all__ = [
    "TrainingPair",
    "TuneOptions",
    "TuneProgress",
    "TuneReport",
    "mine_pairs",
    "read_training_pairs",
    "tune",
    "with_hard_negatives",
]

_DEFAULTS = TuneOptions()
_LOCK = "writer.lock"


def tune(
    pairs: Iterable[TrainingPair],
    output: str | PathLike[str],
    *,
    base: str = DEFAULT_MODEL,
    options: TuneOptions = _DEFAULTS,
    device: str | None = None,
    threads: int | None = None,
    progress: Callable[[TuneProgress], None] | None = None,
) -> TuneReport:
    """The new folder `output` holds `base` trained with the pairs: load_encoder() opens it as any model's.

    Whether that helps is in the report and in the folder's README.md, by queries that were held out. What is made on
    the way is in a folder beside it, `output` with .part behind it: a run that was killed goes on from there when it is
    started again with the same pairs, options and base. `device` is torch's name of one; where that is the processor,
    `threads` bounds its cores, and a run that goes on with as many ends with the same bytes.

    Raises InvalidOption when there is something at `output`, or an unfinished run with other arguments; InvalidDocument
    for too few pairs, ExtraMissing without sentence-transformers or ir-measures, and what load_encoder() raises.
    """
    started = monotonic()
    place = Path(output)
    if place.exists():
        raise InvalidOption(f"there is something at {place} already: name another folder")
    require_ir_measures()
    sentence_transformers_library()
    split = hold_out(list(pairs), options.held_out, options.seed)
    run = _run_of(place, split, _trainable(base, device, threads), options, progress or (lambda _: None))
    run.place.mkdir(parents=True, exist_ok=True)
    try:
        with hold_lock(run.place / _LOCK, 0), torch_threads(threads):
            report = _written(run, _trained(run), place, started)
    except IndexLocked:
        raise IndexLocked(f"{place} is being made by another process: let it finish, or stop it") from None
    files.remove_tree(run.place)
    return report


def _run_of(
    place: Path, split: Split, encoder: TorchEncoder, options: TuneOptions, tell: Callable[[TuneProgress], None]
) -> _Run:
    return _Run(
        place=place.with_name(f"{place.name}.part"),
        encoder=encoder,
        split=split,
        options=options,
        steps=_steps(split.training, options),
        digest=_digest(encoder.fingerprint, split, options),
        tell=tell,
    )


def _trainable(base: str, device: str | None, threads: int | None) -> TorchEncoder:
    """The base as torch runs it."""
    encoder = load_encoder(base, runtime="sentence-transformers", device=device, threads=threads)
    if not isinstance(encoder, TorchEncoder):
        raise InvalidOption(f"base is {base!r}, which is no model that can be trained: name one that can")
    return encoder


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """What a run works with, and `place`, the folder of what it has made so far."""

    place: Path
    encoder: TorchEncoder
    split: Split
    options: TuneOptions
    steps: int
    digest: str
    tell: Callable[[TuneProgress], None]

    def score(self, step: int) -> float:
        """The score of the model as it is now, which is kept as that after so many steps."""
        found = score(self.encoder, self.split)
        with files.replacing(self._scores_of(step)) as stream:
            stream.write(json.dumps(found.as_fields()).encode())
        return mean(found)

    def scores(self, step: int) -> Evaluation:
        """What was found after so many steps."""
        return Evaluation.from_file(self._scores_of(step))

    def _scores_of(self, step: int) -> Path:
        return self.place / f"scores-{step:08}.json"


@dataclass(frozen=True, slots=True)
class _Trained:
    """A run that is at its end, and from which step on it was done in this process."""

    training: Training
    state: State
    resumed: int


def _trained(run: _Run) -> _Trained:
    """Trains from the last checkpoint to the end; the model has the weights that scored best then."""
    found = read_checkpoint(run.place, run.digest)
    training = Training(run.encoder, run.options, run.steps)
    if found is None:
        run.tell(TuneProgress(0, run.steps, None, run.score(0)))
        state, best = State(run=run.digest), {}
    else:
        state, best = found[0], taken(found[1], "best")
        training.restore(found[1], state.step)
    resumed = state.step
    for step, batch in enumerate(islice(_batches(run.split.training, run.options), resumed, run.steps), resumed + 1):
        if state.misses >= run.options.patience:
            break
        loss = training.step(step - 1, batch)
        if step % run.options.every and step < run.steps:
            run.tell(TuneProgress(step, run.steps, loss, None))
            continue
        reached = run.score(step)
        run.tell(TuneProgress(step, run.steps, loss, reached))
        better = not state.best_step or reached > mean(run.scores(state.best_step))
        state, best = state.scored(step, better=better), training.weights() if better else best
        write_checkpoint(run.place, state, training.tensors() | {f"best.{name}": each for name, each in best.items()})
    training.load(best)
    return _Trained(training, state, resumed)


def _written(run: _Run, trained: _Trained, place: Path, started: float) -> TuneReport:
    """The model and its card are at `place`, wholly or not at all."""
    state = trained.state
    before, after = run.scores(0), run.scores(state.best_step)
    compared = next(each for each in after.comparisons(before) if each.measure == MEASURE)
    report = TuneReport(
        model=str(place),
        base=run.encoder.name,
        pairs=len(run.split.training),
        hard=sum(bool(pair.negatives) for pair in run.split.training),
        held_out=after.queries,
        steps=state.step,
        resumed=trained.resumed,
        best_step=state.best_step,
        stopped_early=state.step < run.steps,
        measure=MEASURE,
        before=mean(before),
        after=mean(after),
        p=compared.p,
        seconds=monotonic() - started,
    )
    folder = run.place / "model"
    files.remove_tree(folder)
    trained.training.save(folder)
    (folder / "README.md").write_text(card(report, run.options, before, after), encoding="utf-8")
    files.flush_all([folder, *folder.rglob("*")])
    files.move(folder, place)
    return report


def _steps(pairs: Sequence[TrainingPair], options: TuneOptions) -> int:
    """How many steps there are to do; raises InvalidDocument when there is no batch to do one with."""
    in_epoch = len(batches_of_epoch(pairs, options.batch, options.seed, 0))
    if not in_epoch:
        raise InvalidDocument(f"no two of {len(pairs)} pairs go together: each one's passage answers the other's query")
    return min(options.epochs * in_epoch, options.steps or options.epochs * in_epoch)


def _batches(pairs: Sequence[TrainingPair], options: TuneOptions) -> Iterator[Batch]:
    """The batches of one epoch after the other, without an end."""
    for epoch in count():
        yield from batches_of_epoch(pairs, options.batch, options.seed, epoch)


def _digest(fingerprint: str, split: Split, options: TuneOptions) -> str:
    """Equal for two runs exactly when the same is done in them."""
    made_of = [fingerprint, asdict(options), asdict(split)]
    return hashlib.sha256(json.dumps(made_of).encode()).hexdigest()
