"""What this floor keeps about a contact, for when two contacts are one: messages, and what the person wrote."""

from django.db.models import Q

from channels import outbox
from channels.models import ChatMessage, InAppMessage, InboundMessage, Message, TestSend
from contacts import merging
from contacts.merging import Belonging, Move, Record, belongings


def move_messages(here: Move) -> Record:
    """Messages with their copies. What is cleared and has not left is judged again: the two may have said different things.

    Those to an address that both had are to the kept one's from now on.
    """
    outbox.recall(Q(contact_id__in=(here.kept, here.other)), here.now)
    outbox.recall(Q(test__inbox__in=(here.kept, here.other)), here.now)
    theirs = Message.objects.filter(contact_id=here.other)
    readdressed = []
    for old, mine in sorted(here.same.items()):
        ids = list(theirs.filter(address_id=old).order_by("pk").values_list("pk", flat=True))
        theirs.filter(pk__among=ids).update(address_id=mine)
        readdressed += [[pk, old] for pk in ids]
    return {"ids": belongings.hand_over(Message, theirs, "contact_id", here.kept), "readdressed": readdressed}


def give_messages_back(here: Move, record: Record) -> None:
    """Return them, and what is cleared to the gate."""
    outbox.recall(Q(contact_id=here.kept), here.now)
    outbox.recall(Q(test__inbox=here.kept), here.now)
    theirs = Message.objects.filter(contact_id=here.kept, pk__among=record["ids"])
    belongings.hand_over(Message, theirs, "contact_id", here.other)
    for pk, old in record["readdressed"]:
        Message.objects.filter(pk=pk, contact_id=here.other).update(address_id=old)


merging.register(Belonging("messages", move_messages, give_messages_back, order=40))
merging.register(belongings.rows("in_app_messages", InAppMessage, order=41))
merging.register(belongings.rows("chat_messages", ChatMessage, order=41))
merging.register(belongings.rows("inbound_messages", InboundMessage, order=45))
merging.register(belongings.rows("tests_read", TestSend, "reader_id", order=47))
# Testers are not moved: whoever turns out to be somebody else too is no tester by that.
merging.register(belongings.rows("tests_received", TestSend, "inbox_id", order=48))
