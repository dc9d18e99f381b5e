"""Stretches of time that a question names ("in March 2023", "before 2023", "since last summer", "last month") as days.

Single dates are read by dateparser, in English and with nothing left to the machine's own settings; what stands around them
("before", "between … and …", seasons) is read here. Knows nothing of episodes.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

FIRST, LAST = date.min, date.max

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_YEAR = r"(?:(?:19|20)\d\d|['’]\d\d)"
_SEASON = r"(?:spring|summer|autumn|fall|winter)"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_WHEN = (
    rf"(?:(?:19|20)\d\d-\d\d(?:-\d\d)?|{_DAY}(?: of)? {_MONTH},? {_YEAR}|{_MONTH} {_DAY},? {_YEAR}|(?:early "
    rf"|late |mid[- ])?{_MONTH},? (?:of )?{_YEAR}"
    rf"|(?:the )?{_SEASON}(?: of)? {_YEAR}|(?:the (?:start|beginning|end) of |early |late |mid[- ])?(?:19|20)\d\d"
    rf"|(?:last|this|the past|the previous|the last) (?:week|month|year|{_SEASON}|{_MONTH})|yesterday|today"
    rf"|(?:\d{{1,2}}|an?|one|two|three|four|five|six) (?:day|week|month|year)s? ago)"
)
_ALONE = rf"(?:(?:the )?{_SEASON}|{_MONTH})"
_PAST = (
    r"(?:the )?(?:last|past|previous) (?P<some>\d{1,2}|two|three|four|five|six|seven|eight|nine|ten|twelve|few"
    r"|couple of) (?P<unit>days|weeks|months|years)"
)
_PHRASE = re.compile(
    rf"\b(?:(?P<between>between|from) (?P<first>{_WHEN}|{_ALONE}) (?:and|to|until|till) (?P<second>{_WHEN})"
    rf"|(?P<before>(?:from )?(?:before|until|till|up to|prior to|earlier than)) (?P<until>{_WHEN}|{_ALONE})"
    rf"|(?P<after>(?:from )?(?:after|since|later than)) (?P<since>{_WHEN}|{_ALONE})"
    rf"|(?:(?:in|over|during|from|within) )?{_PAST}"
    rf"|(?:(?:in|from|on) )?(?:the )?(?P<month>{_MONTH})(?=(?:['’]s)? (?:episode|interview|conversation|show|talk)\b)"
    rf"|from (?P<on>{_WHEN}) (?:on|onwards?)\b"
    rf"|(?:(?P<word>in|during|of|on|from|for|back in) )?(?P<when>{_WHEN}))(?=['’]s\b|\W|$)",
    re.I,
)
_ABOUT = re.compile(r"\b(?:about|regarding|than|was|were|is|born|of)\s+$", re.I)
_COUNTS = "two three four five six seven eight nine ten eleven twelve".split()
_SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days from `first` to `last`, both included, and the words that name them, with their place."""

    first: date
    last: date
    words: str
    start: int
    end: int


def stretches_in(text: str, today: date) -> Iterator[Stretch]:
    """The stretches of time that a text names, in order. What it speaks *about* ("about 2009") is left out."""
    for match in _PHRASE.finditer(text):
        if not match["word"] and _ABOUT.search(text[: match.start()]):
            continue
        found = _days_of(match, today)
        if found:
            yield Stretch(*found, match[0], *match.span())


def _days_of(match: re.Match[str], today: date) -> tuple[date, date] | None:
    if match["between"]:
        second = _period(match["second"], today)
        first = _period(match["first"], second[0] if second else today)
        return (first[0], second[1]) if first and second and first[0] <= second[1] else None
    if match["before"]:
        period = _period(match["until"], today)
        until = match["before"].lower().endswith(("until", "till", "to"))
        return (FIRST, period[1] if until else period[0] - timedelta(days=1)) if period else None
    if match["after"]:
        period = _period(match["since"], today)
        return (
            (period[0] if match["after"].lower().endswith("since") else period[1] + timedelta(days=1), LAST)
            if period
            else None
        )
    if match["some"]:
        number = {"few": 3, "couple of": 2, **{word: n for n, word in enumerate(_COUNTS, start=2)}}
        days = {"days": 1, "weeks": 7, "months": 30.5, "years": 365.25}[match["unit"].lower()]
        some = match["some"].lower()
        return today - timedelta(days=round(days * int(number.get(some, some) if some in number else some))), today
    if match["month"]:
        return _period(match["month"], today)
    if match["on"]:
        period = _period(match["on"], today)
        return (period[0], LAST) if period else None
    return _period(match["when"], today)


@lru_cache(maxsize=512)
def _period(words: str, today: date) -> tuple[date, date] | None:
    """The days that "March 2023", "2022", "last summer" or "7 October 2022" mean; None where it is no date."""
    text = re.sub(r"['’](\d\d)\b", r"20\1", words.lower().replace(" of ", " ")).removeprefix("the ")
    if match := re.search(rf"\b({_SEASON})\b", text):
        year = re.search(r"\d{4}", text)
        month = _SEASONS[match[1]]
        # Last summer is the one that is over.
        over = today.month >= month + 3 if month < 12 else today.month >= 3
        this = today.year if (over and month < 12) or (text.startswith("this") and today.month >= 3) else today.year - 1
        first = date(int(year[0]) if year else this, month, 1)
        return first, _end_of(*divmod((first.year * 12 + month - 1) + 2, 12))
    if match := re.fullmatch(r"(?:start |beginning |end |early |late |mid[- ])?((?:19|20)\d\d)", text):
        return date(int(match[1]), 1, 1), date(int(match[1]), 12, 31)
    text = re.sub(r"^(?:early |late |mid[- ]|past |previous )", lambda found: "last " if "p" in found[0] else "", text)
    from dateparser.date import DateDataParser

    reader = DateDataParser(
        languages=["en"],
        settings={
            "RELATIVE_BASE": datetime(today.year, today.month, today.day, 12),
            "PREFER_DAY_OF_MONTH": "first",
            "PREFER_DATES_FROM": "past",
            "DATE_ORDER": "DMY",
            "TIMEZONE": "UTC",
            "TO_TIMEZONE": "UTC",
        },
    )
    text = re.sub(r"^last (?=" + _MONTH + "$)", "", text).replace("this ", "")
    read = reader.get_date_data(text if text not in ("year", "month", "week") else f"0 {text}s ago")
    if read.date_obj is None:
        return None
    day = read.date_obj.date()
    unit = re.search(r"\b(year|month|week)s?\b", text)
    kind = unit[1] if unit else read.period
    if kind == "year":
        return date(day.year, 1, 1), date(day.year, 12, 31)
    if kind == "month":
        return day.replace(day=1), _end_of(day.year, day.month - 1)
    if kind == "week":
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(days=6)
    return day, day


def _end_of(year: int, month: int) -> date:
    """The last day of a month; `month` counts from 0."""
    return date(year, month + 1, calendar.monthrange(year, month + 1)[1])
