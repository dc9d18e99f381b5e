"""What both pages share: HTML of citations and passages, the player, captions, filters."""
