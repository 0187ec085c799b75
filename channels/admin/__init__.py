"""The admin of this floor: senders, words, messages, and the sandbox's inbox."""

from channels.admin import accounts, blocks, messages, sandbox, templates, versions  # noqa: F401
