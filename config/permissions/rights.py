"""The rights that can be given on one brand, template or journey, and the permissions that each stands for there."""

from collections.abc import Iterator
from dataclasses import dataclass

from config.permissions.ground import BRAND, GROUND, JOURNEY, KINDS, TEMPLATE


@dataclass(frozen=True)
class Right:
    """A right, and the codename under which it is given on each kind of thing; where there is none, it cannot be."""

    title: str
    codenames: dict[str, str]


VIEW = Right("Look", {BRAND: "view_in_brand", TEMPLATE: "view_messagetemplate", JOURNEY: "view_journey"})
EDIT = Right("Edit", {BRAND: "edit_in_brand", TEMPLATE: "change_messagetemplate", JOURNEY: "change_journey"})
SUBMIT = Right("Submit", {BRAND: "submit_in_brand", TEMPLATE: "submit_messagetemplate", JOURNEY: "submit_journey"})
APPROVE = Right("Approve", {BRAND: "approve_in_brand", TEMPLATE: "approve_messagetemplate", JOURNEY: "approve_journey"})
PUBLISH = Right("Publish", {BRAND: "publish_in_brand", JOURNEY: "publish_journey"})
SEND_TEST = Right("Send tests", {BRAND: "send_test_in_brand", TEMPLATE: "send_test_messagetemplate"})
RIGHTS = (VIEW, EDIT, SUBMIT, APPROVE, PUBLISH, SEND_TEST)

EDITED = frozenset({
    "contacts.segment", TEMPLATE, "channels.templateversion", "channels.contentblock", "channels.blockversion", "channels.storedfile", "channels.seedlist", JOURNEY, "journeys.version", "journeys.step",
})  # fmt: skip
"""What `Edit` reaches. Topics, senders and policies of a brand are not content: only roles reach them."""
SPECIAL = {
    "channels.submit_templateversion": SUBMIT,
    "channels.submit_blockversion": SUBMIT,
    "channels.send_test": SEND_TEST,
    "compliance.decide_approval": APPROVE,
    "compliance.add_reviewcomment": EDIT,
    "journeys.publish_journey": PUBLISH,
    "journeys.change_enrolment": PUBLISH,
}
"""Permissions of their own that a right stands for."""
VERBS = ("view", "add", "change", "delete")


def right_of(permission: str) -> Right | None:
    """The right that stands for this permission on a brand, template or journey; None: it comes with a role only."""
    if permission in SPECIAL:
        return SPECIAL[permission]
    verb, model = _parts(permission)
    if verb == "view" and model in GROUND:
        return VIEW
    return EDIT if verb in ("add", "change", "delete") and model in EDITED else None


def grants_for(permission: str) -> frozenset[tuple[str, str]]:
    """The grants, each (kind, codename), of which one is enough. Whoever may do anything with a thing may look at it.

    Nobody adds a brand's second template by a grant on its first one: there, only the brand's counts.
    """
    right, (verb, model) = right_of(permission), _parts(permission)
    if right is None:
        return frozenset()
    enough = RIGHTS if right is VIEW else (right,)
    # A right of its own, e.g. to approve, is asked of whatever it is about, not of the model that Django files it under.
    places = KINDS if permission in SPECIAL else GROUND.get(model, KINDS)
    kinds = [kind for kind in places if not (verb == "add" and kind == model)]
    return frozenset((kind, one.codenames[kind]) for kind in kinds for one in enough if kind in one.codenames)


def stands_for(kind: str, codename: str) -> frozenset[str]:
    """The permissions of which this grant is enough, on the thing that it is given on."""
    return frozenset(permission for permission in _KNOWN if (kind, codename) in grants_for(permission))


def offered(kind: str) -> Iterator[tuple[str, str]]:
    """The rights that can be given on such a thing: (codename, title)."""
    return ((right.codenames[kind], right.title) for right in RIGHTS if kind in right.codenames)


def _parts(permission: str) -> tuple[str, str]:
    app, _, codename = permission.partition(".")
    verb, _, model = codename.partition("_")
    return verb, f"{app}.{model}"


_KNOWN = frozenset(
    (*SPECIAL, *(f"{app}.{verb}_{name}" for app, name in (model.split(".") for model in GROUND) for verb in VERBS))
)
"""Every permission that some right stands for, and more."""
