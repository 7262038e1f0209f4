"""Phase 6: certificates pay what is left, also for tobacco; they lower no price."""

from datetime import date

from shared.certificate import Certificate, CertificateState, pay
from shared.money import allocate
from shared.rules.compile import CompiledPack
from shared.rules.phases.draft import Draft, Phase
from shared.rules.result import CertificatePayment, Sentence
from shared.rules.sentences import rubles, say


def tender(pack: CompiledPack, draft: Draft) -> None:
    """Let each certificate pay what was asked of it, at most its balance and what is to pay."""
    seen: set[str] = set()
    for offered in draft.facts.receipt.certificates:
        certificate, wanted = offered.certificate, offered.wanted_minor
        before = sum(item.money_minor for item in draft.items)
        most = min(before, certificate.balance_minor if wanted is None else wanted)
        refusal = _refusal(certificate, draft.facts.day, most)
        if certificate.code in seen:
            refusal = say("certificate_again")
        seen.add(certificate.code)
        if refusal is not None:
            draft.note(Phase.TENDER, refusal, span=(before, before))
            draft.certificates.append(_told(certificate, 0, (), refusal))
            continue
        amount = min(most, certificate.balance_minor)
        rests = [item.money_minor for item in draft.items]
        shares = allocate(amount, rests, rests)
        for item, share in zip(draft.items, shares, strict=True):
            item.certificate_minor += share
            if pack.source.policies.certificate_part == "earns_nothing":
                item.earnless_minor += share
        reason = say("certificate_pays", amount=rubles(amount))
        draft.note(Phase.TENDER, reason, span=(before, before - amount))
        paid = tuple(
            (item.line.no, share) for item, share in zip(draft.items, shares, strict=True) if share
        )
        left = pay(certificate, amount, day=draft.facts.day)
        draft.certificates.append(_told(left, amount, paid, reason))


def _refusal(certificate: Certificate, day: date, most: int) -> Sentence | None:
    if certificate.expires_on is not None and day > certificate.expires_on:
        return say("certificate_expired")
    if not certificate.is_payable(day):
        return say(_REASONS.get(certificate.state, "certificate_not_active"))
    return say("certificate_not_needed") if most <= 0 else None


_REASONS = {
    CertificateState.USED: "certificate_used",
    CertificateState.BLOCKED: "certificate_blocked",
    CertificateState.EXPIRED: "certificate_expired",
}


def _told(
    certificate: Certificate, amount: int, paid: tuple[tuple[int, int], ...], reason: Sentence
) -> CertificatePayment:
    return CertificatePayment(
        code=certificate.code,
        amount=amount,
        left=certificate.balance_minor,
        state=certificate.state.value,
        allocations=paid,
        reason=reason,
    )
