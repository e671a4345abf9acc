"""The door of the program beside the token: HTTP on this machine only, for one server's pages.

A request must name this door as its host (else a foreign name was bent to this address), come
from a page of the one server, and, but for the pairing, bring the token of the pairing.
Browsers ask first whether a page of the network may speak to this machine (Private Network
Access, Local Network Access): they are told yes for that one origin.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from web.cli.agent import Agent
from web.cli.words import text

HOST = "127.0.0.1"
LONGEST = 4096
PATIENCE = 10
JSON = "application/json"

Answer = tuple[int, Mapping[str, Any]]
NO: Mapping[str, Any] = {}


class Door(ThreadingHTTPServer):
    """Listens on loopback for the agent."""

    daemon_threads = True

    def __init__(self, port: int, agent: Agent) -> None:
        self.agent = agent
        super().__init__((HOST, port), Handler)

    @property
    def names(self) -> frozenset[str]:
        """How a request may call this door."""
        return frozenset(f"{name}:{self.server_port}" for name in (HOST, "localhost"))


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Door
    timeout = PATIENCE
    server_version, sys_version = "binhxet", ""

    def do_OPTIONS(self) -> None:
        if self._is_ours():
            self._send(204, None)
        else:
            self._send(403, NO)

    def do_GET(self) -> None:
        self._answer({"/agent": self._hello, "/agent/work": self._work})

    def do_POST(self) -> None:
        ways = {"/agent/pair": self._pair, "/agent/work": self._begin, "/agent/stop": self._stop}
        self._answer(ways)

    def _answer(self, ways: Mapping[str, Callable[[], Answer]]) -> None:
        way = ways.get(self.path)
        if not self._is_ours():
            self._send(403, NO)
        elif way is None:
            self._send(404, NO)
        elif self.path not in ("/agent", "/agent/pair") and not self._is_paired():
            self._send(401, NO)
        else:
            self._send(*way())

    def _is_ours(self) -> bool:
        host, origin = self.headers.get("Host"), self.headers.get("Origin")
        return host in self.server.names and origin == self.server.agent.origin

    def _is_paired(self) -> bool:
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        return scheme == "Bearer" and self.server.agent.knows(token)

    # ------------------------------------------------------------------ what is asked

    def _hello(self) -> Answer:
        return 200, {"program": "binhxet token-agent", "user": self.server.agent.user}

    def _work(self) -> Answer:
        work = self.server.agent.work
        return 200, {"work": work.record() if work else None}

    def _pair(self) -> Answer:
        code = self._body().get("code")
        token = self.server.agent.pair(code) if isinstance(code, str) else None
        return (200, {"token": token}) if token else (403, {"detail": text("wrong_pairing")})

    def _begin(self) -> Answer:
        ceremony = self._body().get("ceremony")
        if not isinstance(ceremony, str) or not ceremony.isalnum():
            return 400, NO
        return (202, NO) if self.server.agent.ask(ceremony) else (409, NO)

    def _stop(self) -> Answer:
        self.server.agent.stop()
        return 202, NO

    def _body(self) -> Mapping[str, Any]:
        """The object sent; an empty one for anything else. Only JSON: a form of another page
        could send the other kinds without asking."""
        length = self.headers.get("Content-Length", "")
        kind = self.headers.get_content_type()
        if kind != JSON or not length.isdigit() or int(length) > LONGEST:
            return NO
        try:
            given = json.loads(self.rfile.read(int(length)))
        except ValueError:
            return NO
        return given if isinstance(given, dict) else NO

    def _send(self, status: int, told: Mapping[str, Any] | None) -> None:
        content = b"" if told is None else json.dumps(told).encode()
        self.send_response(status)
        if self._is_ours():
            self.send_header("Access-Control-Allow-Origin", self.server.agent.origin)
            self.send_header("Access-Control-Allow-Methods", "GET, POST")
            self.send_header("Access-Control-Allow-Headers", "Authorization, Content-Type")
            self.send_header("Access-Control-Allow-Private-Network", "true")
            self.send_header("Access-Control-Max-Age", "600")
        self.send_header("Vary", "Origin")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Type", JSON)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Nothing is logged: the terminal is for the holder of the token."""
