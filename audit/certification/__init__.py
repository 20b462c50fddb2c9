"""The certificate of a run, and the hashes and the verification that make it worth something."""
