"""The command `verbatim`: arguments in, text and JSON out."""
