"""HTML of caught mails. A mail is shown as sent, in a frame without permissions."""

from html import escape
from typing import Final

from devstack.mail.mailbox import Mail

_STYLE: Final = """
:root { color-scheme: light dark; --line: #8883; --soft: #8882; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1.5rem; }
h1 { font-size: 1.3rem; } h2 { font-size: 1rem; } a { color: inherit; text-decoration: none; }
ol { list-style: none; padding: 0; } li { border-top: 1px solid var(--line); }
li a { display: grid; grid-template-columns: 14rem 1fr; gap: 1rem; padding: .6rem .3rem; }
li a:hover, li a:focus { background: var(--soft); } .who { opacity: .75; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: 5rem 1fr; gap: .2rem 1rem; } dt { opacity: .75; } dd { margin: 0; }
iframe { border: 1px solid var(--line); border-radius: 6px; background: #fff; width: 100%; height: 26rem; }
pre { border: 1px solid var(--line); border-radius: 6px; padding: 1rem; white-space: pre-wrap; }
pre { overflow-wrap: anywhere; }
"""


def list_page(mails: list[Mail], recipient: str | None) -> str:
    """Reloaded every five seconds."""
    rows = "".join(
        f'<li><a href="/mail/{mail.number}"><span class="who">{escape(", ".join(mail.recipients))}</span>'
        f"<strong>{escape(mail.subject)}</strong></a></li>"
        for mail in mails
    )
    title = "Mails" if recipient is None else f"Mails to {recipient}"
    body = f"<ol>{rows}</ol>" if rows else "<p>Nothing has been sent yet.</p>"
    return _page(title, body, refresh='<meta http-equiv="refresh" content="5">')


def mail_page(mail: Mail) -> str:
    """With both parts."""
    facts = {"To": ", ".join(mail.recipients), "From": mail.sender, "Date": str(mail.message.get("Date", ""))}
    listed = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in facts.items())
    frame = f'<iframe sandbox title="The mail" srcdoc="{escape(mail.html)}"></iframe>' if mail.html else ""
    back = '<p><a href="/">&larr; All mails</a></p>'
    return _page(mail.subject, f"{back}<dl>{listed}</dl>{frame}<h2>As text</h2><pre>{escape(mail.text)}</pre>")


def _page(title: str, body: str, refresh: str = "") -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">{refresh}<title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
        f"<body><h1>{escape(title)}</h1>{body}</body></html>"
    )
