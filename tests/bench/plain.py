"""The floor of a page: what any Flask program pays to show a list of twenty rows.

A session in a signed cookie, one query through the ORM, one template with a header, a menu
and a link per row. It knows no rights, no offices and no languages.
"""

from __future__ import annotations

from flask import Flask, render_template, session
from flask.testing import FlaskClient
from sqlalchemy import select

from engine.db import tune
from engine.subjects import Subject
from web.extensions import db
from workflows.nominations import Nomination
from workflows.units import Unit

ROWS = 20


def make(url: str) -> Flask:
    """The program over a database."""
    app = Flask("tests.bench")
    app.config.update(SECRET_KEY="a secret of the benchmark", SQLALCHEMY_DATABASE_URI=url)
    db.init_app(app)
    with app.app_context():
        tune(db.engine)
    app.add_url_rule("/", view_func=listing)
    app.add_url_rule("/files/<int:subject_id>", view_func=show)
    return app


def browser(app: Flask) -> FlaskClient:
    """Somebody with a session."""
    client = app.test_client()
    with client.session_transaction() as kept:
        kept["name"] = "Lê Văn Mẫu"
    return client


def listing() -> str:
    """The first files there are."""
    rows = db.session.execute(
        select(Subject, Unit)
        .join(Nomination, Nomination.id == Subject.id)
        .join(Unit, Unit.id == Nomination.area_id)
        .order_by(Subject.id)
        .limit(ROWS)
    ).all()
    return render_template("plain.html", rows=rows)


def show(subject_id: int) -> str:
    """Where a row of the list leads."""
    return f"{subject_id} {session['name']}"
