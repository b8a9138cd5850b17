"""Every setting read from the environment, with its reason. Documented in deploy/README.md; a test compares."""

from __future__ import annotations

from dataclasses import dataclass

ROOT_VARIABLE, DEFAULT_ROOT = "VEIL_ROOT", ".veil"
PROJECT_VARIABLE, DEFAULT_PROJECT = "VEIL_PROJECT", "demo"


@dataclass(frozen=True, slots=True)
class Setting:
    """A variable; `default` is what holds where it isn't set."""

    name: str
    default: str
    meaning: str


SETTINGS: tuple[Setting, ...] = (
    Setting(ROOT_VARIABLE, DEFAULT_ROOT, "folder of the local stack, its data, keys and logs (mode 0700)"),
    Setting(PROJECT_VARIABLE, DEFAULT_PROJECT, "project that commands act on"),
    Setting("VEIL_KAFKA_BOOTSTRAP", "a broker of our own", "brokers of an external Kafka, `host:port,…`"),
    Setting("VEIL_KAFKA_CA", "–", "file with the CA of that Kafka"),
    Setting("VEIL_KAFKA_ADMIN_USER", "–", "SCRAM user that may create topics, users and ACLs"),
    Setting("VEIL_KAFKA_ADMIN_PASSWORD_FILE", "–", "file that holds its password"),
    Setting("VEIL_VAULT_ADDR", "an OpenBao of our own", "address of an external OpenBao or Vault, `https://…`"),
    Setting("VEIL_VAULT_CA", "–", "file with the CA of that Vault"),
    Setting("VEIL_VAULT_TOKEN_FILE", "–", "file with a token that may write policies, roles, mounts and keys"),
    Setting("VEIL_REGISTRY_URL", "an Apicurio of our own", "address of an external registry (Confluent API)"),
    Setting("VEIL_REGISTRY_CA", "–", "file with the CA of that registry"),
    Setting("VEIL_REGISTRY_CERT", "none", "client certificate for that registry, where it wants one"),
    Setting("VEIL_REGISTRY_KEY", "none", "key of that certificate"),
    Setting("VEIL_TEST_STACK", "local", "what tests run on: `local` starts all parts, `external` uses the above"),
    Setting("VEIL_FAULT_ROUNDS", "20", "how many kills the fault tests do in all; `make test-long`: 300"),
    Setting("VEIL_FAULT_SEED", "random", "replay the fault tests with this seed"),
    Setting("VEIL_SIM_SCHEDULES", "2000", "how many schedules the simulation runs; `make test-long`: 50,000"),
    Setting("VEIL_SIM_FIRST_SEED", "1", "where the simulation's seeds begin"),
    Setting("VEIL_SIM_SEED", "none", "replay this one seed of the simulation"),
)
