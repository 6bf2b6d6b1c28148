/** The host's screen: it starts here, with the login or with the polls. */

import { App } from "./host/app.js";
import { byId } from "./dom.js";

new App(byId("screen")).start();
