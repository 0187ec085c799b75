"""Nouns of floor 2: accounts, what may be said, and every message asked for."""

from channels.models.accounts import Account, SandboxMessage
from channels.models.blocks import BlockUse, BlockVersion, ContentBlock
from channels.models.chat import ChatMessage
from channels.models.files import AttachmentUse, StoredFile
from channels.models.in_app import InAppMessage
from channels.models.inbound import InboundMessage
from channels.models.messages import Message, RenderedCopy
from channels.models.provider_templates import ProviderTemplate
from channels.models.seeds import SeedList, Tester, TestSend
from channels.models.templates import MessageClass, MessageTemplate, TemplateVersion

__all__ = [
    "Account",
    "AttachmentUse",
    "BlockUse",
    "BlockVersion",
    "ChatMessage",
    "ContentBlock",
    "InAppMessage",
    "InboundMessage",
    "Message",
    "MessageClass",
    "MessageTemplate",
    "ProviderTemplate",
    "RenderedCopy",
    "SandboxMessage",
    "SeedList",
    "StoredFile",
    "TemplateVersion",
    "TestSend",
    "Tester",
]
