"""Words of five languages from which the files about customers are written; all people, streets and events are invented."""

from __future__ import annotations

from typing import Final

import numpy as np

from receivables.world.draws import NONE, Ints
from receivables.world.text import Text, words

LANGUAGES: Final = ("es", "de", "pl", "zh-CN", "en")
HOME_LANGUAGE: Final = {"ES": 0, "DE": 1}
"""The language of the company's own staff, by its country."""


class Phrases:
    """Choices of each language, separated by bars, in the order of `LANGUAGES`; they need not be equally many."""

    def __init__(self, *by_language: str) -> None:
        lists = [text.split("|") for text in by_language]
        self.size: Ints = np.array([len(choices) for choices in lists], dtype=np.int64)
        self.start: Ints = np.cumsum(self.size) - self.size
        self.flat = [phrase for choices in lists for phrase in choices]

    def say(self, language: Ints, choice: Ints) -> Text:
        """Spell choices out, not quoted; beyond the last it starts again, and `NONE` stays empty."""
        place = self.start[language] + choice % self.size[language]
        return words(self.flat, np.where(choice == NONE, NONE, place))


def _people(given: str, family: str, between: str = " ", family_first: bool = False) -> str:
    """Combine given and family names; no pair comes twice, and neighbours in the list share neither."""
    firsts, lasts = given.split("|"), family.split("|")
    pairs = [
        (firsts[n % len(firsts)], lasts[(n % len(firsts) + n // len(firsts)) % len(lasts)])
        for n in range(len(firsts) * len(lasts))
    ]
    return "|".join(last + between + first if family_first else first + between + last for first, last in pairs)


PEOPLE: Final = Phrases(
    _people(
        "Ainhoa|Baltasar|Celia|Dámaso|Elvira|Fermín|Guadalupe|Hilario|Íñigo|Jimena|Lorenzo|Mª Ángeles|Nerea|Óscar",
        "Zubicaray|Peñalosa Ruiz|Cantalapiedra|D'Ocón|Güemes|Fuentelsaz|Llamazares|Orihuel|Quirós-Lobo|Ríoseco|"
        "Tordehumos|Urkiaga|Valdivielso|Yáñez de Haro|Ventoso|Matarranz",
    ),
    _people(
        "Annegret|Bärbel|Clemens|Dörte|Eckhard|Friederike|Götz|Heidrun|Ingo|Jörn|Käthe|Lüder|Meike|Ruprecht",
        "Ahlgrimm|Böckmann|Dinkelsbach|Eßlinger|Fährmann|Großkreuz|Hünerfeld|Jeßnitz|Kötterheim|von der Mühlen|"
        "Nüßgen|Plöger-Witt|Quandtmeier|Röhrich|Süßkind|Zschimmer",
    ),
    _people(
        "Agnieszka|Błażej|Dobrosława|Franciszek|Grażyna|Jędrzej|Kinga|Łucja|Miłosz|Olgierd|Przemysław|Róża|Żaneta",
        "Brzostek|Ćwiąkalska|Drożdżyk|Gołąbek|Jarzębski|Kędziorowicz|Łopuch|Mężyk|Ostrężnik|Pszczółka|Rząśnik|"
        "Szczygłowska|Świdzik|Wąsacz|Źrałek|Żmudź",
    ),
    _people(
        "雨桐|建业|思远|晓岚|志宏|婉清|永昌|若溪|国梁|静姝|泽凯|慧敏|文斌",
        "欧阳|司徒|陆|樊|祝|谭|梁|孟|傅|邹|姚|阮|温|聂|霍|丘",
        between="",
        family_first=True,
    ),
    _people(
        "Ailsa|Barnaby|Cordelia|Desmond|Eleri|Fergus|Gwendolyn|Hamish|Imogen|Jasper|Keziah|Lachlan|Morwenna|Niall",
        "Ashgrove|Blackthorne|O'Carrick|Dunmere|Fairweather|Grindlow|Hartsop-Lane|Inchmore|Kettlewell|Larkham|"
        "MacNiven|Oakhanger|Penrose Hill|Quillfeather|St. Audry|Wetherlam",
    ),
)
STREETS: Final = Phrases(
    "C/ del Almirez, {n}|Avda. de los Nísperos, {n}, bajo|Pza. Tres Caños {n}|Polígono El Sotillo, nave {n}|"
    'Camino "Las Eras", {n}|Rúa da Lúa {n}',
    "Fischergang {n}|Am Süßen Grund {n}|Kesselbrinkstraße {n}, Hof|Gewerbepark Nord & Süd {n}|Lindenhöfe {n}",
    "ul. Piernikowa {n}|al. Trzech Żurawi {n}|ul. Młyńska Grobla {n}, lok. 3|pl. Świętojański {n}",
    "银杏路{n}号|澄湖大道{n}号，2楼|云帆工业园{n}栋|青石巷{n}号",
    '{n} Saltmarsh Lane|{n} Tanners\' Row, Unit B|The Old Malthouse, {n} Weir Street|{n} Cooper & Wharf Road|"Elmstead", {n}',
)
PHONES: Final = ("+34 900 55", "+49 30 555", "+48 22 555", "+86 10 555", "+44 1632 96")
SCOPES: Final = Phrases(
    "Comercio al por mayor de alimentos y bebidas|Venta de vinos, licores y aceites|Supermercado de barrio|"
    "Restaurante, bar y catering|Conservas y ultramarinos, venta en línea",
    "Großhandel mit Lebensmitteln und Getränken|Handel mit Wein, Spirituosen & Ölen|Lebensmitteleinzelhandel|"
    "Gaststätte und Catering|Feinkost, Versand",
    "Hurtowa sprzedaż żywności i napojów|Handel winem, alkoholami i oliwą|Sklep spożywczy|Restauracja i catering|"
    "Delikatesy, sprzedaż internetowa",
    "食品、饮料批发|酒类及食用油销售|社区超市|餐饮服务|预包装食品网络销售",
    "Wholesale of food and drink|Wine, spirits and oils|Grocery retail|Restaurant, bar & catering|Delicatessen, mail order",
)
OTHER_SCOPES: Final = Phrases(
    "Promoción inmobiliaria|Compraventa de vehículos, alquiler|Criptoactivos y asesoría|Instalaciones solares",
    "Immobilienverwaltung und -entwicklung|Kraftfahrzeughandel, Vermietung|Vermögensberatung|Solaranlagenbau",
    "Obrót nieruchomościami|Handel pojazdami, wynajem|Doradztwo inwestycyjne|Instalacje fotowoltaiczne",
    "房地产开发|二手车销售、租赁|投资咨询|光伏工程",
    "Property development|Vehicle sales, leasing|Investment consulting|Solar installations",
)
"""What has nothing to do with food: the business turned elsewhere."""

OWNERSHIP: Final = Phrases(
    "Un solo dueño|Familiar, tres hermanos|Sociedad limitada, dos socios|Filial de un grupo",
    "Alleininhaber|Familienbesitz, drei Geschwister|Zwei Gesellschafter|Tochter einer Gruppe",
    "Jeden właściciel|Firma rodzinna, troje rodzeństwa|Dwóch wspólników|Spółka zależna grupy",
    "个人独资|家族企业，兄弟三人|两名股东|集团子公司",
    "Sole owner|Family-owned, three siblings|Two partners|Subsidiary of a group",
)
SOUND_FUNDS: Final = Phrases(
    "Existencias para la temporada|Reforma del local|Furgoneta nueva|Circulante, sin deuda a largo plazo",
    "Ware für die Saison|Ladenumbau|Neuer Lieferwagen|Betriebsmittel, keine langfristigen Schulden",
    "Towar na sezon|Remont sklepu|Nowy samochód dostawczy|Środki obrotowe, bez długów długoterminowych",
    "季节性备货|店面装修|新购配送车辆|流动资金，无长期负债",
    "Stock for the season|Refitting the shop|A new van|Working capital, no long-term debt",
)
STRAINED_FUNDS: Final = Phrases(
    "Paga a proveedores antiguos|Cuotas de préstamos vencidos|Nóminas atrasadas, anticipos de clientes",
    "Zahlt ältere Lieferanten|Raten überfälliger Kredite|Rückständige Löhne, Kundenanzahlungen",
    "Spłaca starszych dostawców|Raty zaległych kredytów|Zaległe płace, zaliczki od klientów",
    "偿还旧供应商欠款|归还逾期贷款|补发拖欠工资、预收货款",
    "Paying older suppliers|Instalments of overdue loans|Wages in arrears, customers' advances",
)
DIVERTED_FUNDS: Final = Phrases(
    "Préstamos a empresas vinculadas|Compra de terrenos, ajena al negocio",
    "Darlehen an verbundene Firmen|Grundstückskauf, nicht betrieblich",
    "Pożyczki dla spółek powiązanych|Zakup gruntów, poza działalnością",
    "借给关联公司|购置与经营无关的土地",
    "Loans to related companies|Land, nothing to do with the trade",
)
SURVEY_NOTES: Final = Phrases(
    'Almacén ordenado, mucha rotación|Cifras según el dueño; sin cuentas|Pide plazo, dice que "todo va bien"',
    'Lager aufgeräumt, viel Umschlag|Zahlen nach Angaben des Inhabers; keine Bilanz|Sagt, es laufe "bestens"',
    'Magazyn w porządku, duży ruch|Dane od właściciela, bez bilansu|Mówi, że "wszystko gra"',
    "仓库整洁，周转快|数据由老板口述，无报表|自称“一切正常”",
    'Store tidy, goods move fast|Figures as told by the owner; no accounts|Says all is "fine, just fine"',
)
EVENT_NOTES: Final = {
    "insolvency": Phrases(
        "Concurso de acreedores declarado|Preconcurso comunicado al juzgado",
        "Insolvenzverfahren eröffnet|Vorläufiger Verwalter bestellt",
        "Ogłoszono upadłość|Otwarto restrukturyzację",
        "法院受理破产申请|进入重整程序",
        "Insolvency proceedings opened|Administrator appointed",
    ),
    "closure": Phrases(
        'Persiana bajada, cartel "Cerrado"|Cese de actividad',
        'Laden geschlossen, Schild "Geschäftsaufgabe"|Gewerbe abgemeldet',
        "Lokal zamknięty na głucho|Działalność wykreślona",
        "店铺关门，无人应答|已注销登记",
        "Shutters down, nobody answers|Ceased trading",
    ),
    "relocation": Phrases(
        "Se ha mudado; nueva dirección|Traslado de almacén, sin aviso previo",
        "Umgezogen, neue Anschrift|Lager verlegt, ohne Ankündigung",
        "Przeprowadzka, nowy adres|Magazyn przeniesiony bez zapowiedzi",
        "已搬迁，新地址|仓库搬走，未提前通知",
        "Moved, new address|Warehouse moved, no notice given",
    ),
    "demolition": Phrases(
        "El edificio se derriba por el nuevo trazado|Expropiación de la nave",
        "Gebäude wird abgerissen (Straßenbau)|Enteignung der Halle",
        "Budynek do rozbiórki, nowa droga|Wywłaszczenie hali",
        "门店列入拆迁范围|厂房征收拆除",
        "Premises to be pulled down for the new road|Compulsory purchase of the unit",
    ),
    "scope_change": Phrases(
        "Cambio de objeto social|Deja la alimentación, otro sector",
        "Geschäftszweck geändert|Gibt Lebensmittel auf, andere Branche",
        "Zmiana przedmiotu działalności|Odchodzi od spożywki, inna branża",
        "变更经营范围|转行，不再做食品",
        "Change of business objects|Leaving food for another trade",
    ),
    "legal_rep_change": Phrases(
        "Nuevo administrador único|Cambio de administrador, inscrito",
        "Neuer Geschäftsführer|Geschäftsführerwechsel eingetragen",
        "Nowy prezes zarządu|Zmiana w zarządzie, wpisana",
        "法定代表人变更|更换执行董事",
        "New director|Change of director registered",
    ),
    "reorganisation": Phrases(
        "Suprimido el departamento de administración|Reestructuración; pagos desde la central",
        "Buchhaltung aufgelöst|Umstrukturierung; Zahlung über die Zentrale",
        "Zlikwidowano dział finansowy|Reorganizacja, płatności z centrali",
        "财务部撤销|机构重组，由总部付款",
        "Finance department abolished|Reorganised; head office pays",
    ),
}
EVENT_SOURCES: Final = {
    "insolvency": "court gazette|court gazette|press",
    "closure": "salesperson|collector's visit|register",
    "relocation": "returned letter|salesperson|customer",
    "demolition": "customer|press|collector's visit",
    "scope_change": "register|salesperson",
    "legal_rep_change": "register|customer",
    "reorganisation": "customer|salesperson",
}
LIMIT_REASONS: Final = Phrases(
    "Alta del cliente|Revisión anual|Revisión anual, paga tarde|Retrasos; límite reducido|Impagado, suministro parado|"
    "Concurso o cierre: bloqueado",
    "Neukunde|Jahresprüfung|Jahresprüfung, zahlt spät|Rückstände; Limit gesenkt|Zahlt nicht, Lieferstopp|"
    "Insolvenz oder Schließung: gesperrt",
)
DECIDERS: Final = Phrases(
    "Comité de riesgos|Dirección financiera|Jefatura de créditos", "Kreditausschuss|Finanzleitung|Debitorenleitung"
)
PLACES: Final = Phrases(
    "Oficina de administración del cliente, {city}|Transferencia a nuestra cuenta|En el muelle, contra entrega",
    "Buchhaltung des Kunden, {city}|Überweisung auf unser Konto|An der Rampe, bei Lieferung",
    "Księgowość klienta, {city}|Przelew na nasze konto|Na rampie, przy odbiorze",
    "客户财务部，{city}|汇入我方账户|交货时现场付款",
    "Customer's finance office, {city}|Transfer to our account|At the dock, on delivery",
)
GUARANTEES: Final = Phrases(
    "Aval bancario|Fianza personal del administrador|Seguro de crédito, 85 %|Depósito, tres meses",
    "Bankbürgschaft|Persönliche Bürgschaft|Kreditversicherung, 85 %|Kaution, drei Monate",
    "Gwarancja bankowa|Poręczenie osobiste|Ubezpieczenie kredytu, 85 %|Kaucja, trzy miesiące",
    "银行保函|法定代表人个人担保|信用保险（85%）|三个月保证金",
    "Bank guarantee|Director's personal guarantee|Credit insurance, 85 %|Deposit, three months",
)
RECORD_NOTES: Final = {
    "past_debt": Phrases("Sigue sin pagar, cuatro meses vencida", "Seit vier Monaten fällig, noch offen"),
    "repayment": Phrases("Pagado tarde", "Verspätet gezahlt"),
    "default": Phrases("Dado por perdido|Incobrable, provisionado", "Ausgebucht|Uneinbringlich, abgeschrieben"),
    "lawsuit": Phrases("Demanda, juicio monitorio|Demanda presentada", "Mahnbescheid beantragt|Klage eingereicht"),
    "bounced_instrument": Phrases('Devuelto por el banco ("sin fondos")', 'Von der Bank zurück ("keine Deckung")'),
    "settlement": Phrases("Pagado tras la demanda; costas aparte", "Nach Klage gezahlt; Kosten extra"),
    "responsible_person": Phrases("Responde del pago", "Steht für die Zahlung ein"),
    "guarantee": Phrases("Garantía en el contrato", "Sicherheit laut Vertrag"),
    "positive": Phrases("Todo el año puntual|Sin un solo retraso", "Ganzes Jahr pünktlich|Kein einziger Verzug"),
}
"""What our own office writes; it speaks the company's language."""
