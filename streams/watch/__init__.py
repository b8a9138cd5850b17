"""Watch: privacy metrics, anomalies, alerts, from the audit alone; recomputable."""
