"""Calls the command line inside the test's process, so that its clock is the test's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from web.cli import binhxet


@dataclass(frozen=True)
class Answer:
    """What a call printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Shell:
    """A terminal over one installation."""

    var: Path
    settings: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, *words: object, stdin: str = "", expect: int = 0) -> Answer:
        """Calls ``binhxet`` with these words; a fault of ours fails the test."""
        environment: dict[str, str | None] = {
            "BINHXET_ENV": "test",
            "BINHXET_VAR": str(self.var),
            **self.settings,
        }
        given = [str(word) for word in words]
        done = CliRunner(catch_exceptions=False).invoke(
            binhxet, given, input=stdin, env=environment, prog_name="binhxet"
        )
        assert done.exit_code == expect, (done.stdout, done.stderr)
        return Answer(done.exit_code, done.stdout, done.stderr)
