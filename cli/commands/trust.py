"""`vecsearch trust`: the addresses that indexes may send texts to, and the folders of others that indexes may be in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..options.common import with_output
from ..options.help import command
from ..output import Output, View

if TYPE_CHECKING:
    from vecsearch.trust import Trust


@dataclass(frozen=True)
class _TrustView(View):
    """What is trusted, the file that says so, and a sentence on what has changed."""

    path: Path
    trusted: Trust
    sentence: str | None

    def fields(self) -> dict[str, Any]:
        """Return the file and its lists."""
        return {"path": str(self.path), **asdict(self.trusted)}

    def lines(self) -> Iterator[str]:
        """Yield what has changed, or a line for each address and each folder."""
        if self.sentence is not None:
            yield self.sentence
            return
        entries = (*self.trusted.addresses, *self.trusted.folders, *self.trusted.roots)
        yield from entries
        if not entries:
            yield "nothing is trusted"


@command()
@click.argument("entry", metavar="[ADDRESS|FOLDER]", required=False)
@click.option("--remove", is_flag=True, help="Trust it no longer.")
@with_output
def trust(entry: str | None, remove: bool, output: Output) -> None:
    """Trust an ADDRESS, or a FOLDER of another user; without either, list what is trusted.

    An index names its model. One that is behind an address gets your queries and documents only if you have named that
    model yourself, with --model, or trust its ADDRESS. An index that is found in this folder or above it, and belongs
    to another user, is used only if you name it with -i, or trust its FOLDER.

    What you trust is kept in your own configuration. $VECSEARCH_TRUST_ADDRESSES adds addresses, separated by commas.
    """
    from vecsearch.trust import read_trust, trust_file

    if entry is None and remove:
        raise click.UsageError("--remove needs the ADDRESS or FOLDER that is trusted no longer")
    sentence = None if entry is None else _removed(entry) if remove else _added(entry)
    output.show(_TrustView(trust_file(), read_trust(), sentence))


def _added(entry: str) -> str:
    """Trust an address or a folder, and return the sentence that says so."""
    from vecsearch import InvalidOption
    from vecsearch.trust import address_in, trust_address, trust_folder

    folder = Path(entry).absolute()
    if entry and folder.is_dir() and "://" not in entry:
        trust_folder(folder)
        return f"{folder} is trusted"
    if "://" not in entry:
        raise InvalidOption(f"{entry!r} is neither an address, such as http://host:port/v1, nor a folder")
    address = address_in(entry)
    trust_address(address)
    return f"{address} is trusted"


def _removed(entry: str) -> str:
    """Trust an address or a folder no longer, and return the sentence that says so."""
    from vecsearch.trust import address_in, forget

    known = address_in(entry) if "://" in entry else str(Path(entry).absolute())
    return f"{known} {'is no longer' if forget(known) else 'was not'} trusted"
