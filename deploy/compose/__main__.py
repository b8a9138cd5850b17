"""`python -m deploy.compose up|status|down|demo`: a cluster of containers on this machine."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from deploy.compose.cluster import GRAFANA, PROMETHEUS, pages, port_of
from deploy.compose.demo import main as demo
from deploy.compose.running import NAME, Cluster, Settings
from deploy.ending import terminable
from deploy.settings import DEFAULT_ROOT
from deploy.stages.roles import CONSOLE
from schemas.errors import VeilError

FOLDER = "cluster"


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0, 1 where the demo does not hold, 2 where it can't be done, 130 where it was interrupted."""
    options = _parser().parse_args(arguments)
    settings = Settings(options.name, options.images)
    if options.act == "demo":
        return demo(options.root, settings)
    try:
        with terminable():
            _act(options.act, Cluster(options.root / FOLDER, settings, report=_say))
    except VeilError as error:
        _say(str(error))
        return 2
    except KeyboardInterrupt:
        _say("Interrupted. What a first `up` had begun is ended; of what ran before, all or a part still does.")
        return 130
    return 0


def _act(act: str, cluster: Cluster) -> None:
    if act == "up":
        cluster.start()
        cluster.release()
        for project in cluster.topology.projects:
            _say(f"label of {project}: {cluster.label_url(project)}, known by {cluster.ground.ca}")
        for who in pages(cluster.topology):
            if who.identity.role == CONSOLE:
                _say(f"console: {cluster.ground.page_url(who)}")
        variables = cluster.ground.variables()
        _say(f"prometheus: http://127.0.0.1:{variables[port_of(PROMETHEUS)]}")
        _say(f"grafana, where it is started (`--profile grafana`): http://127.0.0.1:{variables[port_of(GRAFANA)]}")
    elif act == "down":
        cluster.down()
    else:
        print(json.dumps(cluster.status(), indent=1))  # noqa: T201 - a script's output


def _say(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 - a script's output


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.compose", description="A cluster in containers.")
    parser.add_argument("act", choices=("up", "status", "down", "demo"))
    parser.add_argument("--root", type=Path, default=Path(DEFAULT_ROOT), help="its folder `cluster` is used")
    parser.add_argument("--name", help=f"of the project of Compose, once: it is kept ({NAME})")
    parser.add_argument("--images", default="veilstream", help="what the names of the images begin with")
    return parser


if __name__ == "__main__":
    sys.exit(main())
