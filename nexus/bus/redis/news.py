"""How news and counters are written in Redis: names, scripts, bodies. No connection, no clock."""

from __future__ import annotations

import hashlib

import msgspec

from nexus.bus import News, Topic
from nexus.domain.poll import Totals

COUNTERS_KEPT_S = 7 * 24 * 3600
"""How long the counters of a poll are kept after their last change."""


class Script:
    """A Lua script on one key, and its digest, by which a server that has seen it knows it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.sha = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


# Absolute and versioned: what is repeated or late changes nothing and is published to nobody.
PUT_TOTALS = Script("""
local held = redis.call('HMGET', KEYS[1], 'epoch', 'version')
local epoch, version = tonumber(held[1] or nil), tonumber(held[2] or nil)
local new_epoch, new_version = tonumber(ARGV[1]), tonumber(ARGV[2])
if epoch and version and (epoch > new_epoch or (epoch == new_epoch and version >= new_version)) then
  return 0
end
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'version', ARGV[2], 'body', ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[4])
redis.call(ARGV[5], ARGV[6], ARGV[7])
return 1
""")

FORGET_TOTALS = Script("""
redis.call('DEL', KEYS[1])
redis.call(ARGV[1], ARGV[2], ARGV[3])
return 1
""")


class Names:
    """The keys and channels of one deployment.

    A poll's key and channel share a hash tag, hence a slot of a cluster, so that one script may touch both; an event
    has a tag of its own.
    Pub/sub knows no databases: channels carry the database's number, or two deployments on one server would
    hear each other's polls.
    """

    def __init__(self, prefix: str, database: int = 0) -> None:
        """Raises ValueError if `prefix` would break the hash tags."""
        if "{" in prefix or "}" in prefix:
            raise ValueError("the prefix of a bus must not contain braces")
        self._prefix = prefix
        self._end = f":{database}" if database else ""

    def counters(self, poll: int) -> str:
        """The key of a poll's counters."""
        return f"{{{self._prefix}:{poll}}}:totals"

    def channel(self, topic: Topic) -> str:
        """The channel of the news of a poll or an event."""
        tag = str(topic.id) if topic.kind == "poll" else f"{topic.kind}:{topic.id}"
        return f"{{{self._prefix}:{tag}}}:news{self._end}"

    def beat(self, worker: str, number: int = 0) -> str:
        """A channel for the beat of one link of `worker`; each `number` has its own slot."""
        return f"{{{self._prefix}:beat:{number}}}:{worker}{self._end}"


_news: msgspec.json.Decoder[News] = msgspec.json.Decoder(News)
_totals: msgspec.json.Decoder[Totals] = msgspec.json.Decoder(Totals)
_GARBAGE = (msgspec.MsgspecError, ValueError, RecursionError)


def encode(news: News) -> bytes:
    """The body of a message."""
    return msgspec.json.encode(news)


def decode(body: bytes) -> News | None:
    """The news in a message; None for anything else."""
    try:
        return _news.decode(body)
    except _GARBAGE:
        return None


def encode_totals(totals: Totals) -> bytes:
    """The counters as they are kept."""
    return msgspec.json.encode(totals)


def decode_totals(body: object) -> Totals | None:
    """The counters that were kept; None for anything else, or nothing."""
    if not isinstance(body, bytes):
        return None
    try:
        return _totals.decode(body)
    except _GARBAGE:
        return None
