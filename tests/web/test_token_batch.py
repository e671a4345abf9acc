"""A batch of the server signed by tokens: told on both sides, stopped, resumed, one certificate."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine import clock
from engine.errors import EngineError
from engine.papers.book import Paper
from engine.signing.certificates import der
from engine.signing.pkcs11 import Wanted, choose, credentials
from tests.engine.signing.tokens import PIN
from tests.web import world
from tests.web.room import Room, listening, room
from web.cli.ceremony import Ceremony, Ready, Result
from web.cli.course import Course
from web.cli.refusals import Answered
from web.cli.remote import Remote
from web.cli.token_batch import _hold
from workflows.queries import ceremonies as queries


@pytest.fixture
def database_kind() -> str:
    """The program beside a token knows the site alone; what the site does with either database
    is asked in ``test_signing``."""
    return "postgresql"


@pytest.fixture
def two(database_url: str, tmp_path: Path) -> Iterator[Room]:
    """Two papers, and tokens for the chair and the seal."""
    with room(database_url, tmp_path, papers=2) as made, listening(made):
        made.plug_in()
        yield made


def _course(here: Room, who: str, code: str, place: str = "") -> Course:
    remote = Remote.at(here.url, who, world.PASSWORD)
    where = here.places[place or who]
    return Course(remote, where, choose(credentials(where), Wanted(), clock.now()), code)


def _sign(course: Course, pin: str = PIN, allow: Callable[[Ready], bool] = lambda _: True) -> Any:
    ready = [one for one in course.prepared() if not isinstance(one, Result)]
    return [(one.paper, one.code) for one in course.sign(ready, pin, allow)]


def _refused(act: Callable[[], Any]) -> str:
    with pytest.raises((Answered, EngineError)) as caught:
        act()
    return str(caught.value.code)  # type: ignore[union-attr]


def test_the_program_does_a_whole_batch_and_both_sides_tell_of_it(two: Room) -> None:
    code = two.begin("chair", "sign")
    done = json.loads(two.agent("chair", "batch", code, "--json").stdout)
    assert [(one["id"], one["done"]) for one in done] == [(paper, True) for paper in two.papers]
    held = two.held("chair", code)
    assert (held.state, held.done, len(held.fingerprint)) == ("ended", 2, 64)
    sealing = two.begin("clerk", "issue")
    told = json.loads(two.agent("clerk", "batch", sealing, "--json").stdout)
    assert [one["number"] for one in told] == ["01/QĐ-UBND", "02/QĐ-UBND"]
    assert two.held("clerk", sealing).state == "ended"
    assert _refused(lambda: list(_course(two, "chair", code).prepared())) == "ceremony_ended"
    strange = _course(two, "clerk", code)
    assert _refused(lambda: list(strange.prepared())) == "ceremony_of_another"


def test_a_token_pulled_out_stops_the_batch_and_it_is_gone_on_with(two: Room) -> None:
    first, second = two.papers
    code = two.begin("chair", "sign")
    assert _refused(lambda: _sign(_course(two, "chair", code), pin="0000")) == "wrong_pin"
    assert two.held("chair", code).state == "review"

    def pull_out_at_the_second(one: Ready) -> bool:
        if one.paper == second:
            two.tokens.pull_out()
        return True

    told = _sign(_course(two, "chair", code), allow=pull_out_at_the_second)
    assert told == [(first, ""), (second, "token_gone")]
    held = two.held("chair", code)
    assert (held.state, held.halt, held.done, held.waiting) == ("paused", "token_gone", 1, 1)
    # A new token of the same person is another certificate: the batch does not change midway.
    two.places["other"] = two.tokens.make("other", two.person("chair"))
    other = _course(two, "chair", code, "other")
    prepared = [one.code for one in other.prepared() if isinstance(one, Result)]
    assert prepared == ["ceremony_certificate_changed"]
    assert [two.stage.state(paper) for paper in two.papers] == ["signed", "format_approved"]


def test_what_the_program_leaves_out_or_is_refused_is_told_on_the_page(two: Room) -> None:
    first, second = two.papers
    code = two.begin("chair", "sign")
    assert _sign(_course(two, "chair", code), allow=lambda one: one.paper == second) == [
        (first, "left_out"),
        (second, ""),
    ]
    held = two.held("chair", code)
    assert (held.state, held.done, held.left_out) == ("ended", 1, 1)
    later = two.begin("chair", "sign")
    two.stage.act("chair", first, "discard", reason="Sai danh sách")
    course = _course(two, "chair", later)
    assert [one.code for one in course.prepared() if isinstance(one, Result)] == ["not_from_here"]
    held = two.held("chair", later)
    (row,) = queries.rows(two.session, held.id, limit=9)
    assert (held.state, [one.code for one in row.refusals]) == ("ended", ["not_from_here"])


def test_a_batch_is_begun_with_no_certificate_but_ones_own(two: Room) -> None:
    code = two.begin("chair", "sign")
    remote, path = _course(two, "chair", code).remote, f"/ceremonies/{code}"
    seal = base64.b64encode(der(_course(two, "clerk", code).credential.certificate)).decode()
    for sent, why in ((seal, "certificate_of_another"), ("AAAA", "certificate_unreadable")):
        wish = {"do": "start", "certificates": [sent]}
        assert _refused(lambda w=wish: remote.send("PUT", path, w)) == why  # type: ignore[misc]
    wrong = _course(two, "chair", code, "clerk")  # the other token is plugged in
    prepared = [one.code for one in wrong.prepared() if isinstance(one, Result)]
    assert prepared == ["wrong_kind"] * 2
    held = two.held("chair", code)
    assert (held.state, held.fingerprint, held.waiting) == ("review", "", 2)


def test_what_was_done_is_told_also_when_the_program_is_broken_off(
    two: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = two.papers
    code = two.begin("chair", "sign")
    finish = Ceremony._finish

    def broken_off(self: Ceremony, ready: Ready, signer: Any) -> Result:
        if ready.paper == second:
            raise KeyboardInterrupt
        return finish(self, ready, signer)

    monkeypatch.setattr(Ceremony, "_finish", broken_off)
    monkeypatch.setenv("BINHXET_PIN", PIN)
    told = _hold(_course(two, "chair", code), True, False, False)
    assert [(one.paper, one.code) for one in told] == [(first, ""), (second, "ceremony_stopped")]
    held = two.held("chair", code)
    assert (held.state, held.halt, held.done, held.waiting) == ("paused", "stopped", 1, 1)


def test_nothing_is_signed_outside_a_batch_that_goes_on(two: Room) -> None:
    first, second = two.papers
    code = two.begin("chair", "sign")
    course = _course(two, "chair", code)
    ready = [one for one in course.prepared() if isinstance(one, Ready)]
    remote, path = course.remote, f"/ceremonies/{code}"
    bare = {"signature": "", "certificates": []}
    finish = f"/papers/{first}/signing/{ready[0].session}"
    assert _refused(lambda: remote.send("PUT", finish, bare)) == "ceremony_not_started"
    # A new batch in the place of one that was prepared and never started.
    renewed = two.begin("chair", "sign", instead_of=[code])
    assert two.held("chair", code).left_out == 2
    assert _refused(lambda: remote.send("PUT", finish, bare)) == "ceremony_not_started"
    code, course = renewed, _course(two, "chair", renewed)
    ready = [one for one in course.prepared() if isinstance(one, Ready)]
    remote, path = course.remote, f"/ceremonies/{code}"
    finish = f"/papers/{first}/signing/{ready[0].session}"

    def stop_at_the_second(one: Ready) -> bool:
        if one.paper == second:
            remote.send("PUT", path, {"do": "stop"})
        return True

    signed = course.sign(ready, PIN, stop_at_the_second)
    assert [one.code for one in signed] == ["", "ceremony_stopped"]
    held = two.held("chair", code)
    assert (held.state, held.halt, held.waiting) == ("paused", "stopped", 1)
    tell = f"{path}/papers/{first}"
    assert _refused(lambda: remote.send("PUT", tell, {"code": "left_out"})) == "not_in_ceremony"
    for body in ({"do": "dance"}, {}, {"do": "start"}, {"do": "start", "certificates": "x"}):
        assert _refused(lambda b=body: remote.send("PUT", path, b)) == "bad_body"  # type: ignore[misc]
    assert _refused(lambda: remote.send("PUT", tell, {"code": 1})) == "bad_body"
    wish = {"certificates": [], "ceremony": 7}
    assert _refused(lambda: remote.send("POST", f"/papers/{second}/signing", wish)) == "bad_body"
    # What a program says is told in our words, never in its own.
    for words in ("<b>anything</b>", "Xin chao", "", "a" * 41):
        wish = {"code": words}
        told_ = lambda w=wish: remote.send("PUT", f"{path}/papers/{second}", w)  # type: ignore[misc]  # noqa: E731
        assert _refused(told_) == "bad_body"
    remote.send("PUT", f"{path}/papers/{second}", {"code": "call_this_number"})
    (told,) = [one for one in remote.get(path)["papers"] if one["id"] == second]
    assert (told["outcome"], told["code"]) == ("failed", "token_failed")
    assert "call_this_number" not in told["detail"]
    assert two.session.get_one(Paper, second).number is None
