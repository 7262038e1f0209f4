"""Addresses of packs and drafts, with the right that each takes."""

from typing import Final

from central.console import previews, publications, rules
from central.console.ask import Way
from central.people.roles import Right

_SCOPE = ("stores", "regions", "effective_from", "at_once")

RULES: Final = (
    Way("GET", "/packs", Right.SEE_RULES, rules.packs_page),
    Way("GET", "/packs/{pack}", Right.SEE_RULES, publications.pack),
    Way("GET", "/packs/{pack}/tables/{kind}.csv", Right.SEE_RULES, previews.table),
    Way(
        "POST",
        "/packs/{pack}/tables/{kind}",
        Right.WRITE_RULES,
        previews.request,
        "change_requested",
        (),
        publications.pack,
    ),
    Way(
        "POST",
        "/packs/{pack}/widen",
        Right.PUBLISH_RULES,
        publications.widen,
        "pack_widened",
        _SCOPE,
        publications.pack,
    ),
    Way(
        "POST",
        "/packs/{pack}/halt",
        Right.PUBLISH_RULES,
        publications.halt,
        "pack_halted",
        ("stores", "regions"),
        publications.pack,
    ),
    Way(
        "POST",
        "/packs/{pack}/rollback",
        Right.PUBLISH_RULES,
        publications.roll_back,
        "pack_rolled_back",
        ("former", "effective_from"),
        publications.pack,
    ),
    Way(
        "POST",
        "/packs/{pack}/campaign",
        Right.PUBLISH_RULES,
        publications.halt_campaign,
        "campaign_halted",
        ("campaign",),
        publications.pack,
    ),
    Way("GET", "/new-draft", Right.WRITE_RULES, rules.new_draft),
    Way("POST", "/new-draft", Right.WRITE_RULES, rules.write, "draft_written", (), rules.new_draft),
    Way("GET", "/drafts/{draft}", Right.SEE_RULES, rules.draft),
    Way("GET", "/drafts/{draft}/preview", Right.SEE_RULES, previews.page, back=previews.nothing),
    Way(
        "POST", "/drafts/{draft}", Right.WRITE_RULES, rules.revise, "draft_written", (), rules.draft
    ),
    Way(
        "POST",
        "/drafts/{draft}/submit",
        Right.WRITE_RULES,
        rules.submit,
        "draft_submitted",
        (),
        rules.draft,
    ),
    Way(
        "POST",
        "/drafts/{draft}/approve",
        Right.REVIEW_RULES,
        rules.approve,
        "draft_approved",
        (),
        rules.draft,
    ),
    Way(
        "POST",
        "/drafts/{draft}/reject",
        Right.REVIEW_RULES,
        rules.reject,
        "draft_rejected",
        (),
        rules.draft,
    ),
    Way(
        "POST",
        "/drafts/{draft}/publish",
        Right.PUBLISH_RULES,
        rules.publish,
        "pack_published",
        _SCOPE,
        rules.draft,
    ),
)
