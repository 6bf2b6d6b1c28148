"""Who may come in: tokens, passwords, origins, limits."""
