"""One bad file never keeps the others out: faults of ours, damaged archives, odd numbers, files that are none."""

from __future__ import annotations

import io
import json
import os
import socket
import zipfile
from pathlib import Path

import pytest
from test_formats import read, said

from index.errors import TranscriptError
from index.formats import parse, read_bytes
from index.formats.source import whole_characters
from index.library import Library
from index.reading import read as reading_module
from index.reading.allowance import allowance
from index.reading.faults import LOG
from index.reading.read import read_episode
from index.reading.sentences import split_sentences
from index.search.passages import Questions, build_passages, question_before

GOOD = "Mara Quill: The kettle sings at noon.\n\nTom Ash: It does, and then we pour.\n"
HUGE = "9" * 400


def talk(folder: Path, name: str, text: str = GOOD, **sidecar: object) -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    if sidecar:
        (folder / f"{file.stem}.meta.json").write_text(json.dumps(sidecar))
    return file


def word(body: str, *, root: str = "w:document", **parts: bytes) -> bytes:
    """A Word document with this body, and further parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "[Content_Types].xml",
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName='
            '"/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.'
            'document.main+xml"/></Types>',
        )
        archive.writestr(
            "_rels/.rels",
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="a" '
            'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
            'Target="word/document.xml"/></Relationships>',
        )
        archive.writestr(
            "word/document.xml",
            f'<{root} xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>{body}</w:body></{root}>',
        )
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def cell(text: str, properties: str = "") -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{paragraph(text)}</w:tc>"


def test_a_fault_of_ours_ends_one_file_by_name_and_leaves_its_traceback_in_a_log(tmp_path, monkeypatch):
    files = [talk(tmp_path, name, f"{GOOD}\nMara Quill: And {name}.\n") for name in ("a.txt", "b.txt", "c.txt")]
    reading = reading_module.read_episode

    def with_a_bug(path: Path, **options: object):
        if path.name == "b.txt":
            raise StopIteration("a bug that nobody knows of")
        return reading(path, **options)

    monkeypatch.setattr(reading_module, "read_episode", with_a_bug)
    library = Library.create(tmp_path / "library", "hashing")
    report = library.add(files)
    assert report.added == ["a", "c"]
    (refused,) = report.refused
    assert refused.path.endswith("b.txt") and "a fault of Verbatim's" in refused.why
    log = tmp_path / "library" / LOG
    assert str(log) in refused.repair
    assert "a bug that nobody knows of" in log.read_text() and "Traceback" in log.read_text()


@pytest.mark.parametrize("error", [MemoryError, RecursionError])
def test_a_file_that_is_too_much_for_the_machine_is_refused_and_the_rest_goes_in(tmp_path, monkeypatch, error):
    reading = reading_module.read_episode

    def too_much(path: Path, **options: object):
        if path.name == "b.txt":
            raise error
        return reading(path, **options)

    monkeypatch.setattr(reading_module, "read_episode", too_much)
    library = Library.create(tmp_path / "library", "hashing")
    report = library.add([talk(tmp_path, "b.txt"), talk(tmp_path, "c.txt")])
    assert report.added == ["c"]
    assert "fault of Verbatim's" not in str(report.refused[0])


@pytest.mark.parametrize(
    "sidecar",
    [f'{{"duration": {HUGE}}}', f'{{"duration": {"7" * 5000}}}', f'{{"title": {"7" * 5000}}}', "[" * 100_000,
     f'{{"chapters": [{{"startTime": {HUGE}, "title": "a"}}]}}', f'{{"date": {HUGE}}}', '{"duration": -1e999}'],
)  # fmt: skip
def test_a_number_or_a_depth_beyond_all_measure_in_a_sidecar_is_refused_by_its_file(tmp_path, sidecar):
    file = talk(tmp_path, "talk.txt")
    (tmp_path / "talk.meta.json").write_text(sidecar)
    with pytest.raises(TranscriptError, match=r"talk\.meta\.json"):
        read_episode(file)


@pytest.mark.parametrize(
    "value",
    [
        "0x" + "f" * 5000,
        "7" * 5000,
        "!!float x",
        "!!int ''",
        "!!timestamp x",
        "0001-01-01 00:00:00 +05:00",
        "[" * 5000,
        "? [a]",
    ],
)
def test_front_matter_that_yaml_chokes_on_is_refused_or_read_and_never_a_traceback(value):
    try:
        assert read(f"---\nid: {value}\n---\n{GOOD}").turns
    except TranscriptError as refused:
        assert "front matter" in str(refused) or "id is" in str(refused)


def test_front_matter_that_stands_for_gigabytes_is_refused_by_its_field_unfolded():
    levels = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 12))
    with pytest.raises(TranscriptError, match="title is a list"):
        read(f"---\nl0: &l0 [ha]\n{levels}\ntitle: *l11\n---\n{GOOD}")
    merges = "\n".join(f"m{n}: &m{n} {{<<: [{', '.join([f'*m{n - 1}'] * 9)}]}}" for n in range(1, 12))
    with pytest.raises(TranscriptError, match="front matter"):
        read(f"---\nm0: &m0 {{a: b}}\n{merges}\n---\n{GOOD}")


@pytest.mark.parametrize("row", [{"start": int(HUGE), "end": 2}, {"start": 1, "end": -int(HUGE)}], ids=["start", "end"])
def test_a_time_of_hundreds_of_digits_in_json_refuses_the_file(row):
    segments = [{"text": "The kettle sings.", "speaker": "Mara"} | row]
    with pytest.raises(TranscriptError, match="hundreds of digits"):
        parse(json.dumps({"segments": segments}).encode(), "talk.json")


def test_half_characters_are_left_out_and_whole_ones_stay():
    assert whole_characters(r'{"a": "x\ud800y \ud83d\ude00 \\ud800"}') == (r'{"a": "xy \ud83d\ude00 \\ud800"}', 1)
    segments = [{"start": 0, "end": 2, "text": "The \ud800kettle \U0001f600 sings.", "speaker": "Ma\udfffra"}]
    parsed = parse(json.dumps({"segments": segments, "title": "No\ud900on"}).encode(), "talk.json")
    assert said(parsed) == [("Mara", "The kettle \U0001f600 sings.")]
    assert parsed.metadata.title == "Noon" and "3 half characters left out" in parsed.mended


def test_half_characters_of_sidecars_and_front_matter_reach_no_database(tmp_path):
    files = [
        talk(
            tmp_path,
            "a.txt",
            title="\ud800Noon",
            show="K\udc00ettles",
            description="\ud800 tea",
            people=["Mara\ud800 Quill"],
        ),
        talk(tmp_path, "b.txt", f'---\ntitle: "No\\ud800on"\nid: "b\\udfff"\n---\n{GOOD}'),
    ]
    report = Library.create(tmp_path / "library", "hashing").add(files)
    assert report.added == ["a", "b"] and not report.refused
    assert any("half character" in line for line in report.mended["a"])
    assert any("half a character" in line for line in report.mended["b"])


def test_what_was_mended_in_a_sidecar_is_told_with_a_name_that_no_screen_obeys(tmp_path):
    report = Library.create(tmp_path / "library", "hashing").add([talk(tmp_path, "a\x1b[2J.txt", title="\ud800Noon")])
    ((told,),) = report.mended.values()
    assert told == "a.meta.json: 1 half character left out"


def test_a_file_name_that_is_no_utf_8_is_refused_in_letters_that_can_be_printed(tmp_path):
    odd = os.fsencode(tmp_path) + b"/t\xe9a.txt"
    try:
        Path(os.fsdecode(odd)).write_text(GOOD)
    except OSError:
        pytest.skip("this file system takes no such names")
    talk(tmp_path, "good.txt")
    report = Library.create(tmp_path / "library", "hashing").add([tmp_path])
    assert report.added == ["good"]
    assert "t\\xe9a.txt" in str(report.refused[0])
    str(report.refused[0]).encode()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_pipes_devices_sockets_and_the_systems_own_tables_are_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.txt")
    with socket.socket(socket.AF_UNIX) as listening:
        os.chdir(tmp_path)
        listening.bind("socket.txt")
        odd = [tmp_path / "pipe.txt", tmp_path / "socket.txt", Path("/dev/zero"), Path("/proc/self/environ")]
        (tmp_path / "link.txt").symlink_to("/dev/zero")
        for path in [*odd, tmp_path / "link.txt"]:
            if path.exists():
                with pytest.raises(TranscriptError, match="no plain file"):
                    read_bytes(path)


def test_a_loop_of_folders_ends(tmp_path):
    talk(tmp_path, "a.txt")
    (tmp_path / "again").symlink_to(tmp_path)
    assert Library.create(tmp_path / "library", "hashing").add([tmp_path]).added == ["a"]


@pytest.mark.parametrize("separator", [" ", " - ", "\u2013", " ~ ", ",", " to ", "\t", " > ", "--&gt;", " | "])
def test_a_cue_whose_arrow_is_lost_or_written_otherwise_is_read_and_told(separator):
    cues = [("00:00:01,000 --> 00:00:03,000", "Mara: The kettle sings."),
            (f"00:00:04,000{separator}00:00:06,000", "Tom: So it does."),
            ("00:00:07,000 --> 00:00:09,000", "Mara: Pour it.")]  # fmt: skip
    parsed = read("\n".join(f"{n}\n{times}\n{words}\n" for n, (times, words) in enumerate(cues, 1)))
    assert said(parsed) == [("Mara", "The kettle sings."), ("Tom", "So it does."), ("Mara", "Pour it.")]
    assert [turn.pieces[0].start for turn in parsed.turns] == [1, 4, 7]
    assert any("arrow" in line for line in parsed.mended)


@pytest.mark.parametrize(
    "words", ["It boils from 00:00:01,000 to 00:00:03,000, I think.", "00:00:01,000 and 00:00:02,000"]
)
def test_two_times_in_a_spoken_line_are_words(words):
    parsed = read(
        f"1\n00:00:01,000 --> 00:00:03,000\nMara: Well.\n{words}\n\n2\n00:00:04,000 --> 00:00:06,000\nTom: So it does.\n"
    )
    assert said(parsed) == [("Mara", f"Well. {words}"), ("Tom", "So it does.")]


@pytest.mark.parametrize("span", ["x", "-3", "0", "1e9", "999999999999", "", "\u0663"])
def test_a_cell_that_spans_no_possible_number_of_columns_is_read_all_the_same(span):
    spanning = f"<w:gridSpan w:val={json.dumps(span, ensure_ascii=False)}/>"
    row = f"<w:tr>{cell('Mara Quill', spanning)}{cell('The kettle sings.')}</w:tr>"
    assert said(parse(word(f"<w:tbl>{row * 3}</w:tbl>"), "talk.docx")) == [
        ("Mara Quill", "The kettle sings. " * 2 + "The kettle sings.")
    ]


@pytest.mark.parametrize("merge", ["<w:vMerge/>", '<w:vMerge w:val="continue"/>', '<w:vMerge w:val="x"/>'])
def test_a_merged_cell_in_the_first_row_has_nothing_above_it(merge):
    row = f"<w:tr>{cell('Mara Quill', merge)}{cell('Mara Quill: The kettle sings at noon.')}</w:tr>"
    assert parse(word(f"<w:tbl>{row}</w:tbl>" + paragraph("Tom Ash: It does.")), "talk.docx").turns


def damaged() -> dict[str, bytes]:
    good = word(paragraph("Mara Quill: The kettle sings.") * 50)
    at = good.index(b"word/document.xml") + 40
    encrypted = good.replace(b"PK\x01\x02\x14\x03\x14\x00\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01\x00")
    return {
        "stream": good[:at] + bytes(40) + good[at + 40 :],
        "encrypted": encrypted,
        "method": good.replace(b"\x08\x00", b"\x63\x00"),
        "cut": good[:-30],
        "root": word(paragraph("Mara: Well."), root="w:glossary"),
        "no xml": word("<w:p>"),
        "deep": word("<w:p>" * 3000 + "</w:p>" * 3000),
    }


@pytest.mark.parametrize("kind", damaged())
def test_a_damaged_word_document_is_refused_by_name(kind):
    with pytest.raises(TranscriptError, match=r"talk\.docx: "):
        parse(damaged()[kind], "talk.docx")


def test_a_word_document_that_unpacks_to_more_than_it_may_is_refused():
    with pytest.raises(TranscriptError, match="unpacks to more"):
        parse(word("", **{"word/big.xml": b" " * 120_000_000}), "talk.docx")
    with pytest.raises(TranscriptError, match="millions of parts"):
        parse(word("<w:p/>" * 2_000_000), "talk.docx")


def test_reading_that_takes_more_than_its_allowance_is_ended_in_the_middle_of_an_expression():
    import re

    with (
        pytest.raises(TranscriptError, match=r"talk\.txt: it takes more than 0\.3 s"),
        allowance("talk.txt", seconds=0.3),
    ):
        re.fullmatch("(a|aa)+b", "a" * 60)


def test_forty_comments_before_a_talk_are_no_riddle():
    parsed = read("<!-- tea -->" * 400 + "\n" + GOOD * 200)
    assert {speaker for speaker, _ in said(parsed)} == {"Mara Quill", "Tom Ash"}


def test_a_talk_about_authors_is_no_riddle_either():
    read("Hosted by the " + "author " * 200 + "who writes.\n\n" + "So I think you know what we mean by that. " * 40)


def test_elements_thousands_deep_are_refused():
    with pytest.raises(TranscriptError, match="deep"):
        parse(b"<html><body>" + b"<div>" * 5000 + b"So I say", "talk.html")


def test_stops_without_words_belong_to_what_follows_however_many_they_are():
    dots = "." * 100_000
    assert split_sentences(f"So. {dots} And on.") == [(0, 3), (4, 4 + len(dots) + 8)]
    assert len(split_sentences("a. b " * 20_000)) == len(split_sentences(" ".join(["a. b"] * 20_000)))


def test_a_passages_question_is_the_same_looked_up_or_searched_for(tmp_path):
    episode = read_episode(
        talk(
            tmp_path,
            "a.txt",
            "".join(
                f"{name}: {'Well so it is then? ' * (n % 7)}Yes.\n\n"
                for n, name in enumerate(["Mara Quill", "Tom Ash"] * 30)
            ),
        )
    )
    questions = Questions(episode)
    for passage in build_passages(episode):
        assert passage.context == question_before(episode, passage.first) == questions.before(passage.first)


def test_a_name_with_its_time_spelt_out_and_again_as_a_clock_opens_a_turn():
    parsed = read(
        "Mara Quill   0 minutes 4 seconds0:04\nThe kettle sings.\n\nTom Ash   1 hour 2 minutes 3 seconds1:02:03\nIt does.\n"
    )
    assert said(parsed) == [("Mara Quill", "The kettle sings."), ("Tom Ash", "It does.")]
    assert [turn.pieces[0].start for turn in parsed.turns] == [4, 3723]
