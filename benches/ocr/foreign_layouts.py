#!/usr/bin/env python3
"""Pages in layouts that the corpus generator does not have, with their truth, to judge generality.

usage: foreign_layouts.py OUT_DIR [--pages 40] [--seed 1]

Other label words (from the shipped schemas and beside them), other positions: labels above values,
ruled tables, sentences without blanks, a narrow slip with labels set flush right. Nothing is tuned on
these pages. Needs Pillow, numpy and Debian's fonts-noto-cjk and fonts-wqy-zenhei. The pages are a
function of the seed. Output as that of the corpus: OUT_DIR/NNNN.jpg, truth.jsonl, records.csv and
planted.jsonl (the cells of records.csv that are wrong).
"""
import argparse
import csv
import io
import json
import os
import random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

FONTS = {
    "serif": ("/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc", 2),
    "sans": ("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", 2),
    "zenhei": ("/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc", 0),
}
WIDTH, HEIGHT = 1654, 2339  # A4 at 200 dpi
SURNAMES, GIVEN = "钟韩邱侯贺顾毛郝龚邵", "建国志明玉兰秀英春花立新海燕"
PLACES = ["淮安市清江浦区", "洛阳市西工区", "桂林市七星区", "唐山市路北区", "遵义市汇川区", "泉州市丰泽区"]
ROADS = ["东风路", "胜利街", "和平大道", "文昌路", "幸福巷", "北京中路"]
TRADES = ["粮油", "制衣", "五金", "陶瓷", "冷链", "印刷", "木业"]
INDUSTRIES = ["家具制造业", "零售业", "橡胶和塑料制品业", "专用设备制造业", "教育业", "道路运输业"]
TARIFFS = ["大工业用电", "一般工商业用电", "居民生活用电", "农业生产用电", "非居民照明用电"]
WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
CHINESE = "〇一二三四五六七八九"

# Label words: those of the shipped schemas that the generator does not print, and some of neither.
LABELS = {
    "contract_no": ["协议编号", "供用电合同编号", "合同(协议)编号"],
    "account_no": ["用电客户编号", "用电户号", "用户号"],
    "customer_name": ["单位名称", "申请人名称", "用户户名"],
    "service_address": ["用电地点", "装接地址", "用电处所"],
    "contract_capacity_kva": ["受电容量", "装接容量", "运行容量"],
    "supply_voltage_kv": ["额定电压", "供电电压等级"],
    "tariff_class": ["用电分类", "电价分类"],
    "industry": ["所属行业", "行业类别"],
    "id_no": ["证件编号", "身份证号码", "证照编号"],
    "phone": ["手机号码", "联系方式"],
    "sign_date": ["签约日期", "签订时间", "装接日期"],
    "meter_no": ["表号", "资产编号", "电能表资产号"],
    "ct_ratio": ["互感器变比", "电流变比"],
    "power_factor": ["力率考核标准", "功率因数标准"],
    "deposit_cny": ["预付电费", "保证金"],
}
TITLES = {
    "supply_contract": "低压供用电合同",
    "application_form": "用电申请表",
    "meter_work_order": "装表工作单",
}


def citizen_id(r):
    body = f"{r.choice(['320804', '410303', '450305'])}{r.randint(1960, 2000)}{r.randint(1, 12):02d}{r.randint(1, 28):02d}{r.randint(1, 999):03d}"
    return body + "10X98765432"[sum(int(c) * w for c, w in zip(body, WEIGHTS)) % 11]


