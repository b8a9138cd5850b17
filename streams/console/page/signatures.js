/** Policies, labeling jobs, freezes, releases: what waits for whom, what is in force, what a change means. */
import { button, element } from "./dom.js";
import { moment } from "./format.js";

const AGAIN = 10_000;
const STATES = { pending: ["warn", "waits for signatures"], in_force: ["good", "in force"], past: ["quiet", "past"], below_minimum: ["quiet", "below the minimum"] };
const BOTH = { lift: ["warn", "over when both have signed"], release: ["warn", "leaves when both have signed"] };
const ABOUT = {
  lift: ({ version }) => `up to version ${version}, of ${moment(version)} UTC`,
  release: ({ revision, version, reason }) => `revision ${revision}, under policy version ${version}, because: ${reason}`,
};
const REASONS = {
  accepted_risk: "Its risk threshold is set aside: the risk is known and taken. Every other check holds.",
  false_alarm: "Its risk threshold is set aside: the score is wrong about it. Every other check holds.",
  newer_policy: "It is redacted once more by the policy in force. Nothing is set aside.",
  mended: "It is redacted once more, since what was amiss is mended. Nothing is set aside.",
};
const EFFECTS = { shows_more: ["bad", "shows more"], shows_less: ["good", "shows less"], other: ["quiet", ""] };

export class SignaturesView {
  constructor(desk) {
    this.desk = desk;
    this.body = element("div", { class: "signatures-body" });
    this.element = element("div", { class: "signatures" }, element("div", { class: "bar" }, element("h1", {}, "Signatures")), this.body);
  }

  begin() {
    this.load();
    this.timer = setInterval(() => this.load(), AGAIN);
  }

  end() {
    clearInterval(this.timer);
  }

  async load() {
    const content = await this.desk.ask((signal) => this.desk.api.signatures(this.desk.project, signal));
    if (!content) return;
    const said = JSON.stringify(content);
    if (said === this.said) return;
    this.said = said;
    const every = [...content.policies, ...content.jobs];
    const of = (...states) => every.filter(({ state }) => states.includes(state));
    this.body.replaceChildren(
      ...held(content),
      ...(content.freezes.length ? [this.#section("Stopped", content.freezes, content, "")] : []),
      ...(content.releases.length ? [this.#section("In quarantine", content.releases, content, "")] : []),
      this.#section("Waiting", of("pending"), content, "No policy or job waits for a signature."),
      this.#section("In force", of("in_force"), content, "Nothing is in force: raw records wait."),
      this.#section("Earlier", of("past", "below_minimum"), content, "There were none before."),
    );
  }

  #section(name, found, content, nothing) {
    const cards = found.map((one) => card(one, content, content.signs ? () => this.#sign(one) : null));
    return element("section", { class: "panel" }, element("h2", {}, name), ...(cards.length ? cards : [element("p", { class: "quiet" }, nothing)]));
  }

  /** Off to where people sign, with their own password and the code of the moment. */
  async #sign({ kind, target }) {
    const found = await this.desk.attempt(() => this.desk.api.sign(this.desk.project, kind, target));
    if (found) location.assign(found.address);
  }
}

/** What keeps the project, or somebody, from going on. */
function held({ freezes, revoked }) {
  const stopped = freezes.map(({ target, stages, reason }) => `${target} has stopped ${stages.join(" and ")} (${reason}).`);
  const out = revoked.map((person) => `${person} is revoked: two people must sign before they may enter again.`);
  return [...stopped, ...out].map((sentence) => element("p", { class: "verdict bad" }, sentence));
}

function card(one, { you, project }, sign) {
  const [style, words] = BOTH[one.kind] ?? STATES[one.state];
  const yours = one.missing.some(({ persons }) => persons.includes(you)) && !one.signatures.some(({ signer }) => signer === you);
  return element(
    "article",
    { class: "signed" },
    element("h3", {}, one.name, element("span", { class: `badge ${style}` }, words), yours ? element("span", { class: "badge warn" }, "yours is missing") : null),
    element("p", { class: "hash" }, (ABOUT[one.kind] ?? (({ target }) => target))(one)),
    one.kind === "release" ? element("p", { class: "quiet" }, REASONS[one.reason] ?? one.reason) : null,
    element(
      "ul",
      { class: "signers" },
      ...one.signatures.map(({ signer, at }) => element("li", {}, element("span", { class: "good" }, "✓ "), at ? `${signer}, ${moment(at)} UTC` : `${signer} has signed that it is over`)),
      ...one.missing.map(({ role, persons }) => element("li", {}, element("span", { class: "warn" }, "○ "), `missing: ${role} (${persons.join(" or ")})`)),
    ),
    one.readable !== false ? null : element("p", { class: "verdict bad" }, "No stage could load this: it was signed unread."),
    difference(one),
    yours ? signing(one, { you, project, sign }) : null,
  );
}

function signing({ kind, target, name, reason, signable }, { you, project, sign }) {
  if (sign && signable) return element("p", { class: "actions" }, button({ class: "primary", does: sign }, `Sign as ${you} …`));
  const command = { policy: "veil policy sign FILE.yaml", job: "veil job publish", lift: `veil contain resume --of ${target.split(".")[0]} --project ${project}`, release: `veil quarantine release ${name} --reason ${reason} --project ${project}` }[kind];
  return element("p", { class: "quiet" }, kind === "lift" ? "Sign that it is over with " : "Sign it with ", element("code", {}, `${command} --as ${you}`));
}

function difference({ changes, against, state }) {
  if (state !== "pending" || !against) return null;
  if (!changes.length) return element("p", { class: "quiet" }, `No rule differs from ${against}.`);
  const rows = changes.map(({ path, old, new: now, effect }) => {
    const [style, words] = EFFECTS[effect] ?? EFFECTS.other;
    return element("tr", {}, element("th", { scope: "row" }, path), element("td", { class: "old" }, old ?? "–"), element("td", { class: "new" }, now ?? "–"), element("td", { class: style }, words));
  });
  const head = ["rule", against, "this one", "means"].map((name) => element("th", { scope: "col" }, name));
  return element("div", { class: "scroller", tabindex: 0, role: "region", "aria-label": "What differs" }, element("table", { class: "diff" }, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...rows)));
}
