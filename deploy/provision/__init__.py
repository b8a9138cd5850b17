"""`veil topology plan|apply`: makes Kafka, Vault and the registry what the topology says; removes nothing."""
