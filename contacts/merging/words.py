"""What two who are one allow together: for every channel and topic the most restrictive word wins.

A refusal of either wins over everything. Else the ledger reads as one person's would, in which the newest word counts: a
question that is younger than a consent waits for its answer again, an older one has been answered. Of two consents the
kept one's stays, unless it cannot be relied on and the other's, no older, can; one that cannot be relied on never goes
over. Every word that goes over is a new line, of which the other's line is the proof.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from contacts import consents
from contacts.consents import GRANTED, WITHDRAWN, Grant
from contacts.models import Consent, ConsentState

MERGE, UNMERGE = "merge", "merge undone"
Place = tuple[str, int]
"""Channel and topic."""


class Choice(NamedTuple):
    """What each of the two said for a place, and whether the other's word is the one that counts for both."""

    mine: ConsentState | None
    theirs: ConsentState | None
    goes_over: bool

    @property
    def winner(self) -> ConsentState | None:
        """The word that counts."""
        return self.theirs if self.goes_over else self.mine


def choices(kept: int, other: int, now: datetime) -> dict[Place, Choice]:
    """The word that wins, per channel and topic of which either has said anything."""
    mine, theirs = _states(kept), _states(other)
    places = sorted(mine.keys() | theirs.keys())
    return {at: _choice(mine.get(at), theirs.get(at), now) for at in places}


def merge(kept: int, other: int, now: datetime) -> list[int]:
    """Write down for the kept one what the other's word decides; the new ledger lines."""
    decided = choices(kept, other, now).values()
    return consents.record([_copy(one.theirs, kept, now) for one in decided if one.goes_over and one.theirs], now)


def part(kept: int, other: int, lines: Sequence[int], now: datetime) -> None:
    """Two again: what either refused both have refused, and what only the other had allowed the kept one allows no more."""
    mine, theirs = _states(kept), _states(other)
    refused = [at for at, said in mine.items() if said.state == WITHDRAWN]
    borrowed = [at for at, said in mine.items() if said.consent_id in lines and said.state != WITHDRAWN]
    unheard = [at for at in refused if at not in theirs or theirs[at].state != WITHDRAWN]
    grants = [_refusal(kept, at, now, other) for at in borrowed]
    grants += [_refusal(other, at, now, kept) for at in unheard]
    consents.record(grants, now)


def _states(contact_id: int) -> dict[Place, ConsentState]:
    found: Iterable[ConsentState] = ConsentState.objects.filter(contact_id=contact_id).select_related(
        "topic__brand", "consent"
    )
    return {(state.channel, state.topic_id): state for state in found}


def _choice(mine: ConsentState | None, theirs: ConsentState | None, now: datetime) -> Choice:
    return Choice(mine, theirs, theirs is not None and _wins(theirs, mine, now))


def _wins(theirs: ConsentState, mine: ConsentState | None, now: datetime) -> bool:
    """Whether the other's word replaces the kept one's."""
    if theirs.state == WITHDRAWN:
        return mine is None or mine.state != WITHDRAWN
    if theirs.state == GRANTED and _in_doubt(theirs, now):
        return False
    if mine is None:
        return True
    if mine.state == WITHDRAWN or theirs.occurred_at < mine.occurred_at:
        return False
    return theirs.state != mine.state or (mine.state == GRANTED and _in_doubt(mine, now))


def _in_doubt(said: ConsentState, now: datetime) -> bool:
    return bool(said.flaw) or (said.expires_at is not None and said.expires_at <= now)


def _copy(said: ConsentState, kept: int, now: datetime) -> Grant:
    """The same word as a line of the kept one's. A refusal holds from now on, so that no older word can outlive it."""
    line: Consent = said.consent
    refused = said.state == WITHDRAWN
    before = line.proof.get("merged_from", {})
    told = {
        "contact": said.contact_id,
        "line": line.pk,
        "first": before.get("first", line.pk),
        "source": before.get("source", line.source),
        "said_at": before.get("said_at", said.occurred_at.isoformat()),
    }
    proof: dict[str, Any] = {**line.proof, "merged_from": told}
    return Grant(
        contact_id=kept,
        topic_id=said.topic_id,
        channel=said.channel,
        basis=said.basis,
        occurred_at=now if refused else said.occurred_at,
        source=MERGE,
        wording=said.wording,
        proof=proof,
        expires_at=said.expires_at,
        state=said.state,
        key="" if refused else _key(line),
    )


def _key(line: Consent) -> str:
    """The key of the event that told of it: it is on the timeline already, and must not start a journey again."""
    name = f"consent.{line.state}"
    if line.proof.get("event") == name:  # the sender's own event said so
        return f"{line.proof['source']}:{line.proof['message_id']}"
    first = line.proof.get("merged_from", {}).get("first", line.pk)
    return f"{name}:{first}"


def _refusal(contact_id: int, at: Place, now: datetime, apart_from: int) -> Grant:
    (channel, topic_id), proof = at, {"parted_from": {"contact": apart_from}}
    return Grant(contact_id, topic_id, channel, "", now, UNMERGE, proof=proof, state=WITHDRAWN)
