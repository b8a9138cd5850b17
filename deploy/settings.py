"""Every setting read from the environment, with its reason. Documented in deploy/README.md; a test compares."""

from __future__ import annotations

from dataclasses import dataclass

ROOT_VARIABLE, DEFAULT_ROOT = "VEIL_ROOT", ".veil"
PROJECT_VARIABLE, DEFAULT_PROJECT = "VEIL_PROJECT", "demo"
HEALTH_PORT_VARIABLE, DEFAULT_HEALTH_PORT = "VEIL_HEALTH_PORT", "0"
IMAGE_HEALTH_PORT = 9464
"""What an image says, so that of every container it is the same."""
HEALTH_HOST_VARIABLE = "VEIL_HEALTH_HOST"
LOGIN_VARIABLE = "VEIL_LOGIN"


@dataclass(frozen=True, slots=True)
class Setting:
    """A variable; `default` is what holds where it isn't set."""

    name: str
    default: str
    meaning: str


SETTINGS: tuple[Setting, ...] = (
    Setting(ROOT_VARIABLE, DEFAULT_ROOT, "folder of the local stack, its data, keys and logs (mode 0700)"),
    Setting(PROJECT_VARIABLE, DEFAULT_PROJECT, "project that commands act on"),
    Setting(
        HEALTH_PORT_VARIABLE,
        DEFAULT_HEALTH_PORT,
        "port of `/healthz` and `/metrics` of a process that is not told; 0 takes a free one, an image says"
        f" {IMAGE_HEALTH_PORT}",
    ),
    Setting(
        HEALTH_HOST_VARIABLE,
        "loopback alone",
        "one address more for the same, which only whoever collects metrics reaches (`deploy/compose`,"
        " `deploy/kubernetes`)",
    ),
    Setting(
        LOGIN_VARIABLE,
        "standard input",
        "socket at which a process asks for what it logs in to Vault with (`deploy/handing`)",
    ),
    Setting("VEIL_KAFKA_BOOTSTRAP", "a broker of our own", "brokers of an external Kafka, `host:port,…`"),
    Setting("VEIL_KAFKA_CA", "–", "file with the CA of that Kafka"),
    Setting("VEIL_KAFKA_ADMIN_USER", "–", "SCRAM user that may create topics, users and ACLs"),
    Setting("VEIL_KAFKA_ADMIN_PASSWORD_FILE", "–", "file that holds its password"),
    Setting(
        "VEIL_KAFKA_COPIES",
        "1",
        "copies of each topic that `veil topology apply` makes there: 1, or 3 of which two are in sync; never"
        " change it for topics that are there",
    ),
    Setting("VEIL_KAFKA_DENIED_LOG", "out of reach", "file of that Kafka's `kafka.authorizer.logger`"),
    Setting(
        "VEIL_VAULT_ADDR",
        "an OpenBao of our own",
        "address of an external OpenBao or Vault, `https://…`; of all its nodes, with commas",
    ),
    Setting("VEIL_VAULT_CA", "–", "file with the CA of that Vault"),
    Setting(
        "VEIL_VAULT_TOKEN_FILE",
        "–",
        "file with a token that may write policies, roles, mounts, keys, and (`sudo`) make, list and end tokens",
    ),
    Setting("VEIL_VAULT_AUDIT_LOG", "out of reach", "file of that Vault's audit device, read by the shipper"),
    Setting(
        "VEIL_VAULT_PODS",
        "nobody may",
        "audience of pods' tokens, by which processes in Kubernetes log in to that Vault (`deploy/kubernetes`)",
    ),
    Setting("VEIL_REGISTRY_URL", "an Apicurio of our own", "address of an external registry (Confluent API)"),
    Setting("VEIL_REGISTRY_CA", "–", "file with the CA of that registry"),
    Setting("VEIL_REGISTRY_CERT", "none", "client certificate for that registry, where it wants one"),
    Setting("VEIL_REGISTRY_KEY", "none", "key of that certificate"),
    Setting("VEIL_REGISTRY_WRITER_CERT", "that of all", "certificate that who registers schemas shows there"),
    Setting("VEIL_REGISTRY_WRITER_KEY", "that of all", "key of that certificate"),
    Setting("VEIL_REGISTRY_TOKEN_KEY", "none", "key by which who registers schemas there signs tokens"),
    Setting(
        "VEIL_LOG_NAME",
        "`veilstream-` and Kafka's cluster id",
        "name of the audit's logs in their checkpoints; no spaces, no plus signs, and never another one later, but"
        " `<name>-r…` after a restore, or where a topic was lost (`streams/audit/README.md`)",
    ),
    Setting("VEIL_LABEL_HOST", "127.0.0.1", "address that label's API and page listen on; any other needs TLS"),
    Setting("VEIL_LABEL_NAME", "that address", "what browsers call it, where that is not the address"),
    Setting("VEIL_LABEL_CERT", "none: plain HTTP", "certificate (PEM) of label's API and page"),
    Setting("VEIL_LABEL_KEY", "none", "key of that certificate"),
    Setting("VEIL_CONSOLE_HOST", "127.0.0.1", "address that the console listens on; any other needs TLS"),
    Setting("VEIL_CONSOLE_NAME", "that address", "what browsers call it, where that is not the address"),
    Setting("VEIL_CONSOLE_CERT", "none: plain HTTP", "certificate (PEM) of the console"),
    Setting("VEIL_CONSOLE_KEY", "none", "key of that certificate"),
    Setting("VEIL_OIDC_ISSUER", "the OpenBao of our own", "OpenID provider that people sign in with, `https://…`"),
    Setting("VEIL_OIDC_CLIENT_ID", "–", "client id that this provider knows us by"),
    Setting("VEIL_OIDC_CLIENT_SECRET_FILE", "none: a public client", "file that holds the client's secret"),
    Setting("VEIL_OIDC_CA", "the system's", "file with the CA of that provider"),
    Setting("VEIL_OIDC_SCOPE", "openid", "scopes to ask for"),
    Setting(
        "VEIL_OIDC_PERSON_CLAIM", "–", "claim of the ID token that holds a person's name as the project has it"
    ),
    Setting("VEIL_OIDC_DEVICE_CLAIM", "none", "claim of the ID token that says what device it was made on"),
    Setting("VEIL_OIDC_ACR", "–", "`acr` that shows a second factor; this or the next must be set"),
    Setting("VEIL_OIDC_AMR", "–", "method in `amr` that shows a second factor"),
    Setting(
        "VEIL_TRACES",
        "none: off",
        "address of a collector of traces (OTLP over HTTP), `http://127.0.0.1:4318`; beyond this machine `https://`",
    ),
    Setting(
        "VEIL_TRACES_RATIO", "0.01", "share of records that are traced, from 0 to 1; the same for all processes"
    ),
    Setting("VEIL_TRACES_CA", "the system's", "file with the CA of that collector"),
    Setting(
        "VEIL_TEST_STACK",
        "local",
        "what tests run on: `local` starts all parts, `containers` starts them in containers, "
        "`external` uses the above",
    ),
    Setting("VEIL_TEST_VAULT", "OpenBao", "program of a HashiCorp Vault, for the stack that tests share"),
    Setting(
        "VEIL_CONTAINER_ENGINE",
        "docker",
        "program that talks to the container engine which builds and tests the image",
    ),
    Setting("VEIL_FAULT_ROUNDS", "10", "how many kills the fault tests do in all; `make test-long`: 300"),
    Setting("VEIL_SOAK_RECORDS", "3000", "how many records the soak publishes; `make test-long`: 300000"),
    Setting("VEIL_FAULT_SEED", "random", "replay the fault tests with this seed"),
    Setting(
        "VEIL_QUEUE_HISTORIES",
        "5000",
        "how many interleavings of the label queue are tried; `make test-long`: 100,000",
    ),
    Setting(
        "VEIL_TAKEOVER_ROUNDS", "5", "how many label processes the take-over tests kill; `make test-long`: 50"
    ),
    Setting("VEIL_SIM_SCHEDULES", "1000", "how many schedules the simulation runs; `make test-long`: 50,000"),
    Setting("VEIL_SIM_FIRST_SEED", "1", "where the simulation's seeds begin"),
    Setting("VEIL_SHOTS", "none", "folder in which the tests of the console leave pictures of every view"),
    Setting("VEIL_SIM_SEED", "none", "replay this one seed of the simulation"),
)
