"""Names headings as GitHub does, so that a link to one works here and there."""
import re


def slug(heading, separator):
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", separator)


def on_config(config):
    config.mdx_configs["toc"] = {"slugify": slug}
