"""What the server keeps for each visitor: little, and nothing for those who are gone.

Gradio copies the whole page for every session, the HTML of its last answers too, to build links out of it that this
page doesn't offer. Here sessions share the page until one of them changes a field, and equal fields are shared as well.
"""

from __future__ import annotations

from collections import ChainMap, OrderedDict
from datetime import datetime, timedelta
from typing import Any

from gradio.blocks import Blocks, BlocksConfig
from gradio.state_holder import SessionState, StateHolder

from ui.listeners.rested import Rested, rested, woken

IDLE = timedelta(seconds=10)  # then a conversation is put away
UNFETCHED = timedelta(minutes=2)  # then an answer that nobody has fetched is let go
SHARED_FIELDS = 256  # different fields remembered: each is one choice of show, and so on


class Nothing(dict[Any, Any]):
    """Keeps nothing of what is put into it."""

    def __setitem__(self, key: Any, value: Any) -> None:
        """Lets it go."""


class Session(SessionState):
    """One visitor's state: their conversation, and the fields that look different for them."""

    def __init__(self, blocks: Blocks, fields: SharedFields) -> None:
        # Not Gradio's own: it is the copying there that is left out.
        self.fields = fields
        self.blocks_config = blocks.default_config
        self.config_values = Nothing()
        self.state_data: dict[int, Any] = {}
        self._state_ttl: dict[int, Any] = {}
        self.is_closed = False
        self.STATE_TTL_WHEN_CLOSED = 3600

    def __getitem__(self, key: int) -> Any:
        if isinstance(away := self.state_data.get(key), Rested):
            self.state_data[key] = woken(away)
        return super().__getitem__(key)

    def __setitem__(self, key: int, value: Any) -> None:
        block = self.blocks_config.blocks.get(key)
        if block is not None and block.stateful:
            super().__setitem__(key, value)
        elif block is not value:
            root = self.blocks_config.root_block
            if self.blocks_config is root.default_config:
                self.blocks_config = with_own_blocks(self.blocks_config)
            self.blocks_config.blocks[key] = self.fields.same(key, value)

    def rest(self) -> bool:
        """Puts the conversation away; False where one is still under way."""
        for key, value in self.state_data.items():
            if value and isinstance(value, tuple):
                away = rested(value)
                if away is None:
                    return False
                self.state_data[key] = away
        return True

    def _update_config(self, key: int) -> None:
        """Nothing is kept of it."""

    def _update_value_in_config(self, key: int, value: Any) -> None:
        """Nothing is kept of it."""


class SharedFields:
    """One object for all fields that are made alike."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[int, str], Any] = OrderedDict()

    def same(self, key: int, field: Any) -> Any:
        """One field object for all visitors whose fields were made alike; the longest unused are forgotten."""
        made = (key, repr(field.constructor_args))
        known = self._known.setdefault(made, field)
        self._known.move_to_end(made)
        if len(self._known) > SHARED_FIELDS:
            self._known.popitem(last=False)
        return known


class Sessions(StateHolder):
    """Gradio's holder of sessions, with small ones in it; what is idle is made smaller still."""

    def __init__(self, blocks: Blocks) -> None:
        super().__init__()
        self.set_blocks(blocks)
        self.fields = SharedFields()
        self.awake: OrderedDict[str, None] = (
            OrderedDict()
        )  # those that have been used since they last rested, oldest first

    def __getitem__(self, session_id: str) -> SessionState:
        if session_id not in self.session_data:
            self.session_data[session_id] = Session(self.blocks, self.fields)
        self.awake[session_id] = None
        self.awake.move_to_end(session_id)
        return super().__getitem__(session_id)

    def delete_all_expired_state(self) -> None:
        """Called every second. Gradio's own looks at every session there is, for what none here has: state that expires."""
        now = datetime.now()
        unfinished = {event.session_hash for event in list(self.blocks._queue.event_ids_to_events.values())}
        for session_id in list(self.awake):
            used = self.time_last_used.get(session_id, datetime.min)
            if now - used < IDLE:
                break
            if session_id not in unfinished and self._rest(session_id, now - used):
                del self.awake[session_id]

    def _rest(self, session_id: str, idle: timedelta) -> bool:
        queue = self.blocks._queue
        if queue.pending_event_ids_session.get(session_id) and idle < UNFETCHED:
            return False
        # What Gradio keeps for the answers of a session, also where nobody fetched them.
        queue.pending_messages_per_session.pop(session_id, None)
        queue.pending_event_ids_session.pop(session_id, None)
        session = self.session_data.get(session_id)
        if session is None:
            return True
        if not session.state_data and session.blocks_config is self.blocks.default_config:
            del self.session_data[session_id]  # a program's call: there is nothing to come back to
            self.time_last_used.pop(session_id, None)
            return True
        return session.rest()  # type: ignore[attr-defined]


def with_own_blocks(config: BlocksConfig) -> BlocksConfig:
    """The page with room for parts of its own before those that all share; what belongs to its events is shared too."""
    made = object.__new__(BlocksConfig)
    made.__dict__.update(config.__dict__)
    made.blocks = ChainMap({}, config.blocks)  # type: ignore[assignment]  # Gradio only looks up, goes through and sets
    return made


def keep_small(app: Any) -> None:
    """Sessions of a mounted Gradio app cost little from now on."""
    app.state_holder = Sessions(app.get_blocks())
