"""A server of this process, on loopback, while a test runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from socketserver import BaseServer
from typing import Any

SECONDS = 0.01
"""How often a server asks whether it should end: it is waited for, and asks twice a second if
it is not told otherwise."""


@contextmanager
def serving(
    server: BaseServer, run: Callable[[Callable[[], None]], Any] = lambda serve: serve()
) -> Iterator[int]:
    """Serves in a thread, by ``run`` if that is given, and ends with the block; its port."""
    serve = partial(server.serve_forever, poll_interval=SECONDS)
    thread = threading.Thread(target=run, args=(serve,), daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
