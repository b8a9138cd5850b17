"""To and from the JSON that Label Studio imports and exports."""
