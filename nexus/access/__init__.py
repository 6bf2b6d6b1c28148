"""Who may come in: tokens, passwords, codes, origins, and how often somebody may try. The only user of `jwt`."""
