"""What every answer carries and every request must show, whatever the page."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import BadRequest
from werkzeug.middleware.proxy_fix import ProxyFix

from web.extensions import csrf, settings
from web.identity import current
from workflows.sign_ins import LIFETIME

MEGABYTE = 2**20
LARGEST_BODY = 25 * MEGABYTE
LARGEST_MOVE = 60 * MEGABYTE
"""A form with the photos of a move, from somebody who is signed in. Files go to disk as they
come in, and are read one at a time."""
LARGEST_FORM = 2 * MEGABYTE
MOST_PARTS = 2000
YEAR = 365 * 24 * 3600

# Bootstrap draws its ticks and arrows as images inside its style sheet.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "manifest-src 'self'",
    )
)

LOOPBACK = "http://127.0.0.1:*"
"""Where the program beside the token listens; its port is the holder's choice."""

WITH_LOOPBACK = frozenset({"ceremonies.show", "ceremonies.act"})
"""Pages that speak to that program. No other page reaches beyond this site."""

WITHOUT_TOKEN = frozenset({"public.verify"})
"""Forms that change nothing and that outside programs send."""

OWN_CHECK = frozenset({"nominations.make_move", "papers.make_move"})
"""Forms that check the token themselves, because they keep what was typed when it is old."""


LOOKS = frozenset({"static", "bootstrap.static"})
"""What the pages are drawn with: files alike for all, that anybody on the way may keep."""


class Sessions(SecureCookieSessionInterface):
    """Sessions in a signed cookie, which no file of the looks brings: one that came late would
    put the person before in the place of whoever signed in meanwhile, and a cache could hand
    it to others."""

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if request.endpoint not in LOOKS:
            super().save_session(app, session, response)


def configure(app: Flask) -> None:
    """Sets cookies, limits and hosts from the settings, and hangs on the checks."""
    app.session_interface = Sessions()
    chosen = app.extensions["settings"]
    base = urlsplit(chosen.base_url)
    secure = base.scheme == "https" or chosen.env == "production"
    app.config.update(
        SESSION_COOKIE_NAME="__Host-binhxet" if secure else "binhxet",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=LIFETIME,
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        MAX_FORM_MEMORY_SIZE=LARGEST_FORM,
        MAX_FORM_PARTS=MOST_PARTS,
        TRUSTED_HOSTS=_hosts(base.hostname or "localhost", chosen.env),
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_CHECK_DEFAULT=False,
    )
    if chosen.proxies:
        # Behind them every request comes from their address, and one stranger's wrong tries
        # would lock everybody out.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=chosen.proxies, x_proto=0)  # type: ignore[method-assign]
    app.before_request(_refuse_nul)
    app.before_request(_check_origin)
    app.after_request(_headers)


def _hosts(host: str, env: str) -> list[str]:
    return [host] if env == "production" else sorted({host, "localhost", "127.0.0.1"})


def _refuse_nul() -> None:
    """No address holds a NUL; one database takes none and would call it a fault."""
    if "\0" in request.path or b"%00" in request.query_string:
        raise BadRequest


def _check_origin() -> None:
    """A form must come from our own pages: by its origin and by its token."""
    if request.method in ("GET", "HEAD", "OPTIONS") or request.endpoint is None:
        return
    if request.endpoint in WITHOUT_TOKEN or _speaks_for_itself():
        return
    origin = request.headers.get("Origin")
    if origin not in (None, "null") and urlsplit(origin or "").netloc != request.host:
        raise CSRFError("the form came from another site")
    if request.endpoint not in OWN_CHECK:
        csrf.protect()
    elif current() is not None:
        request.max_content_length = LARGEST_MOVE


def _speaks_for_itself() -> bool:
    """A program that names itself in a header cannot be a browser tricked into sending. One
    that does not name itself at all is nobody: the API refuses it, with 401."""
    return request.blueprint == "api" and ("Authorization" in request.headers or current() is None)


def _headers(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("X-Frame-Options", "DENY")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
    if response.mimetype == "application/pdf":
        headers.setdefault("Content-Security-Policy", "frame-ancestors 'none'")
    else:
        headers.setdefault("Content-Security-Policy", _policy())
    if settings().env == "production":
        headers.setdefault("Strict-Transport-Security", f"max-age={YEAR}; includeSubDomains")
    if request.endpoint in LOOKS:
        if "v" in request.args:
            headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    elif current() is not None or request.endpoint in ("sign_in.form", "sign_in.enter"):
        headers["Cache-Control"] = "no-store"
    return response


def _policy() -> str:
    if request.endpoint in WITH_LOOPBACK and settings().signer == "deferred":
        return POLICY.replace("connect-src 'self'", f"connect-src 'self' {LOOPBACK}")
    return POLICY
