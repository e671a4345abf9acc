"""The law files: sound, worded, released, and right in their numbers."""
