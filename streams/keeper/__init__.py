"""What Vault holds of segments comes to an end here: purge, withdrawal. Alone destroys; decrypts nothing."""
