"""What is said about debts: the catalogue of excuses, the faults of our own behind disputes, and notes in the customers' languages."""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from receivables.world.customers import CustomerType
from receivables.world.draws import Ints
from receivables.world.ledger import Ledger
from receivables.world.text import Text, quoted, words

LANGUAGES: Final = ("es", "de", "pl", "zh-CN", "en")


class Excuse(IntEnum):
    """The excuses collectors tell apart; the later ones are faults of our own."""

    ABSENT = 0
    NO_MONEY = 1
    NOT_PAYDAY = 2
    GOODS_UNSOLD = 3
    POOR_MARKET = 4
    WAITING_FOR_OWN_CUSTOMER = 5
    APPROVAL_PENDING = 6
    PAPERS_INCOMPLETE = 7
    INVOICE_MISSING = 8
    PRICE_DIFFERENCE = 9
    GOODS_DAMAGED = 10
    DELIVERY_SHORT = 11
    REBATE_NOT_HONOURED = 12


EXCUSE_SHARES: Final[dict[CustomerType, tuple[int, ...]]] = {
    CustomerType.PUNCTUAL: (60, 0, 180, 0, 20, 0, 240, 220, 200, 40, 10, 10, 20),
    CustomerType.SLOW: (90, 30, 340, 40, 50, 10, 160, 170, 60, 20, 10, 10, 10),
    CustomerType.HARDSHIP: (70, 400, 50, 290, 140, 10, 20, 10, 0, 0, 0, 0, 10),
    CustomerType.CHAIN_DEBT: (60, 140, 50, 60, 70, 590, 20, 10, 0, 0, 0, 0, 0),
    CustomerType.EVADER: (460, 70, 270, 20, 30, 20, 70, 40, 20, 0, 0, 0, 0),
    CustomerType.MALICIOUS: (280, 120, 170, 90, 110, 50, 90, 40, 30, 10, 0, 0, 10),
}
"""What each type says, per mille in the order of the catalogue."""


class Reason(NamedTuple):
    """Why something is disputed, which department has to settle it, the excuse it gives, and its share per mille."""

    code: str
    department: str
    excuse: Excuse
    share: int


REASONS: Final = (
    Reason("price_difference", "sales", Excuse.PRICE_DIFFERENCE, 250),
    Reason("quantity_short", "warehouse", Excuse.DELIVERY_SHORT, 190),
    Reason("goods_damaged", "logistics", Excuse.GOODS_DAMAGED, 180),
    Reason("proof_of_delivery_missing", "logistics", Excuse.PAPERS_INCOMPLETE, 80),
    Reason("invoice_missing", "billing", Excuse.INVOICE_MISSING, 90),
    Reason("invoice_wrong", "billing", Excuse.PAPERS_INCOMPLETE, 100),
    Reason("rebate_not_credited", "marketing", Excuse.REBATE_NOT_HONOURED, 110),
)


class Said(IntEnum):
    """What a note tells; the first ones are the excuses, number by number."""

    PROMISE = 13
    NO_ANSWER = 14
    REMINDER = 15
    LAST_NOTICE = 16
    PAID_ALREADY = 17
    ASKS_TIME = 18
    ASKS_PARTS = 19
    ASKS_LESS = 20
    DISPUTES = 21
    CREDITORS = 22
    CASH_THERE = 23
    BOSS_IN = 24
    UPSTREAM = 25
    NEW_CONTACT = 26
    NEW_SIGNATORY = 27
    NEW_ADDRESS = 28
    ABOLISHED = 29
    FRIENDLY = 30


UPSTREAM_DEBTORS: Final = (
    "Mercados del Tajo Alto, S.A.",
    "Hotelera Bahía & Sol",
    'Cooperativa "La Espiga"',
    "Nordhafen Handels KG",
    "Grupo Comedores Unidos",
    "Sieć Trzy Rynki S.A.",
    "Wexmoor Stores plc",
    "东港百货",
)

