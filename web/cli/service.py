"""Commands that run the product: build the demonstration, serve, work, migrate, check."""

from __future__ import annotations

import gc
import logging
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from web.cli.frame import YES, answer, argument, command, leave, option, table
from web.cli.refusals import No, describe
from web.cli.words import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from web.settings import Settings
    from workflows.bureau import Bureau
    from workflows.demo.drive import Done
    from workflows.demonstration import Exported

ROOT = Path(__file__).resolve().parent.parent.parent
PORT = option("--port", type=click.IntRange(1, 65535), envvar="PORT", default=8000)


def _settings(port: int, **given: Any) -> Settings:
    """The settings of this call; without a base address of its own, that of the port."""
    from web.cli.office import settings

    if "BINHXET_BASE_URL" not in os.environ:
        given["base_url"] = f"http://127.0.0.1:{port}"
    return settings(**given)


@command("demo", PORT, option("--no-serve", is_flag=True))
def demo(port: int, no_serve: bool) -> None:
    from sqlalchemy import make_url

    from web.settings import Unsafe, machine_problems
    from workflows import demonstration

    settings = _settings(port)
    if settings.env == "production":
        raise No("demo_in_production")
    if problems := list(machine_problems()):
        raise Unsafe(problems)
    # Its database holds password hashes: for the owner of the folder only.
    settings.home.mkdir(parents=True, exist_ok=True)
    settings.home.chmod(0o700)
    try:
        with demonstration.begun(settings.database_url, settings.home):
            papers = _demonstrated(settings)
    except demonstration.NotEmpty as error:
        place = make_url(settings.database_url).render_as_string()  # without its password
        raise No("demo_not_empty", database=place, folder=settings.home) from error
    except demonstration.UnderWay as error:
        raise No("demo_under_way", folder=settings.home) from error
    for paper in papers:
        click.echo(_verdict(paper))
    if not papers or not all(paper.ok for paper in papers):
        raise No("demo_papers_bad")
    if no_serve:
        return
    _serve(settings, "127.0.0.1", port, 2, with_worker=True)


def _demonstrated(settings: Settings) -> Sequence[Exported]:
    from web.keys import equip
    from web.settings import remember_address
    from workflows import demonstration
    from workflows.bureau import build

    remember_address(settings)
    # No bell: the demonstration renders its papers itself, and no worker runs yet.
    bureau = equip(
        build(blob_folder=settings.blob_folder, keys_folder=settings.keys_folder, specimen=True),
        settings,
    )
    bureau = replace(bureau, desk=replace(bureau.desk, address=settings.base_url))
    return demonstration.run(
        settings.database_url, settings.home, bureau, say=_say, on_progress=_Progress()
    )


def _say(done: Done) -> None:
    click.echo(f"{done.day:%d/%m/%Y}  {done.username:<16}  {done.label}  →  {done.state}")


def _verdict(paper: Exported) -> str:
    found = paper.verification
    alone = text("also_offline" if paper.offline.ok else "not_offline", why=paper.offline.verdict)
    return f"{paper.path}: {text('verdict_' + found.verdict)} [{found.level}] {alone}"


class _Progress:
    """One line for each long step, rewritten in place on a terminal."""

    def __call__(self, step: str, done: int, whole: int) -> None:
        ended = done >= whole
        if not (ended or sys.stderr.isatty()):
            return
        click.echo(f"\r{text('step_' + step)}: {done}/{whole}", err=True, nl=ended)


@command(
    "serve",
    PORT,
    option("--host", default="127.0.0.1", show_default=True),
    option("--workers", type=click.IntRange(1, 64), default=2, show_default=True),
    option("--worker", "with_worker", is_flag=True),
)
def serve(port: int, host: str, workers: int, with_worker: bool) -> None:
    _serve(_settings(port), host, port, workers, with_worker=with_worker)


def _serve(settings: Settings, host: str, port: int, workers: int, *, with_worker: bool) -> None:
    from web import serve as server
    from web.settings import remember_address, require_start

    require_start(settings)
    _refuse_taken(host, port)
    remember_address(settings)
    told = _welcome(settings)
    server.serve(
        settings,
        host=host,
        port=port,
        workers=workers,
        with_worker=with_worker,
        on_ready=lambda: click.echo(told),
    )


