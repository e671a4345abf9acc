"""Makes the altered files and their manifest anew."""

from __future__ import annotations

import sys

from tests.engine.signing.altering import keys
from tests.engine.signing.altering.manifest import build


def main() -> int:
    """Makes the keys if there are none, then the files that are named, or those that are
    missing; ``all`` makes every one anew. Says how many and how large."""
    if not keys.ROOTS.exists():
        keys.create()
    if not keys.LASTING.exists():
        keys.create_lasting()
    if not keys.STATEMENTS.exists():
        keys.create_statement_key()
    count, size = build(sys.argv[1:])
    sys.stdout.write(f"{count} files, {size} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
