"""What a person or a language model makes of a spoken sentence, honestly or not. Text in, text out; no transcripts here.

The words that an honest writer puts for others were written by hand, before and apart from the list of synonyms that the
gate knows: else the gate would be measured with its own ruler.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

from index.search.lexical import STOP_WORDS

HE, SHE, THEY = ("he", "him", "his", "his"), ("she", "her", "her", "hers"), ("they", "them", "their", "theirs")
Pronouns = tuple[str, str, str, str]

_FILLERS = re.compile(
    r"(?:^|,?\s)(?:um|uh|er|erm|well|you know|I mean|sort of|kind of|basically|actually|really|just|obviously|literally"
    r"|to be honest|of course|I think|I guess|I suppose)(?:,|(?=\s|[.!]|$))",
    re.IGNORECASE,
)
_OPENING = re.compile(r"^(?:and|but|so|yes|yeah|yep|no|right|okay|ok|oh|ah|well|now|look|sure)\b,?\s+", re.IGNORECASE)
_BARE_VERBS = frozenset(
    """think know like love hate want need use make take get go come see work live keep put give find bring say tell ask
    believe feel remember hope try read write play run build bake burn sell buy teach learn look call mean wish prefer
    agree understand eat drink sleep walk sit stand start begin stop help show spend pay carry""".split()
)
_PAST = frozenset(
    """was had did went came saw made took got kept put gave found brought said told asked thought knew felt wrote read
    built burned sold bought taught learned looked called meant began stopped helped showed spent paid lost won left sat
    stood ran met grew held heard sent broke fell drew rang spoke became""".split()
)
_MODAL = frozenset("will would can could should must might may never always only also still".split())
_BACK = {
    "is": "was", "are": "were", "am": "was", "has": "had", "have": "had", "will": "would", "can": "could", "does": "did",
    "don't": "didn't", "doesn't": "didn't", "isn't": "wasn't", "aren't": "weren't", "can't": "couldn't", "won't": "wouldn't",
    "hasn't": "hadn't", "haven't": "hadn't",
}  # fmt: skip
_WHOLE = {
    "don't": "do not", "doesn't": "does not", "didn't": "did not", "isn't": "is not", "wasn't": "was not", "can't": "cannot",
    "won't": "will not", "wouldn't": "would not", "couldn't": "could not", "aren't": "are not", "haven't": "have not",
    "it's": "it is", "that's": "that is", "there's": "there is", "they're": "they are", "weren't": "were not",
}  # fmt: skip
_SAME = """big/large little/small kids/children begin/start began/started begins/starts buy/purchase bought/purchased
    help/assist helped/assisted use/employ job/work fast/quickly wrong/incorrect
    hard/difficult difficult/hard finished/completed finish/complete need/require needs/requires needed/required
    gave/handed huge/enormous happy/glad sad/unhappy sure/certain
    maybe/perhaps almost/nearly nearly/almost enough/sufficient ill/sick mum/mother dad/father granny/grandmother
    fix/repair fixed/repaired repair/mend built/constructed build/construct made/created make/create makes/creates
    happened/occurred happens/occurs many/numerous important/significant idea/notion problem/issue problems/issues
    reason/cause answer/reply money/cash picture/image shop/store lorry/truck stone/rock boat/vessel
    ship/vessel beginning/start end/finish sleep/rest shut/closed closed/shut clever/smart strange/odd
    right/correct everybody/everyone somebody/someone often/frequently usually/normally mostly/mainly
    whole/entire entire/whole looked/gazed saw/noticed keep/retain kept/retained leave/depart
    walked/strolled threw/tossed alone/solo frightened/scared afraid/scared angry/cross tired/weary quiet/silent
    software/programs developers/programmers company/firm companies/firms simple/easy easy/simple allow/permit allows/permits
    allowed/permitted try/attempt tried/attempted choose/select chose/selected change/alter changed/altered send/transmit
    discussed/covered meeting/session team/group increase/raise
    cannot/can't believe/think thinks/believes""".split()
