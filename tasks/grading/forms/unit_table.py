"""The units that are known: what each measures, and how much of it. A closed vocabulary; any other word is no unit.

One line a unit: symbols, which take the prefixes named after `+`; words, which take a plural and, with prefixes, the words of these; words
of other languages; and what it is. A name may stand on several lines (a minute of time, of arc): it then has several readings.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

Dimension = tuple[tuple[str, int], ...]
"""Base units with their exponents, by name."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One reading of a unit: so much (scale) of its dimension's base units. zero: where its scale begins, as 273.15 K for °C."""

    dimension: Dimension
    scale: Fraction
    zero: Fraction = Fraction(0)


_PREFIXES = {
    "f": ("femto", -15), "p": ("pico", -12), "n": ("nano", -9), "μ": ("micro", -6), "u": ("micro", -6), "m": ("milli", -3), 
    "c": ("centi", -2), "d": ("deci", -1), "h": ("hecto", 2), "k": ("kilo", 3), "M": ("mega", 6), "G": ("giga", 9), "T": ("tera", 12),
}  # fmt: skip
_LINES = r"""
m +fpnμumcdkM | meter metre | 米 公尺 メートル 미터 metro mètre = 1 m
g +nμumk      | gram gramme | 克 グラム 그램 gramo = 1/1000 kg
s +fpnμum     | second sec  | 秒 秒钟 초 segundo seconde = 1 s
A +nμumk      | ampere amp  | 安 安培 = 1 A
K +mμ         | kelvin      | 开 开尔文 = 1 K
mol +nμumk    | mole        | 摩尔 = 1 mol
cd            | candela     | 坎德拉 = 1 cd
| micron | = 1/1000000 m
Å | angstrom ångström | 埃 = 1/10000000000 m
| | 公里 キロメートル = 1000 m
| | 厘米 公分 センチ センチメートル = 1/100 m
| | 毫米 ミリメートル = 1/1000 m
| | 分米 = 1/10 m
| | 千米 = 1000 m
| | 微米 = 1/1000000 m
| | 纳米 = 1/1000000000 m
| | 里 = 500 m
| | 丈 = 10/3 m
| | 尺 = 1/3 m
| | 寸 = 1/30 m
in | inch | 英寸 = 127/5000 m
ft | foot | 英尺 = 381/1250 m
yd | yard | 码 = 1143/1250 m
mi | mile | 英里 = 201168/125 m
nmi | nautical_mile | 海里 = 1852 m
ly | light_year lightyear | 光年 = 9460730472580800 m
AU | astronomical_unit | 天文单位 = 149597870700 m
pc +kMG | parsec | 秒差距 = 30856775814913673 m
ha | hectare | 公顷 = 10000 m2
| acre | 英亩 = 316160658/78125 m2
| | 亩 = 2000/3 m2
L l +nμumcdhk | liter litre | 升 公升 リットル 리터 litro = 1/1000 m3
| | 毫升 = 1/1000000 m3
cc | | = 1/1000000 m3
gal | gallon | 加仑 = 473176473/125000000000 m3
qt | quart | 夸脱 = 473176473/500000000000 m3
pt | pint | 品脱 = 473176473/1000000000000 m3
| cup | 杯 = 473176473/2000000000000 m3
floz | fluid_ounce | = 473176473/16000000000000 m3
tbsp | tablespoon | = 473176473/32000000000000 m3
tsp | teaspoon | = 157725491/32000000000000 m3
bbl | barrel | 桶 = 9936705933/62500000000 m3
| | 千克 公斤 キログラム キロ kilo = 1 kg
| | 毫克 = 1/1000000 kg
| | 斤 市斤 = 1/2 kg
| | 两 = 1/20 kg
| | 钱 = 1/200 kg
t +kM | tonne metric_ton ton | 吨 公吨 = 1000 kg
| ton short_ton | = 45359237/50000 kg
oz | ounce | 盎司 = 45359237/1600000000 kg
lb lbs | pound | 磅 = 45359237/100000000 kg
ct | carat | 克拉 = 1/5000 kg
amu Da | dalton | = 166053906892/100000000000000000000000000000000000000 kg
min | minute | 分 分钟 分間 분 minuto = 60 s
h hr | hour | 时 小时 时间 時間 小時 钟头 시간 hora heure = 3600 s
| day | 天 日 日間 día jour = 86400 s
wk | week | 周 星期 个星期 礼拜 週間 semana semaine = 604800 s
| fortnight | = 1209600 s
| month mo | 月 个月 个月份 か月 ヶ月 개월 mes mois = 1 month
| month mo | 个月 = 2592000 s
yr | year | 年 년 año ans = 12 month
| year yr | 年 = 31536000 s
| decade | = 120 month
| century | 世纪 = 1200 month
°  | degree deg | 度 = 1 deg
'  | arcminute arcmin minute | 分 = 1/60 deg
'' | arcsecond arcsec second | 秒 = 1/3600 deg
rad +mμ | radian | 弧度 = RADIAN deg
rev | revolution rotation turn | 圈 转 = 360 deg
rpm | | = 6 deg s-1
rpm | | = 1/60 s-1
degC C ° | degree_celsius degree_centigrade degree | 摄氏度 度 = 1 K 273.15
degF F ° | degree_fahrenheit degree | 华氏度 = 5/9 K 45967/180
Hz +mkMGT | hertz | 赫兹 赫 = 1 s-1
N +μmkM | newton | 牛 牛顿 = 1 kg m s-2
dyn | dyne | = 1/100000 kg m s-2
lbf | pound_force | = 8896443230521/2000000000000 kg m s-2
kgf | kilogram_force | = 980665/100000 kg m s-2
J +nμumkMGT | joule | 焦 焦耳 = 1 kg m2 s-2
| | 千焦 = 1000 kg m2 s-2
cal +k | calorie | 卡 = 4184/1000 kg m2 s-2
Cal | calorie | 大卡 千卡 = 4184 kg m2 s-2
eV +mkMGT | electronvolt electron_volt | 电子伏特 电子伏 = 1602176634/10000000000000000000000000000 kg m2 s-2
Wh +mkMGT | | = 3600 kg m2 s-2
| | 度 千瓦时 千瓦小时 = 3600000 kg m2 s-2
erg | | = 1/10000000 kg m2 s-2
BTU Btu | | = 105505585262/100000000 kg m2 s-2
Nm +mkM | | = 1 kg m2 s-2
Ns | | = 1 kg m s-1
W +nμumkMGT | watt | 瓦 瓦特 = 1 kg m2 s-3
| | 千瓦 = 1000 kg m2 s-3
hp | horsepower | 马力 = 37284993579113511/50000000000000 kg m2 s-3
Pa +mhkMG | pascal | 帕 帕斯卡 = 1 kg m-1 s-2
| | 千帕 = 1000 kg m-1 s-2
bar +m | | 巴 = 100000 kg m-1 s-2
atm | atmosphere | 大气压 标准大气压 = 101325 kg m-1 s-2
mmHg torr Torr | | 毫米汞柱 = 101325/760 kg m-1 s-2
psi | | = 6894757293168/1000000000 kg m-1 s-2
P +c | poise | = 1/10 kg m-1 s-1
C +pnμum | coulomb | 库 库仑 = 1 A s
Ah +m | | = 3600 A s
V +μmkM | volt | 伏 伏特 = 1 kg m2 s-3 A-1
Ω +mkM | ohm | 欧 欧姆 = 1 kg m2 s-3 A-2
F +pnμum | farad | 法 法拉 = 1 A2 s4 kg-1 m-2
H +μum | henry | 亨 亨利 = 1 kg m2 s-2 A-2
T +nμum | tesla | 特斯拉 特 = 1 kg s-2 A-1
| gauss | 高斯 = 1/10000 kg s-2 A-1
Wb +m | weber | 韦伯 = 1 kg m2 s-2 A-1
S +μm | siemens | 西门子 = 1 kg-1 m-2 s3 A2
lm | lumen | 流明 = 1 cd
lx | lux | 勒克斯 = 1 cd m-2
Bq +kMGT | becquerel | = 1 s-1
Ci +μm | curie | = 37000000000 s-1
Gy +mμ | gray | = 1 m2 s-2
Sv +mμ | sievert | = 1 m2 s-2
M +nμum | molar | = 1000 mol m-3
dB | decibel | 分贝 = 1 dB
bit +kMG | bit | 比特 位 = 1 bit
B +kMGT | byte | 字节 = 8 bit
KB | kilobyte | = 8000 bit
KB KiB kB | kilobyte | = 8192 bit
MB MiB | megabyte | = 8388608 bit
GB GiB | gigabyte | = 8589934592 bit
TB TiB | terabyte | = 8796093022208 bit
bps +kMG | | = 1 bit s-1
kn kt | knot | 节 = 463/900 m s-1
mph | | = 1397/3125 m s-1
kph kmh kmph | | = 5/18 m s-1
fps | | = 381/1250 m s-1
% | percent per_cent pct percentage_point | 个百分点 パーセント 퍼센트 = 1/100 share
‰ | permille | = 1/1000 share
ppm | | = 1/1000000 share
ppb | | = 1/1000000000 share
﹩ USD | dollar buck | 美元 = 1 USD
¢ | cent penny | 美分 = 1/100 USD
¢ | cent | 欧分 = 1/100 EUR
€ EUR | euro | 欧元 = 1 EUR
£ GBP | pound quid | 英镑 = 1 GBP
| penny pence | 便士 = 1/100 GBP
₹ INR Rs Rs. | rupee | 卢比 = 1 INR
| paisa paise | = 1/100 INR
¥ 元 RMB CNY JPY yuan | yen | 块 块钱 圆 円 日元 人民币 = 1 yuan
| jiao | 角 毛 = 1/10 yuan
| | 分 分钱 = 1/100 yuan
₩ KRW | won | 원 = 1 KRW
₽ RUB | ruble rouble | 卢布 = 1 RUB
unit | unit | 单位 个单位 = 1 unit
| | 个 人 只 次 张 本 条 棵 块 件 辆 页 岁 种 名 位 枚 道 题 支 根 朵 颗 粒 间 层 把 台 架 艘 头 份 组 对 双 步 倍 分 = 1 count
| | 個 冊 匹 点 개 명 마리 살 つ 歳 才 回 통り 通り = 1 count
"""
_IRREGULAR = {
    "foot": "feet", "inch": "inches", "hertz": "hertz", "henry": "henries", "siemens": "siemens", "lux": "lux", "century": "centuries",
    "penny": "pennies", "pence": "pence", "horsepower": "horsepower", "percent": "percent", "per_cent": "per_cent", "mo": "mos",
    "nautical_mile": "nautical_miles", "degree_celsius": "degrees_celsius", "degree_centigrade": "degrees_centigrade",
    "degree_fahrenheit": "degrees_fahrenheit", "pound_force": "pounds_force", "paise": "paise", "yen": "yen", "molar": "molar",
}  # fmt: skip
_BY_HAND = {
    "KM": "km", "Km": "km", "Kg": "kg", "KG": "kg", "kgs": "kg", "Cm": "cm", "CM": "cm", "MM": "mm", "cms": "cm", "kms": "km", "ML": "mL",
    "hrs": "h", "Hrs": "h", "Hr": "h", "mins": "min", "Min": "min", "yrs": "yr", "KW": "kW", "Kw": "kW", "kwh": "kWh", "KWh": "kWh",
    "KWH": "kWh", "inche": "in", "gms": "g", "gm": "g", "gals": "gal", "℃": "degC", "ozs": "oz", "℉": "degF",
}  # fmt: skip


