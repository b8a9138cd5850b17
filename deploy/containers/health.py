"""`python -m deploy.containers.health`: asks the process of this container how it is. 0 well, 1 not.

The image has no shell and no other client; an engine runs this every few seconds, so it imports little.
"""

from __future__ import annotations

import http.client
import os
import sys

from deploy.settings import HEALTH_PORT_VARIABLE

ANSWERS_WITHIN_S = 3.0
"""Less than the engine waits for us."""


def main() -> int:
    """Say what is the matter, if anything is, and return the exit code."""
    port = os.environ.get(HEALTH_PORT_VARIABLE, "")
    if not port.isdecimal():
        print(f"{HEALTH_PORT_VARIABLE} must be the port that the process was started with.")  # noqa: T201 - for engines
        return 1
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=ANSWERS_WITHIN_S)
    try:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        print(answer.read().decode("utf-8", "replace"))  # noqa: T201 - engines keep it; conditions, no content
    except (OSError, http.client.HTTPException) as error:
        print(f"No answer on port {port}: {type(error).__name__}.")  # noqa: T201 - as above
        return 1
    else:
        return 0 if answer.status == http.HTTPStatus.OK else 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
