"""A log that nobody rewrites quietly: a Merkle tree over what was issued, signed as it grows."""
