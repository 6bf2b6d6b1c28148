"""What keeps a process running and tells of it."""
