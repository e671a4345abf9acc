"""A small approval procedure of no particular agency, to test the engine without a domain.

Somebody asks, somebody else reviews, a third decides by a paper that is signed and issued.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from engine.binding import Binding, Row
from engine.definition import Definition, parse
from engine.errors import Refusal
from engine.house import House
from engine.move import Move
from engine.papers import acts
from engine.papers.kinds import PaperKind
from engine.policy import Actor, Office


def head(name: str, subject: str, title: str) -> bytes:
    """What every definition begins with."""
    return f"""
[meta]
id = "{name}"
subject = "{subject}"
title = {{ vi = "{title}", en = "{title}" }}
effective = {{ from = 2020-01-01 }}
basis = ["test"]
confidence = "assumed"
""".encode()


REQUEST = (
    head("request", "nomination", "Request")
    + b"""
[[states]]
id = "draft"
label = { vi = "Draft", en = "Draft" }
waiting_on = ["asker@place"]
due = { working_days = 5, then = "lapse" }
[[states]]
id = "asked"
label = { vi = "Asked", en = "Asked" }
waiting_on = ["reviewer@place"]
[[states]]
id = "reviewed"
label = { vi = "Reviewed", en = "Reviewed" }
waiting_on = ["reviewer@place"]
[[states]]
id = "deciding"
label = { vi = "Deciding", en = "Deciding" }
waiting_on = ["decider@place"]
[[states]]
id = "granted"
label = { vi = "Granted", en = "Granted" }
final = true
outcome = "recognised"
[[states]]
id = "lapsed"
label = { vi = "Lapsed", en = "Lapsed" }
final = true
outcome = "expired"

[[fields]]
id = "count"
type = "integer"
label = { vi = "Count", en = "Count" }
minimum = 0
[[fields]]
id = "note"
type = "paragraph"
label = { vi = "Note", en = "Note" }
required = false
[[fields]]
id = "reason"
type = "paragraph"
label = { vi = "Reason", en = "Reason" }
[[fields]]
id = "met"
type = "yes_no"
label = { vi = "Met", en = "Met" }
[[fields]]
id = "findings"
type = "table"
label = { vi = "Findings", en = "Findings" }
rows = "points"
columns = ["met", "note"]

[[transitions]]
id = "begin"
label = { vi = "Begin", en = "Begin" }
from = []
to = "draft"
by = ["asker@place"]
[[transitions]]
id = "ask"
label = { vi = "Ask", en = "Ask" }
from = ["draft"]
to = "asked"
by = ["asker@place"]
duty = "ask"
steps = ["asking"]
fields = ["count", "note"]
guards = ["count_is_even", "count_is_small"]
clause = "art. 1"
[[transitions]]
id = "review"
label = { vi = "Review", en = "Review" }
from = ["asked"]
to = "reviewed"
by = ["reviewer@place"]
duty = "review"
steps = ["review"]
fields = ["findings"]
paper = "report"
[[transitions]]
id = "send_back"
label = { vi = "Send back", en = "Send back" }
from = ["asked", "reviewed"]
to = "draft"
by = ["reviewer@place"]
duty = "review"
tone = "back"
voids = ["ask", "review"]
fields = ["reason"]
[[transitions]]
id = "enter_grant"
label = { vi = "Enter", en = "Enter" }
from = ["reviewed"]
to = "deciding"
by = ["system"]
on = "grant:drafted"
[[transitions]]
id = "leave_grant"
label = { vi = "Leave", en = "Leave" }
from = ["deciding"]
to = "reviewed"
by = ["system"]
on = "grant:discarded"
[[transitions]]
id = "be_granted"
label = { vi = "Granted", en = "Granted" }
from = ["deciding"]
to = "granted"
by = ["system"]
on = "grant:issued"
effects = ["remember_paper"]
[[transitions]]
id = "lapse"
label = { vi = "Lapse", en = "Lapse" }
from = ["draft"]
to = "lapsed"
by = ["system"]
guards = ["deadline_has_passed"]
"""
)

GRANT = (
    head("letter", "paper", "Letter")
    + b"""
[[states]]
id = "drafted"
label = { vi = "Drafted", en = "Drafted" }
waiting_on = ["decider@authority"]
[[states]]
id = "signed"
label = { vi = "Signed", en = "Signed" }
waiting_on = ["clerk@authority"]
[[states]]
id = "issued"
label = { vi = "Issued", en = "Issued" }
final = true
[[states]]
id = "discarded"
label = { vi = "Discarded", en = "Discarded" }
final = true
outcome = "void"

