"""What the database itself refuses to change of this domain, on both databases.

A record is corrected by another. A result that was taken over from elsewhere is the only trace
of what it tells: what it leaves open may be filled in, a decision may take its place, and an
act of somebody may end the days on which it counts; such an act is never changed. The
results of nominations are folded from their papers, again whenever one of these falls, so they
may change; but none turns into another area's or year's, or into one without its nomination,
and ``retelling`` names each that is not what its papers make of the year.

What a nomination is about is never changed, nor what else the words of a paper and the authority
behind it come from. Names, codes and parents of units change by acts, and an office ends: those
columns are open, and papers bear their own frozen values.
"""

from __future__ import annotations

from engine import kept
from engine.kept import Guard, Kept, altered, either
from workflows.results import COUNTS

_TAKEN_OVER = either(
    altered("recognised", "level", "counts_from"),
    # Only an act ends it, and once.
    f"{altered('counts_until', 'ended_by_id')}\n      AND (OLD.counts_until IS NOT NULL"
    " OR NEW.counts_until IS NULL OR NEW.ended_by_id IS NULL)",
    f"OLD.decision_number IS NOT NULL AND {altered('decision_number')}",
    f"OLD.decided_on IS NOT NULL AND {altered('decided_on')}",
)

_APPOINTED = (*("id", "person_id", "role", "unit_id", "title", "capacity", "starts_on", "basis"),)
_ENROLLED = (
    *("id", "fingerprint", "person_id", "unit_id", "issuer", "serial", "subject"),
    *("valid_until", "basis", "entered_by", "entered_at"),
)

GROUNDS = (
    Kept("cycles", keys=(("year", "title", "kind"),)),
    Kept("cycle_openings", keys=(("year", "title", "kind"),)),
    Kept("units", changed=altered("id", "kind"), keys=(("id",),)),
    Kept(
        "unit_spans",
        changed=altered("id", "unit_id", "starts_on"),
        keys=(("id",), ("unit_id", "starts_on"), ("kind", "code", "starts_on")),
    ),
    Kept("unit_acts", keys=(("id",), ("fingerprint",))),
    Kept("unit_lineage", keys=(("predecessor_id", "successor_id", "effective_on"),)),
    Kept(
        "appointments",
        changed=either(
            altered(*_APPOINTED),
            # An office only grows shorter.
            "OLD.ends_on IS NOT NULL AND (NEW.ends_on IS NULL OR NEW.ends_on > OLD.ends_on)",
        ),
        keys=(("id",),),
    ),
    Kept("appointment_endings", keys=(("id",),)),
    Kept("quoted_figures", keys=(("id",), ("unit_id", "year", "what"))),
    Kept("resting_papers", keys=(("paper_id", "fallen_id"),)),
    Kept(
        "certificate_enrolments",
        changed=either(
            altered(*_ENROLLED),
            f"(OLD.confirmed_at IS NOT NULL AND {altered('confirmed_by', 'confirmed_at')})",
            f"(OLD.ended_at IS NOT NULL AND {altered('ended_by', 'ended_at', 'reason')})",
        ),
        keys=(("id",),),
    ),
)
"""What papers rest on."""

GUARDS = (
    Guard("grounds_guard", "what papers rest on stays", GROUNDS),
    # A hand-over moves it to other units above its area, which are its subject's.
    Guard(
        "nominations_guard",
        "what a nomination is about is never changed",
        (Kept("nominations", keys=(("id",), ("area_id", "year", "title"))),),
    ),
    Guard(
        "adoption_requests_guard",
        "what somebody asked for stays",
        (Kept("adoption_requests", keys=(("id",),)),),
    ),
    Guard(
        "records_guard",
        "a record is never changed",
        (
            Kept("records", keys=(("id",), ("supersedes_id",))),
            Kept("record_measures", keys=(("record_id", "measure"),)),
        ),
    ),
    Guard(
        "result_acts_guard",
        "an act on a result is never changed",
        (Kept("result_acts", keys=(("id",),)),),
    ),
    Guard(
        "results_guard",
        "a result is not changed",
        (
            Kept(
                "results",
                changed=either(
                    altered("id", "area_id", "year", "source", "made_by_id"),
                    "OLD.nomination_id IS NOT NULL AND NEW.nomination_id IS NULL",
                    f"NEW.nomination_id IS NULL AND ({_TAKEN_OVER})",
                ),
                deleted="OLD.nomination_id IS NULL",
                keys=(("id",),),
                among=((("area_id", "year", "counts_from"), COUNTS),),
            ),
        ),
    ),
)


def attach() -> None:
    """Creates the triggers whenever the tables are created from the metadata."""
    kept.attach(*(guard.statements() for guard in GUARDS))
