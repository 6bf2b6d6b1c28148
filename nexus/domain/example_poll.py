"""The poll that the documents of both interfaces show as their example."""

from __future__ import annotations

from nexus.domain.poll import Chart, OptionOrder, Policy, Status
from nexus.domain.views import OptionView, PollView

OP = "0199b3c4-5d6e-7f80-91a2-b3c4d5e6f708"
"""The op of an act on it."""

NOW = "2026-11-22T18:30:00Z"
"""The time of a frame or answer about it."""

YES = OptionView(id=12, option_text="Yes", position=0, votes_count=5)
NO = OptionView(id=13, option_text="No", position=1, votes_count=4)

POLL = PollView(
    id=7,
    code="K7M2QP",
    question="Shall we break early?",
    description="",
    category=None,
    created_by="user:1",
    event=None,
    position=None,
    is_public=True,
    status=Status.OPEN,
    opens_at=None,
    expires_at="2099-11-22T19:00:00Z",
    closed_at=None,
    max_choices=1,
    votes_per_user=1,
    allow_change=True,
    allow_guests=True,
    anonymous=True,
    results=Policy.LIVE,
    chart=Chart.BARS,
    option_order=OptionOrder.POSITION,
    language="en",
    options=[YES, NO],
    epoch=1,
    version=43,
    corrected_at=None,
    created_at="2026-11-22T18:00:00Z",
    updated_at="2026-11-22T18:25:00Z",
)
