"""Where who provisions reaches the parts: what the environment names, and for the rest those of the stack here.

So it is done without a stack, too: on a machine that only applies, the environment names all three. What they were
told last is kept where all other commands look (`run/endpoints.json`), but not below a stack that runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from deploy.local.endpoints import Endpoints, External, load_endpoints, read_external, save_endpoints
from deploy.local.stack import CLUSTER_MARK
from deploy.supervise.lock import RootLock
from schemas.errors import StackError


def given_endpoints(root: Path, environ: Mapping[str, str]) -> Endpoints:
    """As `deploy.local.stack` takes them: a part that the environment names is all that it says of it.

    Raises ConfigError: a variable is missing or wrong; or a part is named nowhere, and no stack was started here.
    """
    external, path = read_external(environ), _path(root)
    if external.kafka and external.vault and external.registry and not path.exists():
        return Endpoints(external.kafka, external.vault, external.registry, external.log_name)
    return _laid_over(load_endpoints(path), external)


def kept_endpoints(root: Path, environ: Mapping[str, str]) -> Endpoints:
    """The same, and now they are those of this root.

    Raises as `given_endpoints`; StackError where a stack that runs here, or a cluster in containers, has others.
    """
    found, path = given_endpoints(root, environ), _path(root)
    if not path.exists() or load_endpoints(path) != found:
        if (root / CLUSTER_MARK).exists():
            raise StackError(f"{root} is the root of a cluster in containers, and VEIL_… name other parts")
        with RootLock(root):
            save_endpoints(path, found)
    return found


def _laid_over(found: Endpoints, external: External) -> Endpoints:
    if not (external.kafka or external.vault or external.registry):
        return found
    return replace(
        found,
        kafka=external.kafka or found.kafka,
        vault=external.vault or found.vault,
        registry=external.registry or found.registry,
        log_name=external.log_name or found.log_name,
    )


def _path(root: Path) -> Path:
    return root / "run" / "endpoints.json"
