"""Every limit of the label stage, with its reason. Times in milliseconds unless the name says otherwise."""

from __future__ import annotations

from dataclasses import dataclass, field

from streams.web.settings import HttpSettings, SessionSettings, SignInSettings


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """Limits of the queue's core."""

    lease_ms: int = 300_000
    """How long a lease lives without a heartbeat: five minutes, a long read and an interruption."""
    page_lease_ms: int = 120_000
    """The same for our own page, which beats every 40 s while it is open and somebody was there lately. Whoever
    closed it, or has had no network for so long, is gone: the task goes to another."""
    lease_max_ms: int = 3_600_000
    """How long heartbeats may keep one lease: an hour, so that a forgotten tab frees its task."""
    receipt_ms: int = 3_600_000
    """How long after a task ended a repeated call is still answered: as long as a bearer token may live."""
    ageing_ms: int = 86_400_000
    """A level of priority is worth a day of waiting: urgent tasks pass a backlog of days, and no task is passed by
    one that came nine days later. Longer than a shift, so that within one priorities are what they say."""
    max_returns: int = 3
    """How often one person may give one task back (release, expiry) before it never comes to them again."""
    rest_ms: int = 86_400_000
    """How long after that everything unseen goes before it for them: until the next shift. From then on its turn
    comes as any other's, since a backlog that never ends would keep it from a small team for good."""
    window: int = 20_000
    """Tasks that can be worked on now; above, `tasks.P` waits. Rebuilding 20,000 takes under a second."""
    open_limit: int = 60_000
    """Open tasks in all: with those that wait for decide or for people who are not here (three windows)."""
    window_bytes: int = 256 * 2**20
    """Sealed content held in memory: 20,000 tasks of 13 kB; large tasks fill the window sooner."""
    skills_look_ms: int = 1_000
    """How often it is looked for tasks that nobody can, and whether who waits has learned what it takes: that is
    in files, so no message says so. Looking costs 3 ms with 20,000 tasks."""
    complete_ms: int = 300_000
    """A batch of which nothing is open is complete after this: more of it may be on its way, and whoever has kept
    up with it should not have to sign in again for each record."""
    active_ms: int = 900_000
    """Who asked for a task in this time counts as present; a task nobody present may take is parked."""


@dataclass(frozen=True, slots=True)
class ResultLimits:
    """How large an answer may be."""

    spans: int = 1_000
    """A span costs about 60 bytes: a thousand fit the body limit."""


@dataclass(frozen=True, slots=True)
class CommentLimits:
    """How much may be written about tasks."""

    per_task: int = 30
    """A question and its answer take a few; at 1,000 characters each, 30 are 120 kB of memory at most."""
    for_leads: int = 10
    """Of these, so that what many ask can still be answered."""
    per_hour: int = 20
    """By one person: more than anybody asks who also works, and few to try out what a policy masks."""
    of_all: int = 10_000
    """On open tasks of a project: 40 MB at most, and a list of threads takes the loop 5 ms."""
    listed: int = 200
    """Threads that are listed at once, those first that have waited longest for an answer."""


@dataclass(frozen=True, slots=True)
class ApiSettings(HttpSettings):
    """Limits of the HTTP API, beside those of every server."""

    answer_timeout_s: float = 8.0
    """A commit takes milliseconds, a takeover two seconds. After this: 503, ask again."""
    pending_requests: int = 1_000
    """Requests that wait for the loop. More means the loop is behind: 503 at once instead of a long queue."""
    waiting: int = 400
    """Calls that wait for a task, one a person; above, they are answered at once (204). Others need connections
    too."""
    longest_wait_s: int = 30
    """How long a call may wait for a task: proxies give up after a minute."""
    openers: int = 4
    """Threads that open content: each waits on Vault, 410 reads/s a thread measured."""
    denials_per_minute: int = 10
    """`access.denied` events a minute for one subject; the rest is counted in the next one."""
    attempts_per_minute: int = 6
    """`copy.attempted` events a minute for one person, likewise; the page tells one every ten seconds."""
    token_ttl_s: int = 3_600
    """The longest life of a bearer token."""
    token_leeway_s: int = 30
    """How far the issuer's clock may run ahead."""
    token_calls_per_minute: int = 60_000
    """Of one person with bearer tokens, however many: a thousand a second, more than any robot asks for."""
    browser_calls_per_minute: int = 600
    """Of one person with a browser: a task a second, with its heartbeat, and room for a page that was reloaded.
    Both are one allowance: whoever uses half of it with a token has half of it left here.
    """
    calls_burst_s: int = 10
    """A person's calls of so many seconds may come at once."""


@dataclass(frozen=True, slots=True)
class StandbySettings:
    """Limits of standing by for the process that has the queue (`owner.py`, `standby.py`, `front_door.py`)."""

    probe_every_s: float = 0.2
    """How often the owner is asked whether it is there: a millisecond of its CPU each time."""
    probe_again_s: float = 0.05
    """The same, once it was missed."""
    probe_limit_s: float = 0.5
    """Then a probe counts as unanswered. An owner under full load answers within 50 ms."""
    gone_probes: int = 2
    """So often in a row must nobody listen where it was."""
    silent_s: float = 1.5
    """Three probes without an answer: a stopped process, a machine or a network that is away."""
    busy_s: float = 15.0
    """Its server answers, that it has too much to do: taking over then would make it worse."""
    unrest_ms: int = 60_000
    """An owner that was silent, and had not been it for so long, was replaced in haste: the next one is given
    twice the time, and so on; and must last twice as long for the time to be short again."""
    unrest_most: int = 6
    """Patience doubles so often: from 1.5 s to a minute and a half."""
    turn_s: float = 0.7
    """How much later the process with the next number comes: time to fence the old owner and say so, which takes
    0.3 s (measured, two busy cores)."""
    first_turn_s: float = 3.0
    """The same where there has been no owner since this process looked: all have just started, side by side, and
    nobody waits for them."""
    turns: int = 3
    """From the fourth on they come together; the last one fences the others."""
    follow_s: float = 0.05
    """How long one look at the log waits for news."""
    last_looks: int = 10
    """Half a second: whoever still writes the state then has not gone, however silent it is to us."""
    heard_every_s: float = 5.0
    """How often the copy of the state is compared with the log's end: one small request."""
    stale_copy_ms: int = 600_000
    """A copy that was not at the log's end for so long (the machine slept) is made anew: Kafka forgets what was
    removed a day later, and the copy must have heard of it."""
    hold_s: float = 4.0
    """How long a call waits for somebody to take over. After this: 503, ask again."""
    adopt_again_s: float = 0.05
    """How soon the API asks the loop again who was signed in."""
    connect_s: float = 1.0
    """To the owner: it is near, or gone."""
    keep_s: float = 20.0
    """How long a connection to the owner is kept; the owner closes it after 30 s."""
    answer_s: float = 60.0
    """The owner answers after 16 s at most, where nobody asks to wait longer; it is given up when it is
    replaced.
    """


@dataclass(frozen=True, slots=True)
class LabelSettings:
    """All of them."""

    queue: QueueSettings = field(default_factory=QueueSettings)
    results: ResultLimits = field(default_factory=ResultLimits)
    comments: CommentLimits = field(default_factory=CommentLimits)
    api: ApiSettings = field(default_factory=ApiSettings)
    sessions: SessionSettings = field(default_factory=SessionSettings)
    signin: SignInSettings = field(default_factory=SignInSettings)
    standby: StandbySettings = field(default_factory=StandbySettings)
