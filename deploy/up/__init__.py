"""A whole Veilstream as one object: the local stack, its topology, a process for each stage of each project."""

from deploy.up.addresses import Address, read_addresses
from deploy.up.installation import Installation

__all__ = ["Address", "Installation", "read_addresses"]
