"""Whose credentials are to be ended, and whose to be restored. Pure: what `control` says and what was done go in.

Promises (tests/streams/watch/warden):
1. Whoever any project revokes has none: a password is one, whichever project it was stolen in.
2. Nothing is restored before two people have signed so in every project that had revoked it, and nothing twice:
   what an administrator disables by hand afterwards stays so.
3. Nobody is touched whom no project names, so no process is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from schemas.states import CredentialState
from topology.revocations import Revocations


@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody stands on `control`. `by`: the keys of the revocations that hold, in all projects; `over`: the
    versions up to which they are over, added up, so that it rises whichever project lets them in.
    """

    name: str
    by: tuple[str, ...]
    over: int


@dataclass(frozen=True, slots=True)
class Due:
    """Whose credentials to end, and whose to restore."""

    end: tuple[Standing, ...]
    restore: tuple[Standing, ...]


def standings(projects: Mapping[str, Revocations]) -> list[Standing]:
    """Everybody who is revoked in a project, or was, by name."""
    names = {name for revocations in projects.values() for name in revocations.named()}
    return [_standing(name, projects) for name in sorted(names)]


def due(
    found: Sequence[Standing],
    done: Mapping[str, CredentialState],
    asserted: AbstractSet[str],
    named: AbstractSet[str],
) -> Due:
    """What is left to do. `done`: by name, as committed; `asserted`: whose end this process has seen to itself,
    since somebody may have undone it while none ran; `named`: whom the projects name.
    """
    ours = [one for one in found if one.name in named]
    return Due(
        tuple(one for one in ours if one.by and one.name not in asserted),
        tuple(one for one in ours if not one.by and (_ended(one, done) or one.over > _restored(one, done))),
    )


def _standing(name: str, projects: Mapping[str, Revocations]) -> Standing:
    by = (
        f"revoke/{project}/{name}/{signer}"
        for project, revocations in sorted(projects.items())
        for signer in revocations.by(name)
    )
    return Standing(name, tuple(by), sum(one.over(name) for one in projects.values()))


def _ended(standing: Standing, done: Mapping[str, CredentialState]) -> bool:
    state = done.get(standing.name)
    return state is not None and state.ended


def _restored(standing: Standing, done: Mapping[str, CredentialState]) -> int:
    state = done.get(standing.name)
    return state.up_to if state else 0


def projects_of(keys: Iterable[str]) -> list[str]:
    """The projects whose revocations these are, each once."""
    return sorted({key.split("/")[1] for key in keys})
