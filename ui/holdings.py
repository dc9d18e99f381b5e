"""Library: the episodes in a table, upload, removal, for staff."""

from __future__ import annotations

import gradio as gr

from rag.answer import Assistant


def holdings_screen(page: gr.Blocks, assistant: Assistant) -> None:
    """The screen, inside the Blocks that is open."""
    gr.HTML("<h1>Library</h1>")
