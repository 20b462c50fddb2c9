"""Old databases of our own making, and what the demo shows with them."""
