"""Signing in and out. What somebody was typing when the session ended comes along."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from flask import (
    Blueprint,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_login import login_user, logout_user
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response

from engine.errors import EngineError
from web import access
from web.catalogue import gettext
from web.extensions import db, settings
from web.identity import SignedIn, somebody
from web.labels import sample_titles
from web.uploads import KEPT
from workflows import drafts, sign_ins
from workflows.people import authenticate

log = logging.getLogger("binhxet.sign_in")

blueprint = Blueprint("sign_in", __name__)

SAMPLE_PASSWORD = "binhxet-demo"  # noqa: S105 - told to everybody on purpose
LARGEST_CARRY = 200_000
NOT_CARRIED = frozenset({"csrf_token", "pin", "password", "key", "version", "do"})


@blueprint.get("/sign-in")
def form() -> str:
    """The form; the demonstration also shows its names."""
    return _form(local(request.args.get("next")))


@blueprint.post("/sign-in")
def enter() -> Response | tuple[str, int]:
    """Lets somebody in, into a session that is new from the ground up."""
    username = sign_ins.spelled(request.form.get("username", ""))
    address = request.remote_addr or ""
    target = local(request.form.get("next"))
    carry = request.form.get("carry", "")[:LARGEST_CARRY]
    if sign_ins.must_wait(db.session(), "sign_in", username, address):
        log.warning("sign-in must wait name=%r address=%s", username[:60], address)
        problem = gettext("Bạn đã thử quá nhiều lần. Chờ 15 phút rồi đăng nhập lại.")
        return _form(target, problem, username, carry), 429
    account = authenticate(db.session(), username, request.form.get("password", ""))
    if account is None:
        sign_ins.tried(db.session(), "sign_in", username, address)
        log.warning("sign-in failed name=%r address=%s", username[:60], address)
        problem = gettext("Tên đăng nhập hoặc mật khẩu không đúng.")
        return _form(target, problem, username, carry), 422
    _begin(account.id, account.person_id, account.person.name, account.username, address)
    if carry and (moved := _unpack(target, carry)):
        return moved
    return redirect(target or url_for("inbox.mine"), 303)


def _begin(account_id: int, person_id: int, name: str, username: str, address: str) -> None:
    if old := session.get("_user_id"):
        sign_ins.end(db.session(), str(old))
    token = sign_ins.begin(db.session(), account_id, username, address)
    session.clear()
    session.permanent = True
    login_user(SignedIn(token, account_id, person_id, name, username))
    log.info("signed in person=%s address=%s", person_id, address)


@blueprint.post("/sign-out")
def leave() -> Response:
    """Ends the session here and in the database."""
    person = somebody()
    sign_ins.end(db.session(), person.token)
    logout_user()
    session.clear()
    flash(gettext("Bạn đã đăng xuất."))
    return redirect(url_for("public.home"), 303)


def ask_again() -> Response:
    """Answers a form sent without a session: sign in, and what was typed is waiting."""
    carried = {name: request.form.getlist(name) for name in request.form if name not in NOT_CARRIED}
    target = local(request.path)
    page = _form(
        target,
        gettext("Phiên làm việc đã hết. Đăng nhập lại, những gì bạn đã nhập vẫn còn."),
        carry=json.dumps(carried, ensure_ascii=False)[:LARGEST_CARRY],
    )
    return Response(page, 401, mimetype="text/html")


def _unpack(target: str, carry: str) -> Response | None:
    """Keeps what was typed before signing in as a draft of the form it was typed into."""
    place = _form_of(target)
    if place is None:
        return None
    try:
        values = json.loads(carry)
    except (json.JSONDecodeError, RecursionError):
        return None
    if not isinstance(values, dict):
        return None
    subject, action = place
    try:
        (access.paper if "/papers/" in target else access.nomination)(subject)
    except EngineError:
        return None  # somebody else signed in, who has no business there
    drafts.save(db.session(), subject, somebody().person_id, action, nested(values))
    return redirect(target, 303)


def _form_of(target: str) -> tuple[int, str] | None:
    """Which subject and action an address of a form is about."""
    adapter = current_app.create_url_adapter(request)
    if adapter is None:
        return None
    try:
        endpoint, values = adapter.match(target.partition("?")[0], method="GET")
    except (HTTPException, RequestRedirect):
        return None
    if not str(endpoint).endswith(".move"):
        return None
    return int(values["subject_id"]), str(values["action"])


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """``{"findings.4_1.fact": ["…"]}`` as the nested inputs of a form."""
    found: dict[str, Any] = {}
    for place, given in values.items():
        if place.startswith(KEPT) or not isinstance(given, list) or not given:
            continue
        parts = place.split(".")
        if len(parts) == 3:
            found.setdefault(parts[0], {}).setdefault(parts[1], {})[parts[2]] = str(given[0])
        elif len(parts) == 1:
            found[place] = str(given[0])
    return found


def _form(target: str, problem: str = "", username: str = "", carry: str = "") -> str:
    demo = settings().env == "demo"
    return render_template(
        "sign_in.html",
        target=target,
        problem=problem,
        username=username,
        carry=carry,
        samples=sample_titles() if demo else {},
        sample_password=SAMPLE_PASSWORD if demo else "",
    )


def local(address: str | None) -> str:
    """The address when it is one of ours, else nothing: no redirect ever leaves the site."""
    if not address or not address.startswith("/") or len(address) > 500:
        return ""
    if address.startswith(("//", "/\\")) or any(ord(sign) < 32 for sign in address):
        return ""
    return "" if "\\" in address else address
