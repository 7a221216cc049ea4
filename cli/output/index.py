"""What an index is: its contents, its versions, the state of its files."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from . import View
from .text import plural, shown_path

if TYPE_CHECKING:
    from vecsearch import Info
    from vecsearch.reports import Problem, Verification, VersionLog


_TYPES = 6  # of files, in one line
_ROOTS = 3


@dataclass(frozen=True)
class InfoView(View):
    """What an index holds."""

    info: Info

    def fields(self) -> dict[str, Any]:
        """Return all facts."""
        return asdict(self.info)

    def lines(self) -> Iterator[str]:
        """Yield a line for each group of facts."""
        info = self.info
        titles = ", encoded under their titles" if info.context else ""
        facts = {
            "index": shown_path(info.path),
            "documents": f"{info.documents:,} from {plural(info.files, 'file')}{', texts kept' * info.keep_text}",
            "files": _files(info),
            "roots": _roots(info),
            "chunks": f"{info.chunks:,} of at most {info.chunk_tokens} tokens, overlap {info.overlap}, "
            f"cut by {info.splitter}{titles}",
            "model": f"{info.model}, {info.dim} dimensions, fingerprint {info.fingerprint[:12]}",
            "metric": info.metric,
            "words": f"language {info.language}",
            "recall": _recall(info),
            "version": f"{info.version}, committed {info.created}",
            "segments": f"{info.segments:,}, with {plural(info.deleted, 'deleted chunk')}",
            "on disk": f"{info.bytes / 1e6:,.1f} MB",
        }
        yield from (f"{name:>10}  {fact}" for name, fact in facts.items())


def _files(info: Info) -> str:
    """Return the size of the files and their types, the most frequent ones."""
    if not info.types:
        return "none"
    types = [f"{count:,} {name if name != 'none' else 'without suffix'}" for name, count in info.types.items()]
    rest = [f"{plural(len(types) - _TYPES, 'other type')}"] if len(types) > _TYPES else []
    return f"{info.source_bytes / 1e6:,.1f} MB: {', '.join([*types[:_TYPES], *rest])}"


def _roots(info: Info) -> str:
    """Return the first roots, and when one was last read."""
    if not info.roots:
        return "none"
    shown = ", ".join(shown_path(root) for root in info.roots[:_ROOTS])
    rest = f" and {len(info.roots) - _ROOTS:,} more" if len(info.roots) > _ROOTS else ""
    synced = f"; in step at {info.synced[:16].replace('T', ' ')} UTC" if info.synced else ""
    return f"{shown}{rest}{synced}"


def _recall(info: Info) -> str:
    """Return the share of the nearest chunks that a search finds."""
    if info.measured_recall is None:
        later = "" if info.recall == 1 else f"; at least {info.recall:g} once there is an approximate index"
        return f"1, every vector is compared{later}"
    return f"{info.measured_recall:.4f} measured, at least {info.recall:g} required"


@dataclass(frozen=True)
class LogView(View):
    """The versions of an index, newest first, and their size on disk."""

    log: VersionLog

    def fields(self) -> dict[str, Any]:
        """Return the versions and the bytes of the index."""
        return asdict(self.log)

    def lines(self) -> Iterator[str]:
        """Yield a line for each version, and one for all."""
        for version in self.log.versions:
            tags = "".join(f"  [{name}]" for name in version.tags)
            if version.problem is not None:
                yield f"{version.number:>5}  damaged: {version.problem}{tags}"
                continue
            contents = f"{plural(version.documents, 'document')}, {plural(version.chunks, 'chunk')}"
            size = f"{contents}, {version.bytes / 1e6:,.1f} MB"
            created = version.created[:19].replace("T", " ")
            yield f"{version.number:>5}  {created}  {_describe_change(version.change)}; {size}{tags}"
        yield from self.log.problems
        if self.log.versions and self.log.versions[0].problem is not None:
            whole = next((version.number for version in self.log.versions if version.problem is None), None)
            advice = "index again" if whole is None else f"go back with vecsearch restore {whole}"
            yield f"the current version cannot be read: {advice}"
        yield f"{self.log.bytes / 1e6:,.1f} MB on disk in all"


def _describe_change(change: Mapping[str, int]) -> str:
    if "restored" in change:
        return f"version {change['restored']} restored"
    if "repaired" in change:
        return f"{plural(change['repaired'], 'file')} repaired"
    return ", ".join(f"{count:,} {name}" for name, count in change.items() if count) or "no document changed"


@dataclass(frozen=True)
class VerificationView(View):
    """What was checked, and each problem with its fix."""

    verification: Verification

    def fields(self) -> dict[str, Any]:
        """Return all that was found, and whether the index is sound."""
        return {**asdict(self.verification), "ok": self.verification.ok}

    def lines(self) -> Iterator[str]:
        """Yield a line for each repaired file and each problem, and one for all."""
        verification = self.verification
        yield from (f"repaired: {file}" for file in verification.repaired)
        for problem in verification.problems:
            detail = " ".join(problem.detail.split())
            yield f"{problem.kind}: {problem.file}: {detail}: {_fix(problem)}"
        if count := len(verification.leftovers):
            yield f"{plural(count, 'file')} left by an interrupted commit: harmless, removed by the next commit"
        if verification.foreign:
            yield f"not of an index, and left alone: {', '.join(verification.foreign)}"
        state = "no problems" if verification.ok else plural(len(verification.problems), "problem")
        versions = plural(verification.versions, "version")
        yield f"{plural(verification.files, 'file')} of {versions}, {verification.bytes / 1e6:,.1f} MB: {state}"


@dataclass(frozen=True)
class UntrustedView(View):
    """An index from a stranger: what was checked, what it holds, and whether its model can be used.

    `encoder` is the name of the model that is on this machine, or None for the `reason`.
    """

    verification: Verification
    info: Info
    encoder: str | None
    reason: str | None

    @property
    def is_safe(self) -> bool:
        """Whether nothing is damaged in any version."""
        return self.verification.ok

    def fields(self) -> dict[str, Any]:
        """Return the verdict and what it is based on."""
        return {
            "safe": self.is_safe,
            "verification": VerificationView(self.verification).fields(),
            "info": InfoView(self.info).fields(),
            "encoder": self.encoder,
            "reason": self.reason,
        }

    def lines(self) -> Iterator[str]:
        """Yield what the index holds, what was checked, and the verdict with the next command."""
        yield from InfoView(self.info).lines()
        yield from VerificationView(self.verification).lines()
        if not self.is_safe:
            yield "not safe to use: see the problems above"
            return
        modes = "" if self.encoder is not None else " --mode lexical"
        if self.encoder is None:
            yield f"no search by meaning: {self.reason}"
        yield (
            "safe to search: every byte is as its manifest says, and nothing in it is a link, runs, or is sent "
            "anywhere; what its texts say is a stranger's word"
        )
        yield f"next: vecsearch search --untrusted{modes} -i {shlex.quote(self.info.path)} QUERY"


def _fix(problem: Problem) -> str:
    """Return what to do about a problem."""
    if problem.repairable:
        return "verify --repair rebuilds it"
    if problem.past:
        return "only past versions use it, and it is removed with them"
    return "restore a version that does not use it, or index again"
