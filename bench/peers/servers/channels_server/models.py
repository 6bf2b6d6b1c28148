"""The tables of `tables.sql`, and a vote in a transaction."""

from __future__ import annotations

from typing import Any

from django.db import models, transaction
from django.db.models import F


class Poll(models.Model):
    """A poll; its version grows with each vote."""

    id = models.IntegerField(primary_key=True)
    version = models.IntegerField(default=0)

    class Meta:
        db_table = "polls"
        managed = False


class Option(models.Model):
    """An option of a poll, with its count."""

    id = models.IntegerField(primary_key=True)
    poll = models.ForeignKey(Poll, models.DO_NOTHING)
    votes = models.IntegerField(default=0)

    class Meta:
        db_table = "options"
        managed = False


class Ballot(models.Model):
    """What a voter has chosen in a poll."""

    pk = models.CompositePrimaryKey("poll_id", "voter")
    poll = models.ForeignKey(Poll, models.DO_NOTHING)
    voter = models.TextField()
    option = models.ForeignKey(Option, models.DO_NOTHING)

    class Meta:
        db_table = "ballots"
        managed = False


def _totals(poll: Poll) -> dict[str, Any]:
    options = Option.objects.filter(poll=poll).order_by("id").values("id", "votes")
    return {"poll": poll.pk, "version": poll.version, "options": list(options)}


def read_poll(poll_id: int, voter: str) -> dict[str, Any]:
    """The totals of a poll, and what this voter has chosen there."""
    ballot = Ballot.objects.filter(poll_id=poll_id, voter=voter).first()
    return {**_totals(Poll.objects.get(pk=poll_id)), "choice": ballot and ballot.option_id}


@transaction.atomic
def vote(poll_id: int, voter: str, option_id: int) -> dict[str, Any]:
    """One vote; returns the totals after it. Votes for a poll come one after another."""
    poll = Poll.objects.select_for_update().get(pk=poll_id)
    poll.version += 1
    poll.save(update_fields=["version"])
    before = Ballot.objects.filter(poll_id=poll_id, voter=voter).first()
    Ballot.objects.bulk_create(
        [Ballot(poll_id=poll_id, voter=voter, option_id=option_id)],
        update_conflicts=True,
        unique_fields=["poll_id", "voter"],
        update_fields=["option_id"],
    )
    if before is not None:
        Option.objects.filter(pk=before.option_id).update(votes=F("votes") - 1)
    Option.objects.filter(pk=option_id).update(votes=F("votes") + 1)
    return _totals(poll)
