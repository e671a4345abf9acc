"""Asking servers outside: one connection, a bounded time, a bounded answer, no redirects."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Collection
from urllib.parse import urlsplit

from engine import clock
from engine.errors import Away, Refusal, Refused

_CHUNK = 16_384
_ANSWERED = 200


def fetch(
    url: str,
    body: bytes | None = None,
    *,
    kind: str = "",
    seconds: float,
    most: int,
    hosts: Collection[str] | None = None,
) -> bytes:
    """The answer to a GET, or to a POST of ``body`` (of content type ``kind``).

    ``seconds`` is for all of it, however slowly a server drips; ``most`` is the largest
    answer taken; with ``hosts`` no other host is asked. Raises ``Away`` (``service_away``)
    and ``Refused`` (``service_not_allowed``, ``answer_too_large``).
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or (hosts is not None and host not in hosts):
        raise Refused(Refusal("service_not_allowed", {"url": url[:200]}))
    until = clock.monotonic() + seconds
    kinds = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
    path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    try:
        connection = kinds[parts.scheme](host, parts.port, timeout=seconds)
        try:
            headers = {"Content-Type": kind} if body is not None else {}
            connection.request("POST" if body is not None else "GET", path, body, headers)
            return _read(connection, until, most, host)
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _away(host, type(error).__name__) from error


def _read(connection: http.client.HTTPConnection, until: float, most: int, host: str) -> bytes:
    # The answer takes the socket over, and would then wait anew for every piece.
    held: socket.socket = connection.sock
    _wait_at_most(held, until, host)
    with connection.getresponse() as answer:
        if answer.status != _ANSWERED:
            raise _away(host, str(answer.status))
        taken = bytearray()
        while len(taken) <= most:
            _wait_at_most(held, until, host)
            part = answer.read1(_CHUNK)
            if not part:
                return bytes(taken)
            taken += part
    raise Refused(Refusal("answer_too_large", {"host": host, "bytes": most}))


def _wait_at_most(held: socket.socket, until: float, host: str) -> None:
    left = until - clock.monotonic()
    if left <= 0:
        raise _away(host, "timeout")
    if held.fileno() >= 0:
        held.settimeout(left)


def _away(host: str, why: str) -> Away:
    return Away(Refusal("service_away", {"host": host, "why": why}))
