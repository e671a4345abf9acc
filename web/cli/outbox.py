"""Commands about what must still happen: the visible list of what failed, and another try."""

from __future__ import annotations

import click

from web.cli.frame import Group, answer, argument, command, option, table
from web.cli.inputs import NUMBER
from web.cli.refusals import No
from web.cli.words import text

group = Group("outbox")


@command("outbox list", option("--all", "everything", is_flag=True), group=group, answers=True)
def listing(everything: bool, as_json: bool) -> None:
    from sqlalchemy import select

    from engine.outbox import Task, failures
    from web.cli.office import open_office

    session = open_office().session
    waiting = select(Task).where(Task.done_at.is_(None)).order_by(Task.id).limit(1000)
    tasks = session.scalars(waiting).all() if everything else failures(session)
    told = [
        {
            "id": task.id,
            "task": task.name,
            "ids": task.ids,
            "attempts": task.attempts,
            "created_at": task.created_at.isoformat(),
            "due_at": task.due_at.isoformat(),
            "given_up": task.failed_at is not None,
            "error": task.last_error,
        }
        for task in tasks
    ]
    answer(
        told,
        as_json,
        lambda: (
            table(
                [
                    [str(one["id"]), str(one["task"]), str(one["ids"]), str(one["error"] or "")]
                    for one in told
                ]
            )
            or [text("nothing_failed")]
        ),
    )


@command(
    "outbox retry",
    argument("ids", metavar="ID…", nargs=-1, type=NUMBER, required=True),
    group=group,
)
def retry(ids: tuple[int, ...]) -> None:
    from engine.outbox import retry as open_again
    from web.cli.office import open_office

    office = open_office()
    for task_id in ids:
        if not open_again(office.session, task_id):
            raise No("no_such_task", id=task_id)
        click.echo(text("will_try", id=task_id))
    office.queue.wake(list(ids))
