"""Forms are read as browsers send them: fields in either way, files to the byte."""

from hypothesis import given
from hypothesis import strategies as st

from central.console.forms import FILES_BYTES_MAX, FORM_BYTES_MAX, Form, form_of

TYPE = "multipart/form-data; boundary=----kopilka7MA4"
LIMIT = b"------kopilka7MA4"


def sent(*parts: tuple[str, bytes]) -> bytes:
    """Write a form as a browser does."""
    head = b"\r\nContent-Disposition: form-data; "
    whole = b"".join(
        LIMIT + head + said.encode() + b"\r\n\r\n" + content + b"\r\n" for said, content in parts
    )
    return whole + LIMIT + b"--\r\n"


@given(st.binary(max_size=300), st.text(max_size=20).filter(lambda text: "\0" not in text))
def test_a_file_is_what_was_sent_to_the_byte(content: bytes, note: str) -> None:
    body = sent(
        ('name="note"', note.encode("utf-8", errors="replace")),
        ('name="file"; filename="уровни 1.csv"', content),
    )

    form = form_of(TYPE, body)

    assert form.files["file"].content == content
    assert form.files["file"].name == "уровни 1.csv"
    assert form.fields == {"note": note.encode("utf-8", errors="replace").decode()}


@given(st.binary(max_size=300))
def test_whatever_comes_is_a_form_or_nothing(body: bytes) -> None:
    for kind in (TYPE, "multipart/form-data; boundary=a", "application/x-www-form-urlencoded", ""):
        form = form_of(kind, body)
        assert all(file.content in body for file in form.files.values())


def test_a_field_without_a_file_chosen_brings_none() -> None:
    assert form_of(TYPE, sent(('name="file"; filename=""', b""))).files == {}


def test_what_is_too_large_brings_nothing() -> None:
    large = sent(('name="file"; filename="a"', bytes(FILES_BYTES_MAX)))

    assert form_of(TYPE, large) == Form(is_too_large=True)
    assert form_of("", b"a=" + b"b" * FORM_BYTES_MAX) == Form(is_too_large=True)


def test_no_text_has_what_a_database_cannot_keep() -> None:
    form = form_of(TYPE, sent(('name="note"', b"a\0b"), ('name="f"; filename="x\0.csv"', b"\0")))

    assert (form.fields["note"], form.files["f"].name, form.files["f"].content) == (
        "ab",
        "x.csv",
        b"\0",
    )
    assert form_of("", b"note=a%00b").fields == {"note": "ab"}


def test_a_plain_form_is_read_in_any_language() -> None:
    assert form_of("", "имя=Ёж&empty=".encode()).fields == {"имя": "Ёж", "empty": ""}
