"""Three answers for the machines that watch over the site: alive, ready, how much waits."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from engine.papers import fonts
from web.extensions import bureau, db, settings
from workflows import revision
from workflows.queries import books

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """This process answers."""
    return Response("ok\n", mimetype="text/plain")


@blueprint.get("/readyz")
def readyz() -> tuple[Response, int]:
    """The database answers and has the shape the code expects, papers can be printed, and the
    store takes files."""
    store = bureau().store.takes()
    answers = {
        "database": False,
        "migrations": False,
        "fonts": not fonts.missing(),
        "store": store,
    }
    try:
        db.session.execute(text("SELECT 1"))
        answers["database"] = True
        answers["migrations"] = revision.current(settings().database_url) == revision.head()
    except SQLAlchemyError:
        db.session.rollback()
    ready = all(answers.values())
    return jsonify(ready=ready, **answers), 200 if ready else 503


@blueprint.get("/metrics")
def metrics() -> Response:
    """Counts only, in the text form that monitoring programs read."""
    found = books.counters(db.session())
    ((waiting, failed),) = found["tasks"]
    lines = [
        "# TYPE binhxet_outbox_open gauge",
        f"binhxet_outbox_open {waiting}",
        "# TYPE binhxet_outbox_failed gauge",
        f"binhxet_outbox_failed {failed}",
        "# TYPE binhxet_subjects gauge",
    ]
    lines += [
        f'binhxet_subjects{{kind="{kind}",state="{state}"}} {count}'
        for kind, state, count in found["subjects"]
    ]
    return Response("\n".join(lines) + "\n", mimetype="text/plain")
