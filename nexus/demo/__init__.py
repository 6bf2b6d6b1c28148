"""`nexus serve --demo`: a sample poll and a simulated audience. Uses `nexus.client` and nothing of the server."""
