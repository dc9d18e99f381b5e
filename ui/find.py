"""Find: every passage of a person about a topic, for staff."""

from __future__ import annotations

import gradio as gr

from rag.answer import Assistant


def find_screen(page: gr.Blocks, assistant: Assistant) -> None:
    """The screen, inside the Blocks that is open."""
    gr.HTML("<h1>Find</h1>")
