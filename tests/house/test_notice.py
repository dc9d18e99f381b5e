"""NOTICE names the source and the licence of every data file that is handed on, or says that it is our own."""

from __future__ import annotations

import re
import subprocess
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTICE = (ROOT / "NOTICE").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ROOMS = ("app.py", "eval", "index", "prompts", "rag", "samples", "ui")
OTHERS, _, OURS = NOTICE.partition("3. Our own\n")
OURS = OURS.partition("4. The MIT License\n")[0]


def data_files() -> list[str]:
    """The files in the rooms that are no code, as git tracks them and as packages take them along."""
    listed = subprocess.run(["git", "ls-files", "-z", *ROOMS], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    taken = {
        file.relative_to(ROOT).as_posix()
        for package, patterns in PROJECT["tool"]["setuptools"]["package-data"].items()
        for pattern in patterns
        for file in (ROOT / package.replace(".", "/")).glob(pattern)
    }
    tracked = {name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()}
    return sorted(name for name in tracked | taken if not name.endswith((".py", "/NOTES.md")))


def named(part: str) -> list[str]:
    """What a part of the notice is about: the files, patterns and folders at the beginnings of its lines."""
    heads = [line for line in part.splitlines() if re.match(r"(?:eval|index|prompts|rag|samples|ui)/", line)]
    return [name for head in heads for name in re.split(r"[,;]\s*", head.partition("; the figures in")[0])]


def covers(name: str, file: str) -> bool:
    return file.startswith(name) if name.endswith("/") else fnmatch(file, name)


def test_every_data_file_is_in_the_notice_once_as_somebody_elses_or_as_ours() -> None:
    others, ours = named(OTHERS), named(OURS)
    for file in data_files():
        of_others, of_us = (any(covers(name, file) for name in part) for part in (others, ours))
        assert of_others or of_us, f"{file}: say in NOTICE what it was made of, or that it is our own"
        assert not (of_others and of_us), f"{file}: either it is made of other people's work or it is not"


def test_nothing_is_in_the_notice_that_is_not_there() -> None:
    files = data_files()
    gone = [name for name in named(OTHERS) + named(OURS) if not any(covers(name, file) for file in files)]
    assert not gone and len(set(named(OTHERS))) == 7


@pytest.mark.parametrize("file", sorted({name for name in named(OTHERS)}))
def test_what_others_made_comes_with_its_author_its_address_and_its_licence(file: str) -> None:
    for part in re.split(r"\n(?=(?:index|rag)/)", OTHERS):
        if file in part.splitlines()[0]:
            assert "https://" in part and re.search(r"Licence:|LICENSEE", part) and re.search(r"Copyright|LLC", part)


def flat(words: str) -> str:
    return " ".join(words.replace("#", " ").split())


def test_the_notices_that_have_to_go_along_are_there_in_full() -> None:
    lines = (ROOT / "rag" / "gate" / "synonyms.txt").read_text(encoding="utf-8").splitlines()
    assert flat(" ".join(line for line in lines if line.startswith("#"))) in flat(NOTICE)
    assert "WordNet 3.0 Copyright 2006 by Princeton University" in NOTICE
    for holder in (
        "2012 Daniele Faraglia",
        "2021 Yale-LILY",
        "2023 ETRI",
        "2021 Bitcoin Transcripts",
        "2013 Trey Hunner",
    ):
        assert f"Copyright (c) {holder}" in NOTICE
    assert flat(NOTICE).count("The above copyright notice and this permission notice shall be included") == 2
    apache = (ROOT / "licenses" / "Apache-2.0.txt").read_text(encoding="utf-8")
    assert "Version 2.0, January 2004" in apache and "END OF TERMS AND CONDITIONS" in apache


def test_what_is_installed_has_the_notices_with_it() -> None:
    taken = [file for pattern in PROJECT["project"]["license-files"] for file in ROOT.glob(pattern)]
    assert {"LICENSE", "NOTICE", "licenses/Apache-2.0.txt"} == {file.relative_to(ROOT).as_posix() for file in taken}