def _welcome(settings: Settings) -> str:
    """What the terminal says once the site answers: its address, and in a demonstration who
    may sign in."""
    lines = [text("serving", url=settings.base_url)]
    if settings.env == "demo":
        from workflows.demo import password

        lines.append(text("sign_ins", password=password()))
    return "\n".join(lines)


def _refuse_taken(host: str, port: int) -> None:
    """Raises ``No`` when somebody listens there: the server would share the port with them."""
    import socket

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise No("port_taken", host=host, port=port, reason=error.strerror) from None


@command(
    "worker",
    option("--tasks", type=click.IntRange(1), default=500, show_default=True),
    option("--memory", type=click.IntRange(50), default=280, show_default=True),
    option("--parent", type=int, hidden=True),
)
def worker(tasks: int, memory: int, parent: int | None) -> None:
    from sqlalchemy.orm import sessionmaker

    from engine.jobs import Work, run_worker
    from web.cli.office import open_office
    from web.serve import WORKER_PATIENCE, leave_with
    from web.settings import require_start

    if parent is not None:
        leave_with(parent, WORKER_PATIENCE)
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    # It tells of every property of a style sheet that paper does not need.
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    office = open_office()
    require_start(office.settings)
    desk = office.bureau.desk
    work = Work(
        sessionmaker(office.engine),
        office.bureau.house,
        desk.handlers,
        slow=desk.slow,
        daily=lambda session: _nightly(session, office.bureau),
    )
    _settle()
    ending = run_worker(office.queue, work, tasks=tasks, memory=memory * 2**20)
    if ending == "recycle":
        # The same process begins anew: what the typesetter held goes back to the machine.
        os.execv(sys.executable, [sys.executable, "-m", "web.cli", *sys.argv[1:]])  # noqa: S606


def _settle() -> None:
    """What a worker is made of never goes, so that the collector need not look through it; what
    its tasks leave goes soon, unlike that of a short command (``web.cli.main``)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(700, 10, 10)


def _nightly(session: Session, bureau: Bureau) -> None:
    """Units that changed at midnight take what is open along; what papers lack and no task is
    for; then the news about time authorities, and new time stamps."""
    from workflows import foresight, owed
    from workflows.renewal import renew
    from workflows.territory.handing_over import hand_over

    hand_over(session, bureau.house)
    owed.remember(session, bureau.house)
    foresight.refresh(session, bureau.desk.times, bureau.desk.keys)
    renew(session, bureau.desk)


@command("migrate", answers=True)
def migrate(as_json: bool) -> None:
    from web.cli.office import settings as read
    from web.settings import Problem, Unsafe
    from workflows import migrate as migrations
    from workflows import revision

    settings = read()
    url = settings.database_url
    if not url:
        raise Unsafe([Problem("setting_missing", "BINHXET_DATABASE_URL")])
    if url.startswith("sqlite"):
        Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    before = revision.current(url)
    migrations.upgrade(url)
    after = revision.current(url)
    answer({"from": before, "to": after}, as_json, lambda: [text("migrated", revision=after)])


@command("check", option("--production", is_flag=True), answers=True)
def check(production: bool, as_json: bool) -> None:
    from web.cli.office import settings as read
    from web.settings import check_production, check_start

    settings = read()
    problems = check_production(settings) if production else check_start(settings)
    told = [{"code": p.code, "setting": p.setting or None, "detail": describe(p)} for p in problems]
    answer(
        told,
        as_json,
        lambda: (
            table([[one["code"] or "", one["detail"] or ""] for one in told]) or [text("may_start")]
        ),
    )
    leave(not problems)


@command("bench", argument("names", nargs=-1))
def bench(names: tuple[str, ...]) -> None:
    from web.cli.office import settings

    var = str(settings().var)
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "tests.bench", "--var", var, *names],
        cwd=ROOT,
        check=False,
    )
    leave(done.returncode == YES)
