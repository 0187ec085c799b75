"""The admin of people: who they are, what they allowed, where they come from."""

from contacts.admin import audience, ingest, ledgers, people

__all__ = ["audience", "ingest", "ledgers", "people"]
