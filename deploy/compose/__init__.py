"""A cluster in containers on one machine: three brokers, three nodes of Vault, every process, behind walls."""
