"""Ends what revoked people and apps log in with, and lets it hold again when two people have said so."""
