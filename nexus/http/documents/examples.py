"""An example of everything that goes in or out, made of the real types: the documents show what is really decoded and
encoded."""

from __future__ import annotations

from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

import msgspec

from nexus.domain.ballot import Outcome, Receipt
from nexus.domain.brand import LogoPlace, Look
from nexus.domain.colour import accents
from nexus.domain.definition import NewOption, NewPoll, Opening, OptionPatch, PollPatch
from nexus.domain.event_definition import EventPatch, EventPoll, NewEvent, RunOrder, Show, Step
from nexus.domain.example_poll import NOW, OP, POLL, YES
from nexus.domain.poll import Chart, Policy, Status, Visibility
from nexus.domain.views import BallotView, EventView, ResultOption, ResultsView, SheetPollView
from nexus.http.api.accounts import Account, Credentials, Me, PasswordChange, RefreshToken, Registration
from nexus.http.api.audit import AuditEntry, AuditPage
from nexus.http.api.brands import BrandBody
from nexus.http.api.categories import CategoryPage, CategoryPatch, NewCategory
from nexus.http.api.event_exports import EventExport
from nexus.http.api.event_hosts import HostPage, Named
from nexus.http.api.event_results import EventResults
from nexus.http.api.events import EventPage
from nexus.http.api.export_texts import Export, ExportedBallot, ExportedOption
from nexus.http.api.guests import Code, GuestToken
from nexus.http.api.health import Health, SocketHealth
from nexus.http.api.invitations import InvitationAnswer, InvitationRead, InvitationView
from nexus.http.api.leaving import Farewell
from nexus.http.api.oidc import LoginCode
from nexus.http.api.pairing import NewPairing, PairedToken, PairingView
from nexus.http.api.polls import PollPage, ScreenLink
from nexus.http.api.token_pair import TokenPair
from nexus.http.api.users import InvitationLink, NewUser, UserPage, UserPatch, UserView
from nexus.http.api.votes import OwnVotes, VoteBody
from nexus.http.api.waiting import WaitState
from nexus.store.categories import Category
from nexus.store.event_hosts import EventHost

REQUEST_ID = "3f2b8c1d9e4a4f6fb0a1c2d3e4f50617"

_ACCESS = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1c2VyOjEifQ.c2lnbmF0dXJl"
_REFRESH = "V2hvZXZlciBob2xkcyB0aGlzIG1heSByZW5ldyBpdA"
_PASSWORD = "four words make one"  # noqa: S105 - an example
_ANN = "ann"
_CODE = "K7M2QP"

_EXPORT = Export(
    poll=7,
    question=POLL.question,
    epoch=1,
    anonymous=False,
    count=1,
    voters=1,
    options=[ExportedOption(12, "Yes", 1, 100.0), ExportedOption(13, "No", 0, 0.0)],
    ballots=[ExportedBallot(voter="user:2", options=[12], op=OP, cast_at=NOW)],
)
_RESULTS = ResultsView(
    poll=7,
    question=POLL.question,
    status=Status.OPEN,
    epoch=1,
    version=43,
    visibility=Visibility.FULL,
    final=False,
    voters=9,
    total_votes=9,
    options=[
        ResultOption(id=12, option_text="Yes", votes_count=5, percentage=55.56),
        ResultOption(id=13, option_text="No", votes_count=4, percentage=44.44),
    ],
    expires_at=POLL.expires_at,
    server_now=NOW,
)

_EVENT = EventView(
    id=4,
    code="H4NDY7",
    title="Summer meeting",
    description="",
    created_by="user:1",
    hosts=["user:5"],
    is_public=True,
    allow_guests=True,
    polls=[SheetPollView(7, POLL.question, Status.OPEN)],
    polls_count=3,
    shown=7,
    revision=17,
    created_at=POLL.created_at,
    updated_at=POLL.updated_at,
)

_CATEGORY = Category(id=3, name="Meetings", description="What is asked during meetings.")

_COLOURS = accents("#ffd400")

_ENTRY = AuditEntry(
    id=101,
    user="user:1",
    action="close",
    target_type="poll",
    target_id=7,
    timestamp=NOW,
    details={"status": ["open", "closed"], "epoch": 1, "version": 44},
)

_WEEK = "2026-11-29T18:30:00Z"
_INVITED = UserView(
    id=1,
    sub="user:1",
    username=_ANN,
    email="ann@example.org",
    status="invited",
    admin=False,
    disabled=False,
    has_password=False,
    invited_until=_WEEK,
    polls=0,
    created_at=NOW,
)

