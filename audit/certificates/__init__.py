"""The certificate of a run, its signature, and the hashes and the verification that make them worth something."""
