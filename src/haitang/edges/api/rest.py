"""The routes that are not hot, through Litestar: look-ups, replay, publishing, lists.

Bodies and keys were read before a request gets here (see `application`); each handler asks for its
scope, calls the node in a thread, and returns a Struct.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from litestar import Controller, Litestar, Request, Response, delete, get, post, put
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.params import FromPath
from litestar.types import ASGIApp

from haitang.app.service.answers import (
    Answer,
    Arrival,
    DecisionNode,
    ListEntryView,
    Outcome,
    PublicationView,
    PublishRequest,
    ReplayCheck,
)
from haitang.app.service.listing import read_listing
from haitang.app.service.opening import BREATH_S
from haitang.data.events.catalogue import Event
from haitang.data.events.codec import decode_row, encode_event
from haitang.data.lists.entries import EntryRules
from haitang.decision.engine.decisions import Decision
from haitang.edges.api.bodies import JSON_LINES, split_events
from haitang.edges.api.intake import submit
from haitang.edges.api.keys import Caller, Scope, authorise
from haitang.edges.api.limits import ApiSettings
from haitang.edges.api.refusals import (
    ApiRefused,
    encode_error,
    error_answer,
    error_body,
    refusal_body,
    status_of,
)
from haitang.edges.api.requests import Head, deadline_us, media_type
from haitang.edges.api.shapes import ListEntry, Publication, Receipt, RefusedResult, RollBack
from haitang.edges.api.slow_calls import SlowCalls
from haitang.kernel.errors import HaitangError, Place, symbol
from haitang.kernel.identity import derive_id
from haitang.kernel.instants import EARLIEST_US, LATEST_US

REPLAY = ":replay"
ROLLBACK = ":rollback"
CALLER = "haitang.caller"
"""Key in the ASGI scope under which `application` leaves who calls."""
HEAD = "haitang.head"
PATH = "haitang.path"
"""Keys of the head as a mapping, and of the path as it was sent."""
_NUMBER_DIGITS_MAX = 15
AnyRequest = Request[Any, Any, Any]
T = TypeVar("T")


class Rest(msgspec.Struct, frozen=True, kw_only=True):
    """What the handlers need."""

    node: DecisionNode
    settings: ApiSettings
    slow_calls: SlowCalls
    now_us: Callable[[], int]


def make_rest(rest: Rest) -> ASGIApp:
    """Return the Litestar application; errors leave it in the one error shape."""
    return Litestar(
        route_handlers=[Decisions, Publications, Lists],
        state=State({"rest": rest}),
        openapi_config=None,
        exception_handlers={HaitangError: _answer_error, HTTPException: _answer_http_error},
        request_max_body_size=None,
        logging_config=None,
    )


class Decisions(Controller):
    """Decisions that were made."""

    path = "/v1/decisions"

    @get("/{identifier:path}")
    async def read(self, request: AnyRequest) -> Decision:
        """Return a decision with its whole explanation."""
        rest = _admitted(request, "read")
        wanted = _below(request, "/v1/decisions/")
        decision = await rest.slow_calls.run(rest.node.decision, wanted)
        if decision is None:
            raise _no_decision(wanted)
        return decision

    @post("/{identifier:path}", status_code=200)
    async def replay(self, request: AnyRequest) -> ReplayCheck:
        """Decide once more from the journal and compare."""
        if not _below(request, "/v1/decisions/").endswith(REPLAY):
            raise no_method("POST", "GET")
        rest = _admitted(request, "read")
        wanted = _below(request, "/v1/decisions/").removesuffix(REPLAY)
        check = await rest.slow_calls.run(rest.node.recompute, wanted)
        if check is None:
            raise _no_decision(wanted)
        return check


class Publications(Controller):
    """Packs that decide, decided, or will decide."""

    path = "/v1/publications"

    @get()
    async def read(self, request: AnyRequest) -> list[PublicationView]:
        """Return every publication, oldest first."""
        rest = _admitted(request, "publish")
        return list(await rest.slow_calls.run(rest.node.publications))

    @post(status_code=201)
    async def publish(self, request: AnyRequest) -> PublicationView:
        """Check a pack and publish it."""
        rest = _admitted(request, "publish")
        # A pack is megabytes: what came while it was read is answered before it is taken apart, and
        # what came meanwhile before it is checked.
        await asyncio.sleep(BREATH_S)
        body = await _decoded(request, Publication)
        await asyncio.sleep(BREATH_S)
        wanted = PublishRequest(
            files=body.files,
            author=body.author,
            approver=body.approver,
            kind=body.kind,
            share=body.share,
            start_at_us=body.start_at_us,
            note=body.note,
        )
        return await rest.slow_calls.run(rest.node.publish, wanted)

    @post("/{named:str}", status_code=200)
    async def roll_back(self, request: AnyRequest, named: FromPath[str]) -> PublicationView:
        """Make the publication before the live one live again."""
        number = named.removesuffix(ROLLBACK)
        if number == named or not _is_number(number):
            raise no_route(request.scope["path"])
        rest = _admitted(request, "publish")
        body = await _decoded(request, RollBack)
        await _check_live(rest, int(number))
        return await rest.slow_calls.run(
            rest.node.roll_back, author=body.author, approver=body.approver, note=body.note
        )


class Lists(Controller):
    """Entries of named lists; a change is an event in the journal like any other."""

    path = "/v1/lists/{list_name:str}/entries"

    @put(status_code=202)
    async def put_entry(self, request: AnyRequest, list_name: FromPath[str]) -> Receipt:
        """Put a value on a list, or change its entry; many in an array or in JSON Lines."""
        return await _change_all(request, list_name, removal=False)

    @delete(status_code=202)
    async def remove_entries(self, request: AnyRequest, list_name: FromPath[str]) -> Receipt:
        """Take many values off a list: an array or JSON Lines of objects with `list_value`."""
        return await _change_all(request, list_name, removal=True)

    @delete("/{list_value:path}", status_code=202)
    async def remove_entry(self, request: AnyRequest, list_name: FromPath[str]) -> Receipt:
        """Take a value off a list."""
        named = {"list_name": list_name, "list_value": _below(request, "/entries/")}
        return await _change(request, "LIST_REMOVE", named)

    @get("/{list_value:path}")
    async def read_entry(self, request: AnyRequest, list_name: FromPath[str]) -> ListEntryView:
        """Tell what a list says of a value, now or at an instant."""
        rest = _admitted(request, "lists")
        at_us = _instant(request.query_params.get("at"), otherwise_us=rest.now_us())
        value = _below(request, "/entries/")
        # A name that no list can have is refused like anywhere else.
        _list_event("LIST_REMOVE", "0", at_us, {"list_name": list_name, "list_value": value})
        return await rest.slow_calls.run(rest.node.list_entry, list_name, value, at_us=at_us)


async def _change_all(request: AnyRequest, list_name: str, *, removal: bool) -> Receipt:
    """Change one entry, which is refused as a whole, or many, which are refused by their index."""
    rows = await _rows(request)
    if rows is not None:
        return await _change_many(request, list_name, rows, removal=removal)
    entry = await _decoded(request, ListEntry, scope="lists")
    fields = {**msgspec.structs.asdict(entry), "list_name": list_name}
    return await _change(request, "LIST_REMOVE" if removal else "LIST_UPSERT", fields)


async def _rows(request: AnyRequest) -> list[bytes] | None:
    """Return the rows of a body that holds many; None for a single object."""
    rest = _admitted(request, "lists")
    head: Head = request.scope[HEAD]  # type: ignore[literal-required]
    rows, single = split_events(
        await request.body(),
        lines=media_type(head) in JSON_LINES,
        events_max=rest.settings.batch_request_events_max,
    )
    return None if single else rows


async def _change_many(
    request: AnyRequest, list_name: str, rows: list[bytes], *, removal: bool
) -> Receipt:
    """Make list events of the rows; a bad row is refused by its index."""
    rest = _admitted(request, "lists")
    caller: Caller = request.scope[CALLER]  # type: ignore[literal-required]
    head: Head = request.scope[HEAD]  # type: ignore[literal-required]
    budget_us = deadline_us(head, default_ms=rest.settings.deadline_ms)
    now_us = rest.now_us()
    # A name that no list can have is refused once, and not for each row.
    _list_event("LIST_REMOVE", "0", now_us, {"list_name": list_name, "list_value": "0"})
    rules = EntryRules(removal=removal, list_name=list_name, occurred_at_us=now_us)
    listing = await asyncio.to_thread(read_listing, rows, rules=rules)
    outcomes: list[Outcome] = []
    if listing.arrivals:
        outcomes = await submit(
            rest.node, listing.arrivals, sender=caller.id, budget_us=budget_us, want="receipt"
        )
    refused = [
        RefusedResult(index=index, error=error_body(error)) for index, error in listing.refused
    ]
    accepted = repeated = 0
    position = -1
    for index, outcome in zip(listing.indices, outcomes, strict=True):
        if isinstance(outcome, Answer):
            repeated += outcome.repeated
            accepted += not outcome.repeated
            position = max(position, outcome.position)
        else:
            refused.append(RefusedResult(index=index, error=refusal_body(outcome)))
    return Receipt(
        accepted=accepted,
        repeated=repeated,
        refused=tuple(sorted(refused, key=lambda one: one.index)),
        position=position,
    )


async def _change(request: AnyRequest, event_type: str, fields: dict[str, Any]) -> Receipt:
    """Make a list event of a request and have it journalled."""
    rest = _admitted(request, "lists")
    caller: Caller = request.scope[CALLER]  # type: ignore[literal-required]
    head = request.scope[HEAD]  # type: ignore[literal-required]
    budget_us = deadline_us(head, default_ms=rest.settings.deadline_ms)
    now_us = rest.now_us()
    event_id = derive_id(event_type, fields["list_name"], fields["list_value"], now_us, caller.id)
    event = _list_event(event_type, event_id, now_us, fields)
    arrival = Arrival(event=event, content=encode_event(event))
    outcomes = await submit(
        rest.node, (arrival,), sender=caller.id, budget_us=budget_us, want="receipt"
    )
    outcome = outcomes[0]
    if isinstance(outcome, Answer):
        repeated = int(outcome.repeated)
        return Receipt(
            accepted=1 - repeated, repeated=repeated, refused=(), position=outcome.position
        )
    raise ApiRefused(
        code=outcome.code,
        message=outcome.message,
        place=Place(pointer=outcome.place),
        hint=outcome.hint,
        status=outcome.status,
    )


def _list_event(event_type: str, event_id: str, at_us: int, fields: dict[str, Any]) -> Event:
    named = {"event_type": event_type, "event_id": event_id, "occurred_at_us": at_us}
    return decode_row({**named, **fields})


async def _check_live(rest: Rest, number: int) -> None:
    """Refuse to roll back what does not decide: somebody was quicker, or the number is wrong."""
    publications = await rest.slow_calls.run(rest.node.publications)
    found = next((view for view in publications if view.number == number), None)
    if found is None:
        raise ApiRefused(
            code="publication_unknown",
            message=f"there was no publication {number}",
            status=404,
            hint="see `GET /v1/publications`",
        )
    if found.state != "live":
        raise ApiRefused(
            code="publication_not_live",
            message=f"publication {number} was `{found.state}` and not live",
            status=409,
            hint="see `GET /v1/publications` for the one that decides",
        )


def _below(request: AnyRequest, mark: str) -> str:
    """Return what stands behind the first `mark` of the path, as it was sent.

    Litestar tidies paths: of `a//b` it would leave `a/b`, another identifier.
    """
    path: str = request.scope[PATH]  # type: ignore[literal-required]
    return path.partition(mark)[2]


def _admitted(request: AnyRequest, scope: Scope) -> Rest:
    authorise(request.scope[CALLER], scope)  # type: ignore[literal-required]
    rest: Rest = request.app.state["rest"]
    return rest


async def _decoded(request: AnyRequest, shape: type[T], *, scope: Scope = "publish") -> T:
    _admitted(request, scope)
    try:
        return msgspec.json.decode(await request.body(), type=shape)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise ApiRefused(
            code="body_not_understood",
            message=f"the body was no {shape.__name__}: {symbol(error, length_max=200)}",
            hint="see `/docs` for its fields",
            status=400,
        ) from None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _NUMBER_DIGITS_MAX


def _instant(text: str | None, *, otherwise_us: int) -> int:
    if text is None:
        return otherwise_us
    if text.isascii() and text.isdigit() and len(text) <= 16:
        at_us = int(text)
        if EARLIEST_US <= at_us <= LATEST_US:
            return at_us
    raise ApiRefused(
        code="query_not_understood",
        message=f"the query parameter `at` was {symbol(text)}; "
        "expected an integer of microseconds UTC from 1990 to 2100",
        status=422,
    )


def _no_decision(identifier: FromPath[str]) -> ApiRefused:
    return ApiRefused(
        code="decision_unknown",
        message=f"there was no decision and no event {symbol(identifier)}",
        hint="it may be older than the journal that is kept",
        status=404,
    )


def no_route(path: str) -> ApiRefused:
    """Return the refusal of a path that leads nowhere."""
    return ApiRefused(
        code="route_unknown",
        message=f"there was no route {symbol(path)}",
        hint="see `/docs`",
        status=404,
    )


def no_method(method: str, allowed: str) -> ApiRefused:
    """Return the refusal of a method that a route does not know."""
    return ApiRefused(
        code="method_not_allowed",
        message=f"the method was {symbol(method)}; expected {allowed}",
        hint="see `/docs`",
        status=405,
        headers=((b"allow", allowed.encode()),),
    )


def allowed_methods(path: str) -> str:
    """Return the methods of a route below `/v1/`, as the header `Allow` lists them."""
    room, _, below = path.removeprefix("/v1/").partition("/")
    if room == "decisions":
        return "POST" if below.endswith(REPLAY) else "GET"
    if room == "publications":
        return "POST" if below else "GET, POST"
    return "PUT, DELETE" if below.rstrip("/").endswith("/entries") else "GET, DELETE"


def _answer_error(_request: AnyRequest, error: HaitangError) -> Response[bytes]:
    headers = error.headers if isinstance(error, ApiRefused) else ()
    return Response(
        error_answer(encode_error(error)),
        status_code=status_of(error),
        headers={name.decode(): value.decode() for name, value in headers},
        media_type="application/json",
    )


def _answer_http_error(request: AnyRequest, error: HTTPException) -> Response[bytes]:
    """Answer what Litestar itself refused: routes, methods, path parameters."""
    if error.status_code == 405:
        path = request.scope["path"]
        return _answer_error(request, no_method(request.scope["method"], allowed_methods(path)))
    if error.status_code == 404:
        return _answer_error(request, no_route(request.scope["path"]))
    return _answer_error(
        request,
        ApiRefused(
            code="query_not_understood",
            message=f"the request was not understood: {symbol(error.detail, length_max=200)}",
            status=error.status_code,
        ),
    )
