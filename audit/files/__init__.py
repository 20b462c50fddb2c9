"""How files are written and opened: who may read them, whole or not at all, and never over somebody else's."""
