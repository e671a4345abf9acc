"""Who may open which address: one table, and the functions that hand out what it guards.

An endpoint that is not in the table does not open. Objects come from the functions below,
which answer with the object or raise: a view cannot forget to ask.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import NoReturn

from flask import Flask, Response, abort, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from engine.errors import Forbidden, NotFound, Refusal
from web.extensions import db
from web.identity import ADMIN, READS_EVERYTHING, current, somebody
from workflows import ceremonies, reading
from workflows.ceremonies import Held
from workflows.queries import cases
from workflows.queries import ceremonies as queries
from workflows.units import Unit, chain

log = logging.getLogger("binhxet.access")

Rule = str | frozenset[str]
PUBLIC = "public"
SIGNED_IN = "signed in"
OWN_TOKEN = "its own token"  # noqa: S105 - a rule's name: the interface authenticates itself
ADMINS = frozenset({ADMIN})
OVERSEERS = frozenset({ADMIN, *READS_EVERYTHING})
CLERKS = frozenset({"clerk"})
CONFIRMERS = CLERKS | {"commune_chair", "district_chair", "province_chair"}

RULES: dict[str, Rule] = {
    "static": PUBLIC,
    "bootstrap.static": PUBLIC,
    "public.home": PUBLIC,
    "public.place": PUBLIC,
    "public.area": PUBLIC,
    "public.verify": PUBLIC,
    "public.find": PUBLIC,
    "public.paper": PUBLIC,
    "public.paper_file": PUBLIC,
    "public.paper_data": PUBLIC,
    "public.language": PUBLIC,
    "public.robots": PUBLIC,
    "offline.page": PUBLIC,
    "offline.file": PUBLIC,
    "offline.trust": PUBLIC,
    "offline.schema": PUBLIC,
    "api.openapi": PUBLIC,
    "api.log_checkpoint": PUBLIC,
    "api.log_proof": PUBLIC,
    "api.log_consistency": PUBLIC,
    "api.nominations": OWN_TOKEN,
    "api.nomination": OWN_TOKEN,
    "api.nomination_moves": OWN_TOKEN,
    "api.move_nomination": OWN_TOKEN,
    "api.paper": OWN_TOKEN,
    "api.paper_moves": OWN_TOKEN,
    "api.move_paper": OWN_TOKEN,
    "api.waiting_papers": OWN_TOKEN,
    "api.begin_signing": OWN_TOKEN,
    "api.signing_file": OWN_TOKEN,
    "api.finish_signing": OWN_TOKEN,
    "api.ceremony": OWN_TOKEN,
    "api.act_in_ceremony": OWN_TOKEN,
    "api.tell_ceremony": OWN_TOKEN,
    "health.healthz": PUBLIC,
    "health.readyz": PUBLIC,
    "health.metrics": PUBLIC,
    "sign_in.form": PUBLIC,
    "sign_in.enter": PUBLIC,
    "sign_in.leave": SIGNED_IN,
    "inbox.mine": SIGNED_IN,
    "inbox.others": SIGNED_IN,
    "nominations.listing": SIGNED_IN,
    "nominations.export": SIGNED_IN,
    "nominations.start": SIGNED_IN,
    "nominations.show": SIGNED_IN,
    "nominations.whole_diagram": SIGNED_IN,
    "nominations.evidence": SIGNED_IN,
    "nominations.move": SIGNED_IN,
    "nominations.make_move": SIGNED_IN,
    "nominations.save_draft": SIGNED_IN,
    "papers.choose": SIGNED_IN,
    "papers.draft": SIGNED_IN,
    "papers.show": SIGNED_IN,
    "papers.whole_diagram": SIGNED_IN,
    "papers.file": SIGNED_IN,
    "papers.move": SIGNED_IN,
    "papers.make_move": SIGNED_IN,
    "papers.save_draft": SIGNED_IN,
    "amendments.form": SIGNED_IN,
    "amendments.send": SIGNED_IN,
    "amendments.listing": SIGNED_IN,
    "ceremonies.make": SIGNED_IN,
    "ceremonies.show": SIGNED_IN,
    "ceremonies.act": SIGNED_IN,
    "records.listing": SIGNED_IN,
    "records.export": SIGNED_IN,
    "records.form": SIGNED_IN,
    "records.enter": SIGNED_IN,
    "records.show": SIGNED_IN,
    "records.correct": SIGNED_IN,
    "records.withdraw": SIGNED_IN,
    "reports.index": SIGNED_IN,
    "reports.show": SIGNED_IN,
    "reports.file": SIGNED_IN,
    "reports.write": SIGNED_IN,
    "reports.results": SIGNED_IN,
    "reports.overdue": SIGNED_IN,
    "registers.listing": SIGNED_IN,
    "registers.show": SIGNED_IN,
    "registers.printed": SIGNED_IN,
    "registers.paper": SIGNED_IN,
    "registers.table": SIGNED_IN,
    "registers.void": CLERKS,
    "admin.failures": OVERSEERS,
    "admin.retry": ADMINS,
    "admin.laws": OVERSEERS,
    "definitions.listing": OVERSEERS,
    "definitions.show": OVERSEERS,
    "definitions.picture": OVERSEERS,
    "definitions.bpmn": OVERSEERS,
    "definitions.source": OVERSEERS,
    "adoptions.show": ADMINS,
    "adoptions.send": ADMINS,
    "additions.form": ADMINS,
    "additions.send": ADMINS,
    "additions.remove": ADMINS,
    "drafts.copy": ADMINS,
    "drafts.show": ADMINS,
    "drafts.save_text": ADMINS,
    "drafts.autosave": ADMINS,
    "drafts.part": ADMINS,
    "drafts.change_part": ADMINS,
    "drafts.restore": ADMINS,
    "drafts.release": ADMINS,
    "drafts.drop": ADMINS,
    "rehearsals.show": ADMINS,
    "years.listing": OVERSEERS,
    "years.open_year": ADMINS,
    "admin.people": OVERSEERS,
    "admin.appoint": ADMINS,
    "admin.end_appointment": ADMINS,
    "units.listing": OVERSEERS,
    "units.show": OVERSEERS,
    "units.act": ADMINS,
    "units.record": ADMINS,
    "units.sheet": ADMINS,
    "units.upload": ADMINS,
    "units.template": ADMINS,
    "takeover.form": ADMINS,
    "takeover.send": ADMINS,
    "takeover.template": ADMINS,
    "taken_over.show": SIGNED_IN,
    "taken_over.form": SIGNED_IN,
    "taken_over.send": SIGNED_IN,
    "certificates.listing": frozenset({*OVERSEERS, *CONFIRMERS}),
    "certificates.enter": ADMINS,
    "certificates.confirm": CONFIRMERS,
    "certificates.end": SIGNED_IN,
}
"""Endpoint → who may reach it. A set names roles, any of which suffices. What a person may
see or do behind the door is decided by the object: see below and ``engine.policy``."""


def guard(app: Flask) -> None:
    """Asks the table before every request."""
    app.before_request(_check)


def _check() -> Response | BaseResponse | None:
    if request.endpoint is None:
        return None  # no such address: the 404 page
    rule = RULES.get(request.endpoint)
    if rule is None:
        raise LookupError(f"{request.endpoint} is not in the access table")
    if rule in (PUBLIC, OWN_TOKEN):
        return None
    person = current()
    if person is None:
        return _send_to_sign_in()
    if isinstance(rule, frozenset) and not any(person.actor.holds(role) for role in rule):
        refuse(Refusal("not_yours", {"by": sorted(rule)}))
    return None


def _send_to_sign_in() -> Response | BaseResponse:
    if request.method != "GET":
        from web.sign_in import ask_again

        return ask_again()
    return redirect(url_for("sign_in.form", next=request.full_path.rstrip("?")))


def refuse(refusal: Refusal) -> NoReturn:
    """Says no."""
    raise Forbidden(refusal)


def note_refusal(error: Forbidden) -> None:
    """Leaves a line in the log for whoever was told no: who, where, why; nothing typed."""
    person = current()
    log.warning(
        "refused code=%s person=%s endpoint=%s path=%s address=%s",
        error.code,
        person.person_id if person else "-",
        request.endpoint,
        request.path.encode("unicode_escape").decode(),
        request.remote_addr,
    )


def nomination(nomination_id: int) -> cases.Case:
    """The nomination, if this person may read it; raises ``NotFound`` or ``Forbidden``."""
    return _seen(cases.nomination(db.session(), nomination_id))


def paper(paper_id: int) -> cases.Case:
    """The paper, if this person may read it or anything it lists."""
    return _seen(cases.paper(db.session(), paper_id))


def ceremony(code: str) -> Held:
    """This person's ceremony, as long as they hold an office where its papers are."""
    person = somebody()
    held = ceremonies.find(db.session(), person.person_id, code[:40])
    if not queries.authorities(db.session(), held.id) <= set(person.units):
        refuse(Refusal("not_your_unit"))
    return held