def values(r):
    """Each field's value and its writing on paper."""
    name = (
        r.choice(PLACES)[:2] + r.choice(GIVEN) + r.choice(GIVEN) + r.choice(TRADES) + "有限公司"
        if r.random() < 0.6
        else r.choice(SURNAMES) + "".join(r.sample(GIVEN, 2))
    )
    y, m, d = r.randint(2005, 2024), r.randint(1, 12), r.randint(1, 28)
    small = lambda n: ("" if n < 20 else CHINESE[n // 10]) + ("十" if n > 9 else "") + (CHINESE[n % 10] if n % 10 else "")
    date = r.choice(
        [f"{y}年{m}月{d}日", f"{y}.{m}.{d}", f"{y}-{m:02d}-{d:02d}", f"{y}/{m}/{d}",
         "".join(CHINESE[int(c)] for c in str(y)) + f"年{small(m)}月{small(d)}日"]
    )
    capacity = r.choice([30, 80, 160, 315, 500, 800, 1250, 2000, 6300])
    voltage = r.choice(["0.38", "10", "35"])
    deposit = r.randint(8, 990) * 100
    ratio = r.choice(["50/5", "75/5", "150/5", "400/5", "1000/5"])
    plain = {
        "contract_no": f"SG{r.choice(['JS', 'HA', 'GX', 'HE'])}{y}{r.randint(0, 99999999):08d}",
        "account_no": f"33{r.randint(0, 99999999):08d}",
        "customer_name": name,
        "service_address": f"{r.choice(PLACES)}{r.choice(ROADS)}{r.randint(1, 999)}号{r.randint(1, 30)}幢",
        "tariff_class": r.choice(TARIFFS),
        "industry": r.choice(INDUSTRIES),
        "id_no": citizen_id(r),
        # 192 00 is not given out.
        "phone": f"19200{r.randint(0, 999999):06d}",
        "meter_no": f"33{r.randint(0, 10**20 - 1):020d}",
        "power_factor": r.choice(["0.80", "0.85", "0.90"]),
    }
    both = {k: (v, v) for k, v in plain.items()}
    both["contract_capacity_kva"] = (str(capacity), f"{capacity}{r.choice(['kVA', 'KVA', '千伏安'])}")
    both["supply_voltage_kv"] = (voltage, f"{voltage}{r.choice(['kV', 'KV', '千伏'])}")
    both["deposit_cny"] = (str(deposit), r.choice([f"¥{deposit}.00", f"{deposit}元"]))
    both["ct_ratio"] = (ratio, r.choice([ratio, ratio.replace("/", ":")]))
    both["sign_date"] = (f"{y}-{m:02d}-{d:02d}", date)
    return both


class Page:
    """A page that notes where each value was drawn."""

    def __init__(self, r, font):
        self.image = Image.new("RGB", (WIDTH, HEIGHT), "white")
        self.draw = ImageDraw.Draw(self.image)
        self.r, self.fontname, self.boxes = r, font, {}

    def text(self, x, y, text, size, field=None):
        path, index = FONTS[self.fontname]
        font = ImageFont.truetype(path, size, index=index)
        self.draw.text((x, y), text, fill=(25, 25, 30), font=font)
        box = self.draw.textbbox((x, y), text, font=font)
        if field:
            self.boxes[field] = [int(v) for v in box]
        return box[2]

    def width(self, text, size):
        path, index = FONTS[self.fontname]
        return ImageFont.truetype(path, size, index=index).getlength(text)


def labels_above(page, title, fields, label):
    """A card of boxes, each with a small label above its value."""
    page.text(520, 150, title, 56)
    for i, (name, (_, printed)) in enumerate(fields.items()):
        x, y = 150 + 700 * (i % 2), 330 + 190 * (i // 2)
        page.draw.rectangle((x - 20, y - 15, x + 640, y + 135), outline=(90, 90, 90), width=2)
        page.text(x, y, label(name), 28)
        page.text(x, y + 55, printed, 36, name)


def ruled_table(page, title, fields, label):
    """A table of four columns: label, value, label, value; labels spread by spaces."""
    page.text(560, 130, title, 52)
    columns, top, row = [120, 400, 860, 1130, 1560], 280, 110
    count = (len(fields) + 1) // 2
    for x in columns:
        page.draw.line((x, top, x, top + row * count), fill=(40, 40, 40), width=3)
    for i in range(count + 1):
        page.draw.line((columns[0], top + row * i, columns[-1], top + row * i), fill=(40, 40, 40), width=3)
    for i, (name, (_, printed)) in enumerate(fields.items()):
        x, y = columns[2 * (i % 2)], top + row * (i // 2) + 35
        text = label(name)
        page.text(x + 15, y, "  ".join(text) if len(text) < 4 else text, 30)
        size = 34
        while page.width(printed, size) > (440 if i % 2 == 0 else 410):
            size -= 1
        page.text(columns[2 * (i % 2) + 1] + 14, y - 2, printed, size, name)


def sentences(page, title, fields, label):
    """A letter: each value in a sentence, nothing underlined."""
    page.text(520, 150, title, 56)
    y = 330
    for i, (name, (_, printed)) in enumerate(fields.items()):
        before = page.r.choice([f"{i + 1}、本户{label(name)}为", f"{i + 1}、经核定，{label(name)}：", f"({i + 1}){label(name)}为"])
        x = page.text(140, y, before, 36)
        x = page.text(x + 4, y, printed, 36, name)
        page.text(x + 4, y, page.r.choice(["，双方确认无误。", "；特此说明。", "。"]), 36)
        y += 105


def narrow_slip(page, title, fields, label):
    """A slip in small type: labels flush right against a colon, values left of nothing."""
    page.text(640, 200, title, 44)
    y = 340
    for name, (_, printed) in fields.items():
        text = label(name) + "："
        page.text(760 - page.width(text, 30), y, text, 30)
        page.text(775, y, printed, 30, name)
        y += page.r.choice([68, 74, 82])


LAYOUTS = {"above": labels_above, "table": ruled_table, "sentence": sentences, "slip": narrow_slip}


def scan(r, image, grade):
    """What paper and scanner do to a page; gives the file's bytes."""
    noise = np.random.default_rng(r.randint(0, 2**31))
    if grade != "clean":
        image = image.rotate(r.uniform(-0.9, 0.9), Image.BICUBIC, fillcolor="white")
    scale = r.uniform(0.5, 0.65) if grade == "poor" else 1.0
    image = image.resize((int(WIDTH * scale), int(HEIGHT * scale)), Image.LANCZOS)
    pixels = np.asarray(image, dtype=np.float32)
    if grade != "clean":
        shade = np.linspace(0, r.uniform(10, 30), pixels.shape[1])[None, :, None]
        pixels = 30 + (pixels - shade) * 0.86 + noise.normal(0, 9 if grade == "poor" else 4, pixels.shape)
    image = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    if grade == "poor":
        image = image.filter(ImageFilter.GaussianBlur(r.uniform(0.4, 0.8))).convert("L")
    out = io.BytesIO()
    image.save(out, "JPEG", quality={"clean": 92, "office": 80, "poor": r.randint(35, 55)}[grade])
    return out.getvalue(), scale


def wrong(r, value):
    """The value with one character changed."""
    at = [i for i, c in enumerate(value) if c.isdigit()] or list(range(len(value)))
    i = r.choice(at)
    other = "0123456789" if value[i].isdigit() else SURNAMES
    return value[:i] + r.choice([c for c in other if c != value[i]]) + value[i + 1 :]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out")
    parser.add_argument("--pages", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    r = random.Random(options.seed)
    truth, records, planted = [], [], []
    for number in range(options.pages):
        layout = list(LAYOUTS)[number % len(LAYOUTS)]
        grade = ["clean", "office", "poor", "office"][number // len(LAYOUTS) % 4]
        kind = r.choice(list(TITLES))
        fields = values(r)
        for name in r.sample(list(fields), 3):
            del fields[name]
        if kind == "meter_work_order":
            fields.pop("id_no", None), fields.pop("power_factor", None), fields.pop("deposit_cny", None)
        page = Page(r, r.choice(list(FONTS)))
        chosen = {name: r.choice(LABELS[name]) for name in fields}
        LAYOUTS[layout](page, TITLES[kind], fields, chosen.get)
        data, scale = scan(r, page.image, grade)
        image = f"{number:04d}.jpg"
        with open(os.path.join(options.out, image), "wb") as file:
            file.write(data)
        told = {
            name: {"text": printed, "value": value, "box": [int(v * scale) for v in page.boxes[name]]}
            for name, (value, printed) in fields.items()
        }
        truth.append({"image": image, "layout": layout, "grade": grade, "doc_type": kind, "fields": told})
        row = {"image": image} | {name: value for name, (value, _) in fields.items()}
        name = r.choice(list(fields))
        if name not in ("tariff_class", "industry", "sign_date"):
            row[name] = wrong(r, row[name])
            planted.append({"image": image, "field": name, "record": row[name], "truth": fields[name][0]})
        records.append(row)
    for file, rows in (("truth.jsonl", truth), ("planted.jsonl", planted)):
        with open(os.path.join(options.out, file), "w", encoding="utf-8") as out:
            out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    with open(os.path.join(options.out, "records.csv"), "w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, ["image", *LABELS])
        writer.writeheader()
        writer.writerows(records)


if __name__ == "__main__":
    main()
