"""Whom a file or folder belongs to. What another user of the machine has put there may be a trap.

On Windows it takes another library to learn the owner: there nothing is taken for somebody else's.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def other_owner(path: Path, *, root: bool = False) -> int | None:
    """Return the user who owns a path, or the link at it, and is not the one who runs this; None for what is missing.

    Run by sudo, the user behind it counts as the one who runs this, as in Git. With `root` what belongs to root is no
    stranger's.
    """
    if os.name == "nt":
        return None
    own = own_users() | ({0} if root else set())
    owners = []
    with suppress(OSError):  # missing, or a link that leads nowhere, which is somebody's all the same
        owners.append(path.lstat().st_uid)
        owners.append(path.stat().st_uid)
    return next((owner for owner in owners if owner not in own), None)


def user_name(user: int) -> str:
    """Return a user's name, or the number of one without a name."""
    try:
        import pwd  # not on Windows

        return pwd.getpwuid(user).pw_name
    except (ImportError, KeyError):
        return f"user {user}"


def own_users() -> set[int]:
    """Return who runs this: since CVE-2022-24765 Git asks the same (git-config, safe.directory). Empty on Windows."""
    if os.name == "nt":
        return set()
    own = {os.geteuid()}
    behind = os.environ.get("SUDO_UID", "")
    if own == {0} and behind.isascii() and behind.isdigit():
        own.add(int(behind))
    return own
