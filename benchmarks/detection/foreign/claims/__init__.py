"""The same pairs under contracts: values that contradict what is claimed, and what a contract does not admit."""
