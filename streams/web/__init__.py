"""What every web page of ours is served with: a server, headers, sessions, sign-in."""
