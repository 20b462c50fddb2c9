"""Values as text and back: YAML, JSON, canonical JSON, payloads, and the hash of a block."""
