"""The producer SDK: seals records and publishes them to `raw.P`. Start at `publisher.Publisher`."""
