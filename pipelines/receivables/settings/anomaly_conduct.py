"""What detectors of conduct take for a sign: what customers say, promise, and become."""

from __future__ import annotations

from decimal import Decimal

from pydantic import Field

from receivables.settings.section import Section


class AnomalyConduct(Section):
    """When what a customer says, promises or changes is a sign."""

    amount_high: Decimal = Field(
        default=Decimal(10000),
        ge=0,
        description="ledger currency at stake from which a sign is grave; what a head of credit wants to hear of the same day",
    )
    punctual_index_min: Decimal = Field(
        default=Decimal(78),
        ge=0,
        le=100,
        description="points of the payment index of the months before a request from which the customer was punctual; as for accredited payers",
    )
    punctual_late_share_max: Decimal = Field(
        default=Decimal("0.2"),
        ge=0,
        le=1,
        description="share of the instalments of those months more than a week late, up to which the customer was punctual whatever the index; one large invoice may spoil that",
    )
    punctual_months: int = Field(
        default=12,
        ge=3,
        le=60,
        description="months, by due date, before a request that tell whether the customer was punctual; a year holds every season once",
    )
    punctual_items_min: int = Field(
        default=6,
        ge=1,
        description="instalments fallen due in those months below which nobody is called punctual; as for accredited payers",
    )
    requests_min: int = Field(
        default=2,
        ge=1,
        description="requests for time, or for parts, that make a sign; one is asked by anybody now and then",
    )
    requests_days: int = Field(
        default=180,
        ge=1,
        description="days within which such requests belong together; half a year holds the slack season of most trades",
    )
    promises_min: int = Field(
        default=3,
        ge=2,
        description="promises broken, hardly one kept among them, that make a sign; a second chance is usual, a third broken word is a habit",
    )
    promises_days: int = Field(
        default=180,
        ge=1,
        description="days within which broken promises belong together; older ones stand in the payment record",
    )
    promises_kept_share_max: Decimal = Field(
        default=Decimal("0.25"),
        ge=0,
        lt=1,
        description="share kept of the promises from the first broken one to the last up to which they are a sign all the same; one word kept among four changes no habit",
    )
    promises_amount: Decimal = Field(
        default=Decimal(10000),
        ge=0,
        description="ledger currency promised and not paid, two times running or more, from which fewer broken promises are a sign",
    )
    claim_grace_days: int = Field(
        default=10,
        ge=0,
        description="days after a customer said it has paid in which the money may still come; a transfer from abroad takes a week and a weekend",
    )
    claim_before_days: int = Field(
        default=14,
        ge=0,
        description="days before such a word in which money that came bears it out; accounts are told of receipts with some days' delay",
    )
    claim_share_min: Decimal = Field(
        default=Decimal("0.8"),
        gt=0,
        le=1,
        description="share of what is open of a document that money not applied yet must reach to bear out the word that it was paid; customers deduct discounts and charges, not a fifth",
    )
    claims_days: int = Field(
        default=90,
        ge=1,
        description="days between such words, none borne out, that belong together; twice in a quarter is no mistake of a clerk",
    )
    payer_receipts_min: int = Field(
        default=3,
        ge=1,
        description="receipts from others before a new payer is one; who always paid through another firm has not changed its payer",
    )
    change_days: int = Field(
        default=90,
        ge=1,
        description="days within which changes at a customer belong together; two in a quarter say more than two in a year",
    )
    report_days: int = Field(
        default=45,
        ge=0,
        description="days between a change that a collector reports and the record that tells which it was; files are kept monthly",
    )
    successor_days: int = Field(
        default=30,
        ge=0,
        description="days after somebody left in which a successor is usually named; later nobody may feel answerable for the debt",
    )
    contact_roles: tuple[str, ...] = Field(
        default=("finance", "pays", "buyer"),
        description="roles of contacts whose leaving is looked at: who pays and who orders; those who head or sign have detectors of their own",
    )
    event_confidence_min: Decimal = Field(
        default=Decimal("0.6"),
        ge=0,
        le=1,
        description="confidence, 0 to 1, from which an outside event is a sign: a newspaper or a returned letter is worth a look; an event without one counts as sure",
    )
    public_sources: tuple[str, ...] = Field(
        default=(
            *("register", "commercial register", "court gazette", "official gazette", "court", "press", "newspaper"),
            *("registro mercantil", "registro público", "boletín oficial", "boe", "borme", "juzgado", "prensa"),
            *("handelsregister", "bundesanzeiger", "insolvenzbekanntmachungen", "amtsgericht", "presse", "zeitung"),
            *("工商", "企业信用信息公示系统", "法院公告", "法院", "破产公告", "报纸", "新闻"),
        ),
        description="sources of outside events, in small letters, that anybody may read, so that flags, which are mailed, name them and quote their notes; of all others they tell the kind alone",
    )
    confirm_days: int = Field(
        default=120,
        ge=1,
        description="days after a change of who answers for the debt in which a signed confirmation of the balance should come; a statement a quarter and a month to sign it",
    )
    reply_days: int = Field(
        default=45,
        ge=1,
        description="days after a statement was sent in which it is usually answered; a month's closing and two weeks",
    )
    confirmed_min: int = Field(
        default=4,
        ge=1,
        description="latest statements before, as far as there were so many, that were all confirmed, so that silence is unusual of this customer; two years of half-yearly ones",
    )
    confirm_amount_min: Decimal = Field(
        default=Decimal(250),
        ge=0,
        description="ledger currency owed below which a confirmation is not missed; asking again costs as much",
    )
    batch_grace_days: int = Field(
        default=3,
        ge=0,
        description="days after the next lot was delivered in which the earlier one may still be paid; a transfer takes a weekend",
    )
    cash_grace_days: int = Field(
        default=3,
        ge=0,
        description="days after a delivery for cash in which the money may be booked; a transfer takes a weekend",
    )
    breach_days: int = Field(
        default=90,
        ge=1,
        description="days between deliveries against the agreed settlement that belong together; those of a quarter are one matter",
    )
    breaches_high: int = Field(
        default=3,
        ge=2,
        description="such deliveries that belong together from which the sign is grave; then it is no slip but the way it is done",
    )
    concession_grace_days: int = Field(
        default=0,
        ge=0,
        description="days after the day granted on which a debt may still be paid; that day is a second chance already",
    )
    overrun_days_high: int = Field(
        default=30,
        ge=1,
        description="days beyond the day granted from which the sign is grave; a month late is a refusal",
    )
    term_grace_days: int = Field(
        default=30,
        ge=0,
        description="days from the first invoice without a valid written term to the sign; papers of a renewal take a month to come back",
    )
    term_idle_days: int = Field(
        default=90,
        ge=1,
        description="days without an invoice after which a customer no longer trades, and nothing more has to be written; a quarter",
    )
    excuses_min: int = Field(
        default=5,
        ge=2,
        description="times the same excuse makes a sign; collectors hear one or two of each from anybody",
    )
    excuses_days: int = Field(
        default=180,
        ge=1,
        description="days within which these excuses belong together; half a year shows whether anything comes of them",
    )
    excuse_paid_days: int = Field(
        default=30,
        ge=1,
        description="days after an excuse in which money shows that it held; most pay at least monthly",
    )
    excuse_paid_share_max: Decimal = Field(
        default=Decimal("0.5"),
        ge=0,
        le=1,
        description="share of these excuses followed by money, up to which they are a sign; above it the customer pays, only later",
    )
    fault_days: int = Field(
        default=30,
        ge=0,
        description="days a fault of our own is open before it is a sign; a month is what a claim should take",
    )
    service_days: int = Field(
        default=14,
        ge=0,
        description="days a complaint of our service is open before it is a sign; two weeks for an answer",
    )
    fault_overdue_days: int = Field(
        default=14,
        ge=0,
        description="days a debt is overdue before a fault of our own may be what holds it up; earlier it is on its way, or late for no reason",
    )
    fault_amount_min: Decimal = Field(
        default=Decimal(2000),
        ge=0,
        description="ledger currency overdue meanwhile below which such a fault holds up too little to tell a sales manager",
    )
    fault_reasons: tuple[str, ...] = Field(
        default=(
            "price_difference",
            "quantity_short",
            "goods_damaged",
            "proof_of_delivery_missing",
            "invoice_missing",
            "invoice_wrong",
            "rebate_not_credited",
        ),
        description="reasons of disputes that our own departments have to settle",
    )
    fault_benefits: tuple[str, ...] = Field(
        default=("rebate", "bonus"),
        description="benefits that are money to the customer, so that not giving them holds up payment",
    )
