"""What a file really is: told from its bytes, never from what the browser says. Only types that mails carry without harm."""

import re
import unicodedata
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

from channels.models.files import LONGEST_NAME

LONGEST_BYTES = 200
"""Bytes of a name in UTF-8: in a header each may take three characters of a line that has 998."""
MOST_ENTRIES = 10_000
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Signs that nobody sees, or that turn the reading direction around: `invoice\u202efdp.exe`."""
_MARKUP = re.compile(rb"<\s*(!doctype|html|head|body|script|svg|iframe|\?xml|\?php)", re.IGNORECASE)
_MACROS = re.compile(r"vbaproject\.bin|/macrosheets/|^basic/|^scripts/", re.IGNORECASE)


class Unfit(ValueError):
    """The file cannot be attached; the message is a sentence that says why."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of file, by its ending: what readers call it, its content type, and whether bytes are one."""

    title: str
    content_type: str
    fits: Callable[[bytes], bool]


def checked(name: str, data: bytes) -> tuple[str, str]:
    """The name as it is stored, and the content type of these bytes. Raises Unfit."""
    name = unicodedata.normalize("NFC", name).strip()
    _check_name(name)
    _, dot, ending = name.rpartition(".")
    kind = KINDS.get(ending.lower()) if dot else None
    if kind is None:
        raise Unfit(
            f"Files of the type {f'.{ending[:20]}' if dot else 'of a name without ending'} are not attached: mail providers refuse programs, scripts, "
            f"pages and archives, or warn of them. There are: {', '.join(KINDS)}."
        )
    if not data:
        raise Unfit("The file is empty.")
    if not kind.fits(data):
        raise Unfit(
            f"{name} is no {kind.title}, whatever its name says: its first bytes, or what is in it, are others'."
        )
    return name, kind.content_type


def _check_name(name: str) -> None:
    if not name:
        raise Unfit("The file has no name.")
    if any(unicodedata.category(sign) in _HIDDEN for sign in name):
        raise Unfit("The name has characters that nobody sees, or that turn it around; rename the file.")
    if set(name) & set('/\\:*?"<>|') or name.startswith("."):
        raise Unfit('The name must neither begin with a dot nor hold any of / \\ : * ? " < > |; rename the file.')
    if len(name) > LONGEST_NAME or len(name.encode()) > LONGEST_BYTES:
        raise Unfit(f"The name is too long: at most {LONGEST_NAME} characters and {LONGEST_BYTES} bytes in UTF-8.")


def _begins(*signs: bytes) -> Callable[[bytes], bool]:
    return lambda data: data.startswith(signs)


def _is_pdf(data: bytes) -> bool:
    return data.startswith(b"%PDF-") and b"%%EOF" in data[-2048:]


def _is_webp(data: bytes) -> bool:
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def _is_text(data: bytes) -> bool:
    """UTF-8 without control signs, and no page that a program would run if it looked into the file."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return not _MARKUP.search(data[:1024]) and not any(ord(sign) < 32 and sign not in "\t\n\r\f" for sign in text)


def _is_lines(first: str) -> Callable[[bytes], bool]:
    return lambda data: _is_text(data) and data.decode("utf-8-sig").lstrip().upper().startswith(first)


def _entries(data: bytes) -> zipfile.ZipFile | None:
    """The archive's directory, which is read without unpacking anything; None if there is none, or a strange one."""
    try:
        found = zipfile.ZipFile(BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, EOFError):
        return None
    odd = any(one.flag_bits & 1 or _MACROS.search(one.filename) for one in found.infolist())
    return None if odd or len(found.namelist()) > MOST_ENTRIES else found


def _is_office(folder: str) -> Callable[[bytes], bool]:
    """Office Open XML without macros."""

    def fits(data: bytes) -> bool:
        found = _entries(data) if data.startswith(b"PK\x03\x04") else None
        names = found.namelist() if found else []
        return "[Content_Types].xml" in names and any(name.startswith(f"{folder}/") for name in names)

    return fits


def _is_open_document(content_type: str) -> Callable[[bytes], bool]:
    """The standard has its type as the first entry, uncompressed, so that it stands at byte 38."""

    def fits(data: bytes) -> bool:
        if not data.startswith(b"PK\x03\x04") or data[30:38] != b"mimetype" or _entries(data) is None:
            return False
        return data[38 : 38 + len(content_type) + 2] == content_type.encode() + b"PK"

    return fits


def _is_pass(data: bytes) -> bool:
    found = _entries(data) if data.startswith(b"PK\x03\x04") else None
    return found is not None and {"pass.json", "manifest.json", "signature"} <= set(found.namelist())


_OFFICE = "application/vnd.openxmlformats-officedocument"
_OPEN = "application/vnd.oasis.opendocument"
KINDS: dict[str, Kind] = {
    "pdf": Kind("PDF", "application/pdf", _is_pdf),
    "png": Kind("PNG image", "image/png", _begins(b"\x89PNG\r\n\x1a\n")),
    "jpg": Kind("JPEG image", "image/jpeg", _begins(b"\xff\xd8\xff")),
    "jpeg": Kind("JPEG image", "image/jpeg", _begins(b"\xff\xd8\xff")),
    "gif": Kind("GIF image", "image/gif", _begins(b"GIF87a", b"GIF89a")),
    "webp": Kind("WebP image", "image/webp", _is_webp),
    "txt": Kind("text in UTF-8", "text/plain", _is_text),
    "csv": Kind("text in UTF-8", "text/csv", _is_text),
    "ics": Kind("calendar entry", "text/calendar", _is_lines("BEGIN:VCALENDAR")),
    "vcf": Kind("business card", "text/vcard", _is_lines("BEGIN:VCARD")),
    "docx": Kind("Word document without macros", f"{_OFFICE}.wordprocessingml.document", _is_office("word")),
    "xlsx": Kind("Excel workbook without macros", f"{_OFFICE}.spreadsheetml.sheet", _is_office("xl")),
    "pptx": Kind("PowerPoint file without macros", f"{_OFFICE}.presentationml.presentation", _is_office("ppt")),
    "odt": Kind("OpenDocument text without macros", f"{_OPEN}.text", _is_open_document(f"{_OPEN}.text")),
    "ods": Kind("OpenDocument table without macros", f"{_OPEN}.spreadsheet", _is_open_document(f"{_OPEN}.spreadsheet")),
    "odp": Kind("OpenDocument slides without macros", f"{_OPEN}.presentation", _is_open_document(f"{_OPEN}.presentation")),
    "pkpass": Kind("Apple Wallet pass", "application/vnd.apple.pkpass", _is_pass),
}  # fmt: skip
"""By ending, in lower case; whatever is not here is refused."""
