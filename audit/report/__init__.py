"""Results to documents people and tools read: pure functions from an audit result to a text."""
