"""Synthetic records whose sensitive values and labels are known: made up, and published as producers do."""
