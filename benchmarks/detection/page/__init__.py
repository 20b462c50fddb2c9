"""What a drill found out, as figures and as docs/detection.md."""
