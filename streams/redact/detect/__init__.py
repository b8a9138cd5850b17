"""What in a text is sensitive: the union of what several detectors find, never the best guess of one."""
