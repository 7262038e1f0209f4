"""What the judge asks of the files, in SQL."""

POSTED = ("accepted", "adjusted")
BESIDE = ("DEBT", "DEBT_SETTLE")

ROWS = """
SELECT kind, key, iif(kind IN ('member', 'cashier'), opened(key, row), row) FROM row"""
MEMBERS = "SELECT opened(key, row) FROM row WHERE kind = 'member'"
SAID = "SELECT row FROM row WHERE kind = 'publication'"
SLIPS = "SELECT slip FROM print_job"
ORIGINALS = """
SELECT hex(slip) FROM print_job WHERE copy_no = 0 GROUP BY slip HAVING count(*) > 1"""
LEFT = """
SELECT lot, sum(granted - gone) FROM lease WHERE agent = ? AND NOT closed AND granted > gone
GROUP BY lot"""
FENCED = "SELECT 1 FROM bar WHERE reason = 'agent_fenced'"
_WHAT = "rule || ' of ' || ifnull(nullif(hex(person), ''), owner)"
"""What a person gets once: a person is whose phone it is, whichever of his accounts has it."""
ONCE = f"""
SELECT lot, rule, {_WHAT} FROM lot JOIN account USING (account)
LEFT JOIN member ON member.id = account.owner
WHERE account = ? AND rule IN (SELECT value FROM json_each(?))"""  # noqa: S608
ONCE_ENTRIES = f"""
SELECT lot.account, lot, entry.kind, amount, entry.document, {_WHAT}, rule
FROM entry JOIN lot USING (lot) JOIN account ON account.account = lot.account
LEFT JOIN member ON member.id = account.owner
WHERE lot.rule IN (SELECT value FROM json_each(?1))
AND entry.kind IN ('GRANT', 'CLAWBACK', 'DEBT', 'DEBT_SETTLE')"""  # noqa: S608
PUSHED = """
SELECT inbox.id FROM inbox JOIN agent ON agent.id = inbox.agent
WHERE inbox.agent = ? AND inbox.epoch < agent.epoch AND NOT branch AND outcome <> 'damaged'"""
FORKED = """
SELECT agent, epoch, lot, max(0, granted - gone) FROM lease WHERE (agent, epoch) IN
(SELECT agent, epoch FROM inbox WHERE branch) AND NOT closed"""
BRANCHES = "SELECT agent, epoch, seq FROM inbox WHERE branch"
OWING = "SELECT document FROM entry WHERE kind = 'DEBT'"
SUMS = """
WITH settled (owing, paying, amount) AS MATERIALIZED (
    SELECT entry.account, lot.account, amount FROM entry JOIN lot USING (lot)
    WHERE entry.kind = 'DEBT_SETTLE' AND entry.account <> lot.account),
paid (account, points) AS MATERIALIZED (
    SELECT owing, amount FROM settled UNION ALL SELECT paying, -amount FROM settled)
SELECT account, (SELECT coalesce(sum(balance), 0) FROM lot WHERE lot.account = a.account) - debt
                - (SELECT coalesce(sum(amount), 0) FROM entry
                   WHERE entry.account = a.account AND kind = 'EXPIRE')
                - (SELECT coalesce(sum(amount), 0) FROM entry AS back
                   WHERE back.account = a.account AND back.kind = 'RESTORE' AND EXISTS (
                       SELECT 1 FROM entry AS spent WHERE spent.kind = 'REDEEM'
                       AND (spent.account, spent.lot, spent.document)
                           = (back.account, back.lot, back.document)))
                - (SELECT coalesce(sum(granted), 0) FROM lot
                   WHERE lot.account = a.account AND rule IN (SELECT value FROM json_each(?1)))
                - (SELECT coalesce(sum(amount), 0) FROM entry JOIN lot USING (account, lot)
                   WHERE account = a.account AND entry.kind = 'GRANT' AND lot.kind = 'staleness')
                + (SELECT coalesce(sum(points), 0) FROM paid WHERE paid.account = a.account),
       turnover_minor, receipts
FROM account a"""
"""What has burnt counts, but for what a spend of its last day has got back of it; what one account
has paid of another's debt counts where it would be without that."""
PROMISED = """
SELECT lot, amount FROM entry JOIN lot USING (account, lot)
WHERE account = ? AND entry.kind = 'GRANT' AND lot.kind = 'staleness'"""
FIGURES = """
SELECT member.id, count(account), coalesce(sum(turnover_minor), 0), coalesce(sum(receipts), 0)
FROM member LEFT JOIN account ON account.member = member.id GROUP BY member.id"""
"""Of each member: the sums over the accounts that are his."""
UNSEEN = """
SELECT agent, epoch, watermark.seq, audit_mark.seq FROM watermark
LEFT JOIN audit_mark USING (agent, epoch) WHERE watermark.seq <> ifnull(audit_mark.seq, 0)
UNION ALL SELECT receipt, store, verdict, due FROM audit WHERE due OR verdict <> 'same'"""
"""What the audit has not come to, when it should have."""
NO_PACK = "SELECT fact FROM audit WHERE verdict = 'unknown_pack'"
"""What is in no sum of the audit before its pack is known; FORGOTTEN says which never are."""
FORGOTTEN = """
SELECT receipt, store, verdict, due FROM audit
WHERE verdict = 'unknown_pack' AND pack NOT IN (SELECT hash FROM pack)"""
"""What the audit can never come to after a restore: people have published other packs since."""
LAWS = {
    "passes": """
SELECT * FROM (SELECT (SELECT count(*) FROM pass_use)
    - (SELECT count(*) FROM (SELECT DISTINCT account, counter FROM pass_use)) AS again,
    (SELECT count(*) FROM conflict WHERE kind = 'pass_used_twice') AS told) WHERE again <> told""",
    "divergence": "SELECT * FROM audit WHERE verdict NOT IN ('same', 'unknown_pack')",
    "promise": """
SELECT * FROM (SELECT (SELECT ifnull(sum(amount), 0) FROM entry JOIN lot USING (account, lot)
    WHERE entry.kind = 'GRANT' AND lot.kind = 'staleness') AS there,
    (SELECT ifnull(sum(granted), 0) FROM audit) AS due,
    (SELECT ifnull(sum(granted), 0) FROM staleness) AS told) WHERE there <> due OR told <> due""",
    "once": f"""
SELECT account.member, {_WHAT}, count(*) FROM lot JOIN account USING (account)
LEFT JOIN member ON member.id = account.owner
WHERE rule IN (SELECT value FROM json_each(?1))
    AND account.member NOT IN (SELECT other FROM member_deed WHERE deed = 'merged')
    AND NOT EXISTS (SELECT 1 FROM entry WHERE entry.account = lot.account AND entry.lot = lot.lot
                    AND entry.kind = 'CLAWBACK' AND entry.amount = -lot.granted)
GROUP BY account.member, {_WHAT} HAVING count(*) > 1""",  # noqa: S608
    "owners": """
WITH RECURSIVE lives (owner, member) AS (
    SELECT id, id FROM member
    UNION ALL SELECT owner, merged_into FROM lives JOIN member ON id = lives.member
    WHERE merged_into IS NOT NULL)
SELECT account, account.member, lives.member FROM account JOIN lives USING (owner)
JOIN member ON id = lives.member
WHERE merged_into IS NULL AND account.member <> lives.member""",
    "entries": f"""
SELECT lot, balance FROM lot WHERE min(balance, free, held) < 0 OR balance <> (
    SELECT coalesce(sum(amount), 0) FROM entry
    WHERE entry.account = lot.account AND entry.lot = lot.lot AND kind NOT IN {BESIDE})""",  # noqa: S608
    "parts": """
SELECT lot, balance, free, held FROM lot WHERE balance <> free + held + (
    SELECT coalesce(sum(max(0, granted - gone)), 0) FROM lease
    WHERE lease.account = lot.account AND lease.lot = lot.lot AND NOT closed)""",
    "debt": f"""
SELECT account, debt FROM account WHERE debt < 0 OR debt <> (
    SELECT coalesce(sum(amount), 0) FROM entry
    WHERE entry.account = account.account AND kind IN {BESIDE})""",  # noqa: S608
}
