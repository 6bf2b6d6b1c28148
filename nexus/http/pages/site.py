"""What the pages need to know of the settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from nexus.access.public_address import PublicAddress


class SiteFacts(msgspec.Struct, frozen=True):
    """What the hosts' page knows of this service: whether other sites may frame its polls."""

    embeds: bool


@dataclass(frozen=True, slots=True)
class Site:
    """What the pages need to know of the settings: who may frame a poll, by which addresses people get in, and whether
    strangers may create accounts."""

    embedders: tuple[str, ...] = ()
    registration_open: bool = True
    near: Callable[[], str | None] = lambda: None
    """Finds the host by which other devices of the network reach this server; None if they cannot."""
    elsewhere: Callable[[str, PublicAddress], None] = lambda address, public: None
    """Told of a page at another address than the service takes for its own."""

    def told(self) -> SiteFacts:
        """As the hosts' page is told."""
        return SiteFacts(bool(self.embedders))
