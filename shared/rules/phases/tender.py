"""Phase 6: certificates pay what is left, also for tobacco; they lower no price."""

from datetime import date

from shared.certificate import Certificate, CertificateState, pay
from shared.money import allocate
from shared.receipt import OfferedCertificate
from shared.rules.compile import CompiledPack
from shared.rules.phases.draft import Draft, Phase
from shared.rules.result import CertificatePayment, Sentence
from shared.rules.sentences import places, rubles, say


def tender(pack: CompiledPack, draft: Draft) -> None:
    """Let each certificate pay what was asked of it, at most its balance and what is to pay."""
    seen: set[str] = set()
    for offered in draft.facts.receipt.certificates:
        certificate, wanted = offered.certificate, offered.wanted_minor
        before = sum(item.money_minor for item in draft.items)
        most = min(before, certificate.balance_minor if wanted is None else wanted)
        refusal = _refusal(offered, draft.facts.day, most)
        if certificate.code in seen:
            refusal = say("certificate_again")
        seen.add(certificate.code)
        if refusal is not None:
            draft.note(Phase.TENDER, refusal, span=(before, before))
            draft.certificates.append(_told(certificate, 0, (), refusal))
            continue
        balance_minor = certificate.balance_minor
        here = balance_minor if offered.here_minor is None else offered.here_minor
        amount = min(most, balance_minor, here)
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


def _refusal(offered: OfferedCertificate, day: date, most: int) -> Sentence | None:
    certificate = offered.certificate
    if not offered.known:
        return say("certificate_unknown")
    if certificate.expires_on is not None and day > certificate.expires_on:
        return say("certificate_expired")
    if not certificate.is_payable(day):
        return say(_REASONS.get(certificate.state, "certificate_not_active"))
    if most <= 0:
        return say("certificate_not_needed")
    if offered.here_minor == 0:
        return say("certificate_elsewhere", places=places(offered.elsewhere))
    return None


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
