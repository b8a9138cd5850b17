"""Limits, with their reasons. Imports nothing: the command line shows them."""

from __future__ import annotations

POLL_S = 2.0
"""How soon an answer is seen. A look is one call to each side; who labels waits so long for the next task."""
BEAT_S = 30.0
"""How often a lease is extended, and so how long a text may still lie there after its task was withdrawn. A lease
lives five minutes, so that nine looks may fail; each heartbeat is an event on the audit.
"""
KEEP_MIN = 30
"""How long a task may lie unanswered. The bridge beats for a person who is away, too, so it has to stop."""
TIMEOUT_S = 20.0
"""Of a call to Label Studio: it answers in a tenth of a second, in seconds while it starts."""
TOKEN_S = 300
"""Of a bearer token for the label API: minutes rather than the hour that is allowed."""
MOST_TASKS = 200
"""Of the project there. The bridge has one at a time; where there are more it would not see all."""
MAX_TITLE = 50
"""Of a project, says Label Studio."""
