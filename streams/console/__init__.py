"""The compliance console: what the audit, metrics, alerts and signatures of all projects show, on a page."""
