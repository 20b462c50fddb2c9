"""Turns of the oldest shapes, kept as payload texts, and what becomes of them."""
