"""The address of an API on the network, checked: what is not one without a doubt is refused, and never repaired.

An address is stored, shown and sent to. So it holds no secret, and means the same to every program that reads it.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from vecsearch.errors import InvalidOption

_FORM = "http://host:port/v1 or https://host/v1"
_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?|\[[0-9A-Fa-f:.]+\]")
_PATH = re.compile(r"(/[A-Za-z0-9._~+,:-]*)*")
_SIGNS = re.compile(r"[@?#=;]")  # of a name or a query
_KEY = re.compile(r"(?<![A-Za-z0-9])(?:sk|hf|pk|gsk|ghp)[-_][A-Za-z0-9_-]{8,}")  # as known services write them
_LOOPBACK = re.compile(r"localhost|127(\.\d{1,3}){3}|\[::1\]")
_HIGHEST_PORT = 65535


def checked_address(address: str, where: str) -> str:
    """Return the address in the one form in which it is compared: lower case up to the path, no slash at the end.

    `where` begins the message of the InvalidOption for anything that is not the http or https URL of an API, or that
    holds what may be a secret; a secret is not repeated in the message.
    """
    if secret_in(address):
        raise InvalidOption(
            f"{where} has a URL with a user name, password, key or query in it; expected {_FORM}, and a key in "
            "$OPENAI_API_KEY"
        )
    scheme, mark, rest = address.partition("://")
    authority, slash, path = rest.partition("/")
    host, port = _split(authority)
    if (
        not mark
        or scheme.lower() not in ("http", "https")
        or not _HOST.fullmatch(host)
        or (port is not None and not _is_port(port))
        or not _PATH.fullmatch(slash + path)
        or ".." in path.split("/")
    ):
        raise InvalidOption(f"{where} has the URL {address!r}, which is not that of an API; expected {_FORM}")
    return f"{scheme}://{authority}".lower() + (slash + path).rstrip("/")


def secret_in(address: str) -> bool:
    """Whether an address may hold a secret: so it is neither stored nor shown."""
    target = address.partition("://")[2] or address
    return bool(_SIGNS.search(target) or _KEY.search(target.partition("/")[2]))


def is_loopback(address: str) -> bool:
    """Whether a checked address is this machine's own, so that nothing leaves it."""
    host, _ = _split(urlsplit(address).netloc)
    return bool(_LOOPBACK.fullmatch(host))


def _split(authority: str) -> tuple[str, str | None]:
    """The host and the port, None without one; the colons of an IPv6 address are in brackets."""
    host, colon, port = authority.rpartition(":")
    return (host, port) if colon and not port.endswith("]") else (authority, None)


def _is_port(port: str) -> bool:
    return port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) <= _HIGHEST_PORT
