"""The commands that change a library, or may: add, speakers, correct, remove, check."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

from index.errors import SettingsError, VerbatimError, printable
from ui.terminal.reading import settings_of


def add(options: Namespace) -> int:
    """Adds transcripts; 1 where one was refused."""
    import logging

    from index.library import Library, Progress
    from ui.terminal.progress import progress_bar

    to_stderr = logging.StreamHandler()
    to_stderr.addFilter(logging.Filter("index"))  # what a language model's client logs is not for the reader
    logging.basicConfig(level=logging.INFO, format="%(message)s", handlers=[to_stderr])
    settings = settings_of(options)
    if options.speakers == "model" and not settings.model:
        raise SettingsError(
            "--speakers model needs a language model, and none is set. Set one: export VERBATIM_MODEL=openai:NAME, "
            "or leave it out: verbatim add PATH"
        )
    library = Library.create(settings.library, settings.embeddings)
    of_voices: list[str] = []
    file: Path | None = None
    with progress_bar() as draw:

        def on_progress(progress: Progress) -> None:
            nonlocal file
            file = progress.file
            draw(progress)

        tell_voices = None
        if options.speakers == "model":
            from rag.model.voices import model_voices

            tell_voices = model_voices(settings, lambda line: of_voices.append(f"{file}: {line}"))
        report = library.add(
            options.paths,
            duration=options.duration,
            tell_voices=tell_voices,
            keep_both=options.keep_both,
            on_progress=on_progress,
        )
    for line in of_voices:
        print(line, file=sys.stderr)
    for id_, mended in report.mended.items():
        print(f"{id_}: mended: {'; '.join(mended)}", file=sys.stderr)
    for id_, number in report.unplaced.items():
        print(f"{id_}: corrections whose words have changed: {number}; not counted now", file=sys.stderr)
    for name, id_ in report.copies.items():
        print(
            f"{printable(name)}: the same talk as {id_}, left out; to have both: verbatim add --keep-both",
            file=sys.stderr,
        )
    for error in report.refused:
        print(f"refused: {error}", file=sys.stderr)
    counts = [
        (len(report.added), "added"),
        (len(report.replaced), "replaced"),
        (len(report.unchanged), "unchanged"),
        (len(report.copies), "already there from another file"),
        (len(report.refused), "refused"),
    ]
    print(", ".join(f"{n} {what}" for n, what in counts if n) or "nothing to add")
    return 1 if report.refused else 0


def speakers(options: Namespace) -> int:
    """Keeps an answer about who speaks, or takes the last one back; prints what is in doubt."""
    from index.library import Library
    from rag.review import Review, given_text, review_json
    from ui.terminal.review import review_text

    library = Library.open(settings_of(options).library)
    correction = _correction(options)
    id_, before = options.episode, None
    if correction or options.undo:
        before = library.recovery(id_)
        if options.undo:
            said = f"taken back: {given_text(library.undo_correction(id_).correction)}"
        else:
            library.correct(id_, correction, by=options.by)
            said = f"kept: {given_text(correction)}"
    episode = library.episode(id_)
    limit = options.limit or (5 if before is None else 1)
    if episode.unlabelled:
        review = Review.of(episode, library.recovery(id_), library.corrections(id_), limit=limit, before=before)
    else:
        review = Review(episode, None)
    if options.json:
        print(json.dumps(review_json(review), ensure_ascii=False, indent=1))
        return 0
    if review.changed is not None:
        print(f"{said}; {review.changed[0]} sentences ({review.changed[1]} words) changed voice\n")
    print(review_text(review))
    return 0


def _correction(options: Namespace) -> Any:
    """The answer that the options give; None where they give none."""
    from index.interviews.answers import VoiceIs

    for role in ("host", "guest"):
        if begins := getattr(options, f"{role}_from"):
            return VoiceIs(begins[0], role, begins[1], begins=True, ends=begins[1] is not None)
        if says := getattr(options, role):
            return VoiceIs(says[0], role, says[1], begins=False)
    return None


def correct(options: Namespace) -> int:
    """Keeps a correction, or takes one back; prints them all."""
    from index.library import Library
    from rag.review import given_text, kept_json
    from ui.terminal.review import corrections_text

    library = Library.open(settings_of(options).library)
    id_ = options.episode
    if options.undo:
        print(f"taken back: {given_text(library.undo_correction(id_, options.undo).correction)}", file=sys.stderr)
    elif given := _given(options):
        library.correct(id_, given, by=options.by)
        print(f"kept: {given_text(given)}", file=sys.stderr)
    kept = library.corrections(id_)
    print(
        json.dumps([kept_json(one) for one in kept], ensure_ascii=False, indent=1)
        if options.json
        else corrections_text(kept)
    )
    return 0


def _given(options: Namespace) -> Any:
    """The correction that the options give; None where they give none. VerbatimError: half of one."""
    from index.corrections.kinds import SpeakerIs, StartsAt, WordsAre

    tells = [options.speaker is not None, options.nobody, options.start is not None, options.words is not None]
    if not any(tells) and not options.at:
        return None
    if not any(tells) or not options.at:
        raise VerbatimError(
            "A correction has a place and what is right there: "
            f"verbatim correct {options.episode} --at 12 --speaker NAME (or --nobody, --start TIME, --words TEXT)"
        )
    first, last = options.at[0], options.at[1] if options.at[1] is not None else options.at[0]
    if options.words is not None:
        if first != last:
            raise VerbatimError("Words are put right one sentence at a time: --at N")
        return WordsAre(first, " ".join(options.words.split()))
    if options.start is not None:
        return StartsAt(first, last, options.start, options.end)
    return SpeakerIs(first, last, options.speaker, options.role or "unknown")


def remove(options: Namespace) -> int:
    """Removes an episode."""
    from index.library import Library

    Library.open(settings_of(options).library).remove(options.episode)
    print(f"removed {options.episode}")
    return 0


def check(options: Namespace) -> int:
    """Prints what is wrong with the library, after saving what can be saved where that is asked for."""
    from index.library import Library

    settings = settings_of(options)
    if options.repair:
        from index.library.rescue import rescue

        for line in rescue(Path(settings.library), settings.embeddings):
            print(line, file=sys.stderr)
    library = Library.open(settings.library)
    problems = library.check()
    for problem in problems:
        print(problem)
    if unhashed := library.without_hash():
        print(
            f"{unhashed} episodes were stored by an earlier version, without a hash: they are checked from the next change on, "
            f"or from now on with: verbatim check --repair --library {library.folder}",
            file=sys.stderr,
        )
    if not problems:
        print(f"{library.folder}: {len(library.summaries())} episodes, nothing wrong")
    else:
        print(f"verbatim: {library.folder}: what is wrong: {len(problems)}", file=sys.stderr)
    return 1 if problems else 0
