"""Consent: an index may come from anybody, so the address it names gets texts only when the user has agreed to it.

The user agrees by naming the model, by `vecsearch trust ADDRESS`, or by the environment. Which addresses that are is in
`vecsearch/trust.py`; here is what a model has to do with them. Sends nothing.
"""

from __future__ import annotations

from vecsearch.addresses import is_loopback
from vecsearch.errors import ConsentMissing
from vecsearch.models.encoder import Encoder, RemoteEncoder
from vecsearch.trust import remember_address, trusts_address


def check_consent(encoder: Encoder, index: str) -> None:
    """Raise ConsentMissing when the index's model is at an address that the user has not agreed to."""
    if isinstance(encoder, RemoteEncoder) and (address := encoder.address) and not trusts_address(address):
        plain = ", unencrypted" if address.startswith("http:") and not is_loopback(address) else ""
        raise ConsentMissing(
            f"{index} names the remote model {encoder.name}: your queries and documents would be sent to {address}"
            f"{plain}; if you agree, run: vecsearch trust {address} (mode lexical needs no model)"
        )


def check_nothing_remote(encoder: Encoder, index: str) -> None:
    """Raise ConsentMissing for a remote model, whatever the user has agreed to."""
    if isinstance(encoder, RemoteEncoder) and (address := encoder.address):
        raise ConsentMissing(
            f"{index} names the remote model {encoder.name}, and was opened to send nothing to {address} or elsewhere: "
            "open it without untrusted, or search in mode lexical, which needs no model"
        )


def remember_consent(encoder: Encoder) -> None:
    """Remember that the user has named a remote model, and so agreed that texts go to its address."""
    if isinstance(encoder, RemoteEncoder) and (address := encoder.address):
        remember_address(address)
