"""Proof from the audit log alone: chains, reconciliation, export, offline verification."""
