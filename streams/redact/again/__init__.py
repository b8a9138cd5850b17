"""Raw records that are redacted again: which, in what revision, and the copies that redact takes."""
