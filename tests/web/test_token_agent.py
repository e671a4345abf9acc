"""The program beside the token against a live site: what it signs, and what it will not."""

from __future__ import annotations

import http.server
import json
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from engine import clock
from engine.db import writing
from engine.papers.book import Paper
from engine.registers import take
from engine.signing.authority import Authority
from engine.signing.certificates import identity
from engine.signing.coverage import facts
from engine.signing.pkcs11 import Wanted, choose, credentials, opened
from tests.engine.signing import tools
from tests.engine.signing.tokens import PIN
from tests.serving import serving
from tests.web import world
from tests.web.room import Room, listening, room
from web.cli.ceremony import Ceremony, Ready, Result
from web.cli.refusals import Answered, No
from web.cli.remote import Remote
from workflows import deferred
from workflows.verification import verify


@pytest.fixture
def database_kind() -> str:
    """The program beside a token knows the site alone; what the site does with either database
    is asked in ``test_signing``."""
    return "postgresql"


@pytest.fixture
def live(database_url: str, tmp_path: Path) -> Iterator[Room]:
    with room(database_url, tmp_path) as made, listening(made):
        yield made


@pytest.fixture
def two(database_url: str, tmp_path: Path) -> Iterator[Room]:
    with room(database_url, tmp_path, papers=2) as made, listening(made):
        yield made


