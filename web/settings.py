"""What this installation is told by its environment, and whether that is safe.

Every setting is a variable ``BINHXET_…``. A demonstration needs none: its files lie under
``var/demo`` and its secret is made there once. Production has no defaults that matter and
does not start on unsafe ones.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import unquote, urlsplit

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "BINHXET_"
TEST_SECRET = "known to everybody, for tests only"  # noqa: S105
SHORTEST_SECRET = 32
DEMO_TIME = "demo"
"""The scheme of the time authority in this process: ``BINHXET_TSA_URL=demo:``."""

NO_STORE = "no_such_store"
"""What files would lie in, that is no folder."""

LIBRARIES = ("libpango-1.0.so.0", "libpangoft2-1.0.so.0", "libharfbuzz-subset.so.0")
"""The last only cuts fonts down: without it papers are made more slowly, of other bytes."""

INSTALL_LIBRARIES = "apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason not to start: its code, the setting it is about, and what it needs."""

    code: str
    setting: str = ""
    hint: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in (self.setting, self.code, self.hint) if part)


class Unsafe(Exception):
    """This installation must not start; ``problems`` says why, each by itself."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = problems


ADDRESSES, MOST_ADDRESSES = "addresses", 16


class Settings(BaseSettings):
    """The settings, complete: what the environment leaves out is filled in for a
    demonstration or a test, and stays empty in production."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    env: Literal["demo", "test", "production"] = "demo"
    var: Path = Path("var")
    debug: bool = False
    database_url: str = ""
    queue_url: str = ""
    blob_url: str = ""
    secret_key: SecretStr = SecretStr("")
    base_url: str = ""
    former_urls: str = ""
    """Where the site was before, if it moved: papers of that time still name it."""
    proxies: int = Field(default=0, ge=0, le=8)
    """How many proxies of ours stand before the site: only so many forwarded addresses are
    believed. None by default: anybody could write such a header."""
    tsa_url: str = ""
    revocation: Literal["off", "ask", "require"] = "off"
    revocation_hosts: str = ""
    signer: Literal["software", "pkcs11", "deferred"] = "software"
    certificates: Literal["enrolled", "named"] = "named"
    """Whose a certificate is: as it was enrolled (all that production believes by default), or
    also as it says itself (``person:7``), which an authority of one's own can write."""
    pkcs11_module: Path = Path()
    pkcs11_token: str = ""

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, given: dict[str, Any]) -> dict[str, Any]:
        values = {name: value for name, value in given.items() if value not in ("", None)}
        values["var"] = Path(values.get("var", "var")).absolute()
        if values.get("env") != "production":
            home = values["var"] / values.get("env", "demo")
            values.setdefault("database_url", f"sqlite:///{home}/binhxet.db")
            values.setdefault("queue_url", f"sqlite:///{home}/queue.db")
            values.setdefault("blob_url", (home / "blobs").as_uri())
            known = _addresses(home)
            own = values.setdefault("base_url", (known or ["http://127.0.0.1:8000"])[0])
            values.setdefault("former_urls", " ".join(one for one in known if one != own))
        if values.get("env", "demo") == "demo":
            values.setdefault("tsa_url", f"{DEMO_TIME}:")
        if values.get("env") == "production":
            values.setdefault("revocation", "require")
            values.setdefault("certificates", "enrolled")
        for name in ("database_url", "queue_url"):
            values[name] = _anchored(values.get(name, ""))
        values["base_url"] = values.get("base_url", "").rstrip("/")
        return values

    @model_validator(mode="after")
    def _readable(self) -> Self:
        _check_scheme(self.database_url, "sqlite", "postgresql+psycopg")
        _check_scheme(self.queue_url, "sqlite", "postgresql", "postgresql+psycopg")
        if self.blob_url and urlsplit(self.blob_url).scheme != "file":
            raise PydanticCustomError(NO_STORE, "{url}", {"url": self.blob_url})
        _check_scheme(self.base_url, "http", "https")
        _check_scheme(self.tsa_url, "http", "https", DEMO_TIME)
        return self

    @property
    def home(self) -> Path:
        """Where this installation keeps its own files."""
        return self.var if self.env == "production" else self.var / self.env

    @property
    def blob_folder(self) -> Path:
        return Path(unquote(urlsplit(self.blob_url).path))

    @property
    def keys_folder(self) -> Path:
        return self.home / "keys"

    @property
    def allowed_hosts(self) -> frozenset[str]:
        """The hosts that may be asked about revoked certificates, parted by commas or spaces;
        none means those that the roots' own certificates name."""
        return frozenset(self.revocation_hosts.replace(",", " ").lower().split())

    @property
    def former_sites(self) -> tuple[str, ...]:
        """The addresses that the site had, without what may follow the host and its path."""
        return tuple(one.rstrip("/") for one in self.former_urls.replace(",", " ").split())

    @property
    def specimen(self) -> bool:
        """Whether every paper is marked as a sample without legal effect."""
        return self.env != "production"

    @property
    def secret(self) -> str:
        """The secret that signs sessions and messages; a demonstration makes its own."""
        if given := self.secret_key.get_secret_value():
            return given
        if self.env == "demo":
            return _own_secret(self.home / "secret")
        return TEST_SECRET if self.env == "test" else ""


