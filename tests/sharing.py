"""What every test would else work out anew, kept for the whole of a test process.

None of it depends on a database's content: how a query is written in a database's language,
how a template reads as code. In production each process does it once; a test process has a new
engine and a new application for nearly every test.
"""

from __future__ import annotations

import gc
from typing import Any

import pytest
from argon2 import PasswordHasher
from jinja2 import BytecodeCache, Environment
from jinja2.bccache import Bucket
from sqlalchemy import Connection, Engine, event
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

from engine.papers.freeze import freeze
from engine.signing import cage, software
from workflows import bureau, library, people
from workflows.papers import PaperDesk

COMPILED = 2000
"""Statements to keep; the suite has some hundreds."""

PAPERS = 500
"""Papers to keep, of some hundred kilobytes at the most."""

_dialects: dict[str, tuple[Dialect, LRUCache[Any, Any]]] = {}


@event.listens_for(Engine, "engine_connect")
def _share(connection: Connection) -> None:
    """Gives every engine of a driver the dialect of the first, under which its statements are
    compiled and kept."""
    engine = connection.engine
    mine = engine.dialect, LRUCache[Any, Any](COMPILED)
    dialect, compiled = _dialects.setdefault(f"{engine.dialect.name}+{engine.driver}", mine)
    connection.dialect = engine.dialect = dialect
    engine._compiled_cache = compiled
    if dialect.name == "sqlite" and not connection.info.get("unflushed"):
        # As on the server of the tests: nothing of their data is to last.
        connection.connection.cursor().execute("PRAGMA synchronous=OFF")
        connection.info["unflushed"] = True


def ask_servers_once() -> None:
    """What a server can do is asked by the first engine of a driver alone, with five questions."""
    known: dict[str, dict[str, Any]] = {}
    initialize = PGDialect_psycopg.initialize

    def asked(self: PGDialect_psycopg, connection: Connection) -> None:
        if self.driver in known:
            self.__dict__.update(known[self.driver])
        else:
            initialize(self, connection)
            known[self.driver] = self.__dict__

    PGDialect_psycopg.initialize = asked  # type: ignore[method-assign]


class _Kept(BytecodeCache):
    """Templates as code, in memory; a template that was changed is another source."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if code := self._codes.get((bucket.key, bucket.checksum)):
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._codes[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


_kept = _Kept()


def share_templates(environment: Environment) -> None:
    """Lets an environment of pages use the code that an earlier one compiled.

    Environments must be dressed alike: the code does not tell how.
    """
    environment.bytecode_cache = _kept


def rest_the_collector() -> None:
    """Takes all that is imported out of the collector's sight, and lets it look less often: it
    walked the same libraries again and again, for a seventh of the suite's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


STRONG = people._hasher
"""What production hashes with."""


def hash_weakly() -> None:
    """Passwords of tests are hashed with the least work that the algorithm allows: a guess at
    them is worth nothing, and a person who signs in waited a tenth of a second for each."""
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    people._hasher = lambda: weak  # type: ignore[assignment]


ROUNDS = software._KDF_ROUNDS
"""Those of production, for the test that holds them."""


def lock_weakly() -> None:
    """Key files of tests, made by the hundred, open with the least work."""
    software._KDF_ROUNDS = 1


def share_routes() -> None:
    """Compiles how an address is written once for all applications, which have the same ones:
    it took most of the time in which an application is made."""
    compiled: dict[Any, Any] = {}
    compile_builder = Rule._compile_builder

    def shared(self: Rule, append_unknown: bool = True) -> Any:
        key = (self.rule, append_unknown, repr(self.defaults), *self._trace)
        if key not in compiled:
            compiled[key] = compile_builder(self, append_unknown)
        return compiled[key]

    Rule._compile_builder = shared  # type: ignore[method-assign]


def prove_once() -> None:
    """The law on file is proved sound by the first who builds the product on it."""
    proved: list[library.Law] = []
    prove = bureau.prove

    def remembering(law: library.Law) -> None:
        if not any(one is law for one in proved):
            prove(law)
            proved.append(law)

    bureau.prove = remembering


def render_once() -> None:
    """A paper with the values of an earlier one is not laid out again: the same values give the
    same bytes, which has its own tests."""
    known = LRUCache[Any, bytes](PAPERS)

    def render(self: PaperDesk) -> Any:
        from engine.papers.render import renderer_of

        laid_out = renderer_of(self.templates_folder)
        return (
            laid_out if self.templates_folder != bureau.TEMPLATES else _Remembering(laid_out, known)
        )

    PaperDesk.renderer = property(render)  # type: ignore[assignment,method-assign]


class _Remembering:
    """The renderer of our own templates, which remembers its papers."""

    def __init__(self, renderer: Any, known: LRUCache[Any, bytes]) -> None:
        self._renderer, self._known = renderer, known

    def __getattr__(self, name: str) -> Any:
        return getattr(self._renderer, name)

    def render(self, template: str, values: Any, enclosed: Any = ()) -> bytes:
        key = (template, freeze(values), repr(enclosed))
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._renderer.render(template, values, enclosed)
        return found


def open_here(patch: pytest.MonkeyPatch) -> None:
    """Files that tests made are opened in this process: a child for each took half a second.
    The cage has its own tests, and some of the site and of the offline check ask it."""
    patch.setattr(cage, "ask", cage.answer)