def _results(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = json.loads(done.stdout)
    return told


def _trust(authority: Authority, folder: Path) -> tuple[Path, Path]:
    """The root as a file, and in the store that pdfsig asks."""
    root, nss = folder / "root.pem", folder / "nss"
    root.write_bytes(authority.roots_pem())
    nss.mkdir()
    base = ["certutil", "-d", f"sql:{nss}"]
    subprocess.run([*base, "-N", "--empty-password"], check=True)
    subprocess.run([*base, "-A", "-n", "root", "-t", "CT,C,C", "-i", str(root)], check=True)
    return root, nss


@pytest.mark.parametrize("algorithm", ["rsa", "ec"])
def test_a_real_decision_is_signed_and_sealed_by_tokens(
    live: Room, tmp_path: Path, algorithm: Any
) -> None:
    live.plug_in(algorithm)
    waiting = json.loads(live.agent("chair", "list", "--json").stdout)
    assert [(one["id"], one["action"]) for one in waiting] == [(live.paper, "sign")]
    looked = tmp_path / "looked"
    done = live.agent("chair", "sign", live.paper, "--preview", looked, "--json")
    (result,) = _results(done)
    assert (result["done"], result["code"]) == (True, None)
    seen = facts((looked / f"{live.paper}-sign.pdf").read_bytes()).covered[-1]
    assert seen.digest == result["digest"]
    assert result["digest"] in done.stderr
    assert facts(live.content()).covered[-1].digest == result["digest"]
    assert json.loads(live.agent("chair", "list", "--json").stdout) == []
    sealed = live.agent("clerk", "issue", live.paper)
    assert "01/QĐ-UBND" in sealed.stdout
    _satisfies_everybody(live, tmp_path)


def _satisfies_everybody(live: Room, folder: Path) -> None:
    content, file = live.content(), folder / "paper.pdf"
    file.write_bytes(content)
    with live.stage.now():
        found = verify(live.session, live.bureau.desk, content)
    assert (found.verdict, found.number) == ("genuine", "01/QĐ-UBND")
    root, nss = _trust(live.authority, folder)
    answers = tools.pdfsig(file, nss)
    assert len(answers) == 2
    for told in answers:
        assert "Signature is Valid." in told
        assert "Certificate is Trusted." in told
    said = tools.openssl(content, root, folder)
    assert [("successful" in one) for one in said] == [True, True]
    assert "No syntax or stream encoding errors" in tools.qpdf(file)


def test_a_batch_takes_one_pin_and_one_certificate(two: Room) -> None:
    two.plug_in()
    papers = [*two.papers, 999, two.papers[0]]
    signed = two.agent("chair", "sign", *papers, "--json", expect=1)
    told = {one["id"]: one["code"] for one in _results(signed)}
    assert told == {two.papers[0]: None, two.papers[1]: None, 999: "no_such_subject"}
    issued = two.agent("clerk", "issue", *two.papers, "--json")
    assert [one["number"] for one in _results(issued)] == ["01/QĐ-UBND", "02/QĐ-UBND"]
    assert [two.stage.state(paper) for paper in two.papers] == ["issued", "issued"]


def test_a_wrong_pin_is_tried_once_and_changes_nothing(two: Room) -> None:
    two.plug_in()
    before = two.whole()
    done = two.agent("chair", "sign", *two.papers, expect=1, BINHXET_PIN="000000")
    assert "[wrong_pin]" in done.stderr
    assert two.whole() == before
    two.agent("chair", "sign", *two.papers)


def test_a_token_of_somebody_else_signs_nothing(live: Room) -> None:
    live.places["other"] = live.tokens.make("other", live.person("district_chair"))
    before = live.whole()
    done = live.agent("chair", "sign", live.paper, "--json", token="other", expect=1)
    assert [one["code"] for one in _results(done)] == ["certificate_of_another"]
    assert live.whole() == before


def test_a_wrong_password_is_tried_once_for_a_whole_batch(live: Room) -> None:
    live.plug_in()
    papers = [live.paper, *range(900, 912)]
    done = live.agent("chair", "sign", *papers, "--json", expect=1, BINHXET_PASSWORD="x")
    assert {one["code"] for one in _results(done)} == {"wrong_password"}
    live.agent("chair", "sign", live.paper)  # a second try for each would have locked the account


def test_certificates_are_told_without_a_pin(live: Room) -> None:
    live.plug_in()
    place = live.places["chair"]
    command = ["token-agent", "certificates", "--json"]
    done = live.program([*command, "--module", str(place.module), "--token", place.label])
    (one,) = json.loads(done.stdout)
    (held,) = credentials(place)
    assert one["fingerprint"] == identity(held.certificate).fingerprint
    assert one["kind"] == "person"


def test_nothing_is_signed_unasked(live: Room) -> None:
    live.plug_in()
    place = live.places["chair"]
    command = ["token-agent", "sign", str(live.paper)]
    command += ["--server", live.url, "--user", "chair", "--token", place.label, "--lang", "en"]
    before = live.whole()
    unasked = live.program(command, BINHXET_PKCS11_MODULE=str(place.module))
    assert (unasked.returncode, "[cannot_ask]" in unasked.stderr) == (1, True)
    nowhere = live.program(command)
    assert (nowhere.returncode, "--module" in nowhere.stderr) == (2, True)
    gone = live.program([*command, "--module", str(place.module), "--token", "gone"])
    assert (gone.returncode, "[no_token]" in gone.stderr) == (1, True)
    assert live.whole() == before


# ------------------------------------------------------------------ inside one process


def _ceremony(here: Room, who: str, action: str) -> Ceremony:
    remote = Remote.at(here.url, who, world.PASSWORD)
    credential = choose(credentials(here.places[who]), Wanted(), clock.now())
    return Ceremony(remote, credential, action, None)


def test_a_token_pulled_out_midway_leaves_the_rest_as_it_was(two: Room) -> None:
    two.plug_in()
    ceremony = _ceremony(two, "chair", "sign")
    ready = ceremony.prepare(two.papers)

    def pull_out_at_the_second(one: Ready) -> bool:
        if one.paper == two.papers[1]:
            two.tokens.pull_out()
        return True

    papers = [one for one in ready if isinstance(one, Ready)]
    with opened(two.places["chair"], PIN, Wanted(), clock.now()) as signer:
        results = list(ceremony.sign([*papers, 999], signer, pull_out_at_the_second))
    assert [one.code for one in results] == ["", "token_gone", "token_gone"]
    assert [two.stage.state(paper) for paper in two.papers] == ["signed", "format_approved"]


def test_a_paper_left_out_stays_as_it_was(two: Room) -> None:
    two.plug_in()
    ceremony = _ceremony(two, "chair", "sign")
    papers = [one for one in ceremony.prepare(two.papers) if isinstance(one, Ready)]
    with opened(two.places["chair"], PIN, Wanted(), clock.now()) as signer:
        results = list(ceremony.sign(papers, signer, lambda one: one.paper == two.papers[1]))
    assert [one.code for one in results] == ["left_out", ""]
    assert [two.stage.state(paper) for paper in two.papers] == ["format_approved", "signed"]


def test_a_number_taken_meanwhile_is_sealed_anew_with_the_next(live: Room) -> None:
    live.plug_in()
    live.agent("chair", "sign", live.paper)
    shown: list[str] = []

    def steal_the_first(one: Ready) -> bool:
        shown.append(one.number)
        if len(shown) == 1:
            with writing(live.session) as session:
                commune, day = live.stage.country.commune, live.stage.today
                take(session, commune, "decisions", day, void_reason="spoiled")
        return True

    with opened(live.places["clerk"], PIN, Wanted(), clock.now()) as signer:
        ceremony = _ceremony_with(live, "clerk", "issue", signer.credential)
        (result,) = ceremony.sign([live.paper], signer, steal_the_first)
    assert (result.code, result.number) == ("", "02/QĐ-UBND")
    assert shown == ["01/QĐ-UBND", "02/QĐ-UBND"]
    assert live.session.get_one(Paper, live.paper).number_text == "02/QĐ-UBND"


def _ceremony_with(here: Room, who: str, action: str, credential: Any) -> Ceremony:
    return Ceremony(Remote.at(here.url, who, world.PASSWORD), credential, action, None)


@pytest.mark.parametrize("lie", ["file", "digest", "attributes"])
def test_a_server_that_shows_one_paper_and_asks_for_another_gets_nothing(
    two: Room, monkeypatch: pytest.MonkeyPatch, lie: str
) -> None:
    two.plug_in()
    ceremony = _ceremony(two, "chair", "sign")
    (other,) = (one for one in ceremony.prepare(two.papers[1:]) if isinstance(one, Ready))
    offer, document = deferred.offer, deferred.document

    def false_offer(*given: Any) -> Any:
        made = offer(*given)
        if lie == "digest":
            return replace(made, digest=other.digest.hex())
        changed = made.attributes[:-1] + bytes([made.attributes[-1] ^ 1])
        return replace(made, attributes=changed) if lie == "attributes" else made

    def false_file(session: Any, desk: Any, person: int, paper: int, code: str, part: str) -> bytes:
        if lie == "file":
            return document(session, desk, person, two.papers[1], other.session)
        return document(session, desk, person, paper, code)

    monkeypatch.setattr(deferred, "offer", false_offer)
    monkeypatch.setattr(deferred, "document", false_file)
    (result,) = ceremony.prepare(two.papers[:1])
    assert isinstance(result, Result)
    assert result.code == "not_what_was_shown"


# ------------------------------------------------------------------ the way to the server


@pytest.mark.parametrize(
    "server",
    [
        "http://binhxet.example",
        "http://10.0.0.1:8000",
        "ftp://localhost",
        "localhost:8000",
        "http://chair:secret@localhost",
        "http://localhost.example",
        "",
    ],
)
def test_no_password_goes_where_others_could_read_it(server: str) -> None:
    with pytest.raises(No) as refused:
        Remote.at(server, "chair", "x")
    assert refused.value.code == "insecure_server"


def test_a_server_that_is_not_there_is_told() -> None:
    with pytest.raises(No) as refused:
        Remote.at("http://127.0.0.1:9", "chair", "x").get("/papers")
    assert refused.value.code == "server_unreachable"


class _Stranger(http.server.BaseHTTPRequestHandler):
    """Answers what it is told to; keeps what it was asked."""

    status, body = 200, b"hello"
    asked: list[str]

    def do_GET(self) -> None:
        type(self).asked.append(self.path)
        self.send_response(self.status)
        if self.status == 302:
            self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: Any) -> None:
        return None