SAME = {one: other for one, other in (pair.split("/") for pair in _SAME)}
_REPORTS = (
    "{who} says that {it}",
    "{who} says {it}",
    "{who} explains that {it}",
    "{who} notes that {it}",
    "{who} recalls that {it}",
    "{who} points out that {it}",
    "{who} adds that {it}",
    "{who} argues that {it}",
    "According to {who}, {it}",
    "{It}, {who} says",
    "{It}, according to {who}",
    "{who} told the listeners that {it}",
    "{who} mentions that {it}",
    "In the episode, {who} says that {it}",
)
_REPORTED_BACK = ("{who} said that {it}", "{who} explained that {it}", "{who} said {it}", "As {who} put it, {it}")
QUOTE_STYLES = (
    "{who} says “{it}”",
    "{who} says: “{it}”",
    "“{it},” says {who}",
    "According to {who}, “{it}”",
    '{who} says "{it}"',
    "{who} puts it like this: “{it}”",
    "“{it},” {who} explains",
    "In the words of {who}, “{it}”",
    "{who} said that “{it}”",
    "{who}: “{it}”",
    "Asked about it, {who} answers “{it}”",
    "{who} remembers: “{it}”",
)
_UNITS = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen".split()
_UNITS += "seventeen eighteen nineteen twenty".split()
_TENS = {
    word: 10 * n for n, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)
}
_NUMBER_WORD = re.compile(
    rf"\b(?:(?:{'|'.join(_TENS)})(?:-(?:{'|'.join(_UNITS[1:10])}))?|{'|'.join(_UNITS[2:])})\b", re.IGNORECASE
)
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
FILLERS = (
    "{A} has a long history and remains popular to this day",
    "Many experts agree that {a} is important for {b}",
    "This shows how much {who} cares about {a} and {b}",
    "In conclusion, {a} plays a key role in modern life",
    "{who} is widely regarded as one of the leading voices on {a}",
    "{A} and {b} have always gone hand in hand",
    "Overall, the discussion of {a} highlights the challenges of {b}",
    "{who} hopes that {a} will inspire the next generation",
    "Experts recommend paying close attention to {a}",
    "It is a fascinating insight into {a}",
    "{who} believes that {a} could change the world",
    "The story of {a} is one of hope and resilience",
    "{who} was deeply moved by {a}",
    "Critics have praised {who} for this view of {a}",
    "{A} is cheaper than {b} in most countries",
    "{who} plans to publish a book about {a} next year",
    "Listeners wrote in to thank {who} for explaining {a}",
)


# Honest


def plain(text: str) -> str:
    """The sentence without what is only spoken: fillers, the first "And", the full stop."""
    text = re.sub(r"\s+", " ", _FILLERS.sub("", _OPENING.sub("", text.strip())))
    return re.sub(r"\s+([,.])", r"\1", text).strip(" ,.!;:")


