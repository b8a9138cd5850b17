"""Hands a process's spans to a collector by OTLP over HTTP, where `VEIL_TRACES` says so. Imported only then."""
