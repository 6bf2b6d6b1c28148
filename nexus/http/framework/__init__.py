"""What every call shares: typed requests, bodies, problem documents, and what holds for each request."""
