"""What the listeners' page says, to be translated here; the form is that of `ui/words/form.py`."""

from __future__ import annotations

import json

from ui.words.form import Words

NOUNS = {  # counted things: one, several
    "episode": ("episode", "episodes"),
    "hour": ("hour", "hours"),
    "minute": ("minute", "minutes"),
    "passage": ("passage", "passages"),
    "quote": ("quote", "quotes"),
    "second": ("second", "seconds"),
    "sentence": ("sentence", "sentences"),
    "show": ("show", "shows"),
}

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

said = Words(
    {
        # The page's head and an empty conversation
        "tagline": "What was said, by whom, and when.",
        "for_staff": "For staff",
        "welcome": "What did they say?",
        "welcome_how": "Ask about anything in these episodes. The answer quotes the speakers’ own words.",
        "welcome_how_audible": "Ask about anything in these episodes. The answer quotes the speakers’ own words, and each "
        "quote plays from its first word.",
        "welcome_people": "You can ask about {people}.",
        "empty_library": "There are no episodes here yet.",
        "and": "{first} and {last}",
        "and_others": "{first} and {number} others",
        # Asking
        "your_question": "Your question",
        "placeholder": "What did they say about …?",
        "ask": "Ask",
        "stop": "Stop",
        "ask_again": "Ask again",
        "edit": "Edit question",
        "editing": "Your next question takes the place of the last one.",
        "cancel_edit": "Keep the last one",
        "new_conversation": "New conversation",
        "answer_region": "Answer",
        # Filters
        "filters": "Filters",
        "filters_set": "Filters ({number})",
        "clear_filters": "Clear filters",
        "show": "Show",
        "episode": "Episode",
        "person": "Person",
        "role": "Host or guest",
        "since": "From",
        "until": "To",
        "all_shows": "All shows",
        "all_episodes": "All episodes",
        "everybody": "Everybody",
        "any_role": "Hosts and guests",
        "only_guests": "Only guests",
        "only_hosts": "Only hosts",
        "remain_none": "No episode passes these filters.",
        "in_place": "In {place}",
        "by_person": "By {person}",
        "by_guests": "By guests",
        "by_hosts": "By hosts",
        "from_day": "from {day}",
        "to_day": "to {day}",
        "bad_date": "{value} is not a day like 2024-02-01.",
        "dates_crossed": "The first day, {since}, is after the last one, {until}.",
        # The course of an answer
        "waiting": "Waiting…",
        "searching": "Searching {episodes}…",
        "reading": "Reading {passages}…",
        "checking": "Checking…",
        "stopped": "Stopped.",
        "fault": "Something went wrong here while answering. The conversation is kept; try asking again.",
        "carried_person": "{what}",
        "carried_topic": "about: {what}",
        "carried_episode": "in: {what}",
        "without": "Ask without: {what}",
        # Verdicts
        "said_by_other": "Said by somebody else",
        "asked_not_answered": "Asked, but not answered",
        "not_said": "Not said in what was searched",
        "unknown_person": "Nobody by that name speaks here",
        # Under an answer
        "searched": "Searched {episodes}",
        "searched_for": "Searched {episodes}, {time}",
        "speaks_for": "{person} speaks for {time} of that",
        "withheld": "{sentences} withheld: the transcript did not bear it out",
        "held_back": "What the language model wrote and you were not shown: {sentences}",
        "held_back_instead": "The speaker’s own words stand in its place.",
        "more": "Tell me more",
        "written_by": "Written by {model}, quotes checked against the transcripts",
        "copy_link": "Copy link",
        "nearest": "Nearest, but no answer",
        "try": "You could try",
        "next": "You could ask next",
        "try_everywhere": "Search all episodes",
        "copied": "Copied",
        "copy_failed": "Couldn’t copy. Select it and copy it yourself:",
        # A passage
        "sources": "Sources",
        "source": "Source {n}: {speaker}",
        "nearest_passage": "Nearest passage: {speaker}",
        "mark": "Source {n}: show and play",
        "unlabelled": "Host or guest, unlabelled",
        "unlabelled_speaker": "unlabelled speaker",
        "role_host": "host",
        "role_guest": "guest",
        "recovered": "recovered",
        "corrected": "corrected",
        "corrected_how": "Put right by somebody; the transcript says otherwise.",
        "recovered_how": "The transcript has no names here; who speaks was worked out from the words.",
        "unlabelled_how": "The transcript doesn’t say who speaks here.",
        "estimated_how": "This time is estimated. It may be off by {error}, so playing starts early and stops late.",
        "estimated_place": "This time is estimated. It may be off by {error}.",
        "untimed": "no times in this transcript",
        "asks": "{person}: ",
        "play_at": "Play the quote at {time}",
        "copy_quote": "Copy quote",
        "copy_moment": "Copy link to this moment",
        "quoted": "“{quote}” — {source}",
        "moment": "A moment from {title}",
        "moment_gone": "This moment isn’t in {title} any more: its transcript has changed.",
        "gone": "The transcripts have changed: {quotes} of this answer can’t be confirmed any more, so it is not shown.",
        # Links that don't lead anywhere
        "link": "A link to this page",
        "link_long": "This link’s question is too long. Ask it in fewer than {limit} characters.",
        "link_bad": "This link can’t be opened: {why}",
        # Feedback
        "feedback": "Was this right?",
        "right": "Right",
        "wrong_speaker": "Wrong speaker",
        "wrong_time": "Wrong time",
        "wrong_quote": "Wrong quote",
        "missed": "Missed it",
        "note": "Add a note",
        "note_label": "What should be known about this answer?",
        "send_note": "Send",
        "thanks": "Thank you, noted.",
        "feedback_often": "That was a lot of feedback. Please try again in a few minutes.",
        "feedback_lost": "This couldn’t be kept: {why}",
        # Follow-up questions and examples, made from the library
        "ask_about": "What did {person} say about {topic}?",
        "ask_anybody": "What was said about {topic}?",
        # The player
        "player": "Player",
        "play": "Play",
        "pause": "Pause",
        "again": "Again",
        "keep_listening": "Keep listening",
        "speed": "Speed",
        "close_player": "Close the player",
        "captions": "Transcript",
        "captions_estimated": "≈ The times of this transcript are estimated: these words may come early or late.",
        "no_sound": "This audio can’t be loaded",
        "cannot_play": "This audio can’t be played",
        "unlabelled_now": "Unlabelled speaker",
        "keys": "Keys",
        "keys_are": "Space: play or pause. ← →: 15 seconds back or on. J K: next or previous source. /: your question.",
        "keys_on": "Use these keys",
    }
)

IN_THE_BROWSER = ("play", "pause", "no_sound", "cannot_play", "copied", "copy_failed", "captions_estimated")


def for_the_browser() -> str:
    """What `ui/shared/player.js` says by itself, as JSON."""
    return json.dumps({key: said[key] for key in IN_THE_BROWSER}, ensure_ascii=False)
