"""The API: what the pages do, for programs. Refusals are ``application/problem+json``.

A request names itself by HTTP Basic over the same accounts, or by the session of the site
and its CSRF token. With an ``Authorization`` header only that header counts.
"""

from __future__ import annotations

import json
import logging
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, current_app, g, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from engine.commands import Outcome, perform
from engine.errors import Away, EngineError, Forbidden, Refusal, Refused
from engine.move import UNTOLD, Command
from web import access, answers, ceremony_api, signing
from web.bodies import Bad, byte_strings, read_object
from web.bounds import LARGEST
from web.extensions import bureau, db, settings
from web.identity import SignedIn, current, somebody
from web.openapi import JSON, OPERATIONS, PDF, PREFIX, PROBLEM, QUERY, describe
from workflows import deferred, logbook, sign_ins
from workflows.papers import ISSUE, SIGN
from workflows.people import authenticate
from workflows.queries import listing
from workflows.queries.cases import Case
from workflows.queries.state_names import state_names
from workflows.units import by_code

log = logging.getLogger("binhxet.api")

blueprint = Blueprint("api", __name__, url_prefix=PREFIX)

CHALLENGE = 'Basic realm="binhxet", charset="UTF-8"'


def _language() -> str:
    return request.accept_languages.best_match(["vi", "en"], "vi") or "vi"


def _answer(value: Mapping[str, Any], status: int = 200, kind: str = JSON) -> Response:
    return Response(json.dumps(value, ensure_ascii=False) + "\n", status, content_type=kind)


@cache
def _words() -> dict[str, dict[str, str]]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def _problem(status: int, code: str, told: str = "", **places: object) -> Response:
    detail = _words()[told or code][_language()].format(**places)
    return _answer(answers.problem_of(status, code, detail), status, PROBLEM)


@blueprint.before_request
def _authenticate() -> None:
    """Finds out who asks, before anything is looked up."""
    if access.RULES.get(request.endpoint or "") == access.PUBLIC:
        return
    if "Authorization" in request.headers:
        g.signed_in = _by_password()
    if current() is None:
        raise Bad(401, "not_signed_in")


def _by_password() -> SignedIn:
    """The person of a name and password; each wrong one counts as on the sign-in page."""
    given = request.authorization
    if given is None or given.type != "basic":
        raise Bad(401, "not_signed_in")
    username = sign_ins.spelled(given.username or "")
    address = request.remote_addr or ""
    session = db.session()
    if sign_ins.must_wait(session, "sign_in", username, address):
        raise Bad(429, "too_many_attempts")
    account = authenticate(session, username, given.password or "")
    if account is None:
        sign_ins.tried(session, "sign_in", username, address)
        log.warning("sign-in failed name=%r address=%s", username[:60], address)
        raise Bad(401, "wrong_password")
    return SignedIn("", account.id, account.person_id, account.person.name, account.username)


def openapi() -> Response:
    cookie = str(current_app.config["SESSION_COOKIE_NAME"])
    return _answer(describe(settings().base_url, cookie))


def nominations() -> Response:
    person = somebody()
    limit, offset = _number("limit", 50), _number("offset", 0)
    wanted = listing.Wanted(
        None if person.reads_everything else person.units,
        request.args.get("state", ""),
        _commune(request.args.get("commune")),
        _number("year", None),
    )
    rows, total = listing.page(db.session(), wanted, limit=limit or 50, offset=offset or 0)
    named = state_names(db.session(), bureau().house, rows, _language())
    page = answers.nominations(rows, bureau().house, named)
    end = (offset or 0) + len(rows)
    return _answer({"total": total, "nominations": page, "next": end if end < total else None})


def _number(name: str, missing: int | None) -> int | None:
    given = request.args.get(name)
    if given is None:
        return missing
    bounds = QUERY[name]
    number = int(given) if given.isascii() and given.isdigit() and len(given) < 10 else -1
    if not bounds.get("minimum", 0) <= number <= bounds.get("maximum", LARGEST):
        raise Bad(400, "bad_parameter", name=name)
    return number


