"""Exports of recognisers, meeting bots, caption editors and spreadsheets: one talk in each of their shapes is one talk."""

# ruff: noqa: E501
from __future__ import annotations

import json

import pytest

from index.errors import TranscriptError
from index.formats import parse
from index.formats.parsed import Parsed
from index.library import Library
from index.reading.read import read_episode

HEDDA, LARS = "We mend the nets all winter.", "And nobody counts the buoys."


def _words(line: str, at: float, **more: object) -> list[dict[str, object]]:
    return [
        {"w": word, "at": round(at + n * 0.4, 2), "to": round(at + n * 0.4 + 0.3, 2), **more}
        for n, word in enumerate(line.split())
    ]


def _each(make, **voices: object) -> list[object]:
    told = voices or {"a": 0, "b": 1}
    first, second = told.values()
    return [make(w, first) for w in _words(HEDDA, 0.5)] + [make(w, second) for w in _words(LARS, 6.0)]


VENDORS = {
    "deepgram": {"metadata": {"duration": 9.0}, "results": {"channels": [{"alternatives": [{"transcript": f"{HEDDA} {LARS}", "confidence": 0.9,
        "words": _each(lambda w, v: {"word": str(w["w"]).lower().strip("."), "punctuated_word": w["w"], "start": w["at"], "end": w["to"], "speaker": v, "confidence": 0.9})}]}]}},
    "amazon": {"results": {"transcripts": [{"transcript": f"{HEDDA} {LARS}"}],
        "speaker_labels": {"segments": [{"start_time": "0.5", "end_time": "5.0", "speaker_label": "spk_0"}, {"start_time": "6.0", "end_time": "9.0", "speaker_label": "spk_1"}]},
        "items": _each(lambda w, v: {"type": "pronunciation", "start_time": str(w["at"]), "end_time": str(w["to"]), "alternatives": [{"content": w["w"], "confidence": "0.99"}]})}},
    "azure": {"recognizedPhrases": [
        {"speaker": 1, "offset": "PT0.5S", "duration": "PT4S", "offsetInTicks": 5000000, "nBest": [{"confidence": 0.9, "lexical": HEDDA.lower(), "display": HEDDA}]},
        {"speaker": 2, "offset": "PT6S", "duration": "PT2S", "offsetInTicks": 60000000, "nBest": [{"confidence": 0.9, "lexical": LARS.lower(), "display": LARS}]}]},
    "rev": {"speakers": [{"id": 0, "name": "Hedda"}, {"id": 1, "name": "Lars"}], "monologues": [
        {"speaker": n, "elements": [e for w in _words(line, at) for e in ({"type": "text", "value": str(w["w"]), "ts": w["at"], "end_ts": w["to"]}, {"type": "punct", "value": " "})]}
        for n, (line, at) in enumerate(((HEDDA, 0.5), (LARS, 6.0)))]},
    "speechmatics": {"results": _each(lambda w, v: {"type": "word", "start_time": w["at"], "end_time": w["to"], "alternatives": [{"content": w["w"], "speaker": f"S{v + 1}"}]})},
    "gladia": {"result": {"transcription": {"full_transcript": f"{HEDDA} {LARS}", "utterances": [
        {"text": HEDDA, "start": 0.5, "end": 5.0, "speaker": 0, "words": [{"word": w["w"], "start": w["at"], "end": w["to"]} for w in _words(HEDDA, 0.5)]},
        {"text": LARS, "start": 6.0, "end": 9.0, "speaker": 1, "words": []}]}}},
    "elevenlabs": {"text": f"{HEDDA} {LARS}", "words": [e for w in _each(lambda w, v: {"text": w["w"], "start": w["at"], "end": w["to"], "type": "word", "speaker_id": f"speaker_{v}"})
        for e in (w, {"text": " ", "start": w["end"], "end": w["end"], "type": "spacing", "speaker_id": w["speaker_id"]})]},
    "assemblyai": {"id": "x", "utterances": [{"speaker": "A", "text": HEDDA, "start": 500, "end": 5000}, {"speaker": "B", "text": LARS, "start": 6000, "end": 9000}], "text": f"{HEDDA} {LARS}"},
    "recall": [{"participant": {"id": n, "name": name}, "words": [{"text": w["w"], "start_timestamp": {"relative": w["at"]}, "end_timestamp": {"relative": w["to"]}} for w in _words(line, at)]}
        for n, (name, line, at) in enumerate((("Hedda", HEDDA, 0.5), ("Lars", LARS, 6.0)))],
    "fireflies": [{"sentence": HEDDA, "startTime": "00:00.5", "endTime": "00:05", "speaker_name": "Hedda", "speaker_id": 0},
        {"sentence": LARS, "startTime": "00:06", "endTime": "00:09", "speaker_name": "Lars", "speaker_id": 1}],
    "hyperaudio": {"words": [{"start": w["at"], "end": w["to"], "text": w["w"]} for w in [*_words(HEDDA, 0.5), *_words(LARS, 6.0)]],
        "paragraphs": [{"speaker": "Hedda", "start": 0.5, "end": 5.0}, {"speaker": "Lars", "start": 6.0, "end": 9.0}]},
    "podlove": {"transcripts": [{"start": "00:00:00.500", "start_ms": 500, "end": "00:00:05.000", "end_ms": 5000, "speaker": "1", "voice": "Hedda", "text": HEDDA},
        {"start": "00:00:06.000", "start_ms": 6000, "end": "00:00:09.000", "end_ms": 9000, "speaker": "2", "voice": "Lars", "text": LARS}]},
    "amberscript": {"speakers": [{"spkid": "s1", "name": "Hedda"}, {"spkid": "s2", "name": "Lars"}], "segments": [
        {"speaker": f"s{n + 1}", "words": [{"text": w["w"], "start": w["at"], "end": w["to"]} for w in _words(line, at)]} for n, (line, at) in enumerate(((HEDDA, 0.5), (LARS, 6.0)))]},
    "nobody's yet": {"data": {"talk": [{"uttered": HEDDA, "t0": 500, "voice_tag": "x"}, {"uttered": LARS, "t0": 6000, "voice_tag": "y"}]}},
}  # fmt: skip