def third_person(text: str, pronouns: Pronouns) -> str | None:
    """ "I bake" in the third person; None where the verb can't be recognised well enough to be written correctly."""
    he, him, his, hers = pronouns
    one = he != "they"
    be, was, has, does = ("is", "was", "has", "does") if one else ("are", "were", "have", "do")
    refused = False

    def verb(match: re.Match[str]) -> str:
        nonlocal refused
        word = match[1].lower()
        if word in ("am", "was", "have", "do", "don't", "haven't", "am not"):
            indirect = {"am": be, "was": was, "have": has, "do": does, "don't": f"{does}n't", "haven't": f"{has}n't"}
            return f"{he} {indirect[word]}"
        if not one or word in _MODAL or word in _PAST or word.endswith(("ed", "n't")):
            return f"{he} {match[1]}"
        if word in _BARE_VERBS:
            return f"{he} {word}{'es' if word.endswith(('o', 'ch', 'sh', 's')) else 's'}"
        refused = True
        return match[0]

    text = text.replace("’", "'")
    for pattern, indirect in (
        (r"\bI'm\b", f"{he} {be}"),
        (r"\bI've\b", f"{he} {has}"),
        (r"\bI'll\b", f"{he} will"),
        (r"\bI'd (?=(?:been|had|got|never|no|a|an|nothing|just|already|sort|\w+ed)\b)", f"{he} had "),
        (r"\bI'd\b", f"{he} would"),
    ):
        text = re.sub(pattern, indirect, text)
    text = re.sub(r"\bI ([\w']+)", verb, text)
    for pattern, indirect in (
        (r"\bI\b", he),
        (r"\bme\b", him),
        (r"\b[Mm]y\b", his),
        (r"\bmine\b", hers),
        (r"\bmyself\b", f"{him}self"),
        (r"\b[Ww]e're\b", "they are"),
        (r"\b[Ww]e've\b", "they have"),
        (r"\b[Ww]e'll\b", "they will"),
        (r"\b[Ww]e'd (?=(?:been|had|got|gone|never|no|a|\w+ed)\b)", "they had "),
        (r"\b[Ww]e'd\b", "they would"),
        (r"\b[Ww]e\b", "they"),
        (r"\bus\b", "them"),
        (r"\b[Oo]urs?\b", "their"),
    ):
        text = re.sub(pattern, indirect, text)
    return None if refused else text.replace("themself", "themselves")


def back_in_time(text: str) -> str:
    """The sentence as reported in the past: is, was."""
    return _WORD.sub(lambda word: _BACK.get(word[0], word[0]), text)


def whole_words(text: str) -> str:
    """don't, do not."""
    return re.sub(r"[\w]+'[\w]+", lambda word: _WHOLE.get(word[0].lower(), word[0]), text.replace("’", "'"))


def turned_round(text: str) -> str:
    """The other clause first, where a "because" or "when" joins them."""
    match = re.fullmatch(r"(\S+ \S+ .*?),? (because|when|while|since|although|if) (\S+ \S+ .*)", text)
    main = match and (match[1][0].lower() + match[1][1:] if match[1].split()[0].lower() in STOP_WORDS else match[1])
    return f"{match[2]} {match[3]}, {main}" if match and "," not in match[3] else text


def shortened(text: str) -> str:
    """The main clause, without what hangs on to it."""
    return re.sub(r"^((?:\S+ ){5,}\S+?),? (?:which|because|so that|and that's|and so) .*$", r"\1", text)


def reworded(text: str, rng: random.Random, most: int = 2) -> str:
    """A word or two put for others of the same meaning."""
    found = [match for match in _WORD.finditer(text) if match[0] in SAME]
    for match in sorted(rng.sample(found, min(most, len(found))), key=lambda m: -m.start()):
        text = text[: match.start()] + SAME[match[0]] + text[match.end() :]
    return text


def in_figures(text: str) -> str:
    """forty-five, 45."""

    def figure(match: re.Match[str]) -> str:
        tens, _, unit = match[0].lower().partition("-")
        return str(_TENS.get(tens, 0) + (_UNITS.index(unit) if unit else 0) if tens in _TENS else _UNITS.index(tens))

    words = "|".join([*_UNITS, *_TENS])
    alone = re.compile(
        rf"(?<!hundred )(?<!hundred and )(?<!thousand )(?<!-){_NUMBER_WORD.pattern}"
        rf"(?! (?:hundred|thousand|million|point|and|oh|o'|{words}|\d))(?!-)",
        re.IGNORECASE,
    )
    before = rf"(?:{words}|hundred|thousand|point)[ -]$"
    return alone.sub(lambda m: m[0] if re.search(before, text[: m.start()], re.IGNORECASE) else figure(m), text)


