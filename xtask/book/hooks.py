"""Names headings as GitHub does, so that a link to one works here and there; puts the book's own search in place."""
import pathlib
import re


def slug(heading, separator):
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", separator)


def on_config(config):
    config.mdx_configs["toc"] = {"slugify": slug}


def on_post_build(config):
    search = pathlib.Path(config.site_dir) / "search"
    # A script is read from disk, too, where a request is refused.
    index = search / "search_index.json"
    (search / "search_index.js").write_text(f"globalThis.bookIndex = {index.read_text(encoding='utf-8')};\n", encoding="utf-8")
    index.unlink()
    (search / "worker.js").unlink()
    script = pathlib.Path(config.config_file_path).parent / "search.js"
    (search / "main.js").write_text(script.read_text(encoding="utf-8"), encoding="utf-8")
    # The theme's script of colours stumbles where no style of highlighted code is there.
    colours = pathlib.Path(config.site_dir) / "js" / "darkmode.js"
    text = re.sub(r"\b(hljs_(?:light|dark))\.disabled", r"(\1 || {}).disabled", colours.read_text(encoding="utf-8"))
    colours.write_text(text, encoding="utf-8")
