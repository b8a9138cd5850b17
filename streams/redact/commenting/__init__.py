"""What people comment on tasks, redacted before anybody reads it."""