_BODIES: tuple[object, ...] = (
    Registration(username=_ANN, password=_PASSWORD, email="ann@example.org"),
    Credentials(username=_ANN, password=_PASSWORD),
    PasswordChange(old=_PASSWORD, new="five words are better still"),
    RefreshToken(refresh=_REFRESH),
    LoginCode(code=_REFRESH),
    Farewell(password=_PASSWORD),
    NewUser(username=_ANN, email="ann@example.org"),
    UserPatch(admin=True),
    InvitationRead(token=_REFRESH),
    InvitationAnswer(token=_REFRESH, password=_PASSWORD),
    Code(code=_CODE),
    NewPairing(role="presenter"),
    NewPoll(
        question=POLL.question,
        options=[NewOption("Yes"), NewOption("No")],
        expires_at=datetime(2099, 11, 22, 19, tzinfo=UTC),
    ),
    PollPatch(description="It takes ten minutes.", results=Policy.AFTER_VOTE, chart=Chart.DONUT, language="en"),
    Opening(seconds=30),
    NewOption(option_text="Perhaps"),
    NewEvent(
        title="Summer meeting",
        polls=[NewPoll(question=POLL.question, options=[NewOption("Yes"), NewOption("No")])],
    ),
    EventPatch(title="Summer meeting, second day"),
    EventPoll(question="Where shall we meet next?", options=[NewOption("Here"), NewOption("Elsewhere")], position=0),
    RunOrder(polls=[7]),
    Named(username="bob"),
    Show(poll=7, sees=None, seconds=60),
    Step(sees=7),
    OptionPatch(option_text="Perhaps not", position=0),
    VoteBody(options=[12]),
    BrandBody(name="Tea club", accent="#ffd400", stage="dark"),
    NewCategory(name="Meetings", description="What is asked during meetings."),
    CategoryPatch(description="What is asked before, during and after meetings."),
)

_ANSWERS: tuple[object, ...] = (
    Account(id=1, username=_ANN, roles=["user"]),
    TokenPair(access=_ACCESS, refresh=_REFRESH, token_type="Bearer", expires_in=900),  # noqa: S106 - an example
    Me(sub="user:1", username=_ANN, roles=["user"]),
    _INVITED,
    UserPage(count=1, next=None, previous=None, results=[_INVITED]),
    InvitationLink(user=_INVITED, url=f"https://vote.example.org/host#/invitation/{_REFRESH}", expires_at=_WEEK),
    InvitationView(username=_ANN, expires_at=_WEEK),
    GuestToken(
        access=_ACCESS, expires_in=43_200, voter="guest:0199b3c4-0000-7000-8000-000000000001", poll=7, event=None
    ),
    WaitState(code=_CODE, waiting=True),
    POLL,
    PollPage(count=1, next=None, previous=None, results=[POLL]),
    _EVENT,
    EventPage(count=1, next=None, previous=None, results=[_EVENT]),
    HostPage(1, None, None, owner=EventHost("user:1", 1, _ANN), results=[EventHost("user:5", 5, "bob")]),
    EventResults(event=4, revision=17, results=[_RESULTS]),
    PairingView(code="7GK4M2QP", role="presenter", expires_at=NOW),
    PairedToken(access=_ACCESS, expires_in=86_400, role="presenter", poll=7, code=_CODE),
    ScreenLink(access=_ACCESS, url=f"/live/{_CODE}#token={_ACCESS}"),
    YES,
    Receipt(poll=7, op=UUID(OP), status=Outcome.RECORDED, options=(12,), epoch=1, version=43, stands=True),
    OwnVotes(poll=7, votes=[BallotView(op=OP, options=[12], cast_at=NOW)]),
    _RESULTS,
    _EXPORT,
    EventExport(event=4, title="Summer meeting", count=1, polls=[_EXPORT]),
    Look(
        name="Tea club",
        accent="#ffd400",
        stage="dark",
        logo=LogoPlace("https://vote.example.org/logos/0123456789abcdef0123456789abcdef.png", 400, 120),
        light=_COLOURS.light,
        dark=_COLOURS.dark,
    ),
    _COLOURS,
    AuditPage(count=1, next=None, previous=None, results=[_ENTRY]),
    _CATEGORY,
    CategoryPage(count=1, next=None, previous=None, results=[_CATEGORY]),
    Health(status="ok"),
    SocketHealth(
        allowed=True,
        detail="Pages of this origin may open sockets: something between the browser and the server stops them.",
    ),
)

EXAMPLES = MappingProxyType({type(one): one for one in (*_BODIES, *_ANSWERS)})
"""An example of each type, by the type."""

TEXTS = MappingProxyType({"text/csv": f"voter,option_ids,options,op,cast_at\r\nuser:2,12,Yes,{OP},{NOW}\r\n"})
"""Examples of the answers that are not JSON, by their media type."""


def example(kind: type[object]) -> Any:
    """The example of a type in the values of JSON, None where there is none."""
    return msgspec.json.decode(msgspec.json.encode(EXAMPLES[kind])) if kind in EXAMPLES else None
