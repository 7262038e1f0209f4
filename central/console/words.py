"""Every string of the console, in Russian and English; failures and records bring their own."""

from typing import Final

from central.console.wording import pairs
from central.console.words_figures import FIGURES
from central.console.words_fleet import FLEET
from central.console.words_rules import RULES
from central.console.words_support import SUPPORT
from central.people.roles import Right

NAV: Final = (
    ("fleet", Right.SEE_FLEET, "/console/fleet"),
    ("members", Right.SEE_MEMBERS, "/console/members"),
    ("receipts", Right.SEE_MEMBERS, "/console/receipts"),
    ("conflicts", Right.SEE_CONFLICTS, "/console/conflicts"),
    ("corrections", Right.SEE_CONFLICTS, "/console/corrections"),
    ("packs", Right.SEE_RULES, "/console/packs"),
    ("figures", Right.SEE_FIGURES, "/console/figures"),
    ("people", Right.RUN_PEOPLE, "/console/people"),
    ("trail", Right.SEE_TRAIL, "/console/trail"),
)

_FRAME = pairs(
    ("skip", "К содержанию", "To the content"),
    ("sections", "Разделы", "Sections"),
    ("nav_people", "Сотрудники", "Staff"),
    ("nav_trail", "Журнал действий", "Trail"),
    ("times_in", "Время: {zone}", "Times: {zone}"),
    ("sign_in", "Вход", "Sign in"),
    ("sign_out", "Выйти", "Sign out"),
    ("enter", "Войти", "Enter"),
    ("login", "Логин", "Login"),
    ("password", "Пароль", "Password"),
    ("code", "Код", "Code"),
    ("code_hint", "Шесть цифр из приложения", "Six digits of your app"),
    ("other_language", "English", "По-русски"),
    ("other_language_code", "en", "ru"),
    ("refused", "Не получилось", "Refused"),
    ("to_start", "К началу", "To the start"),
    ("save", "Сохранить", "Save"),
    ("add", "Добавить", "Add"),
    ("show", "Показать", "Show"),
    ("all", "все", "all"),
    ("filter", "Фильтр", "Filter"),
    ("as_csv", "Выгрузить CSV", "Export CSV"),
    ("nothing", "Ничего нет", "Nothing here"),
    ("pages", "Страницы", "Pages"),
    ("rows_of", "{first}–{last} из {total}", "{first}–{last} of {total}"),
    ("page_before", "← назад", "← before"),
    ("page_after", "дальше →", "next →"),
    ("done_saved", "Сохранено.", "Saved."),
    ("done_password", "Пароль изменён, войдите с новым.", "Changed: sign in with the new one."),
    ("done_disabled", "Доступ закрыт.", "The account is closed."),
)
_STAFF = pairs(
    ("my_account", "Моя учётная запись", "My account"),
    ("choose_password", "Сначала задайте свой пароль.", "Choose a password of your own first."),
    ("old_password", "Нынешний пароль", "Present password"),
    ("new_password", "Новый пароль", "New password"),
    ("password_hint", "Не короче {least} знаков", "At least {least} characters"),
    ("language_and_time", "Язык и время", "Language and time"),
    ("language", "Язык", "Language"),
    ("russian", "русский", "Russian"),
    ("english", "английский", "English"),
    ("zone", "Часовой пояс", "Time zone"),
    ("role_marketer", "маркетолог", "marketer"),
    ("role_support", "поддержка", "support"),
    ("role_operator", "оператор", "operator"),
    ("role_auditor", "аудитор", "auditor"),
    ("role_administrator", "администратор", "administrator"),
    ("role_command", "команда", "command"),
    ("add_person", "Новый сотрудник", "Somebody new"),
    ("login_hint", "Латиницей, до 32 знаков", "Small letters, up to 32"),
    ("name", "Имя", "Name"),
    ("active", "действует", "active"),
    ("disabled", "закрыт", "closed"),
    ("paused", "вход закрыт до {until}", "paused until {until}"),
    ("first_password", "Первый пароль", "First password"),
    ("access", "Доступ", "Access"),
    (
        "reset_hint",
        "Сброс даёт новый первый пароль и новый ключ кодов и завершает все сеансы.",
        "A reset gives a new first password and a new key of codes, and ends all sessions.",
    ),
    ("reset", "Сбросить пароль и коды", "Reset password and codes"),
    ("disable", "Закрыть доступ", "Close the account"),
    ("his_trail", "Что делал", "What he did"),
    ("ticket", "Данные для входа", "To sign in with"),
    (
        "shown_once",
        "Показываются один раз: передайте сейчас.",
        "This is shown once: hand it over now.",
    ),
    ("code_secret", "Ключ кодов", "Key of codes"),
    ("scan_this", "Отсканируйте приложением для кодов", "Scan this with the app of codes"),
    ("people_hint", "логин, имя, роль", "login, name, role"),
    ("of_all", "все сотрудники", "of everybody"),
    ("trail_hint", "действие, предмет, причина", "deed, subject, reason"),
)
_COLUMNS = pairs(
    ("col_login", "Логин", "Login"),
    ("col_name", "Название", "Name"),
    ("col_role", "Роль", "Role"),
    ("col_state", "Состояние", "State"),
    ("col_no", "№", "No."),
    ("col_at", "Время", "Time"),
    ("col_who", "Кто", "Who"),
    ("col_deed", "Действие", "Deed"),
    ("col_subject", "Предмет", "Subject"),
    ("col_note", "Причина", "Reason"),
    ("col_details", "Подробности", "Details"),
)
_DEEDS = pairs(
    ("deed_signed_in", "вход", "signed in"),
    ("deed_sign_in_refused", "отказ во входе", "sign-in refused"),
    ("deed_signed_out", "выход", "signed out"),
    ("deed_password_changed", "смена пароля", "password changed"),
    ("deed_settings_changed", "свои настройки", "own settings"),
    ("deed_staff_added", "новый сотрудник", "staff added"),
    ("deed_staff_reset", "сброс доступа", "access reset"),
    ("deed_staff_disabled", "доступ закрыт", "account closed"),
    ("deed_role_changed", "смена роли", "role changed"),
)
WORDS: Final = {**_FRAME, **_STAFF, **_COLUMNS, **_DEEDS, **FLEET, **SUPPORT, **FIGURES, **RULES}
