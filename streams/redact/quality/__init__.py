"""How good redaction is, always as two numbers: what leaks, and what is hidden without need.

*Leak* is the share of the characters inside annotated spans that stay readable; *over-redaction* the share of the
other characters that are hidden. Either alone is worthless: hiding everything leaks nothing.
"""
