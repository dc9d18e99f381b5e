"""Events of a page whose outputs have names: a handler tells by name what changes, and what it leaves out stays as it is.

Gradio itself wants a value for every output, in their order, and `gr.skip()` for each that stays.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

import gradio as gr

Changes = Mapping[str, Any]  # new values, or `gr.update`s, by the names of the components that they are for
Outputs = Mapping[str, Any]  # components by name; Any, since Gradio gives them their events as they are made


def on(
    event: Callable[..., Any] | Sequence[Any],
    handler: Callable[..., Any],
    inputs: Any,
    outputs: Outputs,
    **options: Any,
) -> Any:
    """Wires a handler that gives Changes, once or one after the other, to an event; returns Gradio's dependency.

    `event`: a component's (`save.click`), what follows on another (`began.then`), or several that are answered in turn.
    `options` are Gradio's own. KeyError when the handler names what is not among its outputs.
    """
    answering, components = _by_component(handler, outputs), list(outputs.values())
    if callable(event):
        return event(answering, inputs, components, **options)
    return gr.on(event, answering, inputs, components, **options)


def _by_component(handler: Callable[..., Any], outputs: Outputs) -> Callable[..., Any]:
    """The handler as Gradio calls it. It stays what it is, a function, a generator or one that is awaited, with its hints:
    by these Gradio knows who wants the event or the request."""

    def told(changes: Changes) -> Any:
        return {outputs[name]: value for name, value in changes.items()} or gr.skip()

    if inspect.isasyncgenfunction(handler):

        @wraps(handler)
        async def answer(*given: Any) -> Any:
            async for changes in handler(*given):
                yield told(changes)

    elif inspect.isgeneratorfunction(handler):

        @wraps(handler)
        def answer(*given: Any) -> Any:
            for changes in handler(*given):
                yield told(changes)

    else:

        @wraps(handler)
        def answer(*given: Any) -> Any:
            return told(handler(*given))

    return answer
