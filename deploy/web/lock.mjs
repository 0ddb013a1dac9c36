// Takes out of package-lock.json what nobody needs to install: where authors take donations.
import { readFileSync, writeFileSync } from "node:fs";

const lock = JSON.parse(readFileSync("package-lock.json"));
for (const one of Object.values(lock.packages)) delete one.funding;
writeFileSync("package-lock.json", JSON.stringify(lock, null, 2) + "\n");
