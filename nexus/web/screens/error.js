/** The page of an error, which the server has written: this adds the field for a code. */

import { dress } from "./brand.js";
import { codeForm } from "./code.js";
import { byId } from "./dom.js";

dress();
byId("entry").append(codeForm());
