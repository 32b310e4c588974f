/* SPDX-License-Identifier: ISC */
/*
 * The words that the context rules of stripping know, and their classes. A word comes here in lower
 * case, then once more as it stands when it is in capitals; with its full stop when one follows.
 * Any process; pure.
 */
#include "strip/internal.h"

enum strip_class
strip_word(const uint8_t *word)
{
	const unsigned char *YYCURSOR = word, *YYMARKER;

	/*!re2c
	re2c:define:YYCTYPE = "unsigned char";
	re2c:yyfill:enable = 0;

	end = [\x00];

	("may" | "march" | "mar" | "sep") end { return C_COMMON; }
	("i" | "i'd" | "i'll") end { return C_I; }
	("im" | "i'm") end { return C_IM; }
	("i've" | "ive" | "we've") end { return C_IVE; }
	("we" | "we're" | "we'd") end { return C_WE; }
	("my" | "our" | "mine") end { return C_MY; }
	("me" | "us" | "myself") end { return C_ME; }
	("he" | "she" | "they" | "him" | "her" | "his" | "their" | "them" | "hers"
	| "theirs" | "himself" | "herself" | "whose" | "someone" | "somebody" | "your"
	| "he's" | "she's" | "they're" | "he'd" | "she'd") end { return C_THEY; }
	("am") end { return C_AM; }
	("was" | "were") end { return C_WAS; }
	("is" | "are") end { return C_IS; }
	("been") end { return C_BEEN; }
	("have" | "had") end { return C_HAVE; }
	("name" | "names") end { return C_NAME; }
	("this") end { return C_THIS; }
	("its" | "it's") end { return C_ITS; }
	("from" | "calling" | "writing" | "reporting") end { return C_FROM; }
	("here" | "speaking") end { return C_HERE; }
	("for") end { return C_FOR; }
	("in" | "on") end { return C_IN; }
	("at" | "with" | "of" | "to" | "by" | "under") end { return C_PREP; }
	("as" | "being") end { return C_AS; }
	("ask" | "asking") end { return C_ASK; }
	("clocked" | "badged" | "punched" | "swiped" | "arrived" | "left" | "got" | "came"
	| "checked" | "clock" | "badge-in") end { return C_CLOCK; }
	("iphone" | "ipad" | "macbook" | "galaxy" | "pixel" | "android" | "imac" | "ipod"
	| "chromebook" | "airpods") end { return C_DEVICE; }
	("hired" | "graduated" | "transferred" | "onboarded" | "promoted" | "passed"
	| "finished" | "retire" | "retired" | "rehired") end { return C_HIRED; }
	("probation" | "orientation" | "residency" | "internship" | "onboarding"
	| "fellowship" | "grad" | "hire" | "newbie" | "rookie") end { return C_PROBATION; }
	("last" | "past" | "first" | "second" | "third" | "fourth" | "fifth" | "sixth"
	| "seventh" | "eighth" | "ninth" | "tenth") end { return C_LAST; }
	("fall" | "spring" | "summer" | "winter" | "autumn" | "christmas" | "thanksgiving") end
	                        { return C_SEASON; }
	("username" | "login" | "logon" | "userid" | "handle" | "user-name") end
	                        { return C_LOGIN; }
	("supervise" | "supervised" | "manage" | "managed" | "run" | "oversee" | "oversaw"
	| "coordinate" | "charge") end { return C_MANAGE; }
	("and" | "or") end { return C_AND; }
	("the") end { return C_THE; }
	("a" | "an") end { return C_ARTICLE; }
	("only" | "sole") end { return C_ONLY; }
	("since") end { return C_SINCE; }
	("started" | "joined") end { return C_STARTED; }
	("work" | "worked" | "working" | "works") end { return C_WORK; }
	("sent" | "get") end { return C_SENT; }
	("initials") end { return C_INITIALS; }
	("regards" | "sincerely" | "best" | "cheers" | "thanks" | "thank" | "respectfully"
	| "yours" | "cordially" | "signed" | "faithfully" | "thx" | "rgds" | "gratefully"
	| "warmly") end { return C_CLOSER; }
	("kind" | "warm" | "many" | "you" | "truly" | "very" | "wishes" | "again" | "much"
	| "advance") end { return C_FILLER; }
	("role" | "position" | "job" | "title") end { return C_JOB; }
	("number" | "no." | "num" | "nr" | "nr." | "numbers") end { return C_NUMNOUN; }
	("phone" | "cell" | "mobile" | "telephone" | "tel" | "tel." | "cellphone" | "email"
	| "e-mail" | "mail" | "whatsapp" | "pager" | "line" | "fax" | "address" | "contact"
	| "contacts" | "signal" | "ext"
	| "ext." | "extension") end { return C_CONTACT; }
	("call" | "text" | "reach" | "ring" | "message" | "write" | "dm" | "phone.") end
	                        { return C_REACH; }
	("badge" | "employee" | "staff" | "id" | "license" | "licence"
	| "user" | "passport" | "emp" | "emp." | "npi"
	| "payroll" | "personnel" | "lic" | "lic." | "registration" | "certificate"
	| "credential") end { return C_IDNOUN; }
	("mrn" | "chart" | "record" | "encounter" | "accession" | "account" | "insurance"
	| "policy" | "medicaid" | "medicare" | "case") end { return C_RECORD; }
	("reporter" | "complainant" | "caller" | "submitter" | "undersigned" | "sender"
	| "signature") end { return C_FIELD; }
	("reported" | "submitted" | "filed" | "completed" | "forwarded"
	| "shared") end { return C_REPORTED; }
	("patient" | "patients" | "accused" | "witness" | "witnesses" | "victim"
	| "resident" | "suspect" | "clinic" | "practice" | "page" | "website"
	| "site" | "hospital" | "company" | "family" | "colleague" | "coworker"
	| "co-worker" | "boss" | "vendor" | "bio" | "profile" | "person" | "people" | "guy"
	| "woman" | "man" | "show" | "podcast" | "hotline" | "helpline") end { return C_PERSON; }
	("husband" | "wife" | "sister" | "brother" | "mother" | "father" | "mom" | "mum"
	| "dad" | "son" | "daughter" | "cousin" | "aunt" | "uncle" | "nephew" | "niece"
	| "partner" | "boyfriend" | "girlfriend" | "fiance" | "fiancee" | "spouse"
	| "roommate" | "ex" | "ex-wife" | "ex-husband" | "stepson" | "stepdaughter"
	| "mother-in-law" | "father-in-law" | "sister-in-law" | "brother-in-law"
	| "son-in-law" | "daughter-in-law" | "grandmother" | "grandfather" | "neighbor"
	| "neighbour") end { return C_RELATION; }
	("dr" | "mr" | "mrs" | "ms" | "dr." | "mr." | "mrs." | "ms." | "prof."
	| "miss" | "professor" | "doctor" | "fr." | "rev." | "sgt." | "prof") end { return C_TITLE; }
	("nurse" | "midwife" | "physician" | "surgeon" | "scheduler" | "coordinator"
	| "manager" | "director" | "specialist" | "technician" | "technologist" | "tech"
	| "therapist" | "clerk" | "secretary" | "assistant" | "aide" | "officer"
	| "supervisor" | "lead" | "chaplain" | "interpreter" | "pharmacist" | "dietitian"
	| "dietician" | "analyst" | "auditor" | "biller" | "coder" | "scribe"
	| "transcriptionist" | "receptionist" | "phlebotomist" | "orderly" | "porter"
	| "transporter" | "janitor" | "custodian" | "housekeeper" | "cook" | "guard"
	| "volunteer" | "intern" | "fellow" | "extern" | "observer" | "student"
	| "instructor" | "educator" | "trainer" | "videographer" | "photographer"
	| "administrator" | "registrar" | "librarian" | "counselor" | "counsellor"
	| "psychologist" | "psychiatrist" | "dentist" | "hygienist" | "paramedic"
	| "dispatcher" | "driver" | "navigator" | "researcher" | "programmer" | "developer"
	| "engineer" | "electrician" | "plumber" | "paralegal" | "liaison" | "chief"
	| "head" | "anesthetist" | "radiographer" | "sonographer" | "worker" | "consultant"
	| "advocate" | "planner" | "representative" | "sitter" | "preceptor" | "practitioner"
	| "attendant" | "operator" | "contractor" | "accountant" | "bookkeeper" | "recruiter"
	| "cleaner" | "greeter" | "mechanic" | "gardener" | "valet" | "barista" | "steward"
	| "anesthesiologist" | "attending" | "monitor" | "runner" | "webmaster" | "midwives"
	| "consultants" | "specialists" | "coordinators" | "therapists" | "technicians"
	| "pharmacists" | "managers") end
	                        { return C_ROLE; }
	("years" | "year" | "yrs" | "yr" | "months" | "month" | "mos" | "weeks" | "week") end
	                        { return C_UNIT; }
	("one" | "two" | "three" | "four" | "five" | "six" | "seven" | "eight" | "nine"
	| "ten" | "eleven" | "twelve" | "thirteen" | "fourteen" | "fifteen" | "sixteen"
	| "seventeen" | "eighteen" | "nineteen" | "twenty" | "thirty" | "forty" | "several"
	| "few" | "couple" | "half") end { return C_NUMWORD; }
	("twenty" | "thirty" | "forty" | "fifty") [-]
	("one" | "two" | "three" | "four" | "five" | "six" | "seven" | "eight" | "nine") end { return C_NUMWORD; }
	("street" | "st." | "road" | "rd." | "avenue" | "ave" | "ave." | "lane" | "ln"
	| "blvd" | "boulevard" | "drive" | "way" | "court" | "row" | "terrace" | "highway") end
	                        { return C_ADDRESS_END; }
	("it" | "that" | "these" | "those" | "there" | "then" | "than" | "what" | "when"
	| "where" | "which" | "who" | "whom" | "why" | "how" | "not" | "no" | "yes" | "nope"
	| "ok" | "okay" | "so" | "such" | "just" | "still" | "also" | "already" | "always"
	| "never" | "ever" | "now" | "afraid" | "sure" | "sorry" | "glad" | "happy"
	| "angry" | "furious" | "aware" | "able" | "unable" | "new" | "newest" | "old"
	| "ill" | "sick" | "well" | "fine" | "good" | "bad" | "right" | "wrong" | "safe"
	| "scared" | "going" | "done" | "out" | "off" | "over" | "up" | "down" | "back"
	| "about" | "after" | "before" | "because" | "but" | "if" | "while" | "although"
	| "though" | "however" | "until" | "once" | "during" | "be" | "do" | "did"
	| "does" | "will" | "would" | "can" | "could" | "should" | "shall" | "might"
	| "must" | "has" | "all" | "any" | "some" | "none" | "both" | "each" | "every"
	| "everyone" | "everybody" | "nobody" | "anyone" | "other" | "another" | "same"
	| "more" | "most" | "less" | "least" | "too" | "please" | "pls" | "help" | "hello"
	| "hi" | "hey" | "today" | "yesterday" | "tomorrow" | "tonight" | "maybe"
	| "perhaps" | "really" | "catholic" | "jewish" | "muslim" | "christian" | "black"
	| "white" | "asian" | "latina" | "latino" | "hispanic" | "african" | "american"
	| "indian" | "chinese" | "filipino" | "filipina" | "german" | "french" | "british"
	| "irish" | "english" | "spanish" | "mexican" | "deaf" | "pregnant" | "anonymous"
	| "confidential" | "end" | "stop" | "update" | "note" | "attached" | "nothing"
	| "something" | "anything" | "everything" | "unit" | "ward" | "floor" | "shift"
	| "radiology" | "oncology" | "cardiology" | "pharmacy" | "pediatrics" | "icu" | "ed"
	| "er" | "facebook" | "instagram" | "tiktok" | "twitter" | "linkedin" | "youtube"
	| "reddit" | "snapchat" | "hipaa" | "unknown" | "see" | "let" | "anon"
	| "dear" | "into" | "like" | "upset" | "nervous" | "alone" | "stuck" | "certain"
	| "confident" | "familiar" | "part" | "available" | "uncomfortable" | "ready"
	| "curious" | "torn" | "mad" | "careful" | "positive" | "fed" | "pretty" | "honest"
	| "responsible" | "grateful" | "free" | "close" | "present" | "lucky" | "proud"
	| "guilty" | "ashamed" | "hopeful" | "numb" | "livid" | "speechless" | "currently"
	| "ago" | "soon" | "later" | "early" | "late" | "together" | "home" | "away"
	| "btw" | "fyi" | "thing" | "things" | "video" | "photo" | "post" | "posts" | "clip"
	| "picture" | "pictures" | "photos" | "videos" | "story" | "nurses" | "doctors"
	| "folks" | "guys" | "kids" | "hallo" | "concerned" | "morning" | "evening"
	| "afternoon" | "hours" | "minutes" | "hour" | "minute" | "time" | "urgent"
	| "important") end { return C_COMMON; }
	("surgery" | "medicine" | "department" | "emergency" | "room" | "operating" | "labor"
	| "labour" | "delivery" | "nursing" | "station" | "center" | "centre" | "health"
	| "care" | "medical" | "clinical" | "team" | "office" | "desk" | "lab" | "north"
	| "south" | "east" | "west" | "night" | "day" | "nights" | "days" | "privacy"
	| "compliance" | "recovery" | "intensive" | "anesthesia" | "outpatient" | "inpatient"
	| "rehab") end          { return C_PLACE; }
	("RN" | "MD" | "M.D." | "DO" | "LPN" | "LVN" | "CNA" | "NP" | "PA" | "PA-C" | "PT"
	| "DPT" | "PTA" | "OT" | "BSN" | "MSN" | "DNP" | "FNP" | "APRN" | "CPC" | "CHC"
	| "MSW" | "LCSW" | "CRNA" | "CNM" | "RRT" | "RT" | "EMT" | "DDS" | "MBA" | "MPH"
	| "CNS" | "RD" | "SLP" | "CMA" | "III") end { return C_CREDENTIAL; }
	("phd" | "pharmd" | "rph" | "esq" | "esq." | "cpht" | "jr" | "jr." | "sr.") end
	                        { return C_CREDENTIAL; }
	*                       { return C_NONE; }
	*/
}
