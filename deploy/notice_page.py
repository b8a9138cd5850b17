"""The public notice of a project as one page: no script, nothing from elsewhere, readable on paper."""

from __future__ import annotations

from html import escape

from topology.policies.notice import Notice

_STYLE = """
:root{color-scheme:light dark;--paper:#f6f4ef;--ink:#1d2528;--soft:#566166;--line:#d8d3c6;--accent:#0f5e63;
font:17px/1.6 system-ui,"Noto Sans",sans-serif}
@media (prefers-color-scheme:dark){:root{--paper:#14191b;--ink:#e8e6e0;--soft:#a3adb1;--line:#3a4448;
--accent:#6fc7c4}}
body{margin:0;background:var(--paper);color:var(--ink)}
main{box-sizing:border-box;max-width:44rem;margin:0 auto;padding:2.5rem 1.25rem 4rem}
h1{font-size:1.9rem;line-height:1.2;margin:0 0 .5rem;text-wrap:balance}
h2{font-size:1.15rem;margin:2.25rem 0 .5rem;color:var(--accent)}
p,dl,table{margin:.5rem 0}
.lead{font-size:1.1rem;color:var(--soft)}
dt{font-weight:600;margin-top:.9rem}
dd{margin:.1rem 0 0}
table{width:100%;border-collapse:collapse}
caption,th,td{text-align:start;vertical-align:top}
caption{color:var(--soft);padding-bottom:.25rem}
th,td{padding:.5rem .75rem .5rem 0;border-top:1px solid var(--line);font-weight:400}
td{white-space:nowrap;font-weight:600}
footer{margin-top:3rem;padding-top:1rem;border-top:1px solid var(--line);color:var(--soft);font-size:.9rem}
@media print{:root{--paper:#fff;--ink:#000;--soft:#444;--line:#999;--accent:#000}main{padding:0}}
"""


_SEEN = """Nobody by themselves. Where somebody has to, for one text and with a reason from a fixed list, two
people of two separate groups have to agree. Then one person sees it, once. Every such look, and every look at a
text, is on a record that nobody can change unnoticed."""
_UNSEEN = """Nobody: this project names no one who may. Every look at a text is on a record that nobody can change
unnoticed."""


def page(found: Notice) -> str:
    """A whole HTML document."""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>What happens to your data – {escape(found.project)}</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<h1>What happens to your data</h1>
<p class="lead">People label texts in the project {escape(found.project)}. They read them without what could
tell who you are. A program takes that out before anybody sees it.</p>
<h2>What is taken out, and what is not</h2>
<dl>
{_handled(found)}
</dl>
<p>Whatever else is found that may be sensitive is {escape(found.otherwise)}. Fields that no rule names are left
out. A program can miss something. Who reads a text can report that, and it is pulled at once.</p>
{_told(found)}{_opened(found)}<h2>How long it is kept</h2>
<table>
<caption>At most; much of it is gone sooner.</caption>
<tbody>
{_kept(found)}
</tbody>
</table>
<h2>Who can see what was hidden</h2>
<p>{_SEEN if found.can_see else _UNSEEN}</p>
<h2>What you can ask for</h2>
<p>{_asking(found)}</p>
<footer>
<p>Responsible: {escape(found.owner)}. Contact: {escape(found.contact)}.</p>
<p>Made from the rules themselves: {escape(found.policy)}, to be reviewed by {escape(found.review_by)}.</p>
</footer>
</main>
</body>
</html>
"""


def _handled(found: Notice) -> str:
    return "\n".join(
        f"<dt>{_sentence(one.how)}</dt>\n<dd>{escape(', '.join(one.kinds))}</dd>" for one in found.handled
    )


def _told(found: Notice) -> str:
    """Nothing where nobody may ask."""
    if not found.told:
        return ""
    asked = "; ".join(f"{escape(one.how)} ({escape(', '.join(one.kinds))})" for one in found.told)
    return f"""<p>Who works on a text may ask about a hidden piece of it, about {found.pieces} at most: {asked}.
It is told only where it fits many others as well. Each ask is on record.</p>
"""


def _opened(found: Notice) -> str:
    """Nothing where label alone opens texts."""
    if not found.opened:
        return ""
    return """<p>Other programs of those responsible read the texts, too, without what is hidden. Which of them
reads which text is not on record, and what they keep of it is not told here.</p>
"""


def _kept(found: Notice) -> str:
    return "\n".join(
        f'<tr><th scope="row">{_sentence(one.what)}</th><td>{escape(one.how_long)}</td></tr>' for one in found.kept
    )


def _sentence(words: str) -> str:
    return escape(words[0].upper() + words[1:])


def _asking(found: Notice) -> str:
    contact = escape(found.contact)
    if not found.can_erase:
        return f"""Write to {contact}. Records are not kept by person here: nobody can find all that is about
you by your name."""
    return f"""Write to {contact} to be told what is held about you: where, since when and until when. Nobody
has to open it for that. Write there, too, to have it erased. Two people sign it, what is hidden is
destroyed, texts about you are pulled, and later ones are left out. A signed report says what was erased, and until
when anything of it may still lie somewhere. {escape(found.after_erasure)}"""
