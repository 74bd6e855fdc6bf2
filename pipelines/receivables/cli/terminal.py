"""How commands meet a person: steps shown as they go, errors in one line with their exit code, frames as tables."""

from __future__ import annotations

import os
import shutil
import sys
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from receivables.errors import EXIT_BUG, EXIT_DONE, ReceivablesError
from receivables.home import private_files
from receivables.plain_text import visible
from receivables.run import Progress

if TYPE_CHECKING:
    import pandas as pd


class Steps(Progress):
    """Shows steps on standard error: one moving line on a terminal, one log line per step elsewhere."""

    def __init__(self) -> None:
        """Find out who is watching."""
        self._is_terminal = sys.stderr.isatty()
        self._bar: Any = None

    def step(self, name: str, total: int) -> None:
        """Begin a bar, or say nothing until the step ends."""
        if self._is_terminal:
            self._bar = click.progressbar(
                length=total, label=f"{name:<8}", file=sys.stderr, item_show_func=lambda item: str(item or "")[:40]
            )
            self._bar.__enter__()

    def advance(self, detail: str) -> None:
        """Move the bar by one part."""
        if self._bar is not None:
            self._bar.update(1, visible(detail))

    def done(self, name: str, summary: str) -> None:
        """End the bar, or log the step."""
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
            self._bar = None
        else:
            with suppress(BrokenPipeError):  # nobody listens any more, which is no reason to stop the night
                say(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {name}: {summary}", err=True)

    def notice(self, text: str) -> None:
        """Say it beside the steps."""
        with suppress(BrokenPipeError):
            say(f"receivables: {text}", err=True)

    def stopped(self) -> None:
        """Give the terminal back where a bar stands unfinished."""
        if self._bar is not None:
            self._bar.render_finish()
            self._bar = None


class Group(click.Group):
    """Names the nearest command when one is unknown, and turns errors into their one line and exit code."""

    def main(self, *args: Any, **kwargs: Any) -> Any:  # signature is click's
        """Run a command; never a traceback for a user's mistake."""
        try:
            with private_files():
                return super().main(*args, **kwargs)
        except ReceivablesError as error:
            say(f"receivables: {error}", err=True)
            sys.exit(error.exit_code)
        except Exception:  # noqa: BLE001  # the last line of defence: a bug ends in exit code 1, never in a half-told one
            say_lines(traceback.format_exc(), err=True)
            say("receivables: a bug; please report the lines above. What was published before is untouched.", err=True)
            sys.exit(EXIT_BUG)

    def invoke(self, ctx: click.Context) -> Any:  # signature is click's
        """Run the command; who reads only the first lines of what it prints has not found a mistake."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(EXIT_DONE)


def example(text: str) -> str:
    """The end of a command's help."""
    return f"\b\nExample:\n  {text}"


def columns() -> int:
    """How wide the terminal is; as wide as a page where nobody watches."""
    return max(60, shutil.get_terminal_size((100, 24)).columns)


def say(text: str = "", *, err: bool = False) -> None:
    """Print one line; whatever name stands in it, it stays one and steers no terminal."""
    try:
        click.echo(visible(text), err=err)
    except OSError as error:
        # where messages are kept there is no room: no reason to stop a night, nor to end it with another code
        if not err or isinstance(error, BrokenPipeError):
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def say_lines(text: str, *, err: bool = False) -> None:
    """Print lines that were put together here, none of them by what a file says."""
    for line in text.removesuffix("\n").split("\n"):
        say(line, err=err)


def print_frame(frame: pd.DataFrame, nothing: str) -> None:
    """Print a table, or what stands for an empty one."""
    if frame.empty:
        say(nothing)
        return
    shown = frame.astype(object).where(frame.notna(), "")
    told = shown.map(lambda cell: visible(cell) if isinstance(cell, str) else cell)
    say_lines(told.to_string(index=False, max_colwidth=60))