def _dimension(text: str) -> Dimension:
    """`kg m2 s-2` as pairs of name and exponent, sorted by name."""
    pairs = [(word.rstrip("-0123456789"), word) for word in text.split()]
    return tuple(sorted((name, int(word[len(name) :] or 1)) for name, word in pairs))


def _unit(text: str) -> Unit:
    """`5/9 K 45967/180`: scale, dimension, and where it begins."""
    scale, *rest = text.split()
    zero = Fraction(rest.pop()) if rest[-1][0].isdigit() else Fraction(0)
    return Unit(_dimension(" ".join(rest)), Fraction(180 / math.pi) if scale == "RADIAN" else Fraction(scale), zero)


def _names(line: str) -> dict[str, Unit]:
    """Every name that one line gives, with its unit."""
    names, _, meaning = line.rpartition(" = ")
    symbols, words, others = names.split("|")
    prefixes = "".join(word[1:] for word in symbols.split() if word[0] == "+")
    unit = _unit(meaning)
    symbols_only = [symbol for symbol in symbols.split() if symbol[0] != "+"]
    found = dict.fromkeys((*symbols_only, *others.split()), unit)
    for word in words.split():
        found |= {word: unit, _IRREGULAR.get(word, f"{word}s"): unit}
    for prefix in prefixes:
        name, power = _PREFIXES[prefix]
        scaled = Unit(unit.dimension, unit.scale * (10**power if power > 0 else Fraction(1, 10**-power)))
        found |= {f"{prefix}{symbol}": scaled for symbol in symbols_only}
        found |= {f"{name}{word}{plural}": scaled for word in words.split() for plural in ("", "s")}
    return found


@cache
def units() -> Mapping[str, tuple[Unit, ...]]:
    """Every name that is known, with its readings in the order of the lines. Built when first asked for, which takes some milliseconds."""
    found: dict[str, tuple[Unit, ...]] = {}
    for line in _LINES.strip().splitlines():
        for name, unit in _names(line).items():
            found[name] = (*found.get(name, ()), unit)
    return found | {name: found[other] for name, other in _BY_HAND.items()}
