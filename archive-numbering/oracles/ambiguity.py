"""Asks libfa (Debian: libaugeas0) whether concatenations of regular expressions are ambiguous.

Reads one JSON list of regular expressions a line, the parts of a format. Writes for each line
`unambiguous`, or `ambiguous TEXT` with the shortest example over all places to cut the parts in two:
a concatenation is unambiguous exactly where each such pair is.
"""
import ctypes
import ctypes.util
import json
import sys

name = ctypes.util.find_library("fa")
if name is None:
    sys.exit("libfa is not installed: apt-get install libaugeas0")
fa = ctypes.CDLL(name)
P = ctypes.c_void_p
fa.fa_compile.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.POINTER(P)]
fa.fa_ambig_example.argtypes = [P, P, ctypes.POINTER(P), ctypes.POINTER(ctypes.c_size_t),
                                ctypes.POINTER(P), ctypes.POINTER(P)]
fa.fa_free.argtypes = [P]
libc = ctypes.CDLL(None)
libc.free.argtypes = [P]


def compile_(pattern):
    pattern = pattern.encode()
    automaton = P()
    status = fa.fa_compile(pattern, len(pattern), ctypes.byref(automaton))
    if status != 0:
        sys.exit(f"libfa cannot compile {pattern!r}: {status}")
    return automaton


def ambiguous(left, right):
    a, b = compile_(left), compile_(right)
    text, length = P(), ctypes.c_size_t()
    status = fa.fa_ambig_example(a, b, ctypes.byref(text), ctypes.byref(length), None, None)
    if status != 0:
        sys.exit(f"fa_ambig_example failed: {status}")
    example = ctypes.string_at(text, length.value).decode() if text else None
    libc.free(text)
    fa.fa_free(a)
    fa.fa_free(b)
    return example


for line in sys.stdin:
    parts = [f"({part})" for part in json.loads(line)]
    examples = [ambiguous("".join(parts[:k]), "".join(parts[k:])) for k in range(1, len(parts))]
    examples = [example for example in examples if example is not None]
    print("ambiguous " + min(examples, key=lambda e: (len(e), e)) if examples else "unambiguous", flush=False)
