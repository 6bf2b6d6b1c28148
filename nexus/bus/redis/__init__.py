"""The bus over Redis: one server, a primary found by Sentinel, or a cluster. The only user of the library `redis`.

- `address`: what REDIS_URL names; does without the library
- `connections`: an address's pools of connections
- `bus`: `RedisBus`: news and counters, whatever the servers are
- `node`: one server: bounded commands, and whether it is in reach
- `link`: its pub/sub connection, which reconnects by itself
- `subscriptions`: which channels that connection serves
- `cluster`: the nodes of a cluster, and which of them serves which channel
- `news`: how news and counters are written: names, scripts, bodies
- `bounds`: how long anything may take
"""
