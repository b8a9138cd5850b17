"""The label queue: leases with fencing tokens, its HTTP API, a client and robot annotators."""
