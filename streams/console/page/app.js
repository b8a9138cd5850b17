/** Puts the page together. */
import { Api } from "./api.js";
import { Desk } from "./desk.js";

const problem = new URLSearchParams(location.search).get("problem");
if (location.search) history.replaceState(null, "", `/${location.hash}`);
new Desk(new Api()).begin(problem);
