// Builds what the pages load, from NHS.UK frontend, htmx and our own files: nothing from outside, names by content.
//
//   node build.mjs <node_modules> <our own files> <folder to write>
//
// The folder appears whole, by a rename. manifest.json in it says, for each plain name, the file and its media type; each
// file stands beside itself compressed (.gz, .br) where that is worth it.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync, existsSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join, resolve } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const [packages, own, folder] = process.argv.slice(2).map((path) => resolve(path));
const rtlcss = createRequire(join(packages, "-"))("rtlcss");
const nhs = join(packages, "nhsuk-frontend", "dist", "nhsuk");
const partial = `${folder}.partial`;
const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
};
const WORTH_COMPRESSING = 1000;
const manifest = {};

const read = (...path) => readFileSync(join(...path), "utf8");
const withoutMap = (text) => text.replace(/\/[/*][#@]\s*sourceMappingURL=[^\s*]+(\s*\*\/)?\s*$/, "").trimEnd() + "\n";

function emit(name, text) {
  const suffix = name.slice(name.lastIndexOf("."));
  const mark = createHash("sha256").update(text).digest("hex").slice(0, 12);
  const file = `${name.slice(0, -suffix.length)}.${mark}${suffix}`;
  const bytes = Buffer.from(text);
  writeFileSync(join(partial, file), bytes);
  if (bytes.length > WORTH_COMPRESSING) {
    writeFileSync(join(partial, `${file}.gz`), gzipSync(bytes, { level: 9 }));
    const best = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };
    writeFileSync(join(partial, `${file}.br`), brotliCompressSync(bytes, best));
  }
  manifest[name] = { file, type: TYPES[suffix] };
  return file;
}

// The NHS's own typeface belongs to the NHS and lies on its servers: pages say Arial, and load nothing from there.
function nhsStyle() {
  return withoutMap(read(nhs, "nhsuk-frontend.min.css"))
    .replace(/@font-face\{[^}]*\}/g, "")
    .replaceAll("Frutiger W01,arial", "arial")
    .replace(/url\(\/assets\/images\/([\w-]+\.svg)\)/g, (_, name) => `url(${emit(name, read(nhs, "assets", "images", name))})`);
}

function refuseOutside(name, text) {
  const found = text.match(/(url\(|@import|src=|href=|from\s*)["']?(https?:)?\/\/[^)"'\s]*|Frutiger/);
  if (found) throw new Error(`${name} would load from outside: ${found[0]}`);
}

function licences() {
  const names = ["nhsuk-frontend", "htmx.org"];
  return names.map((name) => {
    const about = JSON.parse(read(packages, name, "package.json"));
    const file = readdirSync(join(packages, name)).find((one) => /^licen[cs]e/i.test(one));
    return `${name} ${about.version}, ${about.license}\n\n${file ? read(packages, name, file) : ""}`;
  }).join("\n");
}

rmSync(partial, { recursive: true, force: true });
mkdirSync(partial, { recursive: true });
const style = nhsStyle() + read(own, "beside.css");
emit("beside.css", style);
emit("beside.rtl.css", rtlcss.process(style));
emit("htmx.js", withoutMap(read(packages, "htmx.org", "dist", "htmx.min.js")));
const frontend = emit("nhsuk-frontend.js", withoutMap(read(nhs, "nhsuk-frontend.min.js")));
emit("beside.js", read(own, "beside.js").replace("./nhsuk-frontend.js", `./${frontend}`));
emit("icon.svg", read(own, "icon.svg"));
emit("licences.txt", licences());
for (const [name, { file }] of Object.entries(manifest)) refuseOutside(name, read(partial, basename(file)));
writeFileSync(join(partial, "manifest.json"), JSON.stringify(manifest, null, 1) + "\n");
if (existsSync(folder)) renameSync(folder, `${folder}.old`);
renameSync(partial, folder);
rmSync(`${folder}.old`, { recursive: true, force: true });
