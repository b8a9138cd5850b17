"""Hands out the sealed values of one task, once, where a grant is in force."""
