"""The geometry of what a page draws; templates draw it, and the style sheet colours it."""
