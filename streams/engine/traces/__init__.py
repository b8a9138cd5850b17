"""A record's way as spans, made of values that may be told (decisions/0006). Nothing here exports."""
