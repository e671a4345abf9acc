"""The frame of every command: its words, its ``--json``, its exit code, its refusals."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import click

from web.cli.words import LANGUAGES, choose, word, words

YES, NO = 0, 1


def _choose(_context: click.Context, _option: click.Parameter, value: str | None) -> None:
    if value:
        choose(value)


def _remember(context: click.Context, _option: click.Parameter, value: str | None) -> None:
    if value:
        context.meta["binhxet.var"] = value


class Option(click.Option):
    """An option whose help is looked up when it is shown."""

    def get_help_record(self, context: click.Context) -> tuple[str, str] | None:
        if key := help_key(self):
            self.help = word("option", key)
        return super().get_help_record(context)


def help_key(option: click.Parameter) -> str | None:
    """Under which name the words tell about an option; none for click's own ``--help``."""
    return option.name if isinstance(option, Option) else None


def _common() -> list[click.Parameter]:
    return [
        Option(
            ["--lang"],
            type=click.Choice(LANGUAGES),
            is_eager=True,
            expose_value=False,
            callback=_choose,
        ),
        Option(["--var"], metavar="FOLDER", expose_value=False, callback=_remember),
    ]


class Command(click.Command):
    """One command. ``key`` is how it is called, and under which its help stands."""

    def __init__(self, key: str, **settings: Any) -> None:
        super().__init__(key.rpartition(" ")[2], **settings)
        self.key = key
        self.params += _common()

    def get_short_help_str(self, limit: int = 45) -> str:
        return word("help", self.key).partition("\n")[0]

    def format_help_text(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        self.help = word("help", self.key)
        super().format_help_text(context, formatter)

    def invoke(self, context: click.Context) -> Any:
        """Runs the command; a refusal becomes a sentence, a code and exit 1."""
        from web.cli.refusals import told

        try:
            with told(as_json=bool(context.params.get("as_json"))):
                return super().invoke(context)
        finally:
            # What the command opened is closed before the process ends.
            for close in reversed(context.meta.pop("binhxet.closing", [])):
                close()


class Group(click.Group):
    """Commands under one word."""

    def __init__(self, key: str) -> None:
        super().__init__(key.rpartition(" ")[2], params=_common())
        self.key = key

    def get_short_help_str(self, limit: int = 45) -> str:
        return word("help", self.key).partition("\n")[0]

    def format_help_text(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        self.help = word("help", self.key)
        super().format_help_text(context, formatter)

    def list_commands(self, _context: click.Context) -> list[str]:
        return list(self.commands)


class LazyGroup(Group):
    """A group whose commands are imported when they are asked for."""

    def __init__(self, key: str, places: Mapping[str, str]) -> None:
        super().__init__(key)
        self._places = places

    def list_commands(self, _context: click.Context) -> list[str]:
        return list(self._places)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        if name not in self._places:
            return None
        module, _, attribute = self._places[name].partition(":")
        found: click.Command = getattr(import_module(module), attribute)
        return found


Body = Callable[..., Any]


def command(
    key: str, *params: click.Parameter, group: Group | None = None, answers: bool = False
) -> Callable[[Body], Command]:
    """Makes a function the command called ``key``; ``answers`` gives it ``--json``."""
    everything = list(params)
    if answers:
        everything.append(Option(["--json", "as_json"], is_flag=True))

    def decorate(body: Body) -> Command:
        made = Command(key, callback=body, params=everything)
        if group is not None:
            group.add_command(made)
        return made

    return decorate


def argument(*names: str, **settings: Any) -> click.Argument:
    return click.Argument(list(names), **settings)


def option(*names: str, **settings: Any) -> Option:
    return Option(list(names), **settings)


def said_of(value: Any) -> str:
    """A plain value as JSON for people and programs."""
    return json.dumps(value, ensure_ascii=False, indent=2, default=str)


def answer(value: Any, as_json: bool, lines: Callable[[], list[str]]) -> None:
    """Prints the answer: as JSON, or as lines for people."""
    if as_json:
        click.echo(said_of(value))
        return
    for line in lines():
        click.echo(line)


def leave(good: bool) -> None:
    """Ends the command: exit 0 for yes or done, 1 for no."""
    click.get_current_context().exit(YES if good else NO)


def table(rows: list[list[str]]) -> list[str]:
    """Rows as lines, the columns under each other."""
    if not rows:
        return []
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


__all__ = [
    "NO",
    "YES",
    "Command",
    "Group",
    "LazyGroup",
    "Option",
    "answer",
    "argument",
    "command",
    "leave",
    "option",
    "said_of",
    "table",
    "words",
]
