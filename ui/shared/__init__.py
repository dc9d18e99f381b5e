"""What both pages share: HTML of passages, the player, captions, filters."""
