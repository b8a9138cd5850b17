/** Puts the page together. */
import { Api } from "./api.js";
import { Desk } from "./desk.js";
import { listen } from "./keyboard.js";
import { deter } from "./privacy.js";
import { ofTrouble } from "./sentences.js";
import { showBanner } from "./status.js";
import { ServerClock } from "./time.js";

const clock = new ServerClock();
const desk = new Desk(new Api(clock, (why) => showBanner(why ? ofTrouble(why) : "")), clock);
const problem = new URLSearchParams(location.search).get("problem");
if (location.search) history.replaceState(null, "", "/");
deter(
  (sentence) => desk.say(sentence),
  (taking) => desk.tried(taking),
);
listen(desk.bench);
desk.begin(problem);
