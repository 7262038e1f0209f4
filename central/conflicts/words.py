"""Conflicts in words: a title, a sentence of what happened, and why a fact was set aside."""

from central.conflicts.values import ConflictKind, ConflictState, Role, Sentence

TITLES: dict[ConflictKind, Sentence] = {
    ConflictKind.DEBT: Sentence("долг по бонусам", "debt of points"),
    ConflictKind.RETURNED_TWICE: Sentence("возвращено дважды", "returned twice"),
    ConflictKind.FORKED: Sentence("вторая ветвь журнала", "second branch of a journal"),
    ConflictKind.WRITTEN_OFF: Sentence("потрачен списанный лимит", "written-off lease spent"),
    ConflictKind.MERGED: Sentence("участники соединены", "members merged"),
    ConflictKind.SHARED_PHONE: Sentence("один телефон, разные имена", "one phone, two names"),
    ConflictKind.SHARED_CARD: Sentence("одна карта у двоих", "one card, two members"),
    ConflictKind.USED_TWICE: Sentence("сертификат потрачен дважды", "certificate used twice"),
    ConflictKind.SOLD_BEFORE: Sentence("сертификат продан дважды", "certificate sold twice"),
    ConflictKind.UNKNOWN_CERTIFICATE: Sentence("чужой сертификат", "unknown certificate"),
    ConflictKind.CODE_USED_TWICE: Sentence("промокод использован дважды", "code used twice"),
    ConflictKind.PASS_USED_TWICE: Sentence("пропуск принят дважды", "pass used twice"),
    ConflictKind.CODE_TAKEN: Sentence("код уже занят", "code taken"),
    ConflictKind.GIVEN_BEFORE: Sentence("подарок выдан дважды", "given before"),
    ConflictKind.COUPON_USED: Sentence("возврат после купона", "returned after its coupon"),
    ConflictKind.OVER_BUDGET: Sentence("лимит акции превышен", "budget exceeded"),
    ConflictKind.OVER_LIMIT: Sentence("лимит участника превышен", "member's limit exceeded"),
    ConflictKind.NOT_FIRST_PURCHASE: Sentence("не первая покупка", "not the first purchase"),
    ConflictKind.OTHER_BYTES: Sentence("тот же номер, другое содержание", "same id, other bytes"),
    ConflictKind.LATE: Sentence("поздний факт", "late fact"),
    ConflictKind.CLOCK: Sentence("неверные часы", "wrong clock"),
    ConflictKind.QUARANTINED: Sentence("факт не проведён", "fact not posted"),
    ConflictKind.DAMAGED: Sentence("факт повреждён", "fact damaged"),
    ConflictKind.DIVERGENCE_FOUND: Sentence("расчёт не сходится", "results differ"),
    ConflictKind.STALE: Sentence("посчитано по старым данным", "priced by old data"),
    ConflictKind.EARLY_RETURN: Sentence("возврат раньше продажи", "return before its sale"),
    ConflictKind.UNKNOWN_MEMBER: Sentence("карта без анкеты", "card of nobody yet"),
    ConflictKind.EDITED_TWICE: Sentence("анкета изменена в двух местах", "profile edited twice"),
    ConflictKind.NEW_EPOCH: Sentence("журнал начат заново", "journal begun anew"),
    ConflictKind.CENTRE_RESTORED: Sentence("центр восстановлен", "centre restored"),
    ConflictKind.JOURNAL_GAP: Sentence("пропуск в журнале", "gap in a journal"),
}

