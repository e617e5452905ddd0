"""All trading partners: they take what Cleo delivers and answer on the sandbox clock."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.cleo.agenda import Agenda
from sandbox.cleo.switches import CleoSwitches
from sandbox.clock import Clock

from .acknowledge import acknowledge, contradict, report
from .behaviour import words as parse
from .intake import Arrival, Intake
from .invoices import invoice
from .judge import Verdict, footing, judge, judge_set, miscounted
from .orders import Order, change, from_850
from .post import Deliver, Post, Way, way_back
from .profile import Partner, partners
from .records import Received, Sent
from .responses import advice, response
from .x12 import GROUP_OF_SET, Group, Interchange, Segment, Set, get, read

BEHAVIOURS = ("acknowledgment", "response", "invoice")
CONTRADICTION_SECONDS = 60.0


class Partners:
    """The partners with what they hold: orders, what they received, what they sent."""

    def __init__(self, switches: CleoSwitches, clock: Clock, agenda: Agenda, deliver: Deliver) -> None:
        self._switches, self._clock, self._agenda = switches, clock, agenda
        self.by_name = partners()
        self.orders: dict[tuple[str, str], Order] = {}
        self.intake, self.post = Intake(clock), Post(clock, deliver)

    @property
    def received(self) -> list[Received]:
        """Every set and refused interchange, oldest first."""
        return self.intake.received

    @property
    def sent(self) -> list[Sent]:
        """Every file, oldest first."""
        return self.post.sent

    def at_address(self, receiver: tuple[str, str]) -> Partner | None:
        """The partner with this qualifier and id."""
        for partner in self.by_name.values():
            if any((own.qualifier, own.id) == receiver for own in partner.identities):
                return partner
        return None

    def add(self, partner: Partner) -> None:
        """One more partner. Raises ``ValueError`` when its name or an address is taken."""
        if partner.name in self.by_name:
            raise ValueError(f"there is a partner {partner.name} already")
        for own in partner.identities:
            if self.at_address((own.qualifier, own.id)) is not None:
                raise ValueError(f"{own.qualifier}:{own.id} is the address of another partner")
        self.by_name[partner.name] = partner

    def behave(self, name: str, **values: str) -> Partner:
        """Change how a partner answers. Raises ``ValueError`` and changes nothing when a word is unknown."""
        partner = self.by_name[name]
        for kind, text in values.items():
            if kind not in BEHAVIOURS:
                raise ValueError(f"a partner's behaviours are {', '.join(BEHAVIOURS)}, not {kind!r}")
            parse(kind, text)
        for kind, text in values.items():
            setattr(partner, kind, text)
        return partner

    def receive(self, partner: Partner, interchange: Interchange, file: str) -> None:
        """Read one interchange, remember its sets and plan the answers."""
        arrival, words = Arrival(partner, interchange, file), parse("acknowledgment", partner.acknowledgment)
        refusal = self.intake.refusal(arrival)
        if refusal is not None:
            self.intake.remember(arrival, "refused", [refusal.reason])
            if refusal.note:
                self._report(arrival, "R", refusal.note)
            return
        if "report_reject" in words:
            self.intake.remember(arrival, "refused", ["as the behaviour wants"])
            self._report(arrival, "R", "024")
            return
        if interchange.header[14] == "1" or "report" in words:
            self._report(arrival, "A", "000")
        for segment in interchange.reports:
            row = self.intake.remember(arrival, "accepted", [])
            row.kind, row.key = "TA1", get(segment, 1)
            row.summary = {"code": get(segment, 4), "note": get(segment, 5)}
        for group in interchange.groups:
            take = self._acknowledged if group.code == "FA" else self._group
            take(arrival, group)

    def _report(self, arrival: Arrival, code: str, note: str) -> None:
        way = way_back(arrival.interchange, next(iter(arrival.interchange.groups), None))
        segment = report(arrival.interchange, code, note)
        self._later(
            self._switches.acknowledgment_seconds, lambda: self.post.report(arrival.partner, way, segment)
        )

    def _group(self, arrival: Arrival, group: Group) -> None:
        partner, words = arrival.partner, parse("acknowledgment", arrival.partner.acknowledgment)
        codes, verdicts = judge(partner, arrival.interchange, group)
        answered = acknowledge(group, codes, verdicts, words)
        for verdict in verdicts:
            good = answered.accepted[verdict.item.number]
            status = "rejected" if not good else "accepted_with_errors" if "errors" in words else "accepted"
            row = self.intake.set(arrival, group, verdict, status, codes)
            if good:
                self._take(arrival, group, verdict, row)
        self._acknowledge(partner, way_back(arrival.interchange, group), answered.body, words)

    def _acknowledge(self, partner: Partner, way: Way, body: list[Segment], words: frozenset[str]) -> None:
        if "never" in words:
            return
        if "unknown_group" in words:
            body = [["AK1", body[0][1], str(int(body[0][2]) + 50_000)], *body[1:]]
        wait = self._switches.acknowledgment_seconds
        manner = words & {"again"}
        self._plan(words, wait, lambda _: self.post.send(partner, way, [("FA", [body])], manner))
        if "contradicting" in words:
            other = contradict(body)
            self._later(wait + CONTRADICTION_SECONDS, lambda: self.post.send(partner, way, [("FA", [other])]))

    def _take(self, arrival: Arrival, group: Group, verdict: Verdict, row: Received) -> None:
        item = verdict.item
        match item.kind:
            case "850":
                self._order(arrival, group, item, row)
            case "860":
                row.summary = {"purpose": item.value("BCH", 1)}
                order = self.orders.get((row.partner, row.key))
                if order is None:
                    row.reasons.append(f"there is no order {row.key} to change")
                else:
                    change(order, item)
            case "810":
                row.summary = {"order": item.value("BIG", 4), "total": str(footing(item))}
                self.intake.duplicate(row)

    def _order(self, arrival: Arrival, group: Group, item: Set, row: Received) -> None:
        order, purpose = from_850(arrival.interchange, group, item), item.value("BEG", 1)
        row.summary = {"purpose": purpose, "lines": len(order.lines)}
        old = self.orders.get((row.partner, row.key))
        if old is None:
            self.intake.duplicate(row)
            self.orders[row.partner, row.key] = order
            self._answer(arrival.partner, order)
        elif purpose == "01":
            old.cancelled = True
        elif purpose == "05":
            old.lines, old.revisions = order.lines, old.revisions + 1
        else:
            self.intake.duplicate(row)

    def _answer(self, partner: Partner, order: Order) -> None:
        said, billed = parse("response", partner.response), parse("invoice", partner.invoice)

        def respond(words: frozenset[str]) -> None:
            if not order.cancelled:
                self.send(partner, "855", order, words)

        def bill(words: frozenset[str]) -> None:
            if not order.cancelled and (not order.invoices or "duplicate" in words):
                self.send(partner, "810", order, words)

        if "never" not in said:
            self._plan(said, self._switches.response_seconds, respond)
        if "never" not in billed and "reject" not in said:
            self._plan(billed, self._switches.invoice_seconds, bill, second="duplicate")

    def _acknowledged(self, arrival: Arrival, group: Group) -> None:
        for item in group.sets:
            code, number = item.value("AK1", 1), item.value("AK1", 2)
            reasons = judge_set(arrival.partner, arrival.interchange, group, item).reasons() + miscounted(
                item
            )
            ours = self.post.of_group(arrival.partner, number)
            if ours is None or code not in {GROUP_OF_SET[kind] for kind in ours.kinds}:
                reasons.append(f"there is no group {code} {number} to acknowledge")
            else:
                ours.acknowledged.append(item.value("AK9", 1))
            status = "refused" if reasons else "accepted"
            row = self.intake.remember(arrival, status, reasons, (group, item))
            row.summary = {"code": item.value("AK9", 1), "group": number}

    def send(self, partner: Partner, kind: str, order: Order, words: frozenset[str]) -> Sent:
        """Send an 855 or 810 for an order now."""
        at, way = self._clock.now(), Way(order.theirs, order.ours, order.version, order.usage)
        if kind == "855":
            sent = self.post.send(partner, way, [("PR", [response(order, words, at)])], words)
            sent.order = order.number
            return sent
        made = invoice(order, partner.title, words, at)
        content = [("IN", [made.body])]
        if {"mixed", "two_interchanges"} & words:
            content.insert(0, ("PR", [response(order, frozenset(), at)]))
        sent = self.post.send(partner, way, content, words)
        sent.order, sent.invoice, sent.total = order.number, made.number, str(made.total)
        return sent

    def advise(self, row: Received, words: frozenset[str]) -> Sent:
        """Send an 824 about a document of ours now."""
        partner, (interchange, group) = self.by_name[row.partner], _place(row)
        body = advice(row.subject(), words, self._clock.now())
        return self.post.send(partner, way_back(interchange, group), [("AG", [body])], words)

    def acknowledge_again(self, row: Received, words: frozenset[str]) -> None:
        """Acknowledge a document of ours by hand, whatever the partner's behaviour is."""
        partner, (interchange, group) = self.by_name[row.partner], _place(row)
        codes, verdicts = judge(partner, interchange, group)
        body = acknowledge(group, codes, verdicts, words).body
        self._acknowledge(partner, way_back(interchange, group), body, words)

    def _plan(
        self,
        words: frozenset[str],
        wait: float,
        work: Callable[[frozenset[str]], object],
        second: str = "",
    ) -> None:
        """Do it after a while, or hours late; once more for `twice`."""
        if "late" in words:
            wait += self._switches.late_hours * 3600
        self._later(wait, lambda: work(words))
        if "twice" in words:
            self._later(wait + 1, lambda: work(words | {second} if second else words))

    def _later(self, seconds: float, work: Callable[[], object]) -> None:
        self._agenda.after(seconds, work)


def _place(row: Received) -> tuple[Interchange, Group]:
    """The group that a received set stood in, read again. Raises ``ValueError`` when it had none."""
    for interchange in read(row.content.encode("latin-1")):
        for group in interchange.groups:
            if group.number == row.group:
                return interchange, group
    raise ValueError("that interchange was refused as a whole; there is no group to answer")
