"""The bus over Redis: one server, a primary found by Sentinel, or a cluster. The only user of `redis`."""
