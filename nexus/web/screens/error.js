/** The page of an error, which the server has written: this adds the field for a code. */

import { codeForm } from "./code.js";
import { byId } from "./dom.js";

byId("entry").append(codeForm());