def _seen(found: cases.Case | None) -> cases.Case:
    if found is None:
        raise NotFound(Refusal("no_such_subject"))
    if not _may_read(found.units):
        refuse(Refusal("not_your_unit"))
    return found


def _may_read(units: Iterable[int]) -> bool:
    person = somebody()
    return reading.may_read(person.actor, person.units, units)


def register_unit(unit_id: int) -> int:
    """A unit whose registers this person may read."""
    person = somebody()
    if not person.reads_everything and unit_id not in person.units:
        refuse(Refusal("not_your_unit"))
    return unit_id


def unit(unit_id: int) -> Unit:
    """A unit whose records and reports this person may read: an office at it or above it.

    Raises ``NotFound`` or ``Forbidden``.
    """
    above = chain(db.session(), unit_id)
    found = next((one for one in above.values() if one.id == unit_id), None)
    if found is None:
        raise NotFound(Refusal("no_such_unit"))
    if not _may_read(one.id for one in above.values()):
        refuse(Refusal("not_your_unit"))
    return found


def missing() -> NoReturn:
    """There is nothing here."""
    abort(404)


def table() -> str:
    """The table as text, one endpoint a line, to be kept beside the tests."""
    lines = [
        f"{endpoint:28} {rule if isinstance(rule, str) else ' | '.join(sorted(rule))}"
        for endpoint, rule in sorted(RULES.items())
    ]
    return "\n".join(lines) + "\n"