def _commune(code: str | None) -> int | None:
    if code is None:
        return None
    unit = by_code(db.session(), code, "commune")
    if unit is None:
        raise Bad(400, "bad_parameter", name="commune")
    return unit.id


def nomination(id: int) -> Response:
    case = access.nomination(id)
    return _answer(answers.nomination(db.session(), bureau().house, case, _language()))


def nomination_moves(id: int) -> Response:
    return _moves(access.nomination(id))


def move_nomination(id: int) -> Response:
    case = access.nomination(id)
    asked = _body("pin")
    command = Command(
        somebody().person_id, id, asked["action"], asked["version"], asked["data"], asked["key"]
    )
    return _outcome(case, perform(db.session(), bureau().house, command), asked["action"])


def paper(id: int) -> Response:
    case = access.paper(id)
    return _answer(answers.paper(db.session(), bureau().house, case, _language()))


def paper_moves(id: int) -> Response:
    return _moves(access.paper(id))


def move_paper(id: int) -> Response:
    case = access.paper(id)
    asked = _body()
    person, action, pin = somebody().person_id, asked["action"], asked["pin"]
    version, key = asked["version"], asked["key"]
    if action in (SIGN, ISSUE) and pin is not None:
        if asked["data"]:
            raise Bad(400, "bad_body", name="data")
        desk = bureau().desk
        if version == UNTOLD:  # before a key is opened; to whom it is not open is told that first
            desk.may(db.session(), person, id, action)
            raise Refused(Refusal("version_needed", {"now": case.version}, field="version"))
        act = desk.sign if action == SIGN else desk.issue
        done = act(db.session(), person, id, pin=pin, version=version, key=key)
    else:
        command = Command(person, id, action, version, asked["data"], key)
        done = perform(db.session(), bureau().house, command)
    return _outcome(case, done, action)


def waiting_papers() -> Response:
    return _answer(signing.waiting(somebody(), _language()))


def begin_signing(id: int) -> Response:
    access.paper(id)
    asked = read_object("action", "certificates", "ceremony")
    action, certificates = asked.get("action"), byte_strings(asked, "certificates")
    if not (action is None or action in (SIGN, ISSUE)):
        raise Bad(400, "bad_body", name="action")
    batch = ceremony_api.named(asked)
    person, desk = somebody().person_id, bureau().desk
    made = deferred.begin(db.session(), desk, person, id, action, certificates, ceremony=batch)
    return _answer(signing.offer(made))


def signing_file(id: int, session: str) -> Response:
    access.paper(id)
    person, desk = somebody().person_id, bureau().desk
    part = request.args.get("part", "")
    content = deferred.document(db.session(), desk, person, id, session, part)
    return Response(content, content_type=PDF)


def finish_signing(id: int, session: str) -> Response:
    case = access.paper(id)
    asked = read_object("signature", "certificates", "annex_signature")
    (signature,) = byte_strings({"signature": [asked.get("signature")]}, "signature")
    annex = asked.get("annex_signature")
    beside = byte_strings({"annex_signature": [annex]}, "annex_signature") if annex else [None]
    sent = byte_strings(asked, "certificates") if "certificates" in asked else ()
    person, desk = somebody().person_id, bureau().desk
    action = deferred.find(db.session(), person, id, session).action
    done = deferred.finish(db.session(), desk, person, id, session, signature, sent, beside[0])
    return _outcome(case, done, action)


def log_checkpoint() -> Response:
    return _answer(logbook.checkpoint_told(db.session(), bureau().desk.keys))


def log_proof(code: str) -> Response:
    session = db.session()
    found = logbook.named(session, code)
    return _answer(logbook.proof_told(session, bureau().desk.keys, found))


def log_consistency(first: int) -> Response:
    return _answer(logbook.continued_told(db.session(), bureau().desk.keys, first))


def _moves(case: Case) -> Response:
    actor = somebody().actor
    return _answer(answers.moves(db.session(), bureau().house, case, actor, _language()))


