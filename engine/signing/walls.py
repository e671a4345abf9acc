"""What a process gives up before it reads a stranger's file, for as long as it lives.

It can open nothing more, whatever its user may read: no file, no connection, no second process.
What it needs it has loaded before, and is given through a pipe that is already open. Where the
kernel has Landlock (Linux 5.13), paths are closed to it also for what needs no open file, such
as to take one away, and the memory of other processes with them.
"""

from __future__ import annotations

import ctypes
import os
import resource
import sys
from importlib import import_module

_NO_NEW_PRIVILEGES = 38  # prctl(2)
_CREATE_RULESET, _RESTRICT_SELF = 444, 446  # landlock(7); the same number on every machine
_GET_VERSION = 1
_RIGHTS = (0, 13, 14, 15, 15, 16)
"""How many rights to files each version of Landlock knows; all are given up."""

_WITH_NETWORK, _WITH_SIGNALS, _BOTH = 4, 6, 0b11
"""From which version on it knows connections (to bind, to connect), and what reaches other
processes (abstract sockets, signals)."""


def confine(memory: int, seconds: int) -> None:
    """Leaves this process so much address space in bytes, so many seconds of the processor, and
    what it has open."""
    _close_paths()
    for kind, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, 0),
    ):
        resource.setrlimit(kind, (most, most))
    os.nice(5)


def _close_paths() -> None:
    """Where the kernel does not have it, the limits stand alone."""
    version = landlock()
    if not version:
        return
    files = (1 << _RIGHTS[min(version, len(_RIGHTS) - 1)]) - 1
    sizes = 1 + (version >= _WITH_NETWORK) + (version >= _WITH_SIGNALS)
    given_up = (ctypes.c_uint64 * sizes)(*(files, _BOTH, _BOTH)[:sizes])
    library = ctypes.CDLL(None, use_errno=True)
    size = ctypes.c_size_t(ctypes.sizeof(given_up))
    ruleset = library.syscall(_CREATE_RULESET, ctypes.byref(given_up), size, 0)
    if ruleset < 0:
        return
    library.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    library.syscall(_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def landlock() -> int:
    """Which version of Landlock the kernel has; 0 where it has none."""
    if not sys.platform.startswith("linux"):
        return 0
    asked = ctypes.CDLL(None).syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _GET_VERSION)
    return max(0, int(asked))


_READERS = (
    "cryptography.hazmat.backends.openssl.backend",
    "encodings.cp1252",
    "encodings.idna",
    "encodings.mac_roman",
    "encodings.utf_16",
    "encodings.utf_16_be",
    "encodings.utf_16_le",
    "engine.papers.archive",
    "engine.signing.difference",
    "engine.signing.examination",
    "engine.signing.remains",
    "pyhanko.pdf_utils.filters",
)


def load() -> None:
    """Loads the readers, with what they would load themselves only when they meet it."""
    for name in _READERS:
        import_module(name)
