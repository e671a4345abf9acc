"""The door of the program beside the token: for one server's pages, once they are paired."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any

import pytest

from tests.serving import serving
from web.cli.agent import MOST_TRIES, Agent
from web.cli.loopback import Door

DOORS = (("GET", "/agent"), ("OPTIONS", "/agent/work"), ("POST", "/agent/pair"))
SERVER = "https://binhxet.example"


@dataclass
class Ajar:
    """A door with a terminal that remembers the codes it showed."""

    codes: list[str] = field(default_factory=list)
    agent: Agent = field(init=False)
    door: Door = field(init=False)

    def __post_init__(self) -> None:
        self.agent = Agent(SERVER, "chair", self.codes.append)
        self.agent.offer()
        self.door = Door(0, self.agent)

    def ask(
        self, method: str, path: str, body: Any = None, **headers: str | None
    ) -> tuple[int, dict[str, Any], dict[str, str]]:
        """What a browser would be answered; a header that is ``None`` is not sent."""
        port = self.door.server_port
        told: dict[str, str | None] = {
            "Host": f"127.0.0.1:{port}",
            "Origin": SERVER,
            "Content-Type": "application/json",
        }
        told |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        sent = {name: value for name, value in told.items() if value is not None}
        content = None if body is None else json.dumps(body)
        connection.putrequest(method, path, skip_host=True)
        for name, value in sent.items():
            connection.putheader(name, value)
        if content is not None:
            connection.putheader("Content-Length", str(len(content)))
        connection.endheaders(content.encode() if content else None)
        answer = connection.getresponse()
        read = answer.read()
        connection.close()
        return answer.status, json.loads(read) if read else {}, dict(answer.getheaders())

    def pair(self) -> str:
        status, told, _ = self.ask("POST", "/agent/pair", {"code": self.codes[-1]})
        assert status == 200
        return f"Bearer {told['token']}"


@pytest.fixture
def ajar() -> Iterator[Ajar]:
    made = Ajar()
    with serving(made.door):
        yield made


def test_only_pages_of_the_one_server_are_answered(ajar: Ajar) -> None:
    assert ajar.ask("GET", "/agent")[1] == {"program": "binhxet token-agent", "user": "chair"}
    port = ajar.door.server_port
    strangers: list[dict[str, str | None]] = [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Origin": None},
        {"Origin": SERVER + ".elsewhere.example"},
        {"Host": f"elsewhere.example:{port}"},  # a name that was bent to this address
        {"Host": "127.0.0.1"},
        {"Host": None},
    ]
    for headers in strangers:
        for method, path in (
            ("GET", "/agent"),
            ("OPTIONS", "/agent/work"),
            ("POST", "/agent/pair"),
        ):
            status, told, answered = ajar.ask(method, path, **headers)
            assert status in (400, 403), headers
            assert told == {}
            if "Host" not in headers:
                assert "Access-Control-Allow-Origin" not in answered
    assert ajar.door.server_address[0] == "127.0.0.1"


def test_browsers_are_told_that_this_page_may_speak_to_this_machine(ajar: Ajar) -> None:
    asked = {
        "Access_Control_Request_Method": "POST",
        "Access_Control_Request_Private_Network": "true",
    }
    status, _, answered = ajar.ask("OPTIONS", "/agent/work", **asked)
    assert status == 204
    assert answered["Access-Control-Allow-Origin"] == SERVER
    assert answered["Access-Control-Allow-Private-Network"] == "true"
    assert "Authorization" in answered["Access-Control-Allow-Headers"]
    assert answered["Vary"] == "Origin"


def test_a_code_pairs_one_page_and_cannot_be_guessed(ajar: Ajar) -> None:
    shown = ajar.codes[-1]
    for number in range(MOST_TRIES):
        assert len(ajar.codes) == 1, number
        status, told, _ = ajar.ask("POST", "/agent/pair", {"code": "aaaaaaaa"})
        assert (status, "token" in told) == (403, False)
    assert len(ajar.codes) == 2  # the old code is of no use any more
    assert ajar.ask("POST", "/agent/pair", {"code": shown})[0] == 403
    first = ajar.pair()
    assert ajar.ask("POST", "/agent/pair", {"code": ajar.codes[1]})[0] == 403
    assert ajar.ask("GET", "/agent/work", Authorization=first)[0] == 200
    second = ajar.pair()  # the page that was paired last drives
    assert ajar.ask("GET", "/agent/work", Authorization=first)[0] == 401
    assert ajar.ask("GET", "/agent/work", Authorization=second)[0] == 200


def test_nothing_is_begun_without_the_pairing_and_one_batch_at_a_time(ajar: Ajar) -> None:
    wish = {"ceremony": "abc234"}
    assert ajar.ask("POST", "/agent/work", wish)[0] == 401
    assert ajar.ask("POST", "/agent/work", wish, Authorization="Bearer ")[0] == 401
    token = ajar.pair()
    # What a form of another page could send without asking is no wish.
    assert (
        ajar.ask("POST", "/agent/work", wish, Authorization=token, Content_Type="text/plain")[0]
        == 400
    )
    for wrong in (
        {},
        {"ceremony": 1},
        {"ceremony": "../papers"},
        [],
        "x",
        {"ceremony": "a" * 5000},
    ):
        assert ajar.ask("POST", "/agent/work", wrong, Authorization=token)[0] == 400, wrong
    assert ajar.ask("POST", "/agent/work", wish, Authorization=token)[0] == 202
    assert ajar.ask("POST", "/agent/work", wish, Authorization=token)[0] == 409
    told = ajar.ask("GET", "/agent/work", Authorization=token)[1]["work"]
    assert (told["ceremony"], told["state"], told["papers"]) == ("abc234", "preparing", [])
    assert ajar.ask("POST", "/agent/stop", {}, Authorization=token)[0] == 202
    work = ajar.agent.asked.get_nowait()
    assert work.stopped.is_set()
    work.end("wrong_pin", "…")
    assert ajar.ask("POST", "/agent/work", wish, Authorization=token)[0] == 202
    assert ajar.ask("GET", "/agent/elsewhere", Authorization=token)[0] == 404
