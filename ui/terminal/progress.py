"""The progress bar of `verbatim add`: files, rate and time left, on a terminal; nothing where stderr isn't one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from index.library import Progress
from index.plain import visible


@contextmanager
def progress_bar() -> Iterator[Callable[[Progress], None]]:
    """A callback for `Library.add`, drawing while the block runs."""
    if not sys.stderr.isatty():
        yield lambda progress: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.fields[files]}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[name]}", markup=False),
    )
    with Bar(*columns, console=Console(file=sys.__stderr__)) as bar:
        task = bar.add_task("add", files="", name="")

        def on_progress(progress: Progress) -> None:
            bar.update(
                task,
                completed=progress.bytes,
                total=max(1, progress.of_bytes),
                files=f"{progress.files}/{progress.of_files}",
                name=visible(progress.file.name[:40]) if progress.file else "",
            )

        yield on_progress
