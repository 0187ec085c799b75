"""The admin of this floor: senders, words, messages, and the sandbox's inbox."""

from channels.admin import (  # noqa: F401
    accounts,
    blocks,
    fetched,
    files,
    messages,
    provider_templates,
    sandbox,
    templates,
    versions,
)
