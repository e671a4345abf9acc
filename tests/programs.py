"""The command line as a program of its own, without the second in which it is imported.

A process beside the tests has imported it once and does nothing but fork: each call is then a
new process with its own environment, clock and output, as if started from a shell.
"""

from __future__ import annotations

import os
import subprocess
import warnings
from collections.abc import Mapping, Sequence
from multiprocessing import get_context, set_start_method
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory

_CONTEXT = get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    ["web.cli.agent", "web.cli.loopback", "web.cli.certificates", "web.application", "granian"]
)


def call(words: Sequence[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """``binhxet`` with these words and nothing in its environment but what is given; nobody
    answers it. A warning is an error there too."""
    with TemporaryDirectory() as folder:
        out, err = Path(folder) / "out", Path(folder) / "err"
        arguments = (tuple(words), dict(environment), str(out), str(err))
        program = _CONTEXT.Process(target=_called, args=arguments)
        program.start()
        program.join()
        code = program.exitcode
        program.close()
        assert code is not None
        return subprocess.CompletedProcess(words, code, out.read_text(), err.read_text())


def start(words: Sequence[str], environment: Mapping[str, str], log: Path) -> BaseProcess:
    """The same, going on by itself in a terminal of its own, where it writes into a log."""
    arguments = (tuple(words), dict(environment), str(log), str(log))
    program = _CONTEXT.Process(target=_started, args=arguments)
    program.start()
    return program


def _started(words: Sequence[str], environment: Mapping[str, str], out: str, err: str) -> None:
    os.setsid()
    # Its own children are made as if it had been started from a shell.
    set_start_method("fork", force=True)
    _called(words, environment, out, err)


def _called(words: Sequence[str], environment: Mapping[str, str], out: str, err: str) -> None:
    for number, path in enumerate((os.devnull, out, err)):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND), number)
    os.environ.clear()
    os.environ.update(environment)
    warnings.simplefilter("error")
    from web.cli import binhxet

    binhxet.main(list(words), prog_name="binhxet")
