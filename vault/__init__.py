"""What Vault holds: keys, segments, signatures. The only room that knows hvac."""
