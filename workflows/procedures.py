"""The lawful ways to a title, and the steps that each adds to every path to it."""

from __future__ import annotations

from collections.abc import Mapping

PROCEDURES: Mapping[str, Mapping[str, frozenset[str]]] = {
    # The first is what a definition that names none is held to.
    "resident_vote": {
        "recognised": frozenset({"notice", "count", "resident_vote", "committee_opinion"})
    },
    "officers_meeting": {"recognised": frozenset({"officers_meeting"})},
    "officers_meeting_after_vote": {
        "recognised": frozenset({"notice", "count", "resident_vote", "officers_meeting"})
    },
}
"""Households vote (the demonstration, Scheme 375), or officers meet (Circular 124, art. 9(1)),
with the households asked before where the year was opened so."""
