"""Fine-tuning: tune() trains a model further on pairs of a query and a passage that answers it.

    pairs -> some held out -> the base scored -> steps, scored and saved now and then -> the best model, with its card

Pairs come from files (`pairs`) or from an index (`mining`), hard negatives from an index (`negatives`). What is held
out, and how a model is scored by it, is in `held_out`; what a step takes in `batches`; the model and the loss in
`training`; how far a run has come in `checkpoint`. `run` is what all of this works on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from os import PathLike
from pathlib import Path
from time import monotonic

from vecsearch import files
from vecsearch.analysis.evaluation.measures import require_ir_measures
from vecsearch.errors import InvalidOption
from vecsearch.models.encoders import DEFAULT_MODEL, load_encoder
from vecsearch.models.encoders.torch.encoder import TorchEncoder
from vecsearch.models.encoders.torch.model import torch_threads
from vecsearch.models.encoders.torch.opening import sentence_transformers_library
from vecsearch.training.tuning.card import card
from vecsearch.training.tuning.checkpoint import State, read_checkpoint, write_checkpoint
from vecsearch.training.tuning.held_out import MEASURE, hold_out, mean
from vecsearch.training.tuning.mining import mine_pairs
from vecsearch.training.tuning.negatives import with_hard_negatives
from vecsearch.training.tuning.options import TuneOptions
from vecsearch.training.tuning.pairs import TrainingPair, read_training_pairs
from vecsearch.training.tuning.report import TuneProgress, TuneReport
from vecsearch.training.tuning.run import Run, start_run
from vecsearch.training.tuning.training import Training, group_of

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
    """Train `base` with the pairs and write the model to the new folder `output`, for load_encoder() to open.

    Whether that helps is in the report and in the folder's README.md, measured on queries that were held out. Files of
    the run are in the folder `output` with .part behind it: a run that was killed resumes from there when it is started
    again with the same pairs, options and base. `device` is torch's name of one; on the processor, `threads` bounds
    the cores, and a run that resumes with as many ends with the same bytes.

    Raises InvalidOption when `output` exists, or an unfinished run with other arguments; IndexLocked when another
    process makes it; InvalidDocument for too few pairs, ExtraMissing without sentence-transformers or ir-measures, and
    what load_encoder() raises.
    """
    started = monotonic()
    folder = Path(output)
    if folder.exists():
        raise InvalidOption(f"{folder} already exists: name another folder")
    require_ir_measures()
    sentence_transformers_library()
    split = hold_out(list(pairs), options.held_out, options.seed)
    run = start_run(folder, split, _trainable(base, device, threads), options, progress)
    with run.locked(), torch_threads(threads):
        outcome = _train(run)
        report = _report(run, outcome, folder, started)
        _write(run, outcome, report, folder)
    run.remove()
    return report


def _trainable(base: str, device: str | None, threads: int | None) -> TorchEncoder:
    """The base as torch runs it; raises InvalidOption for a model that torch does not run."""
    encoder = load_encoder(base, runtime="sentence-transformers", device=device, threads=threads)
    if not isinstance(encoder, TorchEncoder):
        raise InvalidOption(f"base {base!r} cannot be trained: name a model that sentence-transformers runs")
    return encoder


@dataclass(frozen=True, slots=True)
class _Outcome:
    """A run at its end: the best weights are loaded; steps after `resumed` were done in this process."""

    training: Training
    state: State
    resumed: int


def _train(run: Run) -> _Outcome:
    """Train from the last checkpoint to the end, and load the weights that scored best."""
    checkpoint = read_checkpoint(run.folder, run.digest)
    training = Training(run.encoder, run.options, run.steps)
    if checkpoint is None:
        run.listener(TuneProgress(0, run.steps, None, run.score(0)))
        state, best = State(run=run.digest), {}
    else:
        state, best = checkpoint[0], group_of(checkpoint[1], "best")
        training.restore(checkpoint[1], state.step)
    resumed = state.step
    for step, batch in enumerate(islice(run.batches(), resumed, run.steps), resumed + 1):
        if state.misses >= run.options.patience:
            break
        loss = training.step(step - 1, batch)
        if step % run.options.every and step < run.steps:
            run.listener(TuneProgress(step, run.steps, loss, None))
            continue
        score = run.score(step)
        run.listener(TuneProgress(step, run.steps, loss, score))
        better = not state.best_step or score > mean(run.evaluation(state.best_step))
        state, best = state.scored(step, better=better), training.weights() if better else best
        write_checkpoint(run.folder, state, training.tensors() | {f"best.{name}": each for name, each in best.items()})
    training.load(best)
    return _Outcome(training, state, resumed)


def _report(run: Run, outcome: _Outcome, folder: Path, started: float) -> TuneReport:
    """What the run did, and how the model compares with its base."""
    state = outcome.state
    before, after = run.evaluation(0), run.evaluation(state.best_step)
    comparison = next(each for each in after.comparisons(before) if each.measure == MEASURE)
    return TuneReport(
        model=str(folder),
        base=run.encoder.name,
        pairs=len(run.split.training),
        hard=sum(bool(pair.negatives) for pair in run.split.training),
        held_out=after.queries,
        steps=state.step,
        resumed=outcome.resumed,
        best_step=state.best_step,
        stopped_early=state.step < run.steps,
        measure=MEASURE,
        before=mean(before),
        after=mean(after),
        p=comparison.p,
        seconds=monotonic() - started,
    )


def _write(run: Run, outcome: _Outcome, report: TuneReport, folder: Path) -> None:
    """Write the model and its card to `folder`, in one atomic step."""
    unfinished = run.folder / "model"
    files.remove_tree(unfinished)
    outcome.training.save(unfinished)
    text = card(report, run.options, run.evaluation(0), run.evaluation(report.best_step))
    (unfinished / "README.md").write_text(text, encoding="utf-8")
    files.flush_all([unfinished, *unfinished.rglob("*")])
    files.move(unfinished, folder)
