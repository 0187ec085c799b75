"""The admin of this floor: senders, words, messages, and the sandbox's inbox."""

from channels.admin import accounts, messages, provider_templates, sandbox, templates, versions  # noqa: F401