_NOTES: Final[dict[int, tuple[str, ...]]] = {
    Excuse.ABSENT: (
        "El responsable no está; vuelve la semana que viene|Der Verantwortliche ist nicht da|Szefa nie ma, wraca za tydzień|负责人不在，下周回来|Person in charge is away until next week",
        "De viaje, no coge el móvil|Auf Reisen, nicht erreichbar|Właściciel w podróży|老板出差，联系不上|Owner travelling, nobody else signs",
    ),
    Excuse.NO_MONEY: (
        "No hay dinero en caja, dice|Kein Geld in der Kasse|Brak pieniędzy w kasie|账上没钱|Says there is no money",
        'Banco: "línea agotada"|Kreditlinie ausgeschöpft|Linia kredytowa wyczerpana|银行额度用完|Bank line used up, "next month"',
    ),
    Excuse.NOT_PAYDAY: (
        "Hoy no es día de pago|Heute ist kein Zahltag|To nie dzień płatności|还没到付款日|Not their payment day",
        "Entra en la próxima remesa|Kommt in den nächsten Zahllauf|Wejdzie do następnego przelewu|排在下一批付款|Goes into the next run",
    ),
    Excuse.GOODS_UNSOLD: (
        "La mercancía sigue en el almacén, sin vender|Ware liegt noch im Lager|Towar leży niesprzedany|货还没卖出去|Goods still unsold",
    ),
    Excuse.POOR_MARKET: (
        "El mercado está flojo|Der Markt ist schwach|Słaby rynek|市场不好，销量下降|Trade is slow, so they say",
    ),
    Excuse.WAITING_FOR_OWN_CUSTOMER: (
        "Espera a cobrar de su propio cliente|Wartet auf Zahlung seines Kunden|Czeka na zapłatę od swojego klienta|在等下游客户回款|Waits for their own customer to pay",
    ),
    Excuse.APPROVAL_PENDING: (
        "Pendiente de firma en dirección|Freigabe steht noch aus|Czeka na akceptację|等领导签字|Waiting for approval",
    ),
    Excuse.PAPERS_INCOMPLETE: (
        "Falta el albarán firmado|Lieferschein fehlt|Brakuje dokumentu dostawy|单据不全|Papers incomplete: proof of delivery",
    ),
    Excuse.INVOICE_MISSING: (
        "No encuentra la factura; enviar copia|Rechnung fehlt, Kopie senden|Brak faktury, wysłać kopię|没收到发票，请补寄|Invoice not received; copy sent",
    ),
    Excuse.PRICE_DIFFERENCE: (
        "El precio no es el pactado|Preis weicht ab|Cena niezgodna z umową|价格与合同不符|Price differs from the agreed one",
    ),
    Excuse.GOODS_DAMAGED: (
        "Cajas rotas, pide abono|Ware beschädigt|Towar uszkodzony|货物破损|Broken cases, wants a credit",
    ),
    Excuse.DELIVERY_SHORT: (
        "Faltan bultos en la entrega|Lieferung unvollständig|Niepełna dostawa|少货|Short delivery, two cases missing",
    ),
    Excuse.REBATE_NOT_HONOURED: (
        'Reclama el rápel "prometido"|Bonus nicht gutgeschrieben|Rabat nie został rozliczony|返利没有兑现|Rebate not credited, they say',
    ),
    Said.PROMISE: (
        "Promete transferencia|Zahlung zugesagt|Obiecuje przelew|答应付款|Promised a transfer",
        "Dice que paga, confirmado con contabilidad|Sagt Zahlung zu, Buchhaltung bestätigt|Zapłata obiecana, księgowość potwierdza|财务确认付款日期|Will pay; accounts & owner agree",
    ),
    Said.NO_ANSWER: (
        "No contesta|Niemand erreicht|Nikt nie odbiera|无人接听|No answer",
        "Cerrado, dejado aviso|Geschlossen, Nachricht hinterlassen|Zamknięte, zostawiona wiadomość|没见到人，留了话|Nobody there, left a card",
    ),
    Said.REMINDER: (
        "Recordatorio enviado|Erinnerung gesendet|Wysłano przypomnienie|已发催款提醒|Reminder sent",
        "Enviado extracto: qué, cuánto, desde cuándo|Auszug mit Betrag und Alter gesendet|Wysłano wyciąg|已发对账明细|Statement sent: what, how much, how long",
    ),
    Said.LAST_NOTICE: (
        "Último aviso antes de abogado|Letzte Mahnung vor Klage|Ostatnie wezwanie przedsądowe|律师函前最后通知|Final notice before legal steps",
    ),
    Said.PAID_ALREADY: (
        "Dice que ya ha pagado|Sagt, es sei schon bezahlt|Twierdzi, że zapłacił|说已经付款|Says it is paid already",
    ),
    Said.ASKS_TIME: ("Pide aplazamiento|Bittet um Aufschub|Prosi o odroczenie|请求延期付款|Asks to pay later",),
    Said.ASKS_PARTS: ("Quiere pagar a plazos|Bittet um Raten|Prosi o raty|要求分期付款|Asks to pay in instalments",),
    Said.ASKS_LESS: ("Pide una quita|Bittet um Nachlass|Prosi o obniżkę|要求减免|Asks for a reduction",),
    Said.DISPUTES: (
        "Discute la factura, abierto caso|Rechnung bestritten|Kwestionuje fakturę|对发票有异议|Disputes the invoice, case opened",
    ),
    Said.CREDITORS: (
        "Otros proveedores haciendo cola|Andere Gläubiger stehen an|Inni wierzyciele czekają|其他债主也在催|Other creditors queuing",
    ),
    Said.CASH_THERE: (
        "Según caja, hay saldo en cuenta|Konto ist gedeckt, heißt es|Podobno są środki na koncie|听说账上有钱|Cash in the account, says the cashier",
    ),
    Said.BOSS_IN: (
        "El dueño está hoy en la oficina|Chef ist heute im Büro|Właściciel dziś na miejscu|老板今天在|Owner is in today",
    ),
    Said.UPSTREAM: (
        "Le debe {debtor}|Sein Schuldner: {debtor}|Winien jest {debtor}|下游欠款方：{debtor}|Is owed by {debtor}",
    ),
    Said.NEW_CONTACT: (
        "Nueva persona en administración|Neue Ansprechperson|Nowa osoba do kontaktu|财务换人了|New person in accounts",
    ),
    Said.NEW_SIGNATORY: (
        "Ha cambiado quien firma|Neuer Zeichnungsberechtigter|Zmiana osoby podpisującej|签字人变更|Another person signs now",
    ),
    Said.NEW_ADDRESS: (
        "Se han mudado de oficina|Umgezogen, neue Anschrift|Nowy adres biura|办公地址变了|Moved to another address",
    ),
    Said.ABOLISHED: (
        "El departamento ya no existe; ¿quién responde?|Abteilung aufgelöst|Dział zlikwidowany|该部门已撤销|Department abolished, who answers for it?",
    ),
    Said.FRIENDLY: (
        "Visita de cortesía, todo en orden|Höflichkeitsbesuch|Wizyta grzecznościowa|例行拜访|Courtesy call, thanked the cashier",
    ),
}
"""What each note says: one or more ways to say it, each in the languages above, between bars."""


def _variants(said: int) -> list[list[str]]:
    """List the ways to say something, each in every language; what is owed by others names them one by one."""
    ways = _NOTES[said]
    if said == Said.UPSTREAM:
        ways = tuple(way.replace("{debtor}", debtor) for way in ways for debtor in UPSTREAM_DEBTORS)
    return [way.split("|") for way in ways]


_WAYS: Final = [_variants(said) for said in range(len(_NOTES))]
_COUNT: Final = np.array([len(ways) for ways in _WAYS], dtype=np.int64)
_START: Final = np.cumsum(_COUNT) - _COUNT
_SENTENCES: Final = [sentence for ways in _WAYS for way in ways for sentence in way]


def languages(ledger: Ledger) -> Ints:
    """Number each customer's language."""
    number = {language: place for place, language in enumerate(LANGUAGES)}
    return np.array([number[str(language)] for language in ledger.customers.language], dtype=np.int64)


def spoken(said: Ints, way: Ints, language: Ints) -> Text:
    """Write notes down, quoted where they need it."""
    sentences = quoted(pa.array(_SENTENCES, pa.string())).to_pylist()
    return words(sentences, (_START[said] + way % _COUNT[said]) * len(LANGUAGES) + language)
