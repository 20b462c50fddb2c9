"""How Sphinx makes the documentation site out of these pages; `make docs` calls it."""

from __future__ import annotations

project = "turntruth"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = []
html_theme = "furo"
html_title = "turntruth"
html_show_copyright = False
html_show_sphinx = False
myst_heading_anchors = 4
