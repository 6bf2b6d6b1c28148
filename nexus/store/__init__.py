"""All SQL, and nothing else: the only user of `databases` and `asyncpg`.

Each file is one room: `database` the pool and its transactions, `voting` the transaction of a batch of ballots,
`polls`, `options` and `rounds` what hosts do, `accounts` users and their sessions, `watch` what workers ask to keep
up, `audit` the log, `recount` the proof, `schema` the tables themselves.
"""
