"""A till over HTTP: it repeats each operation under its uid until there is an answer."""

import random
from uuid import UUID

import httpx

from shared.clock import Clock
from shared.ids import uuid7
from tests.processes.estate import Shop, plain_client
from tests.processes.notes import Door, Joined, Json, Notebook, Sold, TakenBack
from tests.simulation.people import Customer
from tests.simulation.told import ViolationError

ANSWER_S_MAX = 10.0
"""Without an answer for so long, from an agent that runs, and something is wrong."""
AGAIN_S = 0.1
IMPATIENT_S = 0.4
IMPATIENCE = 0.1
"""How often a till repeats an operation before the first attempt has come to its end."""
ECHO = 0.06
"""How often a till asks again for an answer that it has, and compares the two."""
TRIES_MAX = 20
PAUSE_S_MAX = 0.8
PAY_S_MAX = 0.3
PIECE = 1000
POINT = 100
BUSY = (502, 503)
REMEMBERED = frozenset({"reserve", "commit", "commit whole", "return", "register", "reprint"})
"""Operations whose answer is kept, or follows from what was kept."""
NOT_COMPARED = ("as_of", "pack", "warnings")
SKUS = ("CHEESE", "OPENER", "WINE", "VODKA", "SMOKES")
SKU_WEIGHTS = (8, 4, 4, 1, 1)
PRICE_AGAIN = frozenset({"quote_changed", "over_lease", "already_reserved", "receipt_ended"})


class EndError(Exception):
    """The run ends while a till waits for an answer."""


