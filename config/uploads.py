"""How large a form with files may be. Django limits everything else in a body, but takes files of any size."""

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

LARGEST = 24 * 1024 * 1024
"""Bytes of a body with files."""


class Quota(FileUploadHandler):
    """Refuses a body before it is read. It keeps no file itself: the handlers after it do."""

    def handle_raw_input(
        self, input_data: Any, META: Any, content_length: int, boundary: Any, encoding: str | None = None
    ) -> None:
        """Raises RequestDataTooBig."""
        if content_length > LARGEST:
            raise RequestDataTooBig(f"A form with files may have {LARGEST // 1024 // 1024} MB, and not more.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None
