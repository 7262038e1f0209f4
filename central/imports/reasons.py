"""Why rows are refused, repaired or worth a look: a code for programs, words for people."""

from dataclasses import dataclass
from enum import StrEnum

from shared.basket import Flag


class Reason(StrEnum):
    """What is wrong with a row, or was, or what a person should look at."""

    UNREADABLE = "unreadable"
    BYTES = "bytes"
    FIELDS = "fields"
    CELL_TOO_LONG = "cell_too_long"
    UNMAPPED = "unmapped"
    MISSING = "missing"
    NO_IDENTIFIER = "no_identifier"
    BAD_CARD = "bad_card"
    PAYMENT_CARD = "payment_card"
    BAD_PHONE = "bad_phone"
    BAD_NAME = "bad_name"
    BAD_EMAIL = "bad_email"
    BAD_DAY = "bad_day"
    BAD_NUMBER = "bad_number"
    BAD_TEXT = "bad_text"
    BAD_VALUE = "bad_value"
    BAD_CODE = "bad_code"
    BAD_PIN = "bad_pin"
    BAD_ROLE = "bad_role"
    BAD_FAMILY_ROLE = "bad_family_role"
    BAD_ZONE = "bad_zone"
    BAD_TAX_NUMBER = "bad_tax_number"
    BAD_FLAG = "bad_flag"
    BAD_LIST = "bad_list"
    UNKNOWN_STORE = "unknown_store"
    UNKNOWN_TIER = "unknown_tier"
    UNKNOWN_WALLET = "unknown_wallet"
    UNKNOWN_MEMBER = "unknown_member"
    SEVERAL_MEMBERS = "several_members"
    CARD_OF_ANOTHER = "card_of_another"
    IN_FAMILY = "in_family"
    FAMILY_FULL = "family_full"
    SAME_MEMBER = "same_member"
    NOBODY_YET = "nobody_yet"
    ERASED = "erased"
    NOT_TOGETHER = "not_together"
    UNSEEN = "unseen"
    SEVERAL_PHONES = "several_phones"
    OUR_NUMBER = "our_number"
    MERGED = "merged"
    SHARED_PHONE = "shared_phone"
    CHANGED = "changed"
    VERIFIED_STAYS = "verified_stays"


