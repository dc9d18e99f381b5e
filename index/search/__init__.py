"""An Episode -> passages, vectors and BM25: what is embedded and found."""
