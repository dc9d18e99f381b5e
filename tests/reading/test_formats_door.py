"""What is refused at the door, with which message, and how bytes become text."""

from __future__ import annotations

import pytest
from test_formats import SRT, read, said

from index import formats
from index.errors import TranscriptError
from index.formats import parse


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \n", "empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "PNG image"),
        (b"%PDF-1.7 text", "PDF"),
        (bytes(range(256)) * 20, "binary"),
        (b"PK\x03\x04 no archive", "archive"),
        (
            b"<!doctype html><html><head><title>404 Not Found</title></head><body><h1>404</h1>nginx</body></html>",
            "error page",
        ),
        (b"<html><body><p>Access denied</p></body></html>", "error page"),
        (b"<html><body><nav>Home About</nav><p>Loading</p></body></html>", "1 words"),
        (b'{"version": "1.2.0", "chapters": [{"startTime": 0, "title": "Intro"}]}', "chapters"),
        (b'{"name": "site", "version": "1.0.0", "dependencies": {"left": "1"}}', "package file"),
        (b'{"rows": [1, 2]}', "no transcript that"),
        (b'{"segments": [\n {"body": "x",}\n]}', r"talk\.txt:2: the JSON is broken"),
        (b'{"segments": []}', "no transcript that"),
        (b"<?xml version='1.0'?><rss><channel/></rss>", "feed"),
        (b"WEBVTT\n\n00:01.000 --> 00:02.000\n[music]\n", "nobody says a word"),
        (b"--- *** ---\n\n...\n", "nobody says a word"),
    ],
)
def test_what_is_no_transcript_is_refused_by_what_it_is(data, fault):
    with pytest.raises(TranscriptError, match=fault) as refused:
        parse(data, "talk.txt")
    assert str(refused.value).startswith("talk.txt")
    assert refused.value.repair


def test_an_endless_line_is_refused_by_its_length():
    with pytest.raises(TranscriptError, match=r"talk\.txt: the file has 21 MB"):
        parse(b"Hello\n" + b"a" * 21_000_000, "talk.txt")


def test_a_file_of_hundreds_of_megabytes_is_refused_unread(tmp_path):
    path = tmp_path / "talk.txt"
    with path.open("wb") as file:
        file.truncate(200_000_000)
    with pytest.raises(TranscriptError, match="200 MB"):
        formats.read(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(TranscriptError, match="no such file"):
        formats.read(tmp_path / "none.srt")
    with pytest.raises(TranscriptError, match="folder"):
        formats.read(tmp_path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_encodings_are_detected(encoding, tmp_path):
    text = SRT.replace("soil.", "the café’s naïve “soil” – für alle.")
    path = tmp_path / "talk.srt"
    path.write_bytes(text.encode(encoding))
    assert said(formats.read(path)) == said(read(text))


def test_a_cyrillic_file_in_an_old_encoding_is_read():
    text = (
        "Анна: Добрый день, сегодня мы говорим о погоде и о том, как она меняется.\n\nПётр: Спасибо, что "
        "позвали меня, Анна.\n\n" * 3
    )
    parsed = parse(text.encode("cp1251"), "talk.txt")
    assert {speaker for speaker, _ in said(parsed)} == {"Анна", "Пётр"}
    assert "UTF-8" in parsed.mended[0]


def test_text_that_was_encoded_twice_is_put_right_and_told():
    text = "Ann: It’s the café’s fault, isn’t it?\n\nBo: It’s not.\n"
    parsed = parse(text.encode().decode("cp1252").encode(), "talk.txt")
    assert said(parsed)[0] == ("Ann", "It’s the café’s fault, isn’t it?")
    assert "encoded twice" in parsed.mended[0]


def test_one_stray_byte_does_not_spoil_the_rest():
    parsed = parse("Ann: Größe, Höhe, Länge, Süden, Öl, Ärger.\n\nBo: It".encode() + b"\x92s fine.\n", "talk.txt")
    assert said(parsed) == [("Ann", "Größe, Höhe, Länge, Süden, Öl, Ärger."), ("Bo", "It’s fine.")]


def test_right_to_left_and_wide_scripts_keep_their_words_and_labels():
    parsed = read(
        "דנה: שלום וברוכים הבאים.\n\nיוסי: תודה רבה.\n\n田中: こんにちは。😀\n\n"
        "דנה: כן.\n\nיוסי: טוב.\n\n田中: はい。\n"
    )
    assert [speaker for speaker, _ in said(parsed)] == ["דנה", "יוסי", "田中"] * 2
    assert said(parsed)[2][1] == "こんにちは。😀"
