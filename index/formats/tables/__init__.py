"""Tables of who, when and what -> turns: CSV, TSV, tables in Markdown, Word and HTML, in any order of columns."""
