"""Streaks: years of recognition running without a gap, and what they entitle to.

A year without a result, or one not recognised, ends a streak; the next starts at one. What a
year counts as is computed from issued decisions (``workflows.recount``) or was taken over from
old ones; a streak itself is stored nowhere. Units are followed by their lineage, never by name.
"""

from workflows.streaks.answers import Standing, standing, streak_of, streaks_in
from workflows.streaks.descent import Break, Descent, Fact, Policy, Run
from workflows.streaks.reading import descent, heirs_of
from workflows.streaks.table import AT_LEAST, percent, yearly_table
from workflows.streaks.tiers import LEVELS, Tier, granted, streak, tiers_of
from workflows.streaks.unreached import Unreached, unreached

__all__ = [
    "AT_LEAST",
    "LEVELS",
    "Break",
    "Descent",
    "Fact",
    "Policy",
    "Run",
    "Standing",
    "Tier",
    "Unreached",
    "descent",
    "granted",
    "heirs_of",
    "percent",
    "standing",
    "streak",
    "streak_of",
    "streaks_in",
    "tiers_of",
    "unreached",
    "yearly_table",
]
