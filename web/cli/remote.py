"""The API of a server elsewhere, asked over HTTPS by programs beside their user."""

from __future__ import annotations

import base64
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import SplitResult, urlsplit
from urllib.request import (
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    build_opener,
)

from web.cli.refusals import Answered, No
from web.cli.words import language

API = "/api/v1"
PATIENCE = 60
LARGEST_ANSWER = 64 * 2**20


class _NoRedirects(HTTPRedirectHandler):
    """The password goes to the server that was named, and nowhere else."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


@dataclass(frozen=True, repr=False)
class Remote:
    """A server, and the account to speak for."""

    base: str
    user: str
    password: str
    opener: OpenerDirector

    @classmethod
    def at(cls, server: str, user: str, password: str) -> Remote:
        """Raises ``No`` (``insecure_server``) for anything but HTTPS, or HTTP to this machine."""
        url = urlsplit(server.rstrip("/"))
        if not url.hostname or url.username or not (url.scheme == "https" or _is_loopback(url)):
            raise No("insecure_server", server=server)
        secure = HTTPSHandler(context=ssl.create_default_context())
        # What is sent in the clear stays on this machine, whatever proxy is set.
        proxies = [] if url.scheme == "https" else [ProxyHandler({})]
        opener = build_opener(secure, _NoRedirects(), *proxies)
        return cls(f"{url.scheme}://{url.netloc}{url.path}", user, password, opener)

    def get(self, path: str) -> Any:
        """A JSON answer; raises ``Answered`` or ``No``."""
        return self._plain(self.content(path))

    def send(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        """The JSON answer to a JSON body; raises as ``get``."""
        return self._plain(self.content(path, method, json.dumps(body).encode()))

    def _plain(self, content: bytes) -> Any:
        try:
            return json.loads(content)
        except ValueError:
            raise No("strange_answer", server=self.base) from None

    def content(self, path: str, method: str = "GET", body: bytes | None = None) -> bytes:
        """The bytes of an answer; raises as ``get``."""
        request = Request(  # noqa: S310 - the scheme was checked
            f"{self.base}{API}{path}", data=body, method=method, headers=self._headers(body)
        )
        try:
            with self.opener.open(request, timeout=PATIENCE) as answer:
                content = answer.read(LARGEST_ANSWER + 1)
        except HTTPError as error:
            raise _told(error) from None
        except (URLError, OSError) as error:
            reason = getattr(error, "reason", error)
            code = "server_untrusted" if isinstance(reason, ssl.SSLError) else "server_unreachable"
            raise No(code, server=self.base, reason=str(reason)) from None
        if len(content) > LARGEST_ANSWER:
            raise No("strange_answer", server=self.base)
        return bytes(content)

    def _headers(self, body: bytes | None) -> dict[str, str]:
        secret = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        told = {"Authorization": f"Basic {secret}", "Accept-Language": language()}
        return told if body is None else told | {"Content-Type": "application/json"}


def _is_loopback(url: SplitResult) -> bool:
    if url.scheme != "http":
        return False
    if url.hostname == "localhost":
        return True
    try:
        return ip_address(url.hostname or "").is_loopback
    except ValueError:
        return False


def _told(error: HTTPError) -> Exception:
    """A problem as the API tells it; anything else did not come from the API."""
    with error:
        try:
            told = json.loads(error.read(LARGEST_ANSWER))
            return Answered(error.code, str(told["code"]), str(told["detail"]))
        except (ValueError, TypeError, KeyError, OSError):
            return No("strange_answer", server=error.url)