def read(content: object, name: str = "a.json") -> Parsed:
    return parse((content if isinstance(content, str) else json.dumps(content)).encode(), name)


def rows(parsed: Parsed) -> list[tuple[float | None, str]]:
    return [(turn.pieces[0].start, " ".join(p.text for p in turn.pieces if p.speech)) for turn in parsed.turns]


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_recognisers_json_is_two_voices_with_their_words_and_times(vendor):
    parsed = read(VENDORS[vendor])
    assert rows(parsed) == [(0.5, HEDDA), (6.0, LARS)]
    labels = [turn.speaker for turn in parsed.turns]
    assert labels[0] and labels[1] and labels[0] != labels[1]
    if "Hedda" in json.dumps(VENDORS[vendor]) and vendor != "podlove":
        assert labels == ["Hedda", "Lars"]


def test_lines_of_json_are_rows():
    text = "\n".join(
        json.dumps({"start": at, "speaker": who, "text": line})
        for at, who, line in ((0.5, "H", HEDDA), (6.0, "L", LARS))
    )
    assert rows(read(text, "a.jsonl")) == [(0.5, HEDDA), (6.0, LARS)]


def test_youtubes_captions_are_read_in_all_their_shapes():
    json3 = {"wireMagic": "pb3", "events": [{"tStartMs": 0, "id": 1}, {"tStartMs": 500, "dDurationMs": 9000, "segs": [{"utf8": "We mend"}, {"utf8": " the nets."}]},
        {"tStartMs": 600, "segs": [{"utf8": "\n"}], "aAppend": 1}, {"tStartMs": 6000, "dDurationMs": 2000, "segs": [{"utf8": "All winter."}]}]}  # fmt: skip
    srv1 = '<?xml version="1.0"?><transcript><text start="0.5" dur="5">We mend the nets.</text><text start="6" dur="2">Tar &amp;amp; eels.</text></transcript>'
    srv3 = '<timedtext format="3"><body><p t="500" d="5000"><s>We mend</s><s t="400"> the nets.</s></p><p t="6000" d="2000">All winter.</p></body></timedtext>'
    pieces = [[(p.start, p.text) for turn in read(text).turns for p in turn.pieces] for text in (json3, srv1, srv3)]
    assert pieces[0] == pieces[2] == [(0.5, "We mend the nets."), (6.0, "All winter.")]
    assert pieces[1] == [(0.5, "We mend the nets."), (6.0, "Tar & eels.")]


def test_ttml_knows_agents_words_frames_and_what_a_time_counts_from():
    words = "".join(
        f'<span ttm:agent="v1" begin="{n}s" end="{n}.9s">{word}</span> '
        for n, word in enumerate(("We", "mend", "nets."))
    )
    text = (
        '<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttm="http://www.w3.org/ns/ttml#metadata" xmlns:ttp="http://www.w3.org/ns/ttml#parameter"'
        ' ttp:frameRate="25"><head><metadata><ttm:agent xml:id="v1"><ttm:name>Hedda</ttm:name></ttm:agent></metadata></head><body><div>'
        f'<p begin="00:00:05.000" end="00:00:08.000">{words}</p><p ttm:agent="v2" begin="00:00:10:05" end="250f">All<br/>winter.</p></div></body></tt>'
    )
    parsed = read(text, "a.ttml")
    assert [(t.speaker, t.pieces[0].start, " ".join(p.text for p in t.pieces)) for t in parsed.turns] == [
        ("Hedda", 5.0, "We mend nets."),
        ("v2", 10.2, "All winter."),
    ]
    with pytest.raises(TranscriptError, match="broken"):
        read("<tt><body><p>never closed</body></tt>", "a.ttml")
    with pytest.raises(TranscriptError, match="language of its own"):
        read('<?xml version="1.0"?>\n<tt><!DOCTYPE x [<!ENTITY a "b">]><body/></tt>', "a.ttml")


