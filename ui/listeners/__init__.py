"""The listeners' page: the chat, its conversation, filters, links, feedback."""
