"""The flow as a picture (Mermaid), drawn from `flow.yaml` for the READMEs."""

from __future__ import annotations

from topology.flow import Content, Flow, Role

BEGIN = "<!-- flow picture: begin (veil topology picture) -->"
END = "<!-- flow picture: end -->"
_UNDRAWN = ("audit", "audit.platform", "control")
"""Everyone writes the audit and reads control: arrows that would hide the others."""


def flow_picture(flow: Flow) -> str:
    """A Mermaid flowchart: roles as boxes, topics on the arrows between them, sealed content marked."""
    lines = ["```mermaid", "flowchart LR"]
    drawn = [role for role in flow.roles.values() if role.served_by or _drawn({*role.reads, *role.writes})]
    lines += [f"  {_id(role.name)}[{role.name}]" for role in drawn]
    lines += [arrow for role in drawn for arrow in _arrows(flow, role)]
    lines += [f"  {_id(role.served_by)} -. HTTP .-> {_id(role.name)}" for role in drawn if role.served_by]
    return "\n".join([*lines, "```"])


def with_picture(readme: str, flow: Flow) -> str:
    """The README with the picture between its markers. Raises ValueError where it has none."""
    before, _, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError("this README has no markers for the flow picture")
    return f"{before}{BEGIN}\n{flow_picture(flow)}\n{END}{after}"


def _drawn(topics: set[str]) -> bool:
    return bool(topics - set(_UNDRAWN))


def _arrows(flow: Flow, role: Role) -> list[str]:
    """From this role to each reader of what it writes; to a stub where nobody reads."""
    arrows = []
    for name in role.writes:
        if name in _UNDRAWN or name == role.state:
            continue
        readers = [other.name for other in flow.roles.values() if name in other.reads and other.name != role.name]
        label = flow.topics[name].topic("P") + (" (sealed)" if flow.topics[name].opened_by else "")
        line = "-." if flow.topics[name].holds is Content.METADATA and flow.topics[name].feedback else "--"
        head = ".->" if line == "-." else "-->"
        arrows += [f'  {_id(role.name)} {line} "{label}" {head} {_id(reader)}' for reader in readers]
        if not readers:
            arrows.append(
                f'  {_id(role.name)} {line} "{label}" {head} {_id(name)}[({flow.topics[name].topic("P")})]'
            )
    return arrows


def _id(name: str) -> str:
    return name.replace("-", "_").replace(".", "_")
