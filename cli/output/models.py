"""Models to choose from, one model, and models that were trained or distilled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from . import View
from .text import plural

if TYPE_CHECKING:
    from vecsearch import EmbedReport
    from vecsearch.models import ModelInfo
    from vecsearch.training import DistillReport, TuneReport

_OWNER = "sentence-transformers/"  # of a model whose name has no owner
_TITLES = {
    "package": "in an installed package",
    "hub cache": "in the hub's cache",
    "key set": "called over the network, with $OPENAI_API_KEY",
    None: "not on this machine: downloaded from the hub on first use, or called over the network",
}
_NAME_WIDTH = 39


@dataclass(frozen=True)
class ModelsView(View):
    """The models to choose from, those on this machine first."""

    models: Sequence[ModelInfo]

    def fields(self) -> dict[str, Any]:
        """Return all facts about each model."""
        return {"models": [asdict(model) for model in self.models]}

    def lines(self) -> Iterator[str]:
        """Yield a line for each model, and the commands that install what is missing."""
        yield f"{'model':{_NAME_WIDTH}} {'dim':>4} {'tokens':>6} {'size':>6} {'prompts':7} {'licence':10} runtime"
        for here, title in _TITLES.items():
            listed = [model for model in self.models if model.here == here]
            if listed:
                yield from ("", title)
                yield from map(_row, listed)
        if missing := sorted({model.install for model in self.models if model.install}):
            yield from ("", "* needs:")
            yield from (f"  {command}" for command in missing)


def _row(model: ModelInfo) -> str:
    name = f"{model.name.removeprefix(_OWNER):{_NAME_WIDTH}}"
    if model.kind is None:
        return f"{name} not in our list; try: vecsearch models {model.name}"
    prompts = "yes" if model.query or model.document else "no"
    numbers = f"{model.dim or '':>4} {model.max_tokens or 'any':>6} {_size(model.megabytes):>6}"
    mark = "*" if model.install else ""
    return f"{name} {numbers} {prompts:7} {model.licence or '':10} {model.runtime}{mark}"


@dataclass(frozen=True)
class ModelView(View):
    """One model."""

    model: ModelInfo

    def fields(self) -> dict[str, Any]:
        """Return all facts, null where unknown."""
        return asdict(self.model)

    def lines(self) -> Iterator[str]:
        """Yield a line for each known fact."""
        model = self.model
        shorter = f", can be shortened to {', '.join(map(str, model.matryoshka))}" if model.matryoshka else ""
        facts = {
            "model": model.name,
            "good for": model.good_for,
            "languages": model.languages,
            "licence": model.licence,
            "dimension": model.dim and f"{model.dim}{shorter}",
            "max tokens": model.max_tokens or (model.kind and "any"),
            "size": _size(model.megabytes) or None,
            "parameters": model.parameters and f"{model.parameters} million",
            "pooling": model.pooling,
            "normalize": {True: "yes", False: "no", None: None}[model.normalize],
            "query": model.query and repr(model.query),
            "document": model.document and repr(model.document),
            "runtime": model.runtime,
            "missing": model.install,
            "here": model.here or "no",
            "path": model.path,
            "fingerprint": model.fingerprint,
        }
        yield from (f"{name:>11}  {fact}" for name, fact in facts.items() if fact)


def _size(megabytes: int | None) -> str:
    if megabytes is None:
        return ""
    return f"{megabytes} MB" if megabytes < 1000 else f"{megabytes / 1000:.1f} GB"


@dataclass(frozen=True)
class EmbedView(View):
    """Texts that became vectors. Standard output may hold the vectors, so the summary goes to standard error."""

    file: str | None
    report: EmbedReport

    def fields(self) -> dict[str, Any]:
        """Return the file and the counts."""
        return {"file": self.file, **asdict(self.report)}

    def notices(self) -> Iterator[str]:
        """Yield one sentence."""
        report = self.report
        rate = report.texts / max(report.seconds, 1e-3)
        cut = f", {report.cut:,} cut to what the model reads" if report.cut else ""
        yield (
            f"{plural(report.texts, 'text')}, {report.dim} dimensions of {report.model}: {report.encoded:,} encoded, "
            f"{report.cached:,} cached{cut}, in {report.seconds:.1f} s ({rate:,.0f} texts per second)"
        )

    def lines(self) -> tuple[str, ...]:
        """Return nothing."""
        return ()


@dataclass(frozen=True)
class TuneView(View):
    """A model that was trained."""

    report: TuneReport

    def fields(self) -> dict[str, Any]:
        """Return all figures."""
        return asdict(self.report)

    def lines(self) -> Iterator[str]:
        """Yield what was done, and whether it helps."""
        report = self.report
        hard = f", {report.hard:,} with hard negatives" if report.hard else ""
        resumed = f", {report.resumed:,} of them before an interruption" if report.resumed else ""
        early = ", stopped early" if report.stopped_early else ""
        yield f"{report.model}: {report.base} after {plural(report.best_step, 'step')}, in {report.seconds:.1f} s"
        yield f"{plural(report.pairs, 'pair')}{hard}; {plural(report.steps, 'step')} done{resumed}{early}"
        yield f"scored on {plural(report.held_out, 'held-out query')}:"
        yield report.verdict


@dataclass(frozen=True)
class DistillView(View):
    """A static model that was distilled."""

    report: DistillReport

    def fields(self) -> dict[str, Any]:
        """Return all figures."""
        return asdict(self.report)

    def lines(self) -> Iterator[str]:
        """Yield one sentence."""
        report = self.report
        words = f" (with {plural(report.words, 'word')} of an index)" if report.words else ""
        tokens = f"{report.tokens:,} tokens{words} of {report.dim} dimensions, {report.bytes / 1e6:,.1f} MB"
        yield f"{report.model}: {tokens}, distilled from {report.teacher} in {report.seconds:.1f} s"
