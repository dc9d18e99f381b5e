"""Whether whoever asked is still there. Gradio itself lets what was begun run to its end for nobody."""

from __future__ import annotations

from typing import Any


def has_left(request: Any) -> bool:
    """Whether the one who sent this request (gr.Request) has closed the connection that their answer would go through."""
    raw = getattr(request, "request", None)
    scope = getattr(raw, "scope", None) or {}
    cycle = scope.get("state", {}).get("cycle")  # from ui/door/connections.py
    if cycle is not None and cycle.disconnected:
        return True
    app = scope.get("app")
    if app is None or not hasattr(app, "get_blocks"):
        return False
    # A queued answer is fetched through another connection; Gradio marks its event when that one is closed.
    jobs = app.get_blocks()._queue.active_jobs
    return any(not event.alive for job in jobs if job for event in job if event.request is raw)
