"""From several labels of a task to one verdict."""
