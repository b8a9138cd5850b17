"""The vocabulary of label's rights: what can be asked for, from where, and why it is refused."""

from __future__ import annotations

from enum import StrEnum


class Action(StrEnum):
    """What a person can ask of label: the actions of `label.cedarschema`."""

    SIGN_IN = "signIn"
    STAY = "stay"
    """Keep a session that has begun; looked at while it lasts."""
    LEASE = "lease"
    HEARTBEAT = "heartbeat"
    LABEL = "label"
    SKIP = "skip"
    RELEASE = "release"
    REPORT = "report"
    HINT = "hint"
    """Be told a coarse class of what one placeholder of the task in hand stands for."""
    COMMENTS = "comments"
    """Read what was commented on the task in hand."""
    COMMENT = "comment"
    """Comment on it."""
    THREADS = "threads"
    """Be told which tasks have comments."""
    THREAD = "thread"
    """Read the comments on any open task."""
    REPLY = "reply"
    """Comment on any open task."""
    ATTEMPT = "attempt"
    """Say that the page has refused to let a text be taken away."""
    ME = "me"
    GUIDE = "guide"
    PRACTISE = "practise"
    STATS = "stats"
    BATCHES = "batches"


class Client(StrEnum):
    """What somebody calls with."""

    BROWSER = "browser"
    APP = "app"
    """A token signed by an annotator app of the project."""
    OPERATOR = "operator"
    """A token signed by one of the project's operators."""
    UNKNOWN = "unknown"
    """A token whose signer is neither (any more)."""


class Denial(StrEnum):
    """Why something is refused. Where several rules forbid it, the first of these is told."""

    REVOKED = "revoked"
    CONFLICTING_DUTIES = "conflicting_duties"
    NOT_PERMITTED = "not_permitted"
    NOT_TRAINED = "not_trained"
    WRONG_DEVICE = "wrong_device"
    OUTSIDE_HOURS = "outside_hours"
    NOT_ONBOARDED = "not_onboarded"
