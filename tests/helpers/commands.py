"""A command that was run: what it said and how it ended; and the command as a process is started with."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

# A process started in the background ignores Ctrl-C from birth; these take it as one on a terminal does.
_SCRIPT = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from vecsearch.cli.main import main
main()
"""
COMMAND = [sys.executable, "-c", _SCRIPT]


@dataclass(frozen=True)
class Outcome:
    """What a command said, and its exit status."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Command = Callable[..., Outcome]