_SENTENCES: dict[ConflictKind, Sentence] = {
    ConflictKind.DEBT: Sentence(
        "Документ {document}: {points} бонусов взято, хотя их нет или они закреплены за "
        "магазинами. Это долг: его гасит то, что магазины отдадут, и следующие начисления.",
        "Document {document}: {points} points were taken that are not there, or are leased to "
        "stores. They are debt, settled by what stores give back and by the next grants.",
    ),
    ConflictKind.RETURNED_TWICE: Sentence(
        "Чек {document}: строки {lines} возвращены больше, чем куплено, лишнего выдано {amount}. "
        "Кассиры: {cashiers}. Деньги выданы, бонусы сдвинуты один раз.",
        "Receipt {document}: more of lines {lines} came back than was bought, {amount} too much "
        "is paid out. Cashiers: {cashiers}. The points have moved once.",
    ),
    ConflictKind.FORKED: Sentence(
        "Факт {fact} пришёл из второй ветви журнала магазина {store} (копия или восстановленный "
        "диск): проведён, лимита второй раз не даёт; долгом стало {points} бонусов.",
        "Fact {fact} came from a second branch of the journal of store {store} (a copied or "
        "restored disk): posted, it brings no second lease; {points} points became debt.",
    ),
    ConflictKind.WRITTEN_OFF: Sentence(
        "Документ {document}: магазин {store} потратил {points} бонусов из списанного лимита; "
        "долгом стало {debt}, остальное покрыл свободный остаток.",
        "Document {document}: store {store} has spent {points} points of leases that were written "
        "off; {debt} became debt, the free rest covered the others.",
    ),
    ConflictKind.MERGED: Sentence(
        "Участник {new} зарегистрирован дважды: он уже был как {others}. Счета соединены; карта "
        "нового платит только своим счётом, пока телефон не подтверждён.",
        "Member {new} was registered twice: he was there already as {others}. The accounts are "
        "joined; the new one's card pays from its own account until the phone is verified.",
    ),
    ConflictKind.SHARED_PHONE: Sentence(
        "Телефон участника {new} уже указан у {others}, имена разные. Оба остаются; проверьте, "
        "один ли это человек.",
        "The phone of member {new} is that of {others} already, the names differ. Both stay; see "
        "whether they are one person.",
    ),
    ConflictKind.SHARED_CARD: Sentence(
        "Карта участника {new} уже принадлежит {others}. Оба остаются; проверьте, чья карта.",
        "The card of member {new} is that of {others} already. Both stay; see whose card it is.",
    ),
    ConflictKind.USED_TWICE: Sentence(
        "Чек {document}: сертификатом{tails} оплачено на {amount} больше, чем на нём оставалось. "
        "Чек действителен, разница за счёт сети.",
        "Receipt {document}: certificate{tails} has paid {amount} more than was left on it. The "
        "receipt stands, the chain bears the difference.",
    ),
    ConflictKind.SOLD_BEFORE: Sentence(
        "Чек {document}: сертификат …{tail} продан за {amount}, но не активирован: он уже был "
        "продан.",
        "Receipt {document}: certificate …{tail} was sold for {amount} and is not active: it had "
        "been sold before.",
    ),
    ConflictKind.UNKNOWN_CERTIFICATE: Sentence(
        "Чек {document}: сертификат …{tail} продан за {amount}, но не активирован: центр его не "
        "выпускал.",
        "Receipt {document}: certificate …{tail} was sold for {amount} and is not active: the "
        "centre has not issued it.",
    ),
    ConflictKind.CODE_USED_TWICE: Sentence(
        "Чек {document}: промокод {tails} уже был использован в другом чеке. Чек действителен, "
        "скидка за счёт сети.",
        "Receipt {document}: promo code {tails} had been used in another receipt. The receipt "
        "stands, the chain bears the discount.",
    ),
    ConflictKind.PASS_USED_TWICE: Sentence(
        "Чек {document}: по пропуску {counter} магазин {store} списал {points} бонусов сверх "
        "закреплённого, а по нему уже списывали в {stores}. Чек действителен; долгом стало {debt}.",
        "Receipt {document}: by pass {counter} store {store} redeemed {points} points beyond its "
        "lease, and {stores} had redeemed by it before. The receipt stands; {debt} became debt.",
    ),
    ConflictKind.CODE_TAKEN: Sentence(
        "Чек {document}: код …{tail} напечатан, но не активирован: такой уже есть.",
        "Receipt {document}: code …{tail} is printed and is not active: there is such a one.",
    ),
    ConflictKind.GIVEN_BEFORE: Sentence(
        "Чек {document}: подарок …{tail} не активирован: участник уже получил его в другом "
        "магазине.",
        "Receipt {document}: gift …{tail} is not active: the member had got it in another store.",
    ),
    ConflictKind.COUPON_USED: Sentence(
        "Чек {document} возвращён, а полученное с ним уже использовано: {tails}. Деньги выданы.",
        "Receipt {document} came back when what was got with it had been used: {tails}. The money "
        "is paid out.",
    ),
    ConflictKind.OVER_BUDGET: Sentence(
        "Чек {document}: превышен лимит акции на всю сеть: {more_ru}. Чек действителен.",
        "Receipt {document}: a promotion's limit of the whole chain is exceeded: {more_en}. The "
        "receipt stands.",
    ),
    ConflictKind.OVER_LIMIT: Sentence(
        "Чек {document}: лимит участника уже был исчерпан. Скидка {amount}, бонусов {points}. Чек "
        "действителен.",
        "Receipt {document}: the member's limit had been used up. Discount {amount}, points "
        "{points}. The receipt stands.",
    ),
    ConflictKind.NOT_FIRST_PURCHASE: Sentence(
        "Чек {document}: это не первая покупка участника. Скидка {amount}, бонусов {points}. Чек "
        "действителен.",
        "Receipt {document}: it is not the member's first purchase. Discount {amount}, points "
        "{points}. The receipt stands.",
    ),
    ConflictKind.OTHER_BYTES: Sentence(
        "Факт {fact} магазина {store} ({what_ru}) не проведён: под тем же номером уже есть другое "
        "содержание.",
        "Fact {fact} of store {store} ({what_en}) is not posted: there is other content under the "
        "same id.",
    ),
    ConflictKind.LATE: Sentence(
        "Факт {fact} проведён с опозданием: он от {day}.",
        "Fact {fact} is posted late: it is of {day}.",
    ),
    ConflictKind.CLOCK: Sentence(
        "Часам магазина {store} нельзя верить с факта {fact}: на них {told}, {proof_ru} {here}. "
        "Продажи идут; сроки начисленного — в пользу покупателя.",
        "The clock of store {store} cannot be trusted from fact {fact} on: it says {told}, "
        "{proof_en} {here}. Sales go on; what was granted has its dates in the customer's favour.",
    ),
    ConflictKind.QUARANTINED: Sentence(
        "Факт {fact} магазина {store} ({what_ru}) не проведён: {reason_ru}.",
        "Fact {fact} of store {store} ({what_en}) is not posted: {reason_en}.",
    ),
    ConflictKind.DAMAGED: Sentence(
        "Факт {seq} агента {agent} повреждён: байты не дают его хеша.",
        "Fact {seq} of agent {agent} is damaged: its bytes do not give its hash.",
    ),
    ConflictKind.DIVERGENCE_FOUND: Sentence(
        "Чек {document}: магазин {store} и центр считают одно и то же по-разному: {verdict_ru}. "
        "Чек действителен; оба расчёта, строка за строкой, покажет kopilka central audit show.",
        "Receipt {document}: store {store} and the centre find different results for the same: "
        "{verdict_en}. The receipt stands; kopilka central audit show tells both, line by line.",
    ),
    ConflictKind.EARLY_RETURN: Sentence(
        "Возврат {document} пришёл раньше своей продажи {sale} и ждёт её: деньги выданы, бонусы "
        "сдвинутся, когда она придёт.",
        "Return {document} came before its sale {sale} and waits for it: the money is paid out, "
        "the points move when it comes.",
    ),
    ConflictKind.UNKNOWN_MEMBER: Sentence(
        "Чек {document}: покупатель {member} в центре не зарегистрирован. Бонусы и оборот копятся "
        "на его счёте и останутся за ним, когда придёт анкета или его соединят с участником.",
        "Receipt {document}: buyer {member} is not registered at the centre. Points and turnover "
        "gather on the account, and stay his when his registration comes or he is merged.",
    ),
    ConflictKind.EDITED_TWICE: Sentence(
        "Анкета участника {member}: поле «{field_ru}» изменено в двух местах: {reason_ru}. Другое "
        "значение сохранено.",
        "Profile of member {member}: {field_en} was edited in two places: {reason_en}. The other "
        "value is kept.",
    ),
    ConflictKind.NEW_EPOCH: Sentence(
        "Агент магазина {store} начал эпоху {next}: {reason_ru}. Эпоха {epoch} лимитов больше не "
        "получает; её факты принимаются.",
        "The agent of store {store} has begun epoch {next}: {reason_en}. Epoch {epoch} gets no "
        "leases; its facts are taken in.",
    ),
    ConflictKind.CENTRE_RESTORED: Sentence(
        "База центра восстановлена из копии, её жизнь теперь {incarnation}. Лимиты не выдаются, "
        "пока не отчитаются магазины ({stores}); кто не отчитался: kopilka central restored.",
        "The centre's database was restored from a backup, its life is {incarnation} now. No "
        "leases are given until stores ({stores}) have reported; kopilka central restored says "
        "who is missing.",
    ),
    ConflictKind.JOURNAL_GAP: Sentence(
        "Фактов {first}–{last} эпохи {epoch} магазина {store} нет {why_ru}. Журнал идёт дальше; "
        "бонусов и оборота этих чеков в центре нет.",
        "Facts {first} to {last} of epoch {epoch} of store {store} are {why_en}. The journal goes "
        "on; the centre lacks the points and turnover of these receipts.",
    ),
    ConflictKind.STALE: Sentence(
        "Чек {document}: магазин {store} посчитал по прежним правилам, уровню, обороту или "
        "лимитам. По данным центра {ours_ru}. Чек действителен; доначислено {granted}, лишнее не "
        "снимается.",
        "Receipt {document}: store {store} priced it by former rules, level, turnover or limits. "
        "By the centre's view {ours_en}. The receipt stands; {granted} points are granted, none "
        "are taken.",
    ),
}

