"""How large a number from outside may be: what a column of the database holds."""

from __future__ import annotations

from typing import Final

LARGEST: Final = 2**31 - 1
LONGEST: Final = len(str(LARGEST))
