"""Faults of foreign pairs, a module a family: each says by itself what must be named."""
