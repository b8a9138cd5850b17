"""Who acts: a process `<role>.<project>`, the platform's `<role>.platform`, or a person `person.<name>`."""

from __future__ import annotations

from dataclasses import dataclass

PLATFORM = "platform"
PERSON = "person"


@dataclass(frozen=True, slots=True, order=True)
class Identity:
    """An identity: Kafka user, Vault AppRole and name of its credentials file alike.

    `place` is the project's name, `platform`, or the person's name.
    """

    role: str
    place: str

    @property
    def name(self) -> str:
        """`redact.demo`, `compliance.platform`, `person.ada`."""
        return f"{self.role}.{self.place}"

    @property
    def signer(self) -> str:
        """The name it signs under: `redact.demo`, and for a person `ada`. No person's name holds a dot."""
        return self.place if self.role == PERSON else self.name

    @property
    def sign_key(self) -> str:
        """Its Ed25519 transit key."""
        return f"sign-{self.signer}"

    @property
    def group(self) -> str:
        """Its consumer group."""
        return self.name

    @property
    def slots(self) -> str:
        """What the names of its slots, and so its transactional ids, begin with."""
        return f"{self.name}."

    def slot(self, number: int) -> str:
        """Its slot of that number, `redact.demo.0`."""
        return f"{self.slots}{number}"

    @classmethod
    def parse(cls, name: str) -> Identity:
        """The identity of a name. The role is what stands before the first dot."""
        role, _, place = name.partition(".")
        return cls(role, place)
