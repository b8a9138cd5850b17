"""Backup and restore: what is taken in which order, how it is encrypted and signed, and what a restore proves."""