[[fields]]
id = "reason"
type = "paragraph"
label = { vi = "Reason", en = "Reason" }

[[transitions]]
id = "draft"
label = { vi = "Draft", en = "Draft" }
from = []
to = "drafted"
by = ["reviewer@authority"]
duty = "review"
effects = ["create_paper", "tell_listed"]
[[transitions]]
id = "sign"
label = { vi = "Sign", en = "Sign" }
from = ["drafted"]
to = "signed"
by = ["decider@authority"]
duty = "decide"
steps = ["signature"]
guards = ["signature_covers_paper"]
effects = ["keep_signed"]
[[transitions]]
id = "issue"
label = { vi = "Issue", en = "Issue" }
from = ["signed"]
to = "issued"
by = ["clerk@authority"]
duty = "issue"
steps = ["seal"]
guards = ["seal_covers_signed_paper"]
effects = ["number_and_keep", "tell_listed"]
[[transitions]]
id = "discard"
label = { vi = "Discard", en = "Discard" }
from = ["drafted"]
to = "discarded"
by = ["reviewer@authority", "decider@authority"]
tone = "stop"
fields = ["reason"]
effects = ["tell_listed"]
"""
)

RECORD = (
    head("record", "paper", "Record")
    + b"""
[[states]]
id = "recorded"
label = { vi = "Recorded", en = "Recorded" }
final = true

[[transitions]]
id = "record"
label = { vi = "Record", en = "Record" }
from = []
to = "recorded"
by = ["system"]
effects = ["create_paper"]
"""
)

PLACE, ELSEWHERE = 10, 20
ROLES = ("asker", "reviewer", "decider", "clerk")
PEOPLE = {
    1: ("asker", PLACE),
    2: ("reviewer", PLACE),
    3: ("decider", PLACE),
    4: ("clerk", PLACE),
    5: ("asker", ELSEWHERE),
    6: ("reviewer", ELSEWHERE),
}
"""Who holds which office; person 7 exists and holds none."""

APPOINTED_SINCE = date(2020, 1, 1)


def find_actor(_session: Session, person_id: int, on: date) -> Actor:
    """The people above, appointed since 2020."""
    held = PEOPLE.get(person_id)
    if held is None or on < APPOINTED_SINCE:
        return Actor(person_id, f"person {person_id}")
    role, unit = held
    office = Office(person_id, role, unit, f"unit {unit}", role)
    return Actor(person_id, f"person {person_id}", (office,))


def binding() -> Binding:
    """The functions the procedure names."""
    scopes = {role: frozenset({"place", "authority"}) for role in ROLES}
    bound = Binding(scopes, {"recognised": frozenset({"asking", "review", "signature", "seal"})})
    acts.bind(bound)

    @bound.guard("count_is_even", uses=("count",))
    def count_is_even(move: Move) -> Iterator[Refusal]:
        if move.data["count"] % 2:
            yield Refusal("odd", {"count": move.data["count"]}, field="count")

    @bound.guard("count_is_small", uses=("count",))
    def count_is_small(move: Move) -> Iterator[Refusal]:
        if move.data["count"] > 100:
            yield Refusal("large", clause="art. 2")

    @bound.guard("deadline_has_passed")
    def deadline_has_passed(move: Move) -> Iterator[Refusal]:
        if move.due_at is None or move.at < move.due_at:
            yield Refusal("not_yet")

    @bound.table("points")
    def points(_move: Move) -> list[Row]:
        return [Row("a", "A"), Row("b", "B")]

    @bound.context("report")
    def report(move: Move) -> Mapping[str, Any]:
        return {"findings": move.data["findings"]}

    @bound.context("grant")
    def grant(move: Move) -> Mapping[str, Any]:
        return {"subjects": list(move.evidence["subjects"])}

    return bound


def kinds() -> dict[str, PaperKind]:
    words = {"vi": "Paper", "en": "Paper"}
    return {
        "report": PaperKind(id="report", label=words, template="report.html", definition="record"),
        "grant": PaperKind(
            id="grant",
            label=words,
            template="grant.html",
            definition="letter",
            symbol="GR",
            series="grants",
            signatory="decider",
            lists_many=True,
        ),
    }


def definitions() -> tuple[Definition, ...]:
    return (
        parse(REQUEST, "request.toml"),
        parse(GRANT, "letter.toml"),
        parse(RECORD, "record.toml"),
    )


def house() -> House:
    return House(
        definitions=definitions(),
        binding=binding(),
        kinds=kinds(),
        find_actor=find_actor,
        template_digest=lambda kind: "0" * 64,
    )
