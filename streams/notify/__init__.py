"""Tells others, by signed webhooks, what has happened to tasks."""
