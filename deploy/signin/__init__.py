"""How annotators sign in to an installation: an OpenID provider of somebody else's, or the local OpenBao."""
