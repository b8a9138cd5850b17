"""Limits, with their reasons. Imports nothing: the command line shows them."""

from __future__ import annotations

POLL_S = 2.0
"""How soon an answer is seen, and a task for who has none. Who labels waits so long for the next one."""
BEAT_S = 30.0
"""How often a lease is extended, and so how long a text may still lie there after its task was withdrawn. A lease
lives five minutes, so that nine looks may fail; each heartbeat is an event on the audit.
"""
CLOCKS_S = 60.0
"""How far the clocks of label and of this machine may be apart: a fifth of what a lease lives, three times what a
call may take.
"""
KEEP_MIN = 30
"""How long a task may lie unanswered. The bridge beats for a person who is away, too, so it has to stop."""
MOST_KEEP_MIN = 55
"""Label ends a lease after an hour, however often it was extended; before that the bridge gives it back itself."""
TIMEOUT_S = 20.0
"""Of a call to Label Studio: it answers in a tenth of a second, in seconds while it starts."""
ANSWER_S = 60.0
"""How long an answer may go on: three times what its first byte may take."""
MAX_ANSWER = 16 * 2**20
"""Bytes of an answer: a page of a hundred tasks of 160 kB each."""
RETRIES = 2
"""Of a call to label, at once: a look may not last as long as a lease, and the next one asks again."""
TOKEN_S = 300
"""Of a bearer token for the label API: minutes rather than the hour that is allowed."""
PAGE = 100
"""Tasks or projects asked for at once, as many as Label Studio gives by itself."""
MOST_PAGES = 100
"""Asked for in one look; a server that goes on for ever is not followed."""
MOST_TASKS = 1_000
"""Of the project there, before a text goes there. The bridge has one at a time, sees ten times as many, and looks
at all of them every two seconds.
"""
MOST_UNSHOWN = 3
"""Tasks given back in a row for a field that is not shown, each a view that is on the audit: a misspelt name is
told, and one odd task among others ends nothing.
"""
MIN_TITLE = 3
MAX_TITLE = 50
"""Characters of a project's title, says Label Studio."""
HASHED = 8
"""Digits of a configuration's hash in the title of a project of its own: a person has a handful of them."""
