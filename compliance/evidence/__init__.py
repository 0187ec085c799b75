"""Evidence for a complaint: everything that shows why a person got, or did not get, a message, in one file.

It gathers what other floors have stored and changes nothing. As JSON it carries a SHA-256 of its own content; as HTML it
is one page without scripts or anything to load, made for printing.
"""

from compliance.evidence.gathering import of_message, of_person

__all__ = ["of_message", "of_person"]
