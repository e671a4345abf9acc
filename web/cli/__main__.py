"""``python -m web.cli``: the same as ``binhxet``."""

from web.cli import main

main()