_REASONS: dict[str, Sentence] = {
    "envelope_unreadable": Sentence("конверт не читается", "its envelope cannot be read"),
    "envelope_senseless": Sentence("числа в конверте невозможны", "its envelope makes no sense"),
    "envelope_disagrees": Sentence(
        "конверт и содержание противоречат друг другу", "envelope and body contradict each other"
    ),
    "body_unreadable": Sentence("содержание не читается", "its body cannot be read"),
    "unknown_kind": Sentence("такого вида факт центру не известен", "its kind is not known here"),
    "person_unreadable": Sentence("личная часть не читается", "its personal part cannot be read"),
    "clock_senseless": Sentence("отметка времени невозможна", "its stamp makes no sense"),
    "instant_without_zone": Sentence("время без пояса", "its instant has no zone"),
    "other_store": Sentence("чек другого магазина", "the receipt is of another store"),
    "points_of_nobody": Sentence("бонусы без участника", "points without a member"),
    "grant_to_another": Sentence(
        "начисление на чужой счёт", "it grants to somebody else's account"
    ),
    "grant_senseless": Sentence("начисление невозможно", "what it grants makes no sense"),
    "once_senseless": Sentence(
        "разовое начисление не того человека", "a once-only grant is not that person's"
    ),
    "issue_senseless": Sentence("сертификат невозможен", "a certificate makes no sense"),
    "amount_senseless": Sentence("суммы невозможны", "its amounts make no sense"),
    "registration_senseless": Sentence("регистрация невозможна", "the registration makes no sense"),
    "card_disagrees": Sentence("номер карты не тот", "the card is not the person's"),
    "edit_senseless": Sentence("правка анкеты невозможна", "what it edits makes no sense"),
    "unknown_account": Sentence("такого счёта в центре нет", "the centre has no such account"),
    "phone_disagrees": Sentence("телефон не тот", "the phone is not the person's"),
    "account_of_another": Sentence("счёт другого участника", "the account is another member's"),
    "unknown_lot": Sentence(
        "партию бонусов никто не начислял", "it moves a lot that nobody has granted"
    ),
    "lot_of_another": Sentence("партия бонусов с другого счёта", "a lot is of another account"),
    "not_of_its_sale": Sentence(
        "возвращаются бонусы, которых продажа не касалась", "it moves points of no part of its sale"
    ),
    "not_of_its_member": Sentence(
        "возврат берёт бонусы другого участника", "it reaches points of another member"
    ),
    "not_of_this_store": Sentence("продажа другого магазина", "the sale is another store's"),
    "broken_count": Sentence(
        "счётчик лимита не продолжает прежний: факта не хватает",
        "the lease's count does not go on from the one before: a fact is missing",
    ),
}


