"""Two helps for every command: `-h` in short, `--help` in full, with examples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

_SHORT = "vecsearch.short_help"


class _TwoHelps(click.Command):
    """Shows its first paragraph and its options with -h, all of its text and examples too with --help."""

    def get_help_option(self, ctx: click.Context) -> click.Option | None:  # noqa: ARG002
        return _help_option("--help", "Show all of this help, with examples.")

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        return [*super().get_params(ctx), _help_option("-h", "Show the options.")]

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        whole = self.help
        try:
            if ctx.meta.get(_SHORT):
                self.help = (whole or "").strip().split("\n\n")[0]
            super().format_help_text(ctx, formatter)
        finally:
            self.help = whole

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if ctx.meta.get(_SHORT):
            return
        from .examples import EXAMPLES

        name = ctx.command_path.partition(" ")[2]
        if name in EXAMPLES:
            with formatter.section("Examples"):
                formatter.write_text("\b\n" + "\n".join(EXAMPLES[name]))


class Command(_TwoHelps):
    """One command."""


class Group(_TwoHelps, click.Group):
    """Commands below one word."""

    command_class = Command


def command(name: str | None = None) -> Callable[[Callable[..., Any]], Command]:
    """Make a function a command, as click.command() does."""
    return click.command(name, cls=Command)


def group(name: str | None = None) -> Callable[[Callable[..., Any]], Group]:
    """Make a function a group of commands, as click.group() does."""
    return click.group(name, cls=Group)


def _help_option(flag: str, text: str) -> click.Option:
    return click.Option([flag], is_flag=True, is_eager=True, expose_value=False, help=text, callback=_show)


def _show(context: click.Context, parameter: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        context.meta[_SHORT] = parameter.opts == ["-h"]
        click.echo(context.get_help(), color=context.color)
        context.exit()
