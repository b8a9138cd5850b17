"""Where the images have the programs of the parts."""

from __future__ import annotations

from pathlib import Path

from deploy.local.runner import Programs

JAVA = Path("/opt/java")
KAFKA = Path("/opt/kafka")
OPENBAO = Path("/opt/openbao")
REGISTRY = Path("/opt/registry")


def inside(programs: Programs) -> Programs:
    """There what lies here on this machine, each file under its own name."""
    return Programs(
        java=JAVA / "bin" / programs.java.name,
        openbao=OPENBAO / programs.openbao.name,
        kafka=tuple(KAFKA / place.name for place in programs.kafka),
        registry=tuple(REGISTRY / place.name for place in programs.registry),
    )
