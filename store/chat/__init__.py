"""The chat runtime: profiles, engines, conversations, and the two paths on which turns reach the store."""
