"""Handlers that tell by name what changes, run by Gradio itself: what is left out stays, and what Gradio hands over arrives."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import gradio as gr
import pytest
from screens import run

from ui.shared.events import Changes, on

KEPT = {"__type__": "update"}  # what Gradio sends to a component that stays as it is


def answers(handler: Callable[..., Any], *typed: Any, event: gr.EventData | None = None) -> list[list[Any]]:
    """What is sent to the components `one` and `two` after each answer of a handler."""

    async def all_of_them() -> list[list[Any]]:
        with gr.Blocks(analytics_enabled=False) as page:
            one, two, press = gr.Textbox(), gr.Textbox(), gr.Button()
            on(press.click, handler, [one, two][: len(typed)], {"one": one, "two": two})
        block_fn, sent, iterator = page.fns[0], [], None
        while True:
            answer = await page.process_api(block_fn, list(typed), iterator=iterator, event_data=event)
            if iterator is None or answer["is_generating"]:
                sent.append(answer["data"])
            iterator = answer["iterator"]
            if not answer["is_generating"]:
                return sent

    return run(all_of_them())


def test_what_a_handler_leaves_out_stays_as_it_is() -> None:
    assert answers(lambda: {"two": "b"}) == [[KEPT, "b"]]
    assert answers(lambda: {"two": "b", "one": ""}) == [["", "b"]]
    assert answers(lambda: {}) == [[KEPT, KEPT]]
    assert answers(lambda: {"one": gr.update(visible=False)}) == [[KEPT | {"visible": False}, KEPT]]


def test_each_step_of_a_generator_tells_its_own_changes() -> None:
    def steps(typed: str) -> Iterator[Changes]:
        yield {"one": f"{typed}…"}
        yield {}
        yield {"two": typed}

    async def steps_in_turn(typed: str) -> AsyncIterator[Changes]:
        for changes in steps(typed):
            yield changes

    for handler in (steps, steps_in_turn):
        assert answers(handler, "a") == [["a…", KEPT], [KEPT, KEPT], [KEPT, "a"]]


def test_a_handler_is_given_the_event_that_it_asks_for() -> None:
    def pressed(typed: str, event: gr.EventData) -> Changes:
        return {"one": f"{typed} {event.act}"}

    assert answers(pressed, "a", event=gr.EventData(None, {"act": "undo"})) == [["a undo", KEPT]]


def test_a_name_that_is_none_of_the_outputs_is_a_fault() -> None:
    with pytest.raises(KeyError, match="three"):
        answers(lambda: {"three": "c"})


def test_several_events_share_one_handler_so_that_its_answers_keep_their_order() -> None:

    async def wired() -> Any:
        with gr.Blocks(analytics_enabled=False) as page:
            one, press = gr.Textbox(), gr.Button()
            on([one.blur, press.click], lambda: {}, None, {"one": one}, trigger_mode="always_last")
        return page

    (shared,) = run(wired()).fns.values()
    assert len(shared.targets) == 2 and shared.trigger_mode == "always_last"
