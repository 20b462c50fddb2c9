"""Values as text and back: YAML, JSON and canonical JSON."""
