"""A file that was sent in a form: its name and its size are in the record, its content beside it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from mock_server.worlds.state.upload import Upload
from tests.support.contracts import Document, document, operation, written
from tests.support.state_api import StateAPI

BODY = (
    b"--x\r\nContent-Disposition: form-data; name=purpose\r\n\r\nnotes\r\n"
    b"--x\r\nContent-Disposition: form-data; name=file; filename=tea.txt\r\nContent-Type: text/plain\r\n\r\n"
    b"Strong.\r\n--x--\r\n"
)


def uploads() -> Document:
    """Files, sent in a form."""
    members = {
        "id": {"type": "string"},
        "filename": {"type": "string"},
        "bytes": {"type": "integer"},
        "mime_type": {"type": "string"},
        "purpose": {"type": "string"},
    }
    file = {"type": "object", "required": [*members], "properties": members}
    sent = {"purpose": {"type": "string"}, "file": {"type": "string", "format": "binary"}}
    form = {"content": {"multipart/form-data": {"schema": {"type": "object", "properties": sent}}}}
    key = [{"name": "file_id", "in": "path", "required": True, "schema": {"type": "string"}}]
    listed = {"type": "object", "properties": {"data": {"type": "array", "items": file}}}
    return document(
        {
            "/files": {
                "get": operation(listed, operationId="listFiles"),
                "post": operation(file, status="201", operationId="createFile", requestBody=form),
            },
            "/files/{file_id}": {"get": operation(file, operationId="getFile", parameters=key)},
        }
    )


def test_record_tells_of_file_that_was_sent(tmp_path: Path) -> None:
    api = StateAPI(Path(written(tmp_path, "contract", uploads())))
    status, file = api("POST", "/files", BODY, "multipart/form-data; boundary=x")
    assert status == 201
    told = {"filename": "tea.txt", "bytes": 7, "mime_type": "text/plain", "purpose": "notes"}
    assert {name: file[name] for name in told} == told
    assert api("GET", f"/files/{file['id']}") == (200, file)


@pytest.mark.parametrize(
    ("member", "told"),
    [
        ("bytes", 7),
        ("size", 7),
        ("fileSize", 7),
        ("size_in_bytes", 7),
        ("filename", "tea.txt"),
        ("file_name", "tea.txt"),
        ("contentType", "text/plain"),
        ("name", None),
        ("page_size", None),
    ],
)
def test_member_tells_of_file_by_its_name(member: str, told: object) -> None:
    assert Upload("file", "tea.txt", 7, "text/plain").told(member) == told
