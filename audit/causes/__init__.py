"""From findings to what a person would say is wrong."""
