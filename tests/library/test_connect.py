"""A library whose folder can't be read or written: the true cause is named, reading goes on, nobody advises to delete it."""

from __future__ import annotations

import errno
import json
import os
import re
import resource
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from talks import write_show, write_talk

from index.errors import LibraryBlocked, LibraryBusy
from index.library import Library
from index.library import connection as connect
from index.library.causes import blocked
from index.library.feedback import Feedback

ROOT = Path(__file__).resolve().parents[2]
ADVICE = re.compile(r"\bdelete\b|restore it|damaged", re.I)


def can_mount() -> bool:
    tried = shutil.which("unshare") and subprocess.run(["unshare", "-rm", "true"], capture_output=True)
    return bool(tried) and tried.returncode == 0


mounts = pytest.mark.skipif(not can_mount(), reason="needs a Linux where folders can be mounted without being root")


@pytest.fixture
def made(tmp_path: Path) -> Library:
    library = Library.create(tmp_path / "library", "hashing")
    library.add([write_show(tmp_path / "talks")])
    return library


SCRIPT = """
import json, os, shutil, sqlite3, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from ui.terminal.cli import main
import contextlib, io
def run(*words):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(list(words))
    return [words[0], code, out.getvalue(), err.getvalue()]
folder, prepare, after, commands = sys.argv[2:6]
exec(prepare)
print(json.dumps([run(*words, "--library", folder) for words in json.loads(commands)]))
exec(after)
"""


def inside(
    mount: str, folder: str, commands: list[list[str]], *, prepare: str = "", after: str = "", cwd: Path
) -> list[list]:
    """What the commands say where `mount` was mounted: name, exit code, stdout, stderr."""
    script = [sys.executable, "-c", SCRIPT, str(ROOT), folder, prepare, after, json.dumps(commands)]
    ran = subprocess.run(
        ["unshare", "-rm", "sh", "-c", f'{mount} && exec "$0" "$@"', *script],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout.splitlines()[0])


QUESTION = "What was the first thing that Bo mended?"
READING = [["ask", QUESTION], ["episodes"], ["show", "kettle"], ["search", "kettle"], ["feedback"]]
KILLED_WRITER = """
import os, sys
from pathlib import Path
from index.library import feedback
from index.library.connection import connect_to_write
connection = connect_to_write(Path(sys.argv[1]))
connection.execute("BEGIN IMMEDIATE")
feedback.insert(connection, feedback.Feedback("note", "Waits in the log", "Yes."))
connection.commit()
os._exit(9)
"""
WRITING = [
    ["add", "talks/third.json"],
    ["remove", "kettle"],
    ["correct", "kettle", "--at", "1", "--words", "Bo, what did you mend first?"],
    ["check", "--repair"],
]


@mounts
@pytest.mark.parametrize("left", ["nothing", "a log that nobody has taken in"])
def test_a_library_on_a_disk_that_is_mounted_read_only_is_read_and_asked(made, tmp_path, left):
    write_talk(tmp_path / "talks", "third", (("Ann Hale", "A third talk of spoons."),), show="Mended")
    if left != "nothing":  # as a process that was killed leaves it
        subprocess.run([sys.executable, "-c", KILLED_WRITER, str(made.folder)], cwd=ROOT, check=False)
        assert (made.folder / "library.db-wal").stat().st_size
    mount = "mount --bind library library && mount -o remount,ro,bind library"
    for name, code, said, told in inside(mount, "library", [*READING, ["check"]], cwd=tmp_path):
        assert code == 0 and said.strip() and not ADVICE.search(told), (name, told)
        if name == "feedback" and left != "nothing":
            assert "Waits in the log" in said
    for name, code, _, told in inside(mount, "library", WRITING, cwd=tmp_path):
        assert code == 1 and "mounted read-only" in told and not ADVICE.search(told), (name, told)


@mounts
def test_a_full_disk_is_named_and_nothing_is_lost(made, tmp_path):
    write_talk(
        tmp_path / "talks",
        "third",
        tuple(("Ann Hale", f"Spoon number {n} of many.") for n in range(3000)),
        show="Mended",
    )
    (tmp_path / "disk").mkdir()
    with closing(sqlite3.connect(made.folder / "library.db")) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size = sum(file.stat().st_size for file in made.folder.iterdir()) // 1024 + 300
    mount = f"mount -t tmpfs -o size={size}k tmpfs disk"
    prepare = """
shutil.copytree("library", folder, ignore=shutil.ignore_patterns("library.db-*"))
with contextlib.suppress(OSError), open("disk/ballast", "wb", buffering=0) as ballast:
    while ballast.write(bytes(4096)): pass
"""
    for name, code, said, told in inside(mount, "disk/library", READING, prepare=prepare, cwd=tmp_path):
        assert code == 0 and said.strip() and not ADVICE.search(told), (name, told)
    for name, code, _, told in inside(mount, "disk/library", WRITING[:3], prepare=prepare, cwd=tmp_path):
        assert "disk is full" in told and not ADVICE.search(told), (name, code, told)
    space = prepare + '\nrun("add", "talks/third.json", "--library", folder)\nos.unlink("disk/ballast")\n'
    for name, code, _, told in inside(mount, "disk/library", [["check"], *READING], prepare=space, cwd=tmp_path):
        assert code == 0, (name, told)


def test_too_many_open_files_are_named(made):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    held = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
    try:
        with pytest.raises(OSError, match="Too many open files"):
            while True:
                held.append(open(os.devnull))  # noqa: SIM115
        with (
            pytest.raises(LibraryBlocked, match=r"too many files are open in this process.*ulimit -n"),
            made.snapshot(),
        ):
            pass
    finally:
        for file in held:
            file.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert made.check() == []


def test_a_database_that_another_program_holds_is_busy_and_not_damaged(made, monkeypatch):
    monkeypatch.setattr(connect, "WAIT", 0.1)
    with closing(sqlite3.connect(made.folder / "library.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for write in (
            lambda: made.remove("kettle"),
            lambda: made.add_feedback(Feedback("note", "Q", "N")),
            made.repair,
        ):
            with pytest.raises(LibraryBusy, match="the database is locked"):
                write()
        assert len(made.summaries()) == 2 and made.check() == []


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can become somebody else")
def test_somebody_elses_folder_names_its_owner(made, tmp_path):
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == 0 and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    told = []
    for mode in (0o755, 0o700):
        made.folder.chmod(mode)
        child = os.fork()
        if not child:
            code = 1
            try:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
                if mode == 0o755:
                    library = Library.open(made.folder)
                    assert len(library.summaries()) == 2 and library.search_words(["kettle"], k=3)
                    with pytest.raises(LibraryBlocked, match=r"it belongs to root, and \S+ has no permission"):
                        library.remove("kettle")
                else:
                    with pytest.raises((LibraryBlocked, PermissionError)):
                        Library.open(made.folder)
                code = 0
            except BaseException as exc:
                print(repr(exc), file=sys.stderr)
            finally:
                os._exit(code)
        told.append(os.waitpid(child, 0)[1])
    made.folder.chmod(0o755)
    assert told == [0, 0]


NUMBERS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EMFILE, errno.ENFILE, errno.EIO, errno.EINVAL)


@pytest.mark.parametrize("number", NUMBERS)
def test_whatever_the_system_says_nobody_advises_to_delete_a_library(made, number):
    told = str(blocked(made.folder, OSError(number, os.strerror(number))))
    assert str(made.folder) in told and not ADVICE.search(told)
