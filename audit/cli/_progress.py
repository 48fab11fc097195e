"""Progress on a terminal; nothing elsewhere, so that logs and pipes stay clean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """Give a function that shows how far each thing is: what, how much is done, how much in all. It writes to stderr."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda what, done, total: None  # noqa: ARG005 - the signature is that of the steps
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        tasks: dict[str, int] = {}

        def show(what: str, done: int, total: int) -> None:
            task = tasks.setdefault(what, -1)
            if task == -1:
                task = tasks[what] = bar.add_task(what)
            bar.update(bar.task_ids[task], completed=done, total=total or None)

        yield show
