"""One consumer for each socket, and one group for each poll."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer

from channels_server import models

read_poll = database_sync_to_async(models.read_poll)
vote = database_sync_to_async(models.vote)


class PollConsumer(AsyncJsonWebsocketConsumer):
    """A voter's socket."""

    async def connect(self) -> None:
        """A voter is who it says it is."""
        self.voter = parse_qs(self.scope["query_string"].decode())["voter"][0]
        self.polls: set[int] = set()
        await self.accept()

    async def disconnect(self, code: int) -> None:
        """Leave the groups."""
        for poll in self.polls:
            await self.channel_layer.group_discard(f"poll_{poll}", self.channel_name)

    async def receive_json(self, content: dict[str, Any], **_more: object) -> None:
        """A message of the voter's."""
        poll = content["poll"]
        if content["type"] == "join":
            await self.channel_layer.group_add(f"poll_{poll}", self.channel_name)
            self.polls.add(poll)
            await self.send_json({"type": "joined", **await read_poll(poll, self.voter)})
        elif content["type"] == "vote":
            totals = await vote(poll, self.voter, content["option"])
            await self.send_json({"type": "ack", "op": content["op"], "version": totals["version"]})
            text = await self.encode_json({"type": "totals", **totals})
            await self.channel_layer.group_send(f"poll_{poll}", {"type": "poll.totals", "text": text})

    async def poll_totals(self, event: dict[str, str]) -> None:
        """Totals of a poll whose group the socket is in, encoded once for all."""
        await self.send(text_data=event["text"])
