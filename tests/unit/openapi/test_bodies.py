from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.core.diagnostics import UnreadableError
from mock_server.core.types import JSON
from mock_server.http.messages import Request, Route
from mock_server.openapi.validation.multipart import read_parts
from mock_server.openapi.validation.request_bodies import read_body
from mock_server.openapi.validation.validator import ContractValidator
from tests.support.case_files import read_cases
from tests.support.contracts import Document, document, load, operation
from tests.support.http_exchange import expanded
from tests.support.hypothesis_settings import repeatable

CASES = read_cases("bodies")["cases"]
TREE = {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}
BOUNDARY = "WebKitFormBoundaryAbC"


def sent(case: Document) -> tuple[str, bytes | None]:
    """The Content-Type, and the body; None where there is none."""
    if "parts" in case:
        return f'multipart/form-data; boundary="{BOUNDARY}"', multipart(case["parts"])
    body = content(case) if "body" in case or "hex" in case else None
    return case.get("type", ""), body


def content(part: Document) -> bytes:
    return bytes.fromhex(str(part["hex"])) if "hex" in part else expanded(str(part["body"])).encode()


def multipart(parts: list[Document], boundary: str = BOUNDARY) -> bytes:
    lines = []
    for part in parts:
        file = f'; filename="{part["filename"]}"' if "filename" in part else ""
        lines += [f"--{boundary}", f'Content-Disposition: form-data; name="{part["name"]}"{file}']
        lines += [f"Content-Type: {part['type']}"] if "type" in part else []
        lines += ["", content(part).decode("latin-1")]
    return "\r\n".join([*lines, f"--{boundary}--", ""]).encode("latin-1")


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case)[:150])
def test_body_is_read_and_judged(case: Document, tmp_path: Path) -> None:
    described = {"required": case.get("required", True), "content": case["content"]}
    paths = {"/x": {"post": operation(requestBody=described)}}
    validator = ContractValidator(
        load(tmp_path, document(paths, openapi=case.get("openapi", "3.1.0"), components={"schemas": {"Tree": TREE}}))
    )
    content_type, body = sent(case)
    headers = [("content-type", content_type)] if content_type else []
    headers += [("content-length", str(len(body)))] if body is not None else []
    findings = validator.request(Route("POST /x"), Request("POST", "/x", headers=tuple(headers), body=body or b""))
    rows = [
        [finding.rule, f"{finding.location} {finding.pointer}".strip(), finding.found, finding.expected]
        for finding in findings
    ]
    assert rows == ([case["finding"]] if "finding" in case else [])


def test_body_where_none_is_documented_is_passed_over(tmp_path: Path) -> None:
    validator = ContractValidator(load(tmp_path, document({"/x": {"post": operation()}})))
    assert (
        validator.request(Route("POST /x"), Request("POST", "/x", headers=(("content-type", "a/b"),), body=b"{")) == ()
    )


def same(node: JSON) -> JSON:
    return node


FORM = "application/x-www-form-urlencoded"
INTEGERS: Document = {"type": "array", "items": {"type": "integer"}}
TEXTS: Document = {"type": "array", "items": {"type": "string"}}
SCHEMA: Document = {"properties": {"n": {"type": "integer"}, "o": {"type": "object"}, "l": INTEGERS, "s": TEXTS}}


@repeatable
@given(
    st.sampled_from(
        [
            "application/json",
            FORM,
            "multipart/form-data",
            "multipart/form-data; boundary=b",
            "text/plain; charset=undefined",
            "text/plain; charset*=utf-8''x; a=\"",
            "application/xml",
            "a/b",
            "multipart/mixed; boundary=",
        ]
    ),
    st.one_of(
        st.binary(max_size=30),
        st.text('nols[]=&%01a,{}":', max_size=20).map(str.encode),
        st.text('-b\r\n:; nameContt-Disp="', max_size=60).map(lambda text: b"--b\r\n" + text.encode()),
        st.text('<>/an &;!"=', max_size=20).map(str.encode),
    ),
)
def test_no_body_is_a_crash(content_type: str, body: bytes) -> None:
    media = read_body({"content": {"*/*": {"schema": SCHEMA}}}, same).media(content_type)
    assert media is not None
    with suppress(UnreadableError):
        json.dumps([*media.readings(body, content_type)])


@repeatable
@given(st.lists(st.tuples(st.text("abcå", min_size=1, max_size=3), st.binary(max_size=20)), max_size=4))
def test_parts_are_read_back(parts: list[tuple[str, bytes]]) -> None:
    body = multipart([{"name": name.encode().decode("latin-1"), "hex": data.hex()} for name, data in parts])
    assert [(part.name, part.data) for part in read_parts(body, BOUNDARY)] == parts


def test_too_many_parts_are_refused() -> None:
    with pytest.raises(ValueError, match="more than 10,000 parts"):
        read_parts(multipart([{"name": "a", "body": ""}] * 10_001), BOUNDARY)


def test_first_faults_of_body_are_named(tmp_path: Path) -> None:
    schema = {"type": "array", "items": {"type": "integer"}}
    post = {**operation(), "requestBody": {"content": {"application/json": {"schema": schema}}}}
    validator = ContractValidator(load(tmp_path, document({"/x": {"post": post}})))
    body = json.dumps(["no"] * 100_000).encode()
    findings = validator.request(
        Route("POST /x"), Request("POST", "/x", "", (("content-type", "application/json"),), body)
    )
    assert [finding.pointer for finding in findings] == [f"/{index}" for index in range(50)]
