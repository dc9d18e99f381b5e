"""Text, Markdown, Word, HTML and whole web pages -> turns."""
