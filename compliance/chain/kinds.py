"""What may stand in the audit chain. An act of a kind that nobody registered is refused: the log has one vocabulary."""

SEALED, ERASED, LIFTED, VERIFIED = "rows.sealed", "rows.erased", "suppression.lifted", "chain.verified"
VIEWED, LISTED, EXPORTED = "personal.viewed", "personal.listed", "personal.exported"

_titles: dict[str, str] = {}


class Unregistered(LookupError):
    """An act of this kind is not known."""


def register(kind: str, title: str) -> None:
    """Make a kind known; `title` is what readers see. A second title replaces the first (reloads)."""
    _titles[kind] = title


def check(kind: str) -> None:
    """Raises Unregistered."""
    if kind not in _titles:
        raise Unregistered(f"{kind!r} is no registered kind of audit entry; there are: {', '.join(sorted(_titles))}.")


def title(kind: str) -> str:
    """How readers call it; the kind itself if it is not known (any more)."""
    return _titles.get(kind, kind)


def registered() -> dict[str, str]:
    """All kinds with their titles, sorted by kind."""
    return dict(sorted(_titles.items()))


for _kind, _title in {
    SEALED: "Ledger rows sealed",
    ERASED: "Ledger rows erased",
    LIFTED: "Suppression lifted",
    VERIFIED: "Audit chain verified",
    VIEWED: "Personal data viewed",
    LISTED: "Personal data listed",
    EXPORTED: "Personal data exported",
    "approval.decided": "Approved or refused",
    "review.moved": "Review moved on",
    "urgent.added": "Urgent release asked for",
    "urgent.changed": "Urgent release confirmed or ended",
    "urgent.removed": "Urgent release removed",
    "version.moved": "Version of a template moved on",
    "block.moved": "Version of a content block moved on",
    "file.added": "File uploaded",
    "file.changed": "File retired",
    "file.removed": "File deleted",
    "stop.set": "Stop set",
    "stop.lifted": "Stop lifted",
    "rules.activated": "Rule set activated",
    "policy.added": "Policy added",
    "policy.changed": "Policy changed",
    "policy.removed": "Policy removed",
    "account.added": "Sender account added",
    "account.changed": "Sender account changed",
    "account.removed": "Sender account removed",
    "permission.changed": "Permissions changed",
    "role.added": "Role added",
    "role.changed": "Role renamed",
    "role.removed": "Role removed",
    "source.added": "Source of events added",
    "source.changed": "Source of events changed",
    "source.removed": "Source of events removed",
    "user.added": "User added",
    "user.changed": "User changed",
    "user.removed": "User removed",
    "token.added": "API token made",
    "token.changed": "API token revoked",
    "token.removed": "API token removed",
    "journey.moved": "Journey changed its state",
    "journey.published": "Version of a journey published",
    "journey.retired": "Version of a journey retired",
}.items():
    register(_kind, _title)
