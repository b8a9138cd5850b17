"""A project as values: what a file in `projects/` declares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from topology.acceptance import Acceptance
from topology.guidance import Guidance
from topology.jobs import Job, Jobs
from topology.project_access import Access
from topology.qualifications import UNKNOWN, Qualification
from topology.routes import KnownRoutes
from topology.webhooks import Webhook

ROLES = (
    *("author", "approver", "operator", "officer", "annotator", "adjudicator", "app"),
    *("requester", "grantor-a", "grantor-b", "key-administrator"),
)
"""What a person can be in a project: the roles of scope `person` in the flow."""


SAYING = frozenset({"author", "approver", "operator", "requester", "grantor-a", "grantor-b"})
"""The roles of persons whose signatures put something in force."""


@dataclass(frozen=True, slots=True)
class Persons:
    """Who does what in a project. Nobody who labels holds another role in it."""

    authors: tuple[str, ...]
    approvers: tuple[str, ...]
    operators: tuple[str, ...]
    annotators: tuple[str, ...]
    adjudicators: tuple[str, ...] = ()
    """Settle, without knowing any answer, what annotators disagree on; they get nothing else."""
    apps: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Annotator apps by name, and whom each may act for."""
    officers: tuple[str, ...] = ()
    """Look at what happens in the project, by the console; whoever checks the others does nothing else in it."""
    requesters: tuple[str, ...] = ()
    """May ask to see what a placeholder of one task stands for."""
    grantors_a: tuple[str, ...] = ()
    grantors_b: tuple[str, ...] = ()
    """One of each of these two groups has to approve it; nobody is in two of the three."""
    key_administrators: tuple[str, ...] = ()
    """Rotate the project's keys; who administers keys reads and decides nothing in it."""

    @property
    def labeling(self) -> tuple[str, ...]:
        """Who is shown tasks."""
        return (*self.annotators, *self.adjudicators)

    @property
    def people(self) -> frozenset[str]:
        """Everybody who is named, but no app."""
        return frozenset((*self.saying, *self.officers, *self.key_administrators, *self.labeling))

    @property
    def saying(self) -> tuple[str, ...]:
        """Whose signatures put something in force."""
        deciding = (*self.authors, *self.approvers, *self.operators)
        return (*deciding, *self.requesters, *self.grantors_a, *self.grantors_b)

    @property
    def everybody(self) -> frozenset[str]:
        """Who has anything that could be revoked: its people and its apps."""
        return self.people | frozenset(self.apps)

    def holding(self, role: str) -> tuple[str, ...]:
        """The persons who hold a person's role of the flow, for example `author`."""
        by_role = {
            "author": self.authors,
            "approver": self.approvers,
            "operator": self.operators,
            "officer": self.officers,
            "annotator": self.annotators,
            "adjudicator": self.adjudicators,
            "app": tuple(self.apps),
            "requester": self.requesters,
            "grantor-a": self.grantors_a,
            "grantor-b": self.grantors_b,
            "key-administrator": self.key_administrators,
        }
        return by_role.get(role, ())

    def holders(self, role: str) -> frozenset[str]:
        """The same, where no order matters."""
        return frozenset(self.holding(role))

    def duties(self, person: str) -> frozenset[str]:
        """The roles that a person (or an app) holds."""
        return frozenset(role for role in ROLES if person in self.holding(role))

    def only_labels(self, person: str) -> bool:
        """Whether they are named here, as a person who labels or an app, and have no say in what is in force."""
        duties = self.duties(person)
        return bool(duties) and not duties & SAYING

    def apps_of(self, person: str) -> frozenset[str]:
        """The apps that may act for a person."""
        return frozenset(app for app, persons in self.apps.items() if person in persons)


class SegmentStore(StrEnum):
    """Where the entries of segments lie, besides their keys."""

    VAULT = "vault"
    """With them."""
    TOPICS = "topics"
    """On `geometry.P` and `values.P`, each useless without the seed that Vault keeps."""


@dataclass(frozen=True, slots=True)
class Project:
    """One project: own topics, keys, mapping paths, rights. Retentions are in milliseconds, by topic kind."""

    name: str
    owner: str
    partitions: int
    retention_ms: Mapping[str, int]
    persons: Persons
    guidance: Guidance = field(default_factory=Guidance)
    acceptance: Acceptance = field(default_factory=Acceptance)
    qualifications: Mapping[str, Qualification] = field(default_factory=dict)
    routes: KnownRoutes = field(default_factory=KnownRoutes)
    """Skills that somebody has are known too."""
    access: Access = field(default_factory=Access)
    webhooks: tuple[Webhook, ...] = ()
    evaluators: tuple[str, ...] = ()
    """What decide asks about labels, `package.module:Class` each."""
    drift: bool = True
    """Whether decide watches how the answers of each person change."""
    open_texts: bool | None = None
    """Whether a process opens the tasks of policies that say `publish: open`; False: it opens nothing, and takes
    back what it has laid out; None: there is no such process.
    """
    comments: bool = False
    """Whether people may write to each other about tasks."""
    escalation: str = ""
    """Whom to ask or alarm, in words."""
    segments: SegmentStore = SegmentStore.VAULT
    """Where what is redacted from now on is kept; what was before stays where it is."""
    jobs: Jobs | None = None
    """Who may sign labeling jobs; None: what stands in the file holds unsigned."""
    job: Job | None = None
    """The version that guidance, access and acceptance are of."""
    hash: str = ""
    """SHA-256 in hex of all that the file says, so that the audit can tell one state of it from another."""

    def qualification(self, person: str) -> Qualification:
        """What the project declares of a person."""
        return self.qualifications.get(person, UNKNOWN)
