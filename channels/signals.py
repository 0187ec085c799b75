"""Facts that go up from this floor."""

from django.dispatch import Signal

address_reassigned = Signal()
"""Sent by `channels.reassigning.take`. `account`: who was told; `digest`: the address' keyed hash; `told`: the Reassignment,
which may come more than once; `now`."""

message_received = Signal()
"""Sent by `channels.inbound.receive`, inside its transaction. `message`: the InboundMessage; `contact_ids`: everybody with
the address that it came from; `digest`: that address' keyed hash, empty where it is none; `told`: what the channel knows of it
besides (of a tapped quick reply `answers`, the message, and `choice`, the reply's value); `now`."""

provider_template_changed = Signal()
"""Sent inside its transaction when a provider says something new of one of its templates. `template`: the
ProviderTemplate as it is now; `now`."""
