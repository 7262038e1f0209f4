"""Phones as people at the centre and files write them: the tills' rule, and the library of phones.

Agents have no library: what it alone knows is written in the form that they find.
"""

from typing import Final

from shared.phone import BadPhoneError, normalise_phone

HOME_COUNTRY: Final = "RU"
"""Of phones without a country."""
DIGITS_MIN: Final = 7
"""What has fewer is no phone, and the library is not asked."""
_OURS: Final = tuple(f"+7{digit}" for digit in "3489")


def contact_phone(text: str) -> str:
    """Return a phone in E.164, in whichever form it is written; raises BadPhoneError.

    A foreign number must be one that its country gives out.
    """
    phone = found_phone(text)
    return phone if phone.startswith(_OURS) else _in_full(phone)


def found_phone(text: str) -> str:
    """Return a phone in E.164, be it given out or not; raises BadPhoneError.

    Letters among digits are a card's, and no phone in letters.
    """
    try:
        return normalise_phone(text)
    except BadPhoneError:
        digits = sum(one.isdigit() for one in text)
        if digits < DIGITS_MIN or (text.isalnum() and digits < len(text)):
            raise
        return normalise_phone(_in_full(text))


def _in_full(text: str) -> str:
    """Return a valid number: with an extension, a foreign prefix, other digits than ours."""
    import phonenumbers

    try:
        number = phonenumbers.parse(text, HOME_COUNTRY)
    except phonenumbers.NumberParseException as error:
        raise BadPhoneError from error
    if not phonenumbers.is_valid_number(number):
        raise BadPhoneError
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
