"""Segments: the mappings of a batch of tasks, as three documents for three readers. See README.md of the room."""
