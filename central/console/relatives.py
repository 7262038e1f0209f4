"""A member's family, and codes that show that his phone or address is his."""

from central.console.ask import Answer, Ask, Go
from central.settling import families, lookup, proofs
from shared.member import FamilyRole, ProfileField


def join(ask: Ask) -> Answer:
    """Let a member buy on the accounts of another one."""
    one, head = ask.id("member"), lookup.living(ask.centre, ask.text("head"))
    families.join_family(ask.centre, one, head, ask.one_of("role", FamilyRole), ask.word)
    return Go(f"/console/members/{one}", "family_joined")


def leave(ask: Ask) -> Answer:
    """Let a member buy on his own accounts again."""
    one = ask.id("member")
    families.leave_family(ask.centre, one, ask.word)
    return Go(f"/console/members/{one}", "family_left")


def give_role(ask: Ask) -> Answer:
    """Let a relative redeem what the family has, or only earn for it."""
    one = ask.id("member")
    families.give_family_role(ask.centre, one, ask.one_of("role", FamilyRole), ask.word)
    return Go(f"/console/members/{one}", "family_role_given")


def send_code(ask: Ask) -> Answer:
    """Send a member a code to the phone or address that counts for him."""
    one = ask.id("member")
    proofs.send_code(ask.centre, one, _contact(ask), ask.word)
    return Go(f"/console/members/{one}", "code_sent")


def confirm_code(ask: Ask) -> Answer:
    """Take the code that a member has told."""
    one = ask.id("member")
    proofs.confirm_code(ask.centre, one, _contact(ask), ask.text("code"), ask.word)
    return Go(f"/console/members/{one}", "verified")


def _contact(ask: Ask) -> ProfileField:
    return ask.one_of("contact", ProfileField)
