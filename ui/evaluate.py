"""Evaluate: run a set of questions, compare two runs."""

from __future__ import annotations

import gradio as gr

from rag.answer import Assistant


def evaluate_screen(page: gr.Blocks, assistant: Assistant) -> None:
    """The screen, inside the Blocks that is open."""
    gr.HTML("<h1>Evaluate</h1>")
