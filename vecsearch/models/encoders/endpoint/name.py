"""The name of a model behind an endpoint: which model, which URL, and whether it may get the user's key."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from vecsearch.addresses import checked_address, is_loopback, secret_in
from vecsearch.errors import EndpointFailed, InvalidOption

OPENAI_URL = "https://api.openai.com/v1"

_KEY_OVER_HTTP = "VECSEARCH_KEY_OVER_HTTP"
_FORM = "openai:MODEL or openai:MODEL@http://host:port/v1"
# A model has no @, except first in Cloudflare's names; so whatever comes after an @ is meant as an address.
_NAME = re.compile(r"openai:(?P<model>(@(cf|hf)/)?[^\s@]+)(@(?P<url>\S*))?", re.IGNORECASE)
_OPENAI_MODEL = re.compile(r"(?!localhost$)[A-Za-z][A-Za-z0-9_-]*(\.[0-9][A-Za-z0-9_-]*)?", re.IGNORECASE)


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
        if key and self.url.startswith("http:") and not is_loopback(self.url) and not os.environ.get(_KEY_OVER_HTTP):
            raise EndpointFailed(
                f"{self.name}: $OPENAI_API_KEY would be sent unencrypted to {self.url}; use https, unset the key, "
                f"or set ${_KEY_OVER_HTTP}=1 if you trust the network on the way"
            )
        return key

    def __str__(self) -> str:
        """Return the form for messages."""
        return f"{self.model} at {self.url}"


def find_endpoint(name: str) -> Endpoint:
    """Return the endpoint that `name` means, by default at $OPENAI_BASE_URL or OpenAI's URL; raises InvalidOption.

    A mistyped address never means OpenAI's: what follows an @ is an address or an error, and without one the name has
    to be one that a model of OpenAI's can have. A URL with a password or key in it is refused: names are stored and
    shown.
    """
    match = _NAME.fullmatch(name) if name.isprintable() else None
    if match is None or "://" in match["model"] or match["model"].startswith("//"):
        shown = "" if secret_in(name.partition(":")[2]) else f" {name!r}"
        raise InvalidOption(f"the name{shown} is not that of a remote model; expected {_FORM}")
    if match["url"] is not None:
        return Endpoint(match["model"], checked_address(match["url"], "the model"))
    url = _own_url()
    if url == OPENAI_URL and not _OPENAI_MODEL.fullmatch(match["model"]):
        raise InvalidOption(f"the model {name!r} has no address and is not one of OpenAI's; expected {_FORM}")
    return Endpoint(match["model"], url)


def _own_url() -> str:
    url = os.environ.get("OPENAI_BASE_URL", "").strip()
    return checked_address(url, "$OPENAI_BASE_URL") if url else OPENAI_URL
