"""Which roles have processes, of a project and of the platform. Pure."""

from __future__ import annotations

from deploy.local.endpoints import Endpoints
from topology.project import Project

PROJECT_ROLES = ("replay", "redact", "opener", "label", "decide", "notify", "join", "keeper", "reveal", "contain")
"""Of which each project has its own processes, in the order data passes through them."""
CONSOLE = "console"
"""It consumes nothing and keeps no state: a server and readers of its own (`deploy.stages.console`)."""
FRONT = "front"
"""It stands before label where `deploy/kubernetes` puts it: a server of its own (`deploy.stages.front`)."""
SHIPPER, WATCH, MATCHER = "shipper", "watch", "matcher"
FOLDING_ROLES = (WATCH, MATCHER)
"""They only read and tell, in a loop of their own (`deploy.stages.folding`), without Vault and so without an audit
of their own to sign.
"""
PLATFORM_ROLES = ("seal", SHIPPER, *FOLDING_ROLES, "warden")
"""Of which an installation has one process for all projects (scope `platform` in flow.yaml)."""

RELEASE_NOTHING = frozenset({"keeper", "contain", "seal", SHIPPER, "warden"})
"""They destroy, order, seal and revoke: they go on however long a round takes (`streams.engine.loop.Stage`)."""


def roles_of(project: Project) -> tuple[str, ...]:
    """The roles that a project needs a process for: without webhooks nobody is told anything, where nobody may
    request a grant nothing is revealed, and where its file says nothing of texts in clear none are opened or
    taken back.
    """
    needed = {
        "notify": bool(project.webhooks),
        "reveal": bool(project.persons.requesters),
        "opener": project.open_texts is not None,
    }
    return tuple(role for role in PROJECT_ROLES if needed.get(role, True))


def platform_roles(endpoints: Endpoints) -> tuple[str, ...]:
    """The platform's that can run here: where Vault's own log is out of reach, nobody can ship and match it."""
    absent = () if endpoints.vault.followed_log is not None else (SHIPPER, MATCHER)
    return tuple(role for role in PLATFORM_ROLES if role not in absent)
