"""A decision, or the sections that a plan found -> the words of an answer, by any writer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rag.answer import Wrote
from rag.draft import Draft
from rag.evidence.quote import Quote
from rag.evidence.sections import Section, Sections
from rag.evidence.verdict import Decision, worth_showing
from rag.question.question import Question
from rag.writing.extractive import Writer, extractive_writer
from rag.writing.lines import asked_line, other_line, otherwise_line


def written(writer: Writer, sections: Sections, draft: Draft) -> Iterator[Wrote]:
    """The answer, section by section, each led by its line. Where everything is asked for, every quote is given.

    A writer that passes over a section leaves it to the quotes themselves.
    """
    chosen = extractive_writer if sections.plan.lists else writer
    of = {(quote.episode.id, quote.first): section for section in sections.sections for quote in section.quotes}
    opened: list[Section] = []
    for wrote in chosen(sections.plan.question, sections.quotes, draft):
        for citation in wrote.citations[:1]:
            section = of[citation.episode, citation.first]
            if section.title and (not opened or opened[-1] is not section):
                yield Wrote(section.title)
            opened.append(section)
        yield wrote
    for section in sections.sections:
        if section.quotes and section not in opened:
            for n, wrote in enumerate(extractive_writer(sections.plan.question, section.quotes, draft)):
                if n == 0 and section.title:
                    yield Wrote(section.title)
                yield wrote
        elif not section.quotes and section.nothing:
            yield Wrote(section.nothing)
    if sections.closing and draft.citations:
        yield Wrote(sections.closing)


def unanswered(asked: Question, quotes: Sequence[Quote], draft: Draft) -> Iterator[Wrote]:
    """A question that somebody asks and what is said in reply, in this order, after a line; by no model's words."""
    question, reply = quotes
    yield Wrote(asked_line(question, reply))
    yield from extractive_writer(asked, quotes, draft)


def words_of(
    asked: Question, decision: Decision, sections: Sections | None, writer: Writer, draft: Draft
) -> Iterator[Wrote]:
    """What is said where something is quoted: a line where one is due, then the quotes or sections, by the writer.

    Of `asked_not_answered`, the decision's quotes are the question and what is said in reply.
    """
    if decision.verdict == "asked_not_answered":
        yield from unanswered(asked, decision.quotes, draft)
        return
    if decision.verdict == "said_by_other":
        yield Wrote(other_line(asked.asked_for or "them"))
    elif not sections and (line := otherwise_line(asked, decision.quotes)):
        yield Wrote(line)
    yield from written(writer, sections, draft) if sections else writer(asked, worth_showing(decision.quotes), draft)
