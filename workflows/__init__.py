"""The domain: yearly recognition of residential areas, and the law that governs it."""