@contextmanager
def _stranger(status: int, body: bytes, tls: ssl.SSLContext | None = None) -> Iterator[Any]:
    told = {"status": status, "body": body, "asked": []}
    handler: Any = type("Stranger", (_Stranger,), told)
    server = http.server.HTTPServer(("127.0.0.1", 0), handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    with serving(server) as port:
        handler.port = port
        yield handler


@pytest.mark.parametrize(("status", "body"), [(302, b""), (200, b"hello"), (502, b"<html>")])
def test_what_is_no_answer_of_the_api_is_told(status: int, body: bytes) -> None:
    with _stranger(status, body) as stranger:
        with pytest.raises(No) as refused:
            Remote.at(f"http://127.0.0.1:{stranger.port}", "chair", "x").get("/papers")
        assert refused.value.code == "strange_answer"
        assert stranger.asked == ["/api/v1/papers"]


def test_a_refusal_of_the_server_keeps_its_words() -> None:
    body = json.dumps({"code": "stale", "detail": "Somebody moved this."}).encode()
    with _stranger(409, body) as stranger:
        remote = Remote.at(f"http://127.0.0.1:{stranger.port}", "chair", "x")
        with pytest.raises(Answered) as refused:
            remote.get("/papers")
    assert (refused.value.status, refused.value.code) == (409, "stale")
    assert refused.value.detail == "Somebody moved this."


def test_a_server_with_a_certificate_of_its_own_making_is_not_trusted(
    tmp_path: Path, tokens_authority: Authority
) -> None:
    issued = tokens_authority.agency(reference="x", name="localhost", since=world.SINCE, years=40)
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    key.write_bytes(issued.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    certificate.write_bytes(issued.credential.certificate.public_bytes(Encoding.PEM))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    with _stranger(200, b"{}", tls) as stranger:
        with pytest.raises(No) as refused:
            Remote.at(f"https://127.0.0.1:{stranger.port}", "chair", "x").get("/papers")
        assert refused.value.code == "server_untrusted"
        assert stranger.asked == []


@pytest.fixture
def tokens_authority() -> Authority:
    return Authority.create(mark="MẪU", name="Kiểm thử", since=world.SINCE, years=40)