STATES: dict[ConflictState, Sentence] = {
    ConflictState.OPEN: Sentence("открыт", "open"),
    ConflictState.RESOLVED: Sentence("закрыт", "resolved"),
    ConflictState.UNDONE: Sentence("отменён", "undone"),
}
ROLES: dict[Role, Sentence] = {
    Role.FACT: Sentence("факт", "fact"),
    Role.DOCUMENT: Sentence("документ", "document"),
    Role.STORE: Sentence("магазин", "store"),
    Role.CASHIER: Sentence("кассир", "cashier"),
    Role.MEMBER: Sentence("участник", "member"),
    Role.ACCOUNT: Sentence("счёт", "account"),
    Role.LOT: Sentence("партия", "lot"),
}

_FACTS: dict[str, Sentence] = {
    "receipt.committed": Sentence("продажа", "sale"),
    "receipt.cancelled": Sentence("отмена чека", "receipt cancelled"),
    "receipt.returned": Sentence("возврат", "return"),
    "receipt.voided": Sentence("аннулирование чека", "receipt voided"),
    "receipt.returned_by_slip": Sentence("возврат по слипу", "return by slip"),
    "member.registered": Sentence("регистрация", "registration"),
    "member.edited": Sentence("правка анкеты", "profile edited"),
    "lot.activated": Sentence("активация бонусов", "points activated"),
    "lease.asked": Sentence("запрос лимита", "lease asked for"),
    "lease.given_back": Sentence("возврат лимита", "lease given back"),
    "leases.reported": Sentence("отчёт о лимитах", "leases reported"),
}