def remember_address(settings: Settings) -> None:
    """Keeps the address of a demonstration beside its data: papers are printed with it, and
    commands that are run later, without its port, must name it too. Production has it in its
    settings."""
    if settings.env != "production":
        settings.home.mkdir(parents=True, exist_ok=True)
        own = settings.base_url
        known = [own, *(one for one in _addresses(settings.home) if one != own)]
        (settings.home / ADDRESSES).write_text("\n".join(known[:MOST_ADDRESSES]), "utf-8")


def _addresses(home: Path) -> list[str]:
    """The addresses of a demonstration, the newest first."""
    try:
        return (home / ADDRESSES).read_text("utf-8").split()
    except FileNotFoundError:
        return []


def load(**given: Any) -> Settings:
    """The settings of the environment, with ``given`` over them.

    Raises ``Unsafe`` with each setting that cannot be read, and why.
    """
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        raise Unsafe([_unreadable(one) for one in error.errors()]) from None


def _unreadable(error: Mapping[str, Any]) -> Problem:
    if error["type"] == NO_STORE:
        return Problem(NO_STORE, f"{PREFIX}BLOB_URL", str(error["msg"]))
    name = "_".join(str(part) for part in error["loc"])
    message = str(error["msg"]).removeprefix("Value error, ")
    return Problem("unreadable_setting", f"{PREFIX}{name.upper()}" if name else "", message)


def _anchored(url: str) -> str:
    """A SQLite address with its whole path, so that every process means the same file."""
    head, mark, path = url.partition("sqlite:///")
    if head or not mark or not path or path.startswith(("/", ":")):
        return url
    return f"sqlite:///{Path(path).absolute()}"


def _check_scheme(url: str, *schemes: str) -> None:
    if url and urlsplit(url).scheme not in schemes:
        places = ", ".join(f"{scheme}:…" for scheme in schemes)
        raise ValueError(f"{url} is none of {places}")


def _own_secret(path: Path) -> str:
    """The secret in a file only its owner may read; made when there is none."""
    try:
        return path.read_text()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    # Written aside and linked: of two processes that start at once the second reads the first's.
    handle, aside = tempfile.mkstemp(dir=path.parent, prefix=".secret-")
    try:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(48))
        Path(path).hardlink_to(aside)
    except FileExistsError:
        pass
    finally:
        Path(aside).unlink()
    return path.read_text()


def check_production(settings: Settings) -> list[Problem]:
    """Everything that forbids these settings in production; none when it may start."""
    return [*_unsafe(settings), *check_start(settings)]


def check_start(settings: Settings) -> list[Problem]:
    """What would stop any installation: the database, the typeface, the libraries, the law
    on file, and cases under a law that is no longer on file."""
    unusable = [*_database_problems(settings), *machine_problems()]
    unlawful = [*_law_problems()]
    return [*unusable, *unlawful, *([] if unusable or unlawful else _gone(settings))]


