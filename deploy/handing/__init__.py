"""How processes that nobody of ours starts, as those in containers, come by what they log in to Vault with."""
