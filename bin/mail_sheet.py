"""Second part of bin/mail-sheet: writes <language>.html with every mail, in HTML and plain, and its pictures.

The pictures are light, dark, and as wide as a phone. Says for which languages this machine has no font.
"""

import os
import shutil
import subprocess
import sys
from email.message import EmailMessage
from html import escape
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, sync_playwright

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from lockpoint.domain.mails.mail_templates import LANGUAGES  # noqa: E402 - bin/ is not on the path of packages
from tests.mail.builders import every_mail, mail_with_site_text  # noqa: E402

WIDTH, PHONE = 1720, 320
LOOKS: Final = {"": (WIDTH, "light"), "-dark": (WIDTH, "dark"), "-phone": (PHONE, "light")}
STYLE: Final = (
    "body{margin:24px;background:#fff;font:13px sans-serif;display:grid;grid-template-columns:repeat(3,1fr);gap:24px}"
    "h2{font-size:14px;margin:0 0 8px}iframe{border:0;width:100%}"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f7f8f9;padding:12px;margin:0}"
    "@media(max-width:600px){body{display:block;margin:0}pre{display:none}}"
    "@media(prefers-color-scheme:dark){body{background:#101214;color:#c7d1db}pre{background:#22272b}}"
)
FIT: Final = "for (const one of document.querySelectorAll('iframe')) one.height = one.contentDocument.body.scrollHeight"


def main() -> None:
    """Write all sheets into the folder given."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which(os.environ.get("LOCKPOINT_CHROMIUM", "chromium"))
    if chromium is None:
        sys.exit("bin/mail-sheet: no Chromium; install one or set LOCKPOINT_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for language in LANGUAGES:
            page = folder / f"{language}.html"
            page.write_text(sheet(language), encoding="utf-8")
            for name in LOOKS:
                shoot(browser, page, name)
        browser.close()
    without = [language for language in LANGUAGES if not has_font(language)]
    if without:
        sys.stderr.write(f"bin/mail-sheet: no font for {', '.join(without)} on this machine: boxes in these pictures\n")


def sheet(language: str) -> str:
    """Return a page with every mail of a language."""
    mails = "".join(card(message) for message in (mail_with_site_text(language), *every_mail(language)))
    head = f'<meta charset="utf-8"><title>{language}</title><style>{STYLE}</style>'
    return f'<!doctype html><html lang="{language}"><head>{head}</head><body>{mails}</body></html>'


def card(message: EmailMessage) -> str:
    """Return one mail: subject, HTML, plain text."""
    html, text = (part(message, kind) for kind in ("html", "plain"))
    return (
        f"<section><h2>{escape(str(message['Subject']))}</h2>"
        f'<iframe srcdoc="{escape(html)}"></iframe><pre>{escape(text)}</pre></section>'
    )


def part(message: EmailMessage, kind: str) -> str:
    """Return a part of a mail."""
    found = message.get_body((kind,))
    return "" if found is None else str(found.get_content())


def shoot(browser: Browser, page: Path, name: str) -> None:
    """Picture a sheet beside its file, frames as high as their mails."""
    width, scheme = LOOKS[name]
    tab = browser.new_page(viewport={"width": width, "height": 1000}, color_scheme=scheme)
    tab.goto(page.resolve().as_uri())
    tab.evaluate(FIT)
    tab.screenshot(path=page.with_name(f"{page.stem}{name}.png"), full_page=True)
    tab.close()


def has_font(language: str) -> bool:
    """Return whether a font has the letters of a language; true where nobody can tell."""
    program = shutil.which("fc-list")
    if program is None:
        return True
    return bool(subprocess.run([program, f":lang={language}"], capture_output=True, check=True).stdout.strip())


if __name__ == "__main__":
    main()
