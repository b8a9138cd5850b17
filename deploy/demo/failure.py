"""What the demo says when it can't go on."""

from __future__ import annotations

from schemas.errors import VeilError


class DemoFailed(VeilError):
    """Something that must happen did not; one sentence says what."""
