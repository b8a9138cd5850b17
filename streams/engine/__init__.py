"""The exactly-once loop, keyed state, messages; the seams Log and Clock (Vault's is in `vault.interface`)."""
