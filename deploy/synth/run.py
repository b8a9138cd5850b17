"""`veil synth` without its words: so many records at once, or a share of what others publish from now on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from deploy.compliance import compliance
from deploy.surroundings import project_folders
from deploy.synth.making import Made, Maker
from deploy.synth.producing import producing
from deploy.synth.share import missing
from schemas.errors import Abortable, CommitInDoubt, ConfigError, DependencyError, VeilError
from topology.gold_document import load_gold_source
from topology.gold_source import faults
from topology.policies import Policy, load_policy, load_policy_bytes

FOLLOW_S = 1.0
"""Between two looks at where the partitions end. The sooner, the better gold is mixed with the others."""
AGAIN_S = 5.0
"""Between two attempts while a part does not answer."""
MOST_AT_ONCE = 20
"""After a burst of others the rest comes with the next looks, not as a block of gold one could make out."""

Done = Callable[[int], None]


def maker(root: Path, project: str, policy: Policy, seed: int) -> Maker:
    """Records of the project's templates. Raises ConfigError where they don't fit the policy."""
    source = load_gold_source(project, project_folders(root))
    wrong = list(faults(source, policy))
    if wrong:
        raise ConfigError("\n".join(wrong))
    return Maker(source, seed)


def policy_in_force(root: Path, project: str) -> Policy:
    """What the project works by. Raises ConfigError where nothing is in force."""
    with compliance(root) as seen:
        seen.topology.project(project)
        record = seen.book().policy_in_force(project)
    if record is None:
        raise ConfigError(f"no policy is in force in {project}, so nobody can say what gold should look like")
    return load_policy_bytes(record.body)


def rehearsed(root: Path, project: str, count: int, seed: int, policy: str) -> list[Made]:
    """What would be published under a built-in policy or a policy file; neither Kafka nor Vault is asked."""
    making = maker(root, project, load_policy(policy), seed)
    return [making.make() for _ in range(count)]


def publish(root: Path, project: str, count: int, seed: int, done: Done) -> int:
    """Publish so many; `done` hears of each. The number published. Raises what `GoldPublisher.publish` raises."""
    making = maker(root, project, policy_in_force(root, project), seed)
    with producing(root, project) as producer:
        for number in range(count):
            producer.publish(making.make())
            done(number + 1)
    return count


def follow(
    root: Path, project: str, seed: int, stop: threading.Event, done: Done, trouble: Callable[[VeilError], None]
) -> int:
    """Keep the share that the policy in force asks for from now on, until told to stop. The number published.

    Once it has begun it waits for parts that don't answer; `trouble` hears of each time. What others publish
    meanwhile gets its gold afterwards; what came of a commit in doubt, the ends of the topics tell. A policy that
    comes into force meanwhile counts from the next start on. Raises ConfigError where the policy asks for no gold,
    and what `GoldPublisher.publish` raises.
    """
    policy = policy_in_force(root, project)
    if policy.gold.share_permille == 0:
        raise ConfigError(f"{policy.id} asks for no gold (`gold: {{share: …}}`), so there is no share to keep")
    making, made, before = maker(root, project, policy, seed), 0, None
    while not stop.is_set():
        try:
            with producing(root, project) as producer:
                before = before or producer.published()
                while not stop.wait(FOLLOW_S):
                    wanted = missing(producer.published().since(before), policy.gold.share_permille)
                    for _ in range(min(wanted, MOST_AT_ONCE)):
                        producer.publish(making.make())
                        made += 1
                        done(made)
        except (DependencyError, Abortable, CommitInDoubt) as error:
            if before is None:
                raise
            trouble(error)
            stop.wait(AGAIN_S)
    return made
