"""What the user trusts: addresses that texts may be sent to, and folders of others in which an index may be found.

Kept in one file of the user's own configuration, never in an index or a working folder: those come from anybody.
`$VECSEARCH_TRUST_ADDRESSES` adds addresses, separated by commas. Does not know what an address or a folder is used for.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from stat import S_IWOTH

from vecsearch.addresses import checked_address
from vecsearch.errors import ConsentMissing, InvalidOption, VecsearchError
from vecsearch.files import replacing
from vecsearch.owners import other_owner, own_users, user_name

_FILE = "trust.json"
_FOLDER = "VECSEARCH_CONFIG"
_ADDRESSES = "VECSEARCH_TRUST_ADDRESSES"
_LISTS = ("addresses", "folders", "roots")
_MOST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What the user has trusted: addresses as `checked_address` returns them, and absolute paths of folders."""

    addresses: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    roots: tuple[str, ...] = ()  # what indexes follow outside of their own folders: see `knows_root`


def config_folder() -> Path:
    """Return the folder of the user's choices: `$VECSEARCH_CONFIG`, else the operating system's for configuration."""
    if folder := os.environ.get(_FOLDER):
        return Path(folder)
    from platformdirs import user_config_path

    return user_config_path("vecsearch", appauthor=False)


def trust_file() -> Path:
    """Return the file that holds what the user trusts; it may not exist."""
    return config_folder() / _FILE


def read_trust() -> Trust:
    """Return what the file says, nothing where there is no file; raises InvalidOption for one that cannot be used."""
    path = trust_file()
    try:
        with open(path, "rb") as stream:
            _check_own(os.fstat(stream.fileno()))
            content = json.loads(stream.read(_MOST_BYTES))
    except FileNotFoundError:
        return Trust()
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidOption(f"{path} cannot be read ({error}): mend or remove it; it lists what you trust") from error
    lists = [content.get(name, []) if isinstance(content, dict) else None for name in _LISTS]
    if not all(isinstance(each, list) and all(isinstance(entry, str) for entry in each) for each in lists):
        raise InvalidOption(f"{path} is not an object with lists of addresses and folders: mend or remove it")
    return Trust(**{name: tuple(each) for name, each in zip(_LISTS, lists, strict=True)})  # type: ignore[arg-type]


def address_in(entry: str) -> str:
    """Return the address that a URL, or the name of a remote model, has; raises InvalidOption."""
    _, mark, after = entry.rpartition("@")
    return checked_address(after if mark and entry.lower().startswith("openai:") else entry, "what to trust")


def trusts_address(address: str) -> bool:
    """Whether the user has agreed that texts go to the address; raises InvalidOption for a broken list."""
    listed = [entry.strip() for entry in os.environ.get(_ADDRESSES, "").split(",")]
    named = (checked_address(entry, f"${_ADDRESSES}") for entry in listed if entry)
    return address in named or address in read_trust().addresses


def trusts_folder(folder: Path) -> bool:
    """Whether the user has agreed to use this folder of somebody else's; raises InvalidOption for a broken list."""
    return str(folder.absolute()) in read_trust().folders


def check_found(folder: Path) -> Path:
    """Return an index's folder that was found, not named; raises ConsentMissing for another user's, unless trusted.

    An index decides what a search shows and which model reads the user's texts; so in a folder that others can write
    it is no more to be trusted than a repository (CVE-2022-24765).
    """
    owner = other_owner(folder)
    if owner is not None and not trusts_folder(folder):
        raise ConsentMissing(
            f"{folder} was found here and belongs to {user_name(owner)}, not to you: name an index with -i, or, if you "
            f"trust that one, run: vecsearch trust {folder}"
        )
    return folder


def knows_root(index: Path, root: Path) -> bool:
    """Whether the user has once named this root for this index; raises InvalidOption for a broken list."""
    return _root_entry(index, root) in read_trust().roots


def remember_root(index: Path, root: Path) -> None:
    """Note that the user has named a root for an index; a configuration that cannot be written is no failure."""
    with suppress(OSError, VecsearchError):
        _change(_root_entry(index, root), "roots", wanted=True)


def _root_entry(index: Path, root: Path) -> str:
    return f"{index.resolve()} follows {root.resolve()}"


def trust_address(address: str) -> bool:
    """Trust an address from now on; False when it was trusted already. Raises OSError, InvalidOption."""
    return _change(address, "addresses", wanted=True)


def trust_folder(folder: Path) -> bool:
    """Trust a folder of somebody else's from now on; False when it was trusted already. Raises OSError, InvalidOption.

    The folder is known by its absolute path: another one that takes its place is trusted too.
    """
    return _change(str(folder.absolute()), "folders", wanted=True)


def forget(entry: str) -> bool:
    """Trust an address, a folder or a root no longer; False when it was not trusted. Raises OSError, InvalidOption."""
    folder = str(Path(entry).absolute())
    names = {"addresses": entry, "folders": folder, "roots": entry}
    return sum(_change(each, name, wanted=False) for name, each in names.items()) > 0


def remember_address(address: str) -> None:
    """Trust an address that the user has named just now; a configuration that cannot be written is no failure."""
    with suppress(OSError, VecsearchError):
        trust_address(address)


def _change(entry: str, name: str, *, wanted: bool) -> bool:
    """Add an entry to a list of the file, or remove it; False when nothing had to change."""
    trust = read_trust()
    entries: tuple[str, ...] = getattr(trust, name)
    if (entry in entries) is wanted:
        return False
    changed = (*entries, entry) if wanted else tuple(each for each in entries if each != entry)
    _write(replace(trust, **{name: changed}))
    return True


def _write(trust: Trust) -> None:
    path = trust_file()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with replacing(path, private=True) as stream:
        stream.write(json.dumps({name: getattr(trust, name) for name in _LISTS}, indent=1).encode())
    if os.name != "nt" and (owner := path.parent.stat().st_uid) != os.geteuid():
        os.chown(path, owner, -1)  # written by sudo: the user behind it has to be able to read it


def _check_own(status: os.stat_result) -> None:
    """Raise ValueError for a file that another user may have written. Windows has no owner to look at here."""
    if os.name == "nt":
        return
    if status.st_uid not in {0, *own_users()}:
        raise ValueError(f"it belongs to user {status.st_uid}, not to you")
    if status.st_mode & S_IWOTH:
        raise ValueError("everybody may write it")
