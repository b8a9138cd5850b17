"""What may flow where, declared: projects, topics, roles and their rights. No client, no IO but reading files."""
