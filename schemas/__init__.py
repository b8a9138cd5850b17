"""The contracts: typed records, their Avro schemas, the event vocabulary, codec and registry."""
