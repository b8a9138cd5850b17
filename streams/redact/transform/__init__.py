"""What stands for a value: one action of a policy a file. Pure; keys come in as an argument."""
