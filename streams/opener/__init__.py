"""Lays sanitized texts out in clear, where a policy says so, and takes each back when its mapping ends."""
