"""The REST interface: a file a resource, and `routes`, the table of every call (contract, section 2)."""
