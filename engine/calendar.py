"""Working days and terms (Civil Code 2015, art. 147 and 148; Labour Code 2019, art. 112).

The public holidays come from the ``holidays`` library; a dated table corrects them, since the
Prime Minister fixes Tết and swaps working days with Saturdays year by year.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import lru_cache

from engine import clock
from engine.definition import Due

SATURDAY = 5


@lru_cache(maxsize=64)
def _public_holidays(country: str, year: int) -> frozenset[date]:
    import holidays  # here: a process that counts no term does not hold the world's calendars

    return frozenset(holidays.country_holidays(country, years=year))


@dataclass(frozen=True)
class Calendar:
    """The working calendar of a country. ``corrections`` maps a day to whether it is worked,
    and wins over both the weekend and the library; those that came to be known later stand
    after those before them."""

    country: str = "VN"
    corrections: Mapping[date, bool] = field(default_factory=dict)

    def earlier(self) -> Iterator[Calendar]:
        """The calendar as it was before each of its corrections was known, the latest first."""
        known = list(self.corrections.items())
        for count in range(len(known) - 1, -1, -1):
            yield replace(self, corrections=dict(known[:count]))

    def works(self, day: date) -> bool:
        """Whether ``day`` is a working day."""
        if day in self.corrections:
            return self.corrections[day]
        return day.weekday() < SATURDAY and day not in _public_holidays(self.country, day.year)

    def add_working_days(self, day: date, count: int) -> date:
        """The last day of a term of ``count`` working days; the day itself is not counted."""
        while count:
            day += timedelta(days=1)
            count -= self.works(day)
        return day

    def add_days(self, day: date, count: int) -> date:
        """The last day of a term of ``count`` days: it rolls to the next working day."""
        day += timedelta(days=count)
        while not self.works(day):
            day += timedelta(days=1)
        return day

    def deadline(self, due: Due, entered_at: datetime) -> datetime:
        """The first instant after the term: midnight, in Vietnam, that ends its last day."""
        entered = clock.law_date(entered_at)
        if due.working_days is not None:
            last = self.add_working_days(entered, due.working_days)
        else:
            last = self.add_days(entered, due.days or 0)
        return clock.vietnam(last + timedelta(days=1))
