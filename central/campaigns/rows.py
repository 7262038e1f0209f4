"""Rows that tell stores of unique promo codes."""

from central.bearers.store import Batch
from central.campaigns.store import StoredCode
from central.feed.service import NewChange, changed
from shared.receipt import CodeState
from shared.wire.feed import GLOBAL
from shared.wire.rows import CodeBatchRow, CodeRow


def batch_change(batch: Batch) -> NewChange:
    """Return the row of a batch: without it its codes are worth nothing."""
    return changed(
        GLOBAL,
        CodeBatchRow(
            no=batch.no,
            campaign=batch.campaign,
            channel=batch.channel,
            state=batch.state.value,
            first_day=batch.first_day,
            last_day=batch.expires_on,
        ),
    )


def code_change(code: StoredCode) -> NewChange:
    """Return the row of a code; that it is used, its account tells."""
    revoked = code.state.value if code.state is CodeState.REVOKED else ""
    row = CodeRow(code.index, code.batch, code.owner, revoked, code.first_day, code.last_day)
    return changed(GLOBAL, row)
