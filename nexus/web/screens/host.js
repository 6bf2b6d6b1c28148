/** The host's screen: it starts here, with the login or with the polls. */

import { dress } from "./brand.js";
import { App } from "./host/app.js";
import { byId } from "./dom.js";

dress();
new App(byId("screen")).start();
