"""What a sign-in or a token says of the device it was made on."""

from __future__ import annotations

import re

CLAIM = "device"
"""In an app's token; in an ID token the claim has the name that is configured."""
MAX_DEVICES = 16
"""What one device can be called by: its name, its group, that it is managed."""
_DEVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@-]{0,63}")


def devices_of(claim: object) -> frozenset[str]:
    """The names in a claim: a text or a list of texts. A claim that is anything else says nothing."""
    names = claim if isinstance(claim, list) else [claim]
    good = [name for name in names if isinstance(name, str) and _DEVICE.fullmatch(name)]
    return frozenset(good) if len(good) == len(names) <= MAX_DEVICES else frozenset()