def require_start(settings: Settings) -> None:
    """Raises ``Unsafe`` when these settings must not be started with."""
    production = settings.env == "production"
    if problems := check_production(settings) if production else check_start(settings):
        raise Unsafe(problems)


def _unsafe(settings: Settings) -> Iterator[Problem]:
    if settings.env != "production":
        yield Problem("not_production", f"{PREFIX}ENV", settings.env)
    if _is_default(settings.secret_key.get_secret_value()):
        yield Problem("default_secret", f"{PREFIX}SECRET_KEY", str(SHORTEST_SECRET))
    if settings.debug:
        yield Problem("debug_on", f"{PREFIX}DEBUG")
    if urlsplit(settings.base_url).scheme != "https":
        # The cookies' safety hangs on it: they are sent over TLS only.
        yield Problem("plain_http", f"{PREFIX}BASE_URL", settings.base_url)
    if settings.signer == "software":
        yield Problem("software_keystore", f"{PREFIX}SIGNER")
    if settings.signer == "pkcs11" and settings.pkcs11_module == Path():
        yield Problem("setting_missing", f"{PREFIX}PKCS11_MODULE")
    yield from _unsafe_time(settings)
    for name in ("queue_url", "blob_url"):
        if not getattr(settings, name):
            yield Problem("setting_missing", f"{PREFIX}{name.upper()}")


def _unsafe_time(settings: Settings) -> Iterator[Problem]:
    is_demo = urlsplit(settings.tsa_url).scheme == DEMO_TIME
    if is_demo and settings.env == "production":
        yield Problem("demo_time", f"{PREFIX}TSA_URL", settings.tsa_url)
    if settings.tsa_url and not is_demo and not (settings.keys_folder / "roots-time.pem").exists():
        yield Problem("no_time_roots", f"{PREFIX}TSA_URL", "keys/roots-time.pem")


def _is_default(secret: str) -> bool:
    """A secret that somebody else may know or guess."""
    return secret == TEST_SECRET or len(secret) < SHORTEST_SECRET or len(set(secret)) < 8


def _database_problems(settings: Settings) -> Iterator[Problem]:
    from sqlalchemy.exc import SQLAlchemyError

    from workflows import revision

    name = f"{PREFIX}DATABASE_URL"
    url = settings.database_url
    if not url:
        yield Problem("setting_missing", name)
        return
    if url.startswith("sqlite") and not Path(url.removeprefix("sqlite:///")).exists():
        # Asking SQLite would create it.
        yield Problem("no_database", name, url)
        return
    try:
        found = revision.current(url)
    except SQLAlchemyError as error:
        yield Problem("database_unreachable", name, str(error.__cause__ or error).splitlines()[0])
        return
    if found != revision.head():
        yield Problem("unmigrated_database", name, "binhxet migrate")


def _law_problems() -> Iterator[Problem]:
    from engine.errors import DefinitionError
    from workflows import bureau, library

    try:
        bureau.prove(library.law())
    except DefinitionError as error:
        yield Problem("unsound_law", error.source, f"{error.key}: {error.reason}")


def _gone(settings: Settings) -> Iterator[Problem]:
    """Definitions that cases are pinned to and that neither a file nor a release has."""
    from sqlalchemy import create_engine, select

    from engine.releases import DefinitionRelease
    from engine.subjects import Subject
    from workflows import library

    engine = create_engine(settings.database_url)
    pinned = select(Subject.definition_id, Subject.definition_digest).distinct()
    known = {one.digest for one in library.law().definitions}
    try:
        with engine.connect() as connection:
            rows = connection.execute(pinned.order_by(*pinned.selected_columns)).all()
            known |= set(connection.scalars(select(DefinitionRelease.digest)))
    finally:
        engine.dispose()
    for name, digest in rows:
        if digest not in known:
            yield Problem("definition_gone", name, digest)


def machine_problems() -> Iterator[Problem]:
    """What the machine itself lacks, each with the command that installs it."""
    import ctypes

    from engine.papers import fonts

    if command := fonts.missing():
        yield Problem("missing_font", hint=command)
    for library in LIBRARIES:
        try:
            ctypes.CDLL(library)
        except OSError:
            yield Problem("missing_library", library, INSTALL_LIBRARIES)