class Till:
    """One till of a store; `work` is a thread."""

    def __init__(
        self, shop: Shop, number: str, people: list[Customer], notebook: Notebook, seed: int
    ) -> None:
        self.shop = shop
        self.number = number
        self.abandoned: list[UUID] = []
        """Receipts that were refused, which an attempt under way may still have reserved."""
        self._people = people
        self._notebook = notebook
        self._chance = random.Random(f"till/{seed}/{shop.code}/{number}")
        self._client = plain_client(ANSWER_S_MAX)
        self._sold: list[Json] = []
        self._door = Door()
        self._clock: Clock

    def work(self, door: Door, clock: Clock) -> None:
        """Serve customers until the run ends; what fails ends the run."""
        self._door, self._clock = door, clock
        doing = (self._sell, self._take_back, self._register, self._activate, self._look)
        try:
            while not door.stopping.is_set():
                with door.customer() as is_open:
                    if is_open:
                        self._chance.choices(doing, (70, 10, 5, 8, 7))[0]()
                clock.wait(door.stopping, self._chance.uniform(0, PAUSE_S_MAX))
        except EndError:
            pass
        except Exception as error:  # noqa: BLE001 (a thread: the run raises it)
            door.fail(error)
        finally:
            self._client.close()

    def enrol(self, door: Door, clock: Clock, customers: list[Customer]) -> None:
        """Register the first customers."""
        self._door, self._clock = door, clock
        for customer in customers:
            self._join(customer, customer.name(0))

    def end_shift(self) -> None:
        """Cancel what was abandoned, as far as it was reserved after all."""
        for receipt in self.abandoned:
            self._cancel(receipt, ("", "not_reserved", "receipt_ended"))
        self.abandoned.clear()

    def find(self, identifier: str) -> list[Json]:
        """Find members by card or phone."""
        members: list[Json] = self._told("find", "/v1/members/find", {"identifier": identifier})[
            "members"
        ]
        return members

    # What a cashier does

    def _sell(self) -> None:
        member = self._member() if self._chance.random() < 0.88 else None
        receipt = self._receipt(member)
        for _ in range(TRIES_MAX):
            priced = self._told("quote", "/v1/quotes", receipt)
            if self._chance.random() < 0.15:
                code, committed = self._commit(receipt, priced, whole=True)
            else:
                code, priced = self._reserve(receipt, priced["digest"])
                if not code:
                    self._paid(receipt, priced)
                    return
                committed = priced
            if not code:
                self._note(priced, committed)
                return
            receipt = self._after(receipt, code, committed)
        raise ViolationError("progress", f"receipt {receipt['uid']} is refused without end")

    def _paid(self, receipt: Json, reserved: Json) -> None:
        """Commit what was reserved, or cancel it."""
        self._clock.wait(self._door.stopping, self._chance.uniform(0, PAY_S_MAX))
        if self._chance.random() < 0.08:
            self._cancel(UUID(receipt["uid"]), ("",))
            return
        code, committed = self._commit(receipt, reserved, whole=False)
        if code:
            raise ViolationError("paid receipt", f"{receipt['uid']}: {code} {committed}")
        self._note(reserved, committed)

    def _note(self, priced: Json, committed: Json) -> None:
        if priced["digest"] != committed["digest"]:
            raise ViolationError("answers", f"{priced['receipt']} was committed as another one")
        tenders = _tenders(priced["totals"]["payable_minor"])
        self._notebook.add(Sold(self.shop.code, priced, tenders, committed))
        self._sold.append(priced)

    def _after(self, receipt: Json, code: str, problem: Json) -> Json:
        """Return the receipt to try next after a refusal before payment."""
        if code not in PRICE_AGAIN:
            raise ViolationError("surprise", f"receipt {receipt['uid']}: {problem}")
        if code == "over_lease":
            return _redeeming(receipt, int(problem["details"]["available_points"]))
        if code == "quote_changed":
            return receipt
        uid = UUID(receipt["uid"])
        self._cancel(uid, ("", "not_reserved", "receipt_ended"))
        self.abandoned.append(uid)
        return {**receipt, "uid": str(self._uid())}

    def _receipt(self, member: Json | None) -> Json:
        skus = dict.fromkeys(self._chance.choices(SKUS, SKU_WEIGHTS, k=3))
        lines = [
            {"no": no, "sku": sku, "quantity": self._chance.choice((1, 1, 2, 3)) * PIECE}
            for no, sku in enumerate(skus, 1)
        ]
        receipt: Json = {"uid": str(self._uid()), "till": self.number, "lines": lines}
        if member is None:
            return receipt
        receipt["member"] = member["ref"]
        how = self._chance.choices(("none", "maximum", "exact"), (3, 4, 4))[0]
        receipt["redeem"] = {"mode": "none" if how == "none" else "maximum"}
        if how != "exact":
            return receipt
        most = self._told("quote", "/v1/quotes", receipt)["redemption"]["redeemable"]
        return _redeeming(receipt, int(most * self._chance.choice((0.2, 0.5, 0.9, 1.0, 1.2))))

    def _reserve(self, receipt: Json, digest: str) -> tuple[str, Json]:
        body = {"uid": str(self._uid()), "receipt": receipt, "digest": digest}
        return self._ask("reserve", f"/v1/receipts/{receipt['uid']}/reserve", body)

    def _commit(self, receipt: Json, priced: Json, *, whole: bool) -> tuple[str, Json]:
        """Commit; a receipt that comes whole was not reserved, and its first attempt must end."""
        payable = priced["totals"]["payable_minor"]
        kinds = ("cash", "card")
        tenders = [
            {"kind": kind, "amount_minor": amount}
            for kind, amount in zip(kinds, _tenders(payable), strict=True)
        ]
        body: Json = {"uid": str(self._uid()), "fiscal_number": "17", "tenders": tenders}
        if whole:
            body |= {"receipt": receipt, "digest": priced["digest"]}
        route = f"/v1/receipts/{receipt['uid']}/commit"
        return self._ask("commit whole" if whole else "commit", route, body)

    def _cancel(self, receipt: UUID, expected: tuple[str, ...]) -> None:
        body = {"uid": str(self._uid())}
        code, told = self._ask("cancel", f"/v1/receipts/{receipt}/cancel", body)
        if code not in expected:
            raise ViolationError("surprise", f"cancel of {receipt}: {told}")

    def _take_back(self) -> None:
        if not self._sold:
            return
        sale = self._chance.choice(self._sold[-TRIES_MAX:])
        parts = [{"no": line["no"], "quantity": line["quantity"]} for line in sale["lines"]]
        if self._chance.random() < 0.5:
            parts = [{**parts[0], "quantity": min(PIECE, parts[0]["quantity"])}]
        route = f"/v1/receipts/{sale['receipt']}/returns"
        code, told = self._ask("return", route, {"uid": str(self._uid()), "lines": parts})
        if not code:
            self._notebook.add(TakenBack(self.shop.code, told))
        elif code != "not_returnable":
            raise ViolationError("surprise", f"return of {sale['receipt']}: {told}")

    def _register(self) -> None:
        """Register somebody new, or somebody again: with another spelling, maybe elsewhere."""
        if self._chance.random() < 0.5:
            no = 10_000 * (int(self.shop.code) % 100) + 1000 * int(self.number) + len(self._people)
            customer = Customer(no, "Алёна", f"Новикова-{no}", f"+7926{no:07d}", (0, 0))
            self._people.append(customer)
        else:
            customer = self._chance.choice(self._people)
        self._join(customer, customer.name(self._chance.randrange(5)))

    def _join(self, customer: Customer, name: str) -> None:
        body = {
            "uid": str(self._uid()),
            "name": name,
            "phone": customer.phone,
            "consent": "v1",
            "till": self.number,
        }
        registered = self._told("register", "/v1/members", body)
        if registered["state"] == "provisional":
            customer.cards.append(registered["card"])
            self._notebook.add(Joined(self.shop.code, registered))

    def _activate(self) -> None:
        member = self._member()
        pending = [lot for lot in member["lots"] if lot["state"] == "pending"] if member else []
        if not pending or member is None:
            return
        body = {"uid": str(self._uid()), "member": member["ref"]["id"], "reason": "asked"}
        code, told = self._ask("activate", f"/v1/lots/{pending[0]['id']}/activate", body)
        if code not in ("", "not_pending"):
            raise ViolationError("surprise", f"lot {pending[0]['id']}: {told}")

    def _look(self) -> None:
        """Look at an earlier sale: it must be as it was sold; sometimes print its slip again."""
        if not self._sold:
            return
        sale = self._chance.choice(self._sold)
        seen = self._told("receipt", f"/v1/receipts/{sale['receipt']}", None)
        self._told("trace", f"/v1/receipts/{sale['receipt']}/trace", None)
        if seen["lines"] != sale["lines"] or not seen["slip_text"]:
            raise ViolationError("answers", f"{sale['receipt']} is {seen}, was sold as {sale}")
        if self._chance.random() < 0.3:
            body = {"uid": str(self._uid())}
            self._told("reprint", f"/v1/receipts/{sale['receipt']}/reprint", body)

    def _member(self) -> Json | None:
        """Return whom a customer's card or phone means here, if it is clear."""
        known = [one for one in list(self._people) if one.cards]
        customer = self._chance.choice(known)
        identifier = self._chance.choice((*customer.cards, customer.phone))
        found = self.find(identifier)
        return found[0] if len(found) == 1 else None

    # How it asks

    def _uid(self) -> UUID:
        return uuid7(self._clock.now(), self._chance)

    def _told(self, kind: str, route: str, body: Json | None) -> Json:
        """Ask for what cannot be refused."""
        code, told = self._ask(kind, route, body)
        if code:
            raise ViolationError("surprise", f"{kind} {route}: {told}")
        return told

    def _ask(self, kind: str, route: str, body: Json | None) -> tuple[str, Json]:
        """Return the refusal's code, empty for a yes, and the answer; sometimes ask for it twice.

        A receipt that was not reserved is asked for with patience: after a refusal nothing of it
        may still be under way, or the next attempt could meet it.
        """
        is_patient = kind == "commit whole" or self._chance.random() >= IMPATIENCE
        code, told = self._until_answered(kind, route, body, is_patient=is_patient)
        if not code and kind in REMEMBERED and self._chance.random() < ECHO:
            again, echo = self._until_answered(f"{kind} again", route, body, is_patient=True)
            if again or _comparable(echo) != _comparable(told):
                raise ViolationError("answers", f"{kind} {route}: {told}, then {echo}")
        return code, told

    def _until_answered(
        self, kind: str, route: str, body: Json | None, *, is_patient: bool
    ) -> tuple[str, Json]:
        began = self._clock.monotonic()
        timeout_s = ANSWER_S_MAX if is_patient else IMPATIENT_S
        tries = 0
        while not self._door.stopping.is_set():
            tries += 1
            answer = self._request(route, body, timeout_s)
            waited_s = self._waited_s(began)
            if waited_s > ANSWER_S_MAX:
                what = f"{kind} at {self.shop.code} has waited {waited_s:.1f} s"
                raise ViolationError("no answer", what)
            if answer is not None and answer.status_code not in BUSY:
                told = _read(answer)
                code = told["code"] if answer.is_error else ""
                self._notebook.count(kind, tries, waited_s, code)
                return code, told
            timeout_s = ANSWER_S_MAX
            self._clock.wait(self._door.stopping, AGAIN_S)
        raise EndError

    def _request(self, route: str, body: Json | None, timeout_s: float) -> httpx.Response | None:
        method, url = "GET" if body is None else "POST", self.shop.agent.url + route
        try:
            return self._client.request(method, url, json=body, timeout=timeout_s)
        except httpx.TransportError:
            return None

    def _waited_s(self, began: float) -> float:
        """Return for how long a running agent has not answered; 0 while it does not run."""
        up_since = self.shop.agent.up_since
        return 0.0 if up_since is None else self._clock.monotonic() - max(began, up_since)


def _read(answer: httpx.Response) -> Json:
    """Read an answer; one that is not what a till can read has the code of its status."""
    try:
        told: Json = answer.json()
    except ValueError:
        return {"code": str(answer.status_code), "text": answer.text}
    return told


def _tenders(payable_minor: int) -> tuple[int, int]:
    return payable_minor // 3, payable_minor - payable_minor // 3


def _redeeming(receipt: Json, points: int) -> Json:
    whole = points // POINT * POINT
    return {**receipt, "redeem": {"mode": "exact", "points": whole} if whole else {"mode": "none"}}


def _comparable(told: Json) -> Json:
    return {key: part for key, part in told.items() if key not in NOT_COMPARED}