def _outcome(case: Case, done: Outcome, action: str) -> Response:
    return _answer(answers.outcome(db.session(), bureau().house, case, done, action, _language()))


def _body(*without: str) -> dict[str, Any]:
    """The wish in the body, every member present; raises ``Bad`` naming the wrong one."""
    given = read_object()
    asked = {"version": None, "data": {}, "key": None, "pin": None, **given}
    good = {
        "action": isinstance(asked.get("action"), str),
        "version": asked["version"] is None or _is_version(asked["version"]),
        "data": isinstance(asked["data"], dict),
        "key": asked["key"] is None or isinstance(asked["key"], str),
        "pin": asked["pin"] is None or isinstance(asked["pin"], str),
    }
    wrong = [name for name, well in good.items() if not well]
    wrong += [name for name in given if name not in good or name in without]
    if wrong:
        raise Bad(400, "bad_body", name=str(wrong[0])[:60])
    _refuse_files(asked["data"])
    told = asked["version"]
    return asked | {"version": _matching() if told is None else told}


def _matching() -> int:
    """The version that the header ``If-Match`` tells instead of the body (RFC 9110, 13.1.1):
    one number in quotation marks."""
    told = re.fullmatch(r'"([0-9]{1,9})"', request.headers.get("If-Match", "").strip())
    return int(told[1]) if told else UNTOLD


def _refuse_files(data: Any) -> None:
    """A digest proves no right to its file: only the pages, which sign what they received
    from this person, may attach one."""
    open_ends = [data]
    while open_ends:
        one = open_ends.pop()
        if isinstance(one, dict):
            if "sha256" in one:
                raise Refused(Refusal("files_by_page_only"))
            open_ends.extend(one.values())
        elif isinstance(one, list):
            open_ends.extend(one)


def _is_version(value: object) -> bool:
    return type(value) is int and 0 <= value <= LARGEST


@blueprint.errorhandler(Bad)
def _bad(error: Bad) -> Response:
    db.session.rollback()
    response = _problem(error.status, error.code, error.told, **error.places)
    if error.status == 401:
        response.headers["WWW-Authenticate"] = CHALLENGE
    if error.status == 429:
        response.headers["Retry-After"] = str(int(sign_ins.WINDOW.total_seconds()))
    return response


@blueprint.errorhandler(EngineError)
def _refused(error: EngineError) -> Response:
    db.session.rollback()
    if isinstance(error, Forbidden):
        access.note_refusal(error)
    return _answer(answers.problem(error, _language()), error.status, PROBLEM)


@blueprint.errorhandler(CSRFError)
def _without_token(error: CSRFError) -> Response:
    log.warning("no good token endpoint=%s why=%s", request.endpoint, error.description)
    return _problem(400, "no_csrf_token")


@blueprint.errorhandler(HTTPException)
def no_such_call(error: HTTPException) -> Response:
    """An address or a method the API does not have."""
    response = _problem(error.code or 500, "bad_request")
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return response


@blueprint.errorhandler(Exception)
def _fault(error: Exception) -> Response:
    """A mistake of ours, or a database that is full or gone: nothing was written, and the log
    says where it was."""
    db.session.rollback()
    current_app.logger.exception("fault at %s", request.endpoint, exc_info=error)
    if isinstance(error, OperationalError):
        return _refused(Away(Refusal("database_away")))
    return _problem(500, "fault")


VIEWS = (
    openapi,
    nominations,
    nomination,
    nomination_moves,
    move_nomination,
    paper,
    paper_moves,
    move_paper,
    waiting_papers,
    begin_signing,
    signing_file,
    finish_signing,
    log_checkpoint,
    log_proof,
    log_consistency,
    *ceremony_api.VIEWS,
)
_by_name = {view.__name__: view for view in VIEWS}
for _operation in OPERATIONS:
    blueprint.add_url_rule(
        _operation.rule,
        _operation.name,
        _by_name[_operation.name],
        methods=[_operation.method],
    )
