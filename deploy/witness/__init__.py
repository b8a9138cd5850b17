"""A witness as it runs: its files, its HTTP, and how logs are read and fed to it. Needs no Kafka and no Vault."""
