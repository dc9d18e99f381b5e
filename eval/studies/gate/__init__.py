"""Lies and honest sentences put to the gate; models as the writer; an audit of what is shown."""
