"""The name of a model behind an endpoint: which model, which URL, and whether it may get the user's key."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from vecsearch.errors import EndpointFailed, InvalidOption

OPENAI_URL = "https://api.openai.com/v1"

_FORM = "openai:MODEL or openai:MODEL@http://host:port/v1"
_NAME = re.compile(r"openai:(?P<model>((?!@https?://)\S)+)(@(?P<url>https?://\S+))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A model's name and the URL of its API, without a slash at the end."""

    model: str
    url: str

    @property
    def name(self) -> str:
        """The full name: it means the same URL whatever the environment says later."""
        return f"openai:{self.model}" if self.url == OPENAI_URL else f"openai:{self.model}@{self.url}"

    @property
    def trusted(self) -> bool:
        """Whether the user's key may go there: to OpenAI, and where the user's own $OPENAI_BASE_URL points.

        A name can come from an index that somebody else made: it must not have the key sent to a URL of their choice.
        """
        return self.url in (OPENAI_URL, _own_url())

    def key(self) -> str:
        """Return the user's key, "" where none is sent; raises EndpointFailed when OpenAI needs one."""
        key = os.environ.get("OPENAI_API_KEY", "").strip() if self.trusted else ""
        if not key and self.url == OPENAI_URL:
            raise EndpointFailed(f"{self.name} needs a key: set $OPENAI_API_KEY, or name another endpoint, {_FORM}")
        if not re.fullmatch(r"[!-~]*", key):
            raise EndpointFailed(f"{self.name}: $OPENAI_API_KEY contains characters that no key has: set it again")
        return key

    def __str__(self) -> str:
        """Return the form for messages."""
        return f"{self.model} at {self.url}"


def find_endpoint(name: str) -> Endpoint:
    """Return the endpoint that `name` means, by default at $OPENAI_BASE_URL or OpenAI's URL; raises InvalidOption.

    A URL with a password or key in it is refused: names are stored and shown.
    """
    match = _NAME.fullmatch(name)
    if match is None or not name.isprintable():
        raise InvalidOption(f"the model is {name!r}; expected {_FORM}")
    return Endpoint(match["model"], _checked_url(match["url"], "the model") if match["url"] else _own_url())


def _own_url() -> str:
    url = os.environ.get("OPENAI_BASE_URL", "").strip()
    return _checked_url(url, "$OPENAI_BASE_URL") if url else OPENAI_URL


def _checked_url(url: str, where: str) -> str:
    try:
        parts = urlsplit(url)
        secret = parts.username is not None or bool(parts.query or parts.fragment)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and " " not in url
    except ValueError:  # a port that is not a number, an unclosed bracket
        secret, usable = False, False
    if secret:  # not repeated in the message: it may be the secret
        raise InvalidOption(
            "the endpoint's URL contains a user name, password or query; a key belongs in $OPENAI_API_KEY"
        )
    if not usable:
        raise InvalidOption(f"{where} has the URL {url!r}, which is not that of an API; expected http://host:port/v1")
    return parts._replace(scheme=parts.scheme.lower(), netloc=parts.netloc.lower()).geturl().rstrip("/")