_FORGIVE = Sentence(
    "списать долг; что из него уже погашено бонусами, вернуть новой партией",
    "let the debt go; what points have settled of it comes back as a new lot",
)
_PLAN_AGAIN = Sentence(
    "провести факт ещё раз, если причина устранена; чего не хватает счётчику лимита, потрачено",
    "post the fact after all, if its cause is mended; what a lease's count lacks is spent",
)
_TAKE_BACK = Sentence(
    "снять доначисленное; что уже потрачено, станет долгом",
    "take back what was granted for it; what is spent already becomes debt",
)
_JOIN = Sentence(
    "соединить: это один человек; остаётся тот, кого центр знает дольше",
    "join them: they are one person; the one that the centre has known longer stays",
)
UNDOINGS: dict[ConflictKind, Sentence] = {
    ConflictKind.DEBT: _FORGIVE,
    ConflictKind.FORKED: _FORGIVE,
    ConflictKind.WRITTEN_OFF: _FORGIVE,
    ConflictKind.PASS_USED_TWICE: _FORGIVE,
    ConflictKind.USED_TWICE: Sentence(
        "списать долг сертификата и вернуть на него, что его погасило; денег за товар не взять ни "
        "с кого: у сертификата нет владельца, разницу несёт сеть",
        "let the certificate's debt go, and put back on it what has settled it; nobody owes the "
        "money for the goods: a certificate has no owner, the chain bears the difference",
    ),
    ConflictKind.CODE_USED_TWICE: Sentence(
        "снять бонусы, которые промокод принёс этому чеку: чего нет или что закреплено за "
        "магазинами, станет долгом; скидка остаётся: чек оплачен, денег после него не берут",
        "take back the points that the code has brought to this receipt: what is spent or leased "
        "becomes debt; the discount stays: the receipt is paid, no money is taken after it",
    ),
    ConflictKind.STALE: _TAKE_BACK,
    ConflictKind.QUARANTINED: _PLAN_AGAIN,
    ConflictKind.OTHER_BYTES: _PLAN_AGAIN,
    ConflictKind.MERGED: Sentence(
        "разъединить: у каждого снова свои счета, карты и телефон",
        "part them: each has his own accounts, cards and phone again",
    ),
    ConflictKind.SHARED_PHONE: _JOIN,
    ConflictKind.SHARED_CARD: _JOIN,
    ConflictKind.EDITED_TWICE: Sentence(
        "вернуть другое значение новой правкой", "let the other value count, by a new edit"
    ),
    ConflictKind.DAMAGED: Sentence(
        "чего не прочесть, не провести: закончите факт, сказав, потрачены ли бонусы",
        "what cannot be read cannot be posted: end the fact, saying whether its points were spent",
    ),
}
"""What an undo of each kind would do; of the others nothing can be undone."""
ENDING = Sentence(
    "закончить факт без проведения: бонусы потрачены либо нет",
    "end the fact without posting it: its points were spent, or not",
)
"""What can be done, too, with a fact that was set aside."""


def say(kind: ConflictKind, **details: object) -> Sentence:
    """Return what happened, with its details filled in."""
    template = _SENTENCES[kind]
    return Sentence(template.ru.format(**details), template.en.format(**details))


def reason(code: str) -> Sentence:
    """Return why a fact was set aside; a reason without words is told by its code."""
    return _REASONS.get(code, Sentence(code, code))


def fact_in_words(kind: str) -> Sentence:
    """Return what a kind of fact is; one without words is told as it is."""
    return _FACTS.get(kind, Sentence(kind, kind))
