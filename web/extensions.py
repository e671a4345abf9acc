"""The Flask extensions of the site, and what the application shares with every request."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from flask import Flask, Response, current_app, g, has_request_context, request
from flask_babel import Babel
from flask_bootstrap import Bootstrap5
from flask_login import LoginManager
from flask_sqlalchemy import SQLAlchemy
from flask_wtf.csrf import CSRFProtect

from engine.db import Base, end_reading, tune
from web.catalogue import PoDomain
from web.keeping import Keeping
from workflows.bureau import Bureau

if TYPE_CHECKING:
    from web.settings import Settings

TRANSLATIONS = Path(__file__).with_name("translations")

db = SQLAlchemy(model_class=Base)
login = LoginManager()
csrf = CSRFProtect()
bootstrap = Bootstrap5()


def bureau() -> Bureau:
    """The law, functions, store and desk this application was started with."""
    return cast(Bureau, current_app.extensions["bureau"])


def settings() -> Settings:
    """The settings this application was started with."""
    return cast("Settings", current_app.extensions["settings"])


def keeping() -> Keeping:
    """The costly answers that this application keeps for a while."""
    return cast(Keeping, current_app.extensions["keeping"])


def language() -> str:
    """The language of this page: ``vi`` unless the reader chose ``en``; looked up once."""
    if not has_request_context():
        return "vi"
    known: str | None = g.get("language")
    if known is None:
        known = g.language = "en" if request.cookies.get("language") == "en" else "vi"
    return known


def _end_reading(response: Response) -> Response:
    looked = request.method in ("GET", "HEAD") and response.status_code < 500
    if looked and db.session.registry.has():
        end_reading(db.session())
    return response


def attach(app: Flask) -> None:
    """Ties the extensions to the application; the database engine is tuned before its first
    connection."""
    db.init_app(app)
    app.extensions["keeping"] = Keeping()
    with app.app_context():
        tune(db.engine)
    app.after_request(_end_reading)
    login.init_app(app)
    login.session_protection = None  # telephones change their address all day
    csrf.init_app(app)
    bootstrap.init_app(app)
    babel = Babel()
    domain = babel.domain_instance = PoDomain(TRANSLATIONS, language)
    babel.init_app(app, default_locale="vi", locale_selector=language)
    # Straight from the domain: a page has a hundred texts, and each would ask for it anew.
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        lambda text: domain.get_translations().gettext(text),
        lambda one, many, num: domain.get_translations().ngettext(one, many, num),
        newstyle=True,
    )
