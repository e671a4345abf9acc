"""The command line: ``binhxet``. Nothing is loaded before a command needs it."""

from __future__ import annotations

import gc

from web.cli.frame import LazyGroup

COMMANDS = {
    "demo": "web.cli.service:demo",
    "serve": "web.cli.service:serve",
    "worker": "web.cli.service:worker",
    "migrate": "web.cli.service:migrate",
    "check": "web.cli.service:check",
    "workflows": "web.cli.definitions:group",
    "nominations": "web.cli.nominations:group",
    "papers": "web.cli.batches:group",
    "decisions": "web.cli.papers:decisions",
    "registers": "web.cli.registers:group",
    "token-agent": "web.cli.token_batch:group",
    "units": "web.cli.units:group",
    "load": "web.cli.exchange:load",
    "template": "web.cli.exchange:template",
    "verify": "web.cli.records:verify",
    "log": "web.cli.log:group",
    "trust": "web.cli.trust:group",
    "certificates": "web.cli.certificates:group",
    "history": "web.cli.taken_over:history",
    "records": "web.cli.record_book:group",
    "report": "web.cli.reports:group",
    "streak": "web.cli.records:streak",
    "vote": "web.cli.records:vote",
    "applies": "web.cli.laws:applies",
    "cycles": "web.cli.laws:cycles",
    "outbox": "web.cli.outbox:group",
    "bench": "web.cli.service:bench",
}

binhxet = LazyGroup("binhxet", COMMANDS)


def main() -> None:
    """The entry point. Ends the process: 0 yes or done, 1 no or refused, 2 a wrong call."""
    # What a command loads stays until it ends: the collector, which went through all of it again
    # and again while it was being loaded, looks after fifty thousand new things and not seven
    # hundred.
    gc.set_threshold(50_000, 20, 50)
    binhxet.main(prog_name="binhxet")
