"""Computes check characters with python-stdnum.

Reads lines `SYSTEM TEXT`, writes the check characters of each.
"""
import sys

try:
    from stdnum import ean, luhn
    from stdnum.cn import ric, uscc
    from stdnum.iso7064 import mod_11_2, mod_11_10, mod_37_2, mod_37_36, mod_97_10
except ImportError:
    sys.exit("python-stdnum is not installed: pip install python-stdnum")

SYSTEMS = {
    "ISO7064-11-2": mod_11_2.calc_check_digit,
    "ISO7064-37-2": mod_37_2.calc_check_digit,
    "ISO7064-97-10": mod_97_10.calc_check_digits,
    "ISO7064-11,10": mod_11_10.calc_check_digit,
    "ISO7064-37,36": mod_37_36.calc_check_digit,
    # It wants the check digit in its place and does not look at it.
    "GB11643": lambda text: ric.calc_check_digit(text + "0"),
    "GB32100": uscc.calc_check_digit,
    "GS1": ean.calc_check_digit,
    "LUHN": luhn.calc_check_digit,
}

out = []
for line in sys.stdin:
    system, text = line.split()
    out.append(SYSTEMS[system](text))
print("\n".join(out))
