"""How long finding, the page and first sentences take, and how many listeners at once."""
