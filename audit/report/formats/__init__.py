"""The forms in which a result can be written, a module each; the page has its own."""
