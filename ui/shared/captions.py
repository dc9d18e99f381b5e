"""An episode's sentences with their times, for the browser to follow while it plays: `/captions/EPISODE`."""

from __future__ import annotations

from typing import Any

from index.episode import EXACT_SECONDS, Episode
from index.errors import VerbatimError
from index.library import Library


def captions_route(library: Library, below: str) -> Any:
    """The route `below` a page; 404 for an episode that isn't there. Asked again each time: a correction is seen at once."""
    from starlette.exceptions import HTTPException
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    def captions(request: Request) -> JSONResponse:
        try:
            episode = library.episode(request.path_params["episode"])
        except VerbatimError as error:
            raise HTTPException(404) from error
        return JSONResponse(captions_of(episode), headers={"cache-control": "no-cache"})

    return Route(f"{below}/captions/{{episode:path}}", captions)


def captions_of(episode: Episode) -> dict[str, Any]:
    """`sentences`: [start, end, place in `speakers`, text] in their order, those without a time left out.

    The place is None where nobody knows who speaks. `estimated`: some times are not known to the second.
    """
    speakers: dict[str, int] = {}
    sentences = []
    estimated = False
    for turn in episode.turns:
        who = speakers.setdefault(turn.speaker.name, len(speakers)) if turn.speaker else None
        for sentence in turn.sentences:
            if sentence.start is not None and sentence.end is not None:
                sentences.append([round(sentence.start, 2), round(sentence.end, 2), who, sentence.text])
                estimated = estimated or (sentence.time_error or 0.0) > EXACT_SECONDS
    return {"speakers": list(speakers), "estimated": estimated, "sentences": sentences}
