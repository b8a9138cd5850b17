"""Every limit of the console, with its reason. Times in milliseconds unless the name says otherwise."""

from __future__ import annotations

from dataclasses import dataclass, field

from streams.web.settings import HttpSettings, SessionSettings, SignInSettings


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """All of them."""

    http: HttpSettings = field(default_factory=HttpSettings)
    sessions: SessionSettings = field(
        default_factory=lambda: SessionSettings(idle_ms=3_600_000, life_ms=28_800_000, kept=200, endings_kept=800)
    )
    """Somebody watches for hours without a click, so an hour counts as idle; a shift, then sign in anew."""
    signin: SignInSettings = field(default_factory=SignInSettings)
    tail_rows: int = 20_000
    """Events in memory, of all projects together: 1 kB each."""
    tail_read: int = 5_000
    """Of each audit partition at the start: its newest; what is older, `veil audit trace` and `access` find."""
    page_rows: int = 500
    """Events in one answer."""
    minutes_kept: int = 1_440
    """Windows of a minute, of each policy: a day."""
    hours_kept: int = 2_160
    """Windows of an hour: 90 days."""
    windows_read: int = 30_000
    """Metrics read of each partition at the start."""
    alerts_kept: int = 2_000
    """Of each project and of the platform, the newest."""
    alerts_read: int = 2_000
    """Of each partition at the start."""
    checkpoints_read: int = 20_000
    """At the start: of a log that has grown in the last hours the newest is among them."""
    standings_read: int = 100
    """Of `matching` at the start: one record whose latest holds, so its last few offsets."""
    longest_wait_s: float = 25.0
    """How long a call for new events may wait: proxies give up after a minute."""
    look_again_ms: int = 900_000
    """Whoever goes on looking at the same thing is on the audit again after a quarter of an hour."""
    looks_kept: int = 4_096
    """Looks remembered, so that they are not said again; more are said again."""
    calls_per_minute: int = 600
    """Of one person: several windows that wait for events, and room for clicking."""
    calls_burst: int = 100
    """So many at once."""
    denials_per_minute: int = 10
    """Refusals on the audit a minute for one subject; the rest is counted in the next one."""
    audit_wait_s: float = 8.0
    """A commit takes milliseconds. After this: 503, and nothing is shown."""
    audit_pending: int = 1_000
    """Events that wait for a commit; above, calls are refused."""
    lineage_limit: int = 50
    """Things of one kind in a picture."""
    pictures_kept: int = 16
    """Pictures that browsers may still fetch, of all people together; each under a name nobody can guess."""
    signing_ms: int = 600_000
    """From asking to sign to coming back with the signature: time to read, and to find a telephone."""
    signings_kept: int = 100
    """Signatures under way at once, of all people together."""
    id_chars: int = 200
    """Of what is asked for."""