WORDS: dict[Reason, tuple[str, str]] = {
    Reason.UNREADABLE: (
        "строка не читается: кавычка не закрыта или стоит не на месте",
        "the row cannot be read: a quotation mark is not closed or out of place",
    ),
    Reason.BYTES: (
        "в строке есть байты, которые не текст в кодировке файла",
        "the row has bytes that are no text in the encoding of the file",
    ),
    Reason.FIELDS: (
        "полей не столько, сколько в заголовке",
        "not as many fields as the heading has",
    ),
    Reason.CELL_TOO_LONG: ("слишком длинное значение", "the value is too long"),
    Reason.UNMAPPED: (
        "значения нет в файле соответствий",
        "the mapping file does not have this value",
    ),
    Reason.MISSING: ("значение обязательно", "a value is needed"),
    Reason.NO_IDENTIFIER: (
        "нет ни карты, ни телефона: участника нельзя будет найти на кассе",
        "neither a card nor a phone: a till could not find the member",
    ),
    Reason.BAD_CARD: (
        "это не номер карты (4–32 латинские буквы и цифры)",
        "this is no card number (4 to 32 Latin letters and digits)",
    ),
    Reason.PAYMENT_CARD: (
        "похоже на номер банковской карты: такие не загружаются",
        "this looks like a bank card's number: none is imported",
    ),
    Reason.BAD_PHONE: ("это не номер телефона", "this is no phone number"),
    Reason.BAD_NAME: ("в имени нет букв", "the name has no letters"),
    Reason.BAD_EMAIL: ("это не адрес почты", "this is no e-mail address"),
    Reason.BAD_DAY: ("это не дата, или такой быть не может", "this is no date, or cannot be one"),
    Reason.BAD_NUMBER: (
        "это не число с двумя знаками после запятой",
        "this is no number with at most two decimals",
    ),
    Reason.BAD_TEXT: ("недопустимый текст", "the text is not allowed"),
    Reason.BAD_VALUE: ("значение не годится", "the value does not fit"),
    Reason.BAD_CODE: (
        "нужен код без пробелов (латинские буквы и цифры; артикул — любые знаки)",
        "a code without blanks is needed (Latin letters and digits; of goods any signs)",
    ),
    Reason.BAD_PIN: ("ПИН — шесть цифр", "a PIN has six digits"),
    Reason.BAD_ROLE: ("роль — cashier или senior", "a role is cashier or senior"),
    Reason.BAD_FAMILY_ROLE: (
        "роль в семье — redeems или earns",
        "a role in a family is redeems or earns",
    ),
    Reason.IN_FAMILY: ("он или глава уже в другой семье", "he or the head is in another family"),
    Reason.FAMILY_FULL: ("в семье больше мест нет", "the family has no more places"),
    Reason.SAME_MEMBER: ("это один и тот же участник", "both are one member"),
    Reason.ERASED: (
        "его данные стёрты, файл их не возвращает",
        "his data were erased, and no file brings them back",
    ),
    Reason.NOBODY_YET: (
        "регистрация участника ещё не пришла",
        "the registration of the member has not arrived",
    ),
    Reason.BAD_ZONE: (
        "нужен часовой пояс вида Europe/Moscow",
        "a time zone such as Europe/Moscow is needed",
    ),
    Reason.BAD_TAX_NUMBER: ("ИНН — 10 или 12 цифр", "a tax number has 10 or 12 digits"),
    Reason.BAD_FLAG: (
        f"признаки через «;», из списка: {', '.join(Flag)}",
        f"flags with ';' between, of the list: {', '.join(Flag)}",
    ),
    Reason.BAD_LIST: ("нужен список через «;» без повторов", "a list with ';' between, none twice"),
    Reason.UNKNOWN_STORE: ("такого магазина нет", "there is no such store"),
    Reason.UNKNOWN_TIER: (
        "в опубликованном пакете нет такого уровня",
        "the published pack has no such tier",
    ),
    Reason.UNKNOWN_WALLET: (
        "в опубликованном пакете нет такого кошелька",
        "the published pack has no such wallet",
    ),
    Reason.UNKNOWN_MEMBER: ("такого участника нет", "there is no such member"),
    Reason.SEVERAL_MEMBERS: (
        "так находятся несколько участников: нужна карта",
        "several members have it: the card is needed",
    ),
    Reason.CARD_OF_ANOTHER: (
        "карта уже есть, и у человека с другим именем",
        "somebody with another name has this card",
    ),
    Reason.NOT_TOGETHER: (
        "строки одного чека стоят не рядом: отсортируйте файл по чекам",
        "rows of one receipt do not stand together: sort the file by receipts",
    ),
    Reason.UNSEEN: ("невидимые знаки убраны", "invisible characters were left out"),
    Reason.SEVERAL_PHONES: (
        "взят первый телефон из нескольких",
        "the first of several phones counts",
    ),
    Reason.OUR_NUMBER: (
        "номер карты из тех, что выдают кассы: смените card_prefix",
        "a card number such as tills give out: change card_prefix",
    ),
    Reason.MERGED: (
        "тот же телефон и подходящее имя: соединён с известным участником",
        "the same phone and a name that agrees: merged into a known member",
    ),
    Reason.SHARED_PHONE: (
        "тот же телефон, но другое имя: посмотрите в конфликтах",
        "the same phone under another name: look at the conflicts",
    ),
    Reason.CHANGED: ("заменяет прежние данные", "takes the place of what was known"),
    Reason.VERIFIED_STAYS: (
        "прежнее значение подтверждено и остаётся",
        "what was known is verified, and stays",
    ),
}


@dataclass(frozen=True, slots=True)
class Note:
    """What is to be said of a row: the reason and, if one is meant, the field."""

    reason: Reason
    field: str = ""


class RefusedError(Exception):
    """Why a row cannot be taken; never leaves this package."""

    def __init__(self, reason: Reason, field: str = "") -> None:
        self.note = Note(reason, field)
        super().__init__(str(reason))
