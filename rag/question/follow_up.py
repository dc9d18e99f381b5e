"""A follow-up made whole by rules: "And Maud?" after "What does Tobin think of the barrier?" asks what Maud thinks of it.

Only what lacks its referent is rewritten (`rag/question/gaps.py`), and only from the state of the conversation
(`rag/question/conversation.py`): a name takes the place of a word, never of a part of one. A complete question stays as it is.
Knows nothing of passages or models.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rag.answer import Carried, CarriedKind
from rag.english import NO_SUBJECT, NOT_NAMES, SPEECH_FORMS
from rag.question.conversation import LONGEST_EARLIER, Exchange, Source
from rag.question.gaps import FEMALE, MALE, PERSON_NOUN, Gap, gaps_in
from rag.question.people import Mention, fold, search_words, speaker_slots

FEW_WORDS = 3  # of a question's own, with which it may go on with what was spoken of

FindPeople = Callable[[str], Sequence[Mention]]


@dataclass(frozen=True, slots=True)
class Whole:
    """A question that stands alone. `rests_on`: the earlier question that says what it is about, where its own words don't.

    `episode`: id of the one episode that it refers to. `speakers`: whose words alone are meant, where its words don't say so.
    `more`: how often more was asked for. `again`: the last answer is asked for once more. `anybody`: it asks who, so that
    nobody whom the
    earlier question names is meant. `focus`: who was spoken of last, where it names nobody: preferred, and no more than that.
    `picked`: one of several sources or episodes that were shown is meant.
    """

    text: str
    rests_on: str = ""
    carried: tuple[Carried, ...] = ()
    episode: str | None = None
    speakers: tuple[str, ...] = ()
    more: int = 0
    again: bool = False
    anybody: bool = False
    focus: tuple[str, ...] = ()
    picked: bool = False
    near: tuple[Source, ...] = ()

    @property
    def asked(self) -> str:
        """The question in one line, with the one that it rests on."""
        return f"{_ended(self.text)} ({_ended(self.rests_on)})" if self.rests_on else self.text


_SO = (
    r"(?:(?:and|but|so|or|also|then|ok|okay|alright|all right|right|fine|well|hm+|oh|yes|yeah|no|ah|now|cool"
    r"|great|thanks|thank you|lol|wow)\b[,.!:;… ]*)*"
)
_LEAD = re.compile(rf"^\W*{_SO}", re.I)
_YES = re.compile(
    r"\W*(?:y|ye|yes|yeah|yep|yup|sure|ok|okay|please|go on|go ahead|of course|absolutely|do|right|exactly|that"
    r" one|sorry|then|it is|show me|that's right|correct)"
    r"(?:[\s,.!]+(?:please|sorry|go on|go ahead|do|then|show me|tell me|i do|i would|i did|that one|thanks|it is))*\W*",
    re.I,
)
_MORE = re.compile(
    r"\W*(?:(?:please|yes|ok|okay|and|so|can you|could you|i want to)\W+)*"
    r"(?:(?:tell|show|give|say)(?: me| us)?(?: a bit| a little| some)? more|(?:hear|know|read) more"
    r"|more(?: please| of (?:it|that|this))?|go on|continue|keep going|carry on|anything else|what else"
    r"|is there (?:any ?thing )?(?:more|else)|any more)"
    r"(?: about (?:it|that|this|them)| on (?:it|that|this)| (?:did|does) (?:he|she|they) (?:say|said)"
    r"(?: about (?:it|that|this))?)?(?:\W+please)?\W*",
    re.I,
)
_AGAIN = re.compile(
    rf"\W*{_SO}(?:(?:are )?you (?:really |quite )?sure(?: about (?:that|this|it))?|really|seriously|honestly|for"
    r" real|is (?:that|this|it) (?:really )?(?:right|true|so|correct)"
    r"|(?:can|could) you (?:repeat|say|show(?: me)?|quote) (?:that|it)(?: again)?|(?:say|show me) (?:that|it)"
    r" again|once more|again|repeat (?:that|it)"
    r"|(?:what|how) (?:exactly )?(?:did|does|do) (?:(?P<who>he|she|they)|(?P<name>[\w'’ ]+?)) (?:say|put it"
    r"|phrase it|word it)(?: (?:it|that))?,? (?:exactly|precisely|word for word|again|literally)"
    r"|(?:what (?:are|were) )?(?:his|her|their|the) (?:exact|own|actual) words|(?:and )?who (?:said|says)"
    r" (?:that|this|it|so)|quote (?:him|her|them|that|it)"
    r"|where (?:did|does|do) (?:he|she|they) say (?:that|it|so))\W*",
    re.I,
)
_MEANT = re.compile(
    r"^\W*(?:(?:no+|nope|nah|sorry|actually|wait|oops|hm+|not (?:him|her|that|them))\b[,.! ]*)*(?:(?:i|we)"
    r" (?:meant|mean|was asking about|was talking about|am asking about)"
    r"|make that|rather|instead)\b[,: ]*(?:to say\b[,: ]*)?|^\W*(?:no+|nope|nah)\b ?[,.!]+\s*(?=\S)(?!(?:one|body|more)\b)",
    re.I,
)
_NOT_THAT = re.compile(r"[,; ]+(?:and )?not (?:the |about )?[\w' ’-]+$|^not (?:the |about )?[\w'’ -]+?, ", re.I)
_OF = re.compile(
    rf"^\W*(?P<so>{_SO})(?P<about>(?:what|how) (?:about|of)\b\s*|(?:the )?same (?:question |thing )?(?:for|about|with)\b\s*)?"
    r"(?P<rest>(?:(?:of|about|on|in|for|with|to|from|at|by)\b\s*)?(?P<bare>.+?))\W*$",
    re.I,
)
_HAS_A_VERB = re.compile(
    r"\b(?:who|whom|whose|what|when|where|why|how|which|is|are|was|were|am|do|does|did|has|have|had|will|would|can|could|should|may"
    r"|might|must|any(?:body|one) else|some(?:body|one)|get|gets|go|goes|isn['’]?t|wasn['’]?t|weren['’]?t"
    r"|aren['’]?t|doesn['’]?t|didn['’]?t|don['’]?t|couldn['’]?t|wouldn['’]?t|won['’]?t|hasn['’]?t|tell|say|said"
    r"|says"
    r"|what['’]?s|who['’]?s|why['’]?s|how['’]?s|where['’]?s|whered|list|show|find|give|compare|explain|describe|summari[sz]e)\b",
    re.I,
)
_BARE_QUESTION = re.compile(
    rf"^\W*{_SO}(?:why|why not|how|how so|how come|when|where|since when|for how long|how long|how much|how many"
    r"|how often|how far|who|whom|which|which one|which ones"
    r"|what|in what way|such as|like what|like who|for example|what do you mean|where exactly|when exactly|how"
    r" exactly|why is that|why so|by whom|with whom|from where"
    r"|to whom|for whom|what for|says who|at what age|what happened|what happened next|and then|then what|so"
    r" what|name|meaning)\W*$",
    re.I,
)
_LED_BY = re.compile(rf"^\W*{_SO}(?:what|how) about\b", re.I)
_ANYBODY = re.compile(
    rf"^\W*{_SO}(?:(?:did|does|do|has|have|is|was) )?(?:who(?:['’]?s)?|which (?:guests?|people)|any ?(?:one"
    r"|body)|some ?(?:one|body))\b",
    re.I,
)
_WHO_ELSE = re.compile(rf"^\W*{_SO}(?:who|any ?(?:one|body)|is there any ?(?:one|body)) else\W*$", re.I)
_ROLE = re.compile(r"^(?:the )?(?P<role>host|guest|interviewer|presenter|interviewee)s?$", re.I)
_ROLE_IN = re.compile(r"\b(?:hosts?|guests?|interviewers?|presenters?|people|everybody|everyone)\b", re.I)
_SUCH_A_ROLE = re.compile(r"\b(?:the|her|his|their) (?:host|presenter|interviewer)\b", re.I)
_IN_IT = re.compile(
    r"\b(?:in|on|from|during) (?:it|that|this|the same)(?: (?:one|episode|interview|conversation|talk|show))\b"
    r"|\b(?:that|the same) (?:episode|interview|conversation|talk)\b",
    re.I,
)
_ORDINALS = "first second third fourth fifth sixth seventh eighth".split()
_NTH = re.compile(
    rf"\b(?:the |that )?(?:(?P<word>{'|'.join(_ORDINALS)}|last|latter|former) (?:one|quote|source|answer|person"
    r"|speaker|passage|guest|of (?:them|these|those))"
    r"|(?P<alone>latter|former)|(?:source|quote|passage|number|no\.|answer) (?P<number>\d{1,2})"
    r"|\[(?P<mark>\d{1,2})\])(?=['’\s?.,!]|$)",
    re.I,
)
_OTHER = re.compile(
    r"\b(?:the )?other (?:one|person|guest|speaker|episode|of (?:them|the two))\b|^\W*(?:and |what about |how"
    r" about )*the other\W*$",
    re.I,
)
_ASKED_ABOUT = re.compile(
    r"^(?P<frame>.*?\b(?:about|regarding|on the (?:subject|topic|question) of|(?:think|thinks|thought|views?"
    r"|opinions?|make|made|makes) (?:of|on)))\s+(?P<topic>.+?)\W*$",
    re.I,
)
_WHAT_IS = re.compile(
    r"^\W*(?:and |so |but )*(?:what|who|how \w+|where|which)(?:['’]?s| is| was| are| were) (?P<topic>(?:the|an?"
    r"|\w+['’]s?|old|his|her|[A-Z][\w'’-]+)(?: [\w'’-]+){0,4}?)"
    r"(?: (?:called|named|made of|made from|like|for|about))?\W*$",
)
_SIDES = re.compile(
    r"\bwho(?:['’]?s| is| was| are| were)? (?:all )?(?:for|against|in favou?r of|opposed to) (?P<topic>.+?)\W*$", re.I
)
_HAPPENED = re.compile(r"\bwhat(?: ever)? happened to (?P<topic>[\w'’ -]+?)\W*$", re.I)
_WHY = re.compile(rf"^\W*{_SO}(?:why|how come|really)\b", re.I)
_YEAR = re.compile(r"\b(?:1[5-9]|20)\d\d\b")
_KIN = {
    **dict.fromkeys("daughter mother wife sister aunt niece grandmother gran mum girl".split(), FEMALE),
    **dict.fromkeys("son father husband brother uncle nephew grandfather dad boy".split(), MALE),
    **dict.fromkeys(
        "apprentice partner friend child doctor teacher boss predecessor assistant neighbour".split(), FEMALE | MALE
    ),
}
_OF_SOMEBODY = re.compile(rf"\b(?P<whole>(?:[A-Z][\w-]+ )?[\w-]+['’]s? (?P<kin>{'|'.join(_KIN)}))\b")
_POINTERS = frozenset("it that this these those them him her there he she they one".split())
_THOUGHTS = re.compile(
    r"\b(?:think|thinks|thought|feel|view|views|opinion|opinions|agree|agrees|disagree|disagrees|for|against)\b", re.I
)


def made_whole(
    text: str,
    conversation: Sequence[Exchange],
    find: FindPeople,
    *,
    titles: Callable[[str], str] = lambda episode: episode,
    pronoun_of: Callable[[str], str | None] = lambda name: None,
    guests_of: Callable[[str], Sequence[str]] = lambda episode: (),
    without: Sequence[str] = (),
) -> Whole:
    """The question with what it leaves to the ones before it; as it is where it lacks nothing.

    `find`: the people that a text names. `titles`: an episode's id to its title. `pronoun_of`: "she" or "he", where it is known of
    a person. `guests_of`: an episode's id to its guests. `without`: kinds of what is carried
    on ("person", "topic", "episode") that the reader took away.
    """
    if not conversation:
        return Whole(text)
    made = _Follow(text, conversation, find, titles, pronoun_of, guests_of, frozenset(without)).made()
    return replace(made, text=" ".join(made.text.split()), anybody=bool(_ANYBODY.match(made.text)))


class _Follow:
    """One follow-up while it is made whole."""

    def __init__(
        self,
        text: str,
        conversation: Sequence[Exchange],
        find: FindPeople,
        titles: Callable[[str], str],
        pronoun_of: Callable[[str], str | None],
        guests_of: Callable[[str], Sequence[str]],
        without: frozenset[str],
    ) -> None:
        self.text, self.conversation, self.last = text, conversation, conversation[-1]
        self.find, self.titles, self.pronoun_of, self.without = find, titles, pronoun_of, without
        self.guests_of = guests_of
        self.whole = text
        self.led = False  # whether it opens with words that go on: "and", "what about"

    def made(self) -> Whole:
        last = self.last
        if _YES.fullmatch(self.text):
            return self._accepted()
        if _MORE.fullmatch(self.text):
            return self._of_last(more=last.more + 1)
        if again := _AGAIN.fullmatch(self.text):
            who = self.find(again["name"]) if again["name"] else ()
            speakers = tuple(name for name, *_ in who) or (tuple(self._quoted(last)[:1]) if again["who"] else ())
            return self._of_last(again=True, speakers=speakers)
        meant = _MEANT.match(self.text)
        if meant and meant.end() < len(self.text):
            self.text = _NOT_THAT.sub("", self.text[meant.end() :]).strip() or self.text
        self.text = re.sub(r"^\W*(?:are )?you sure[?,.!]+\s*(?=\w)", "", self.text, flags=re.I)
        if (nth := _NTH.search(self.text)) and (made := self._nth(nth)):
            return made
        if (other := _OTHER.search(self.text)) and (made := self._other(other)):
            return made
        if _WHO_ELSE.match(self.text):
            return self._who_else()
        if _BARE_QUESTION.match(self.text):
            return self._leaning(_LEAD.sub("", self.text) or self.text)
        if (made := self._of_another(bool(meant))) is not None:
            return made
        return self._with_referents()

    # ---- whole turns that only go on

    def _of_last(self, *, more: int = 0, again: bool = False, speakers: tuple[str, ...] = ()) -> Whole:
        return Whole(self.last.asked, self.last.rests_on, more=more, again=again, speakers=speakers)

    def _accepted(self) -> Whole:
        """What a refusal offered, asked for; without an offer, more of the last answer."""
        offered = self.last.offered
        if len(offered) == 2:
            return Whole(
                f"What does {offered[0]} say about {offered[1]}?",
                carried=self._carry(person=offered[0], topic=offered[1]),
            )
        if offered:
            return self._of_person(offered[0])
        others = [name for name in self.last.quoted if name not in self.last.people]
        if others and self.last.people and self.last.topic:
            return self._of_person(others[0])
        return self._of_last(more=self.last.more + 1)

    def _nth(self, nth: re.Match[str]) -> Whole | None:
        """ "The second one": a source that was shown, or an episode that was listed."""
        shown = next((one for one in reversed(self.conversation) if one.choices or one.listed), None)
        if shown is None:
            return None
        word = (nth["word"] or nth["alone"] or "").lower()
        count = len(shown.listed) or len(shown.choices)
        number = int(nth["number"] or nth["mark"] or 0)
        place = number - 1 if number else {"last": count - 1, "latter": count - 1, "former": 0}.get(word, -1)
        if place < 0:
            place = _ORDINALS.index(word) if word in _ORDINALS else -1
        if not 0 <= place < count:
            return None
        before, after = self.text[: nth.start()], self.text[nth.end() :]
        if shown.listed:
            title = shown.listed[place]
            return (
                Whole(f"{before}“{title}”{after}", carried=self._carry(episode=title), picked=True) if title else None
            )
        source = shown.choices[place]
        who = source.speaker or ""
        rest = " ".join(f"{before} {who} {after}".split())
        # "Tell me about the first one": of its speaker, what was said there.
        subject = "" if search_words(rest, self.find(rest), always=False) else shown.subject
        return Whole(
            rest if who else self.text,
            rests_on=subject,
            carried=self._carry(person=who, episode=self.titles(source.episode) if source.episode else ""),
            episode=source.episode,
            speakers=(who,) if who else (),
            picked=True,
            near=(source,),
        )

    def _other(self, other: re.Match[str]) -> Whole | None:
        """ "The other one": of two people or episodes, the one that was not asked about."""
        if "episode" in other[0].lower():
            seen = list(
                dict.fromkeys(source.episode for one in self.conversation for source in one.sources if source.episode)
            )
            return (
                None
                if len(seen) != 2
                else replace(self._of_last(), episode=seen[0], carried=self._carry(episode=self.titles(seen[0])))
            )
        asked = self.last.people
        others = [
            name for one in reversed(self.conversation) for name in (*one.people, *one.quoted) if name not in asked
        ]
        if not asked or len(set(others[:2])) != 1 or search_words(_OTHER.sub(" ", self.text), (), always=False):
            return None
        return self._of_person(others[0])

    def _who_else(self) -> Whole:
        known = list(dict.fromkeys([*self.last.quoted, *self.last.people]))[:4]
        besides = f" besides {' and '.join(known)}" if known else ""
        if self.last.topic:
            return Whole(
                f"Who else{besides} talks about {self.last.topic}?",
                carried=self._carry(topic=self.last.topic),
                near=self.last.sources,
            )
        return Whole(f"Who else{besides}?", self._subject(), self._carry(topic=self._about()), near=self.last.sources)

    # ---- the last question, of another person, time or thing

    def _of_another(self, meant: bool) -> Whole | None:
        """The last question asked of another person, thing or year ("And Maud?", "What about 2023?"); None for others."""
        match = _OF.match(self.text)
        if match is None or _HAS_A_VERB.search(match["rest"]) or len(match["rest"].split()) > 7:
            return None
        rest, bare = match["rest"], match["bare"]
        people = self.find(rest)
        self.led = led = bool(match["so"].strip() or match["about"] or meant)
        named = bool(people) and not search_words(rest, people, always=False)
        if not (led or named or _ROLE.match(bare) or self.text.rstrip().endswith("?")):
            return None  # some words to be looked up, as anybody may type at any time
        own = search_words(rest, people, always=False)
        if not led and ((people and own) or len(own) >= FEW_WORDS):
            return None  # "Tobin on raisins?", "The price of flour in the county?": enough to be looked up
        if named:
            return self._of_person(people[0][0])
        if _ROLE.match(bare):
            return self._of_role(bare)
        if re.fullmatch(r"(?:in |of )?(?:1[5-9]|20)\d\d", rest):
            before, year = self.last.asked.rstrip("?. "), rest.split()[-1]
            return Whole(
                f"{_YEAR.sub(year, before) if _YEAR.search(before) else f'{before} in {year}'}?", self.last.rests_on
            )
        gaps = gaps_in(bare, people)
        if any(gap.kind == "person" for gap in gaps):  # "And her father?", "And her boat?"
            bare, who = self._referring(bare, [gap for gap in gaps if gap.kind == "person"])
            if who and re.search(rf"\b(?:{'|'.join(_KIN)})$", bare, re.I):
                return replace(self._of_person(bare), carried=self._carry(person=who))
            return replace(self._leaning(bare), carried=self._carry(person=who, topic=self._about()))
        if gaps:
            return self._leaning(self.text)
        return self._of_thing(rest, bare)

    def _of_person(self, name: str) -> Whole:
        """The last question with this person in the place of the one it asks about, known here or not."""
        asked, placed = self._swapped(self.last.asked, name)
        rests_on, also = self._swapped(self.last.rests_on, name) if self.last.rests_on else ("", False)
        why = self.last.rests_on and _WHY.match(self.last.asked)
        if also and (not placed or why):
            # "What book does Joss read?", "Who wrote it?", "And Tobin?": the first is asked of him.
            return Whole(rests_on, carried=self._carry(topic=self._about()), near=self.last.sources)
        if placed and not why:
            return Whole(asked, rests_on, self._carry(topic=self._about()))
        if self.last.topic:
            verb = "think of" if _THOUGHTS.search(self.last.asked) else "say about"
            return Whole(f"What does {name} {verb} {self.last.topic}?", carried=self._carry(topic=self.last.topic))
        return Whole(
            f"What does {name} say?",
            self._subject(),
            self._carry(topic=self._about()),
            speakers=(name,) if self.find(name) else (),
        )

    def _swapped(self, question: str, name: str) -> tuple[str, bool]:
        """The question with the name where it names somebody, or where a speaker stands; and whether there was such a place."""
        mentions = self.find(question)
        if mentions:
            slots = speaker_slots(question)
            asked = next(
                (m for m in mentions if any(m[1] < last and first < m[2] for first, last in slots)), mentions[0]
            )
            places = [(start, end) for who, start, end in mentions if who == asked[0]]
        else:
            # "What did the mayor say?", "What did Zebulon say?": whoever stands where a speaker does.
            places = [
                (start, end)
                for start, end in speaker_slots(question)
                if question[start:end].lower() not in NOT_NAMES
                and not re.match(r"(?:i|you|we|it|there)\b", question[start:end], re.I)
            ][:1]
        for start, end in sorted(set(places), reverse=True):
            question = question[:start] + name + question[end:]
        return question, bool(places)

    def _of_role(self, role: str) -> Whole:
        role = role if role.lower().startswith("the ") else f"the {role}"
        made = self._of_person(role)
        episode = self._episode()
        return replace(
            made,
            episode=episode,
            carried=(*made.carried, *self._carry(episode=self.titles(episode) if episode else "")),
        )

    def _of_thing(self, rest: str, bare: str) -> Whole:
        before = self.last.asked.rstrip("?. ")
        about = _ASKED_ABOUT.match(before)
        if about and not _HAS_A_VERB.search(re.sub(r"^\W*(?:what|how)\b", "", about["frame"], flags=re.I)):
            about = None  # "What about Ann's kettle, has it a lid?"
        who = self.last.people[0] if self.last.people else ""
        if about and not (re.match(r"\W*who\b", before, re.I) and who):
            return Whole(f"{about['frame']} {bare}?", carried=self._carry(person=who if who in about["frame"] else ""))
        led = (self.led and not re.fullmatch(r"[a-z]\w*(?: [a-z]\w*)?", bare)) or _LED_BY.match(self.text)
        if who and "person" not in self.without and (about or rest == bare) and led:
            verb = "think of" if _THOUGHTS.search(before) else "say about"
            return Whole(f"What does {who} {verb} {bare}?", carried=self._carry(person=who), near=self.last.sources)
        if rest == bare:
            return self._leaning(bare)
        joined = f"{before}, {'and ' if rest == bare else ''}{rest}?"
        return Whole(joined, self.last.rests_on, self._carry(topic=self._about()), near=self.last.sources)

    # ---- a question of its own, with words that refer back

    def _with_referents(self) -> Whole:
        gaps = gaps_in(self.text, self.find(self.text))
        if not gaps and not self._host_there():
            self.text = self.whole  # "No, who built it all?" stays as it is
            return self._complete()
        text, who = self._referring(self.text, [gap for gap in gaps if gap.kind == "person"])
        lacks = [gap for gap in gaps if gap.kind != "person"]
        episode = self._episode() if _IN_IT.search(self.text) or self._host_there() else None
        carried = list(self._carry(person=who, episode=self.titles(episode) if episode else ""))
        rests_on = ""
        unresolved = any(gap.kind == "person" for gap in gaps) and not who
        own = [word for word in search_words(text, self.find(text), always=False) if word not in NO_SUBJECT]
        if (lacks or unresolved or len(own) <= 2) and "topic" not in self.without:
            rests_on = self._subject()
            if (
                [gap.kind for gap in lacks] == ["object"]
                and self.last.topic
                and text.rstrip("?. !").split()[-1].lower() not in ("what", "why", "how", "any", "else")
            ):
                joins = "" if re.search(r"\b(?:for|against)\W*$", text, re.I) else "about "
                text, rests_on = f"{_stripped(text)} {joins}{self.last.topic}?", ""
            carried += self._carry(topic=self._about())
        return Whole(text, rests_on, tuple(carried), episode, focus=self._focus(), near=self.last.sources)

    def _complete(self) -> Whole:
        """The question as it is. Where a few words name nobody and nothing, who was spoken of last comes first in the search."""
        words = search_words(self.text, (), always=False)
        named = re.search(r"(?<=\w )[A-Z]", self.text) or _ROLE_IN.search(self.text)
        if len(words) > FEW_WORDS or named or self.find(self.text) or _ANYBODY.match(self.text):
            return Whole(self.text)
        return Whole(self.text, focus=self._focus(), near=self.last.sources)

    def _host_there(self) -> bool:
        """Whether the host of what was just quoted is asked about: "What did the host answer?" """
        rest = _SUCH_A_ROLE.sub(" ", self.text)
        words = set(search_words(rest, (), always=False))
        return rest != self.text and not words - SPEECH_FORMS - NO_SUBJECT

    def _referring(self, text: str, gaps: Sequence[Gap]) -> tuple[str, str]:
        """The text with its first personal pronouns replaced by who is meant, and who that is ("" for nobody known)."""
        if not gaps or "person" in self.without:
            return text, ""
        who = self._who(gaps[0].word(text))
        if not who:
            return text, ""
        first = gaps[0].word(text)
        same = [gap for gap in gaps if _gender(gap.word(text)) == _gender(first)]
        for gap in reversed(same):
            word, after = gap.word(text), text[gap.end :]
            owns = word in ("his", "their", "hers", "theirs") or (
                word == "her"
                and bool(re.match(r"\s+(?!(?:about|to|for|in|on|with|and|one|a|an|the|it|any|some)\b)\w", after))
            )
            text = text[: gap.start] + (f"{who}'s" if owns else who) + after
        return text, who

    def _who(self, pronoun: str) -> str:
        """Whom a pronoun means: who was asked about last, or quoted last, that it can mean; "" for nobody."""
        for one in reversed(self.conversation):
            for match in reversed(list(_OF_SOMEBODY.finditer(one.asked))):
                if pronoun in _KIN[match["kin"].lower()]:
                    return match["whole"]
            # "Who taught Dorrit to bake?": "he" is who did, and not a name of that question.
            subject = re.match(r"\W*who\b(?! (?:do|does|did|has|had|will|would|can|could|is|was)\b)", one.asked, re.I)
            for name in (*(() if subject else one.people), *(() if one.people and not subject else self._quoted(one))):
                if self._fits(name, pronoun):
                    return name
            if one is self.last and one.people:
                return ""  # somebody who was spoken of, and doesn't speak here
        return ""

    def _quoted(self, one: Exchange) -> list[str]:
        """Who was quoted in the answer: its guests before the host, whose words lead to theirs."""
        episodes = list(dict.fromkeys(source.episode for source in one.sources if source.episode))[:1]
        guests = [name for episode in episodes for name in self.guests_of(episode)]
        first = [name for name in one.quoted if name in guests] or guests[:1]
        return [*first, *(name for name in one.quoted if name not in first)]

    def _focus(self) -> tuple[str, ...]:
        """Who was spoken of last."""
        if "person" in self.without:
            return ()
        return self.last.people[:1] or tuple(self._quoted(self.last)[:1])

    def _fits(self, name: str, pronoun: str) -> bool:
        known = self.pronoun_of(name)
        return known is None or pronoun not in FEMALE | MALE or (known == "she") == (pronoun in FEMALE)

    def _leaning(self, text: str) -> Whole:
        if "topic" in self.without:
            return Whole(text)
        return Whole(
            text, self._subject(), self._carry(topic=self._about()), focus=self._focus(), near=self.last.sources
        )

    # ---- what there is to carry on

    def _subject(self) -> str:
        return self.last.subject[:LONGEST_EARLIER] if "topic" not in self.without else ""

    def _about(self) -> str:
        return self.last.topic or self.last.subject.rstrip("?. ")

    def _episode(self) -> str | None:
        """The episode that was quoted last, first source first."""
        if "episode" in self.without:
            return None
        return next(
            (source.episode for one in reversed(self.conversation) for source in one.sources if source.episode), None
        )

    def _carry(self, *, person: str = "", topic: str = "", episode: str = "") -> tuple[Carried, ...]:
        given: tuple[tuple[CarriedKind, str], ...] = (("person", person), ("topic", topic), ("episode", episode))
        return tuple(Carried(kind, value) for kind, value in given if value and kind not in self.without)


def topic_of(question: str) -> str:
    """What a question is about, in its own words: "the tidal barrier"; "" where it doesn't say, or only says "it"."""
    match = (
        _ASKED_ABOUT.match(question.rstrip("?. "))
        or _SIDES.search(question)
        or _HAPPENED.search(question)
        or _WHAT_IS.match(question)
    )
    topic = match["topic"].strip() if match else ""
    topic = re.sub(r"^that (?=the |an? )", "", topic)
    return (
        ""
        if not topic or fold(topic) in _POINTERS or len(topic) > 80 or re.search(rf"\b{PERSON_NOUN}$", topic)
        else topic
    )


def _gender(word: str) -> str:
    return "f" if word in FEMALE else "m" if word in MALE else "p"


def _stripped(text: str) -> str:
    return re.sub(r"\s+(?:to (?:that|this|it)|exactly|then)$", "", text.rstrip("?.! "), flags=re.I)


def _ended(text: str) -> str:
    return text.rstrip("?. ") + "?"