def test_subtitles_without_a_rate_of_frames_have_no_exact_times():
    parsed = read("{25}{75}We mend the nets.\n{150}{200}All winter.\n", "a.sub")
    assert [p.start for turn in parsed.turns for p in turn.pieces] == [None, None] and "rate" in parsed.mended[0]
    timed = read("{1}{1}25.000\n{25}{75}We mend the nets.\n{150}{200}All winter.\n", "a.sub")
    assert [p.start for turn in timed.turns for p in turn.pieces] == [1.0, 6.0]


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_columns_are_known_by_what_stands_in_them(order, delimiter):
    table = [
        ("Who", "From", "To", "Text"),
        ("Hedda", "0:01", "0:05", HEDDA),
        ("Lars", "0:06", "0:09", LARS),
        ("Hedda", "0:10", "0:12", "So it is."),
    ]
    text = "\n".join(delimiter.join(row[n] for n in order) for row in table)
    assert [(t.speaker, t.pieces[0].start, t.pieces[0].text) for t in read(text, "a.csv").turns] == [
        ("Hedda", 1.0, HEDDA),
        ("Lars", 6.0, LARS),
        ("Hedda", 10.0, "So it is."),
    ]


def test_a_page_of_prose_with_commas_is_no_table():
    text = (
        "We mend nets, all of us, in winter.\nThen, when it thaws, we go out.\nI like that, and you, I think, do too.\n"
        * 3
    )
    assert read(text, "a.txt").format == "page"


def test_an_editors_timeline_is_subtracted_where_the_recording_is_known_to_be_shorter(tmp_path):
    file = tmp_path / "a.srt"
    file.write_text(
        "1\n10:00:01,000 --> 10:00:04,000\nHedda: We mend.\n\n2\n10:00:05,000 --> 10:00:08,000\nLars: We do.\n"
    )
    undecided = read_episode(file)
    assert all(s.time_source != "transcript" for s in undecided.sentences) and "left out" in " ".join(undecided.mended)
    known = read_episode(file, duration=10.0)
    assert [s.start for s in known.sentences] == [1.0, 5.0] and "10:00:00 was subtracted" in " ".join(known.mended)


def test_who_speaks_while_another_is_not_done_begins_when_the_file_says(tmp_path):
    file = tmp_path / "a.srt"
    file.write_text(
        "1\n00:00:01,000 --> 00:00:06,000\nHedda: We mend the nets.\n\n2\n00:00:03,000 --> 00:00:07,000\nLars: We do, we do.\n\n"
        "3\n00:00:08,000 --> 00:00:09,000\nHedda: All of them.\n"
    )
    assert [(s.start, s.end) for s in read_episode(file).sentences] == [(1.0, 6.0), (3.0, 7.0), (8.0, 9.0)]


def test_what_a_recogniser_repeats_is_kept_marked_and_told():
    lines = [
        "The tide turned.",
        *["Thanks for listening.", "See you soon."] * 5,
        "It was so so so so so so so so so so cold.",
        "Then we slept.",
    ]
    parsed = read({"segments": [{"start": n * 2.0, "end": n * 2.0 + 2, "text": line} for n, line in enumerate(lines)]})
    spoken = " ".join(p.text for t in parsed.turns for p in t.pieces if p.speech)
    assert spoken == "The tide turned. Thanks for listening. See you soon. It was so cold. Then we slept."
    marked = [p.text for t in parsed.turns for p in t.pieces if not p.speech]
    assert marked[0].count("See you soon.") == 4 and marked[1].split() == ["so"] * 9 and len(parsed.mended) == 2


def test_people_may_say_no_three_times():
    cues = "".join(
        f"{n + 1}\n00:00:0{n},000 --> 00:00:0{n + 1},000\n{line}\n\n"
        for n, line in enumerate(["No.", "No.", "No.", "Never, never, never."])
    )
    assert all(p.speech for t in read(cues, "a.srt").turns for p in t.pieces)


def test_a_second_copy_is_told_and_the_better_one_is_kept(tmp_path):
    lines = [
        ("Hedda", HEDDA),
        ("Lars", LARS),
        ("Hedda", "That is how it goes on the north shore."),
        ("Lars", "Every year anew."),
    ]
    bare, named = tmp_path / "bare.txt", tmp_path / "named.vtt"
    bare.write_text("\n\n".join(line for _, line in lines))
    named.write_text(
        "WEBVTT\n\n"
        + "".join(f"00:{n:02d}.000 --> 00:{n + 1:02d}.000\n{who}: {line}\n\n" for n, (who, line) in enumerate(lines))
    )
    library = Library.create(tmp_path / "library", "hashing")
    library.add([bare])
    assert library.add([named]).replaced == ["bare"]
    again = library.add([bare])
    assert again.copies == {str(bare): "bare"} and len(library.summaries()) == 1
    assert library.episode("bare").turns[0].speaker_source == "labelled"
    assert library.add([bare], keep_both=True).added and len(library.summaries()) == 2
