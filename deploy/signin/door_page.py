"""The one page of the local provider: name, password, code. No script; nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from html import escape
from urllib.parse import urlsplit

_STYLE = """
:root{color-scheme:light dark;--paper:#f6f4ef;--sheet:#fffefb;--ink:#1d2528;--soft:#566166;--line:#8b8577;
--accent:#0f5e63;--on-accent:#fff;--danger:#a3271f;font:16px/1.5 system-ui,"Noto Sans",sans-serif}
@media (prefers-color-scheme:dark){:root{--paper:#14191b;--sheet:#1c2326;--ink:#e8e6e0;--soft:#a3adb1;
--line:#6b777c;--accent:#6fc7c4;--on-accent:#0a2425;--danger:#ff9a8d}}
body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--paper);color:var(--ink)}
main{box-sizing:border-box;width:min(24rem,100%);padding:1.75rem;background:var(--sheet);border-radius:.75rem;
box-shadow:0 1px 2px rgb(30 25 10/6%),0 10px 30px rgb(30 25 10/5%)}
h1{font-size:1.35rem;margin:0 0 .25rem}
p{margin:0 0 1.25rem;color:var(--soft);overflow-wrap:anywhere}
label{display:block;margin:0 0 1rem;font-weight:600}
input{display:block;box-sizing:border-box;width:100%;margin-top:.25rem;padding:.6rem .7rem;font:inherit;
border:1px solid var(--line);border-radius:.5rem;background:var(--sheet);color:var(--ink)}
button{width:100%;margin-top:.5rem;padding:.7rem;font:inherit;font-weight:600;border:0;border-radius:.5rem;
background:var(--accent);color:var(--on-accent);cursor:pointer}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
[role=alert]{padding-left:.75rem;border-left:4px solid var(--danger);color:var(--danger);font-weight:600}
"""
"""The colours of label's page: a contrast of 4.5 or more for text, of 3 for the fields' edges (WCAG 2.2)."""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()


def policy(redirect_uri: str) -> str:
    """The content security policy. The form leads on to where the project's page is: browsers check that too."""
    target = urlsplit(redirect_uri)
    return (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action 'self' {target.scheme}://{target.netloc}"
    )


def signing_form(action: str, person: str, what: str, message: str = "") -> str:
    """The page on which `person` signs. `what`: in words, and by its digest, as the page before shows it."""
    alert = f'<p role="alert">{escape(message)}</p>' if message else ""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign – Veilstream</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<h1>Sign as {escape(person)}</h1>
<p>{escape(what)}</p>
<p>Compare this with the page you come from. Your password and the code of the moment sign this, once, and
nothing else; only your signature goes back.</p>
{alert}
<form method="post" action="{escape(action)}" autocomplete="off">
<label>Password<input name="password" type="password" autocomplete="current-password" required autofocus
maxlength="128"></label>
<label>Code<input name="code" inputmode="numeric" autocomplete="one-time-code" pattern="[0-9]{{6}}" required
maxlength="6"></label>
<button>Sign</button>
</form>
</main>
</body>
</html>
"""


def form(action: str, message: str = "") -> str:
    """The page. `action` is where the form goes; `message`: what went wrong."""
    alert = f'<p role="alert">{escape(message)}</p>' if message else ""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in – Veilstream</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<h1>Sign in</h1>
<p>Your name, your password, and the code of the moment: from your authenticator app, or by
<b>veil label code</b>.</p>
{alert}
<form method="post" action="{escape(action)}" autocomplete="off">
<label>Name<input name="person" autocomplete="username" autocapitalize="none" spellcheck="false" required autofocus
maxlength="40"></label>
<label>Password<input name="password" type="password" autocomplete="current-password" required
maxlength="128"></label>
<label>Code<input name="code" inputmode="numeric" autocomplete="one-time-code" pattern="[0-9]{{6}}" required
maxlength="6"></label>
<button>Sign in</button>
</form>
</main>
</body>
</html>
"""
