#!/usr/bin/env python3
"""Fits each field's calibration on pages of which the truth is known.

usage: calibrate.py FIELDS_TOML CORPUS READ.jsonl [CORPUS READ.jsonl ...] [--write]

CORPUS has a truth.jsonl as the corpus generator writes it; READ.jsonl is what the example read_corpus wrote of its
pages. Prints a table: fields, wrong ones, and the `calibration` to put into FIELDS_TOML; with --write puts it there.

The weights of a field are those of a logistic regression of "is right" on lead and fit, drawn towards the weights over
all fields: a field that is seldom misread has too few mistakes for weights of its own. Those over all fields are drawn
towards the shipped ones (Calibration::OVERALL). Needs nothing but Python.
"""
import json, math, re, sys, unicodedata

OVERALL = (1.1, 0.16, 0.3)
LEAD_LIMIT, FIT_LIMIT = 12.0, -20.0
PRIOR = {"overall": 1.0, "field": 3.0}


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def folded(value):
    text = unicodedata.normalize("NFKC", str(value)).replace(" ", "").upper()
    return f"{float(text):g}" if re.fullmatch(r"\d{1,8}(\.\d+)?", text) else text


def samples(pairs):
    """(lead, fit, 1) and whether it is right, of each field that was read."""
    by_field = {}
    for corpus, read in pairs:
        got = {page["image"]: page["fields"] for page in lines(read)}
        for page in lines(f"{corpus}/truth.jsonl"):
            for name, truth in page["fields"].items():
                field = got.get(page["image"], {}).get(name)
                if field is None:
                    continue
                x = (min(field["lead"], LEAD_LIMIT), max(field["fit"], FIT_LIMIT), 1.0)
                by_field.setdefault(name, []).append((x, folded(field["value"]) == folded(truth["value"])))
    return by_field


def probability(weights, x):
    return 1 / (1 + math.exp(-max(-60.0, min(60.0, sum(w * v for w, v in zip(weights, x))))))


def fit(rows, centre, strength):
    """Newton's method on the logistic loss with a penalty for leaving `centre`."""
    spread = (0.3, 0.15, 1.5)
    penalty = [strength / s**2 for s in spread]
    weights = list(centre)
    for _ in range(50):
        gradient = [p * (c - w) for p, c, w in zip(penalty, centre, weights)]
        hessian = [[penalty[i] if i == j else 0.0 for j in range(3)] for i in range(3)]
        for x, right in rows:
            p = probability(weights, x)
            for i in range(3):
                gradient[i] += (right - p) * x[i]
                for j in range(3):
                    hessian[i][j] += p * (1 - p) * x[i] * x[j]
        step = solve(hessian, gradient)
        weights = [w + s for w, s in zip(weights, step)]
        if max(map(abs, step)) < 1e-6:
            break
    return min(10.0, max(0.05, weights[0])), min(10.0, max(0.0, weights[1])), max(-20.0, min(20.0, weights[2]))


def solve(matrix, right):
    rows = [row[:] + [value] for row, value in zip(matrix, right)]
    size = len(rows)
    for i in range(size):
        pivot = max(range(i, size), key=lambda r: abs(rows[r][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        for r in range(size):
            if r != i:
                factor = rows[r][i] / rows[i][i]
                rows[r] = [a - factor * b for a, b in zip(rows[r], rows[i])]
    return [rows[i][size] / rows[i][i] for i in range(size)]


def loss(weights, rows):
    of = lambda x, right: max(1e-12, probability(weights, x) if right else 1 - probability(weights, x))
    return -sum(math.log(of(x, right)) for x, right in rows)


def write(path, found):
    with open(path, encoding="utf-8") as file:
        sections = re.split(r"(?m)^(?=\[)", file.read())
    for at, section in enumerate(sections):
        head = re.match(r"\[field\.([^\]]+)\]\n", section)
        if head is None or head.group(1) not in found:
            continue
        weights = "calibration = {{ lead = {:.2f}, fit = {:.2f}, offset = {:.2f} }}\n".format(*found[head.group(1)])
        rest = re.sub(r"(?m)^calibration = .*\n", "", section)
        body = rest.rstrip("\n") + "\n"
        sections[at] = body + weights + rest[len(body):]
    with open(path, "w", encoding="utf-8") as file:
        file.write("".join(sections))


def main():
    arguments = [a for a in sys.argv[1:] if a != "--write"]
    if len(arguments) < 3 or len(arguments) % 2 == 0:
        sys.exit(__doc__)
    by_field = samples(list(zip(arguments[1::2], arguments[2::2])))
    everything = [row for rows in by_field.values() for row in rows]
    overall = fit(everything, OVERALL, PRIOR["overall"])
    found = {name: fit(rows, overall, PRIOR["field"]) for name, rows in sorted(by_field.items())}
    show = lambda w: "lead {:.2f}  fit {:.2f}  offset {:5.2f}".format(*w)
    wrong = lambda rows: sum(not right for _, right in rows)
    print(f"{'field':24s} read  wrong  loss before  after")
    for name, rows in sorted(by_field.items()):
        print(f"{name:24s} {len(rows):4d}  {wrong(rows):5d}  {loss(OVERALL, rows):11.1f}  {loss(found[name], rows):5.1f}  {show(found[name])}")
    print(f"{'all':24s} {len(everything):4d}  {wrong(everything):5d}  {loss(OVERALL, everything):11.1f}  "
          f"{sum(loss(found[n], r) for n, r in by_field.items()):5.1f}  {show(overall)}")
    if "--write" in sys.argv[1:]:
        write(arguments[0], found)


if __name__ == "__main__":
    main()