def paraphrase(
    text: str, who: str, pronouns: Pronouns, rng: random.Random, *, is_word: Callable[[str], bool]
) -> str | None:
    """What a fluent and honest writer makes of a sentence that `who` said; None where the templates don't fit it.

    `is_word`: whether a word is no name, and has its capital only because a sentence begins with it.
    """
    indirect = third_person(plain(text), pronouns)
    if indirect is None or len(indirect.split()) < 5:
        return None
    for change, share in ((turned_round, 0.5), (shortened, 0.25), (whole_words, 0.5), (in_figures, 0.6)):
        if rng.random() < share:
            indirect = change(indirect)
    if rng.random() < 0.5:
        indirect = reworded(indirect, rng)
    past = rng.random() < 0.25
    indirect = back_in_time(indirect) if past else indirect
    first = _WORD.match(indirect)
    indirect = indirect[:1].lower() + indirect[1:] if first and is_word(first[0]) else indirect
    if re.match(r"I\b", plain(text)) and indirect.startswith(f"{pronouns[0]} ") and rng.random() < 0.4:
        return f"{who} {indirect[len(pronouns[0]) + 1 :]}" if pronouns[0] != "they" else f"{who} says {indirect}"
    style = rng.choice(_REPORTED_BACK if past else _REPORTS)
    return style.format(who=who, it=indirect, It=indirect[:1].upper() + indirect[1:])


# Not honest


def number_changed(text: str, rng: random.Random) -> str | None:
    """The sentence with one number made another; None where it has none."""
    found = [*re.finditer(r"\b\d+\b", text), *_NUMBER_WORD.finditer(text)]
    if not found:
        return None
    match = rng.choice(found)
    if match[0].isdigit():
        other = str(int(match[0]) + rng.choice([1, 2, 3, 10, 7, -1]))
    else:
        words = [w for w in [*_UNITS[2:], *_TENS, "twenty-four", "thirty-one", "sixty-two"] if w != match[0].lower()]
        other = rng.choice(words)
    return text[: match.start()] + other + text[match.end() :]


def negation_changed(text: str, rng: random.Random) -> str | None:
    """The sentence with its only negation dropped, or one put in; None where neither is easily done."""
    negations = list(re.finditer(r"\b(?:not|never)\s|\b(?:do|does|did)(?:n't| not)\s|(?<=\w)n't\b", text))
    if re.search(r"\b(?:no|nothing|nobody|none|without|nor|neither|hardly)\b", text, re.I):
        return None
    if len(negations) == 1:
        match = negations[0]
        return re.sub(
            r"\b([Cc])a(?= )(?!n)", r"\1an", re.sub(r"\bwo ", "will ", text[: match.start()] + text[match.end() :])
        )
    if negations:
        return None
    places = list(re.finditer(r"\b(?:is|are|was|were|will|can|could|would|should|must|has|have|had)\b(?! to\b)", text))
    if not places:
        return None
    match = rng.choice(places)
    return f"{text[: match.end()]} not{text[match.end() :]}"


def name_changed(text: str, names: Sequence[str], rng: random.Random) -> str | None:
    """The sentence with one name in it made another; None where it has none but at its start."""
    found = [m for m in re.finditer(r"(?<=[a-z,] )[A-Z][a-z]{2,}\b", text)]
    if not found:
        return None
    match = rng.choice(found)
    others = [name for name in names if name.lower() not in text.lower()]
    return text[: match.start()] + rng.choice(others) + text[match.end() :] if others else None


def word_changed(text: str, other: Callable[[str], str | None], rng: random.Random) -> str | None:
    """The sentence with one word of its subject made another; None where no word can be."""
    found = [m for m in _WORD.finditer(text) if m[0].islower() and len(m[0]) > 3 and m[0] not in STOP_WORDS]
    rng.shuffle(found)
    for match in found:
        if (word := other(match[0])) is not None:
            return text[: match.start()] + word + text[match.end() :]
    return None
