"""Starts our own processes, each under its own identity, and keeps them running."""
