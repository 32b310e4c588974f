/* SPDX-License-Identifier: ISC */
/*
 * candor: the client for everyone: employees who report, compliance officers, administrators. Runs as
 * whoever calls it, talks to the daemon alone. Must never put a word of a report, a receipt or a key
 * into an argument, an environment variable, a file that the user did not name, or a log.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "term.h"
#include "verb.h"

/* clang-format off */
static const struct verb verbs[] = {
	{ "report", "[--json FILE|-]", "report an incident, or ask a question, anonymously", verb_report,
	  "On a terminal it asks for everything, shows what would give you away and takes it out, shows\n"
	  "your receipt, and files. Nothing is sent before you have seen all of it.\n\n"
	  "With --json it reads one object from FILE, or from standard input (-):\n"
	  "  {\"kind\": \"incident\" or \"question\", \"category\": ID, \"site\": ID, \"place\": TEXT,\n"
	  "   \"seen_on\": \"YYYY-MM-DD\", \"platform\": TEXT, \"urls\": [TEXT, ...], \"narrative\": TEXT,\n"
	  "   \"keep_out\": [OFFICER, ...], \"keep\": [LABEL, ...], \"keep_words\": [TEXT, ...],\n"
	  "   \"attachments\": [PATH, ...],\n"
	  "   \"keep_original\": false, \"receipt\": WORDS}\n"
	  "\"category\" and \"narrative\" are needed; ids and names are in `candor guide --json`, labels are\n"
	  "those of \"removed\" below; attachments are files that `candor clean` takes, and \"keep_original\": true\n"
	  "sends them untouched as well, for the escrow alone. \"receipt\" is for trying again what was not\n"
	  "acknowledged. It prints\n"
	  "  {\"receipt\", \"removed\": [{\"field\", \"label\", \"start\", \"end\"}, ...],\n"
	  "   \"attachments\": [{\"type\", \"bytes\"}, ...],\n"
	  "   \"acknowledge_by\", \"feedback_by\"}\n"
	  "where start and end are bytes of the field as given. When the report was sent and never\n"
	  "acknowledged, it prints {\"receipt\", \"filed\": null} and ends with 75.\n" },
	{ "follow", "[--reply] [--attach FILE]... [--json]", "see how a report stands, and answer", verb_follow,
	  "Asks for the receipt, or reads it from the first line of standard input; never from an\n"
	  "argument.\n\n"
	  "  --reply          send a message: what follows on standard input, or what you type\n"
	  "  --attach FILE    add a file to it, cleaned first; up to 16 times\n"
	  "  --json           {\"state\", \"kind\", \"acknowledge_by\", \"acknowledged_on\", \"feedback_by\",\n"
	  "                   \"outcome\", \"actions\", \"messages\": [{\"n\", \"on\", \"text\"}, ...]}; with\n"
	  "                   --reply also \"sent\" and \"removed\"\n" },
	{ "guide", "[CATEGORY] [--json]", "what to report, who reads it, what happens next", verb_guide,
	  "Lists the categories, places of work and officers of this site; with CATEGORY, what counts as\n"
	  "one, what helps, and what happens next.\n" },
	{ "strip", "[--profile reporter|deidentify] [--jsonl] [FILE]", "take out what identifies the writer", verb_strip,
	  "A filter from FILE or standard input to standard output; needs no service.\n\n"
	  "  --profile P    reporter (usual): what says who wrote it; deidentify: also patients' data\n"
	  "  --jsonl        each line is {\"text\": ...} and becomes\n"
	  "                 {\"text\": ..., \"removed\": [{\"label\", \"start\", \"end\"}, ...]}\n" },
	{ "clean", "IN OUT", "take the metadata out of a picture, document or text", verb_clean,
	  "What says who made it, where, when and with what: Exif, comments, thumbnails, colour profiles,\n"
	  "whatever stands behind the end. OUT is a new file; IN stays as it is, and may be `-` for standard\n"
	  "input. A file that cannot be cleaned is refused with the reason (exit code 65). Look at the result:\n"
	  "what can be seen in it is still there. Needs no service.\n\n"
	  "  --json    {\"type\", \"bytes\"}\n" },

	{ "key", "new|show|passphrase|rotate FILE", "officers: make, show and change a key", verb_key,
	  "  key new FILE [--no-passphrase]\n"
	  "      make one, never over a file that is there; prints the line that is enrolled\n"
	  "  key show FILE\n"
	  "      that line, and a fingerprint to read out by telephone\n"
	  "  key passphrase FILE [--new-passphrase-fd N | --no-passphrase]\n"
	  "      change the passphrase\n"
	  "  key rotate NEWFILE --key PRESENT\n"
	  "      from your present key to a new one: makes it and shows the line to enrol; once that is\n"
	  "      signed, the same again seals your cases to it. Keep the present key until then\n\n"
	  "For scripts, --passphrase-fd N has the present (for `new`: the new) passphrase on descriptor N.\n"
	  "`show` and `passphrase` without FILE take the one of --key or $CANDOR_KEY. With --json:\n"
	  "{\"public\", \"fingerprint\"}.\n" },
	{ "directory", "show|sign|save|rotate-charter", "who may read what", verb_directory,
	  "  directory show\n"
	  "      the officers in force, and what is proposed; needs no key\n"
	  "  directory sign --charter FILE [--yes]\n"
	  "      sign the proposal, after seeing what it changes; --yes does not ask\n"
	  "  directory save FILE\n"
	  "      the directory in force, and its signature in FILE.minisig, as minisign verifies it\n"
	  "  directory rotate-charter --charter PRESENT --new FILE\n"
	  "      sign the charter's office over to a new key, made in FILE unless it is there\n" },
	{ "board", "[--mine] [--limit N]", "officers: cases by state and deadline", verb_board,
	  "What ran out; then each state's cases, those first that run out first; your own corrective actions;\n"
	  "and categories and places of which many cases came lately, as far as you read them.\n\n"
	  "  --mine      assigned to you\n"
	  "  --limit N   as many of each (5; at most 20)\n"
	  "  --json      {\"today\", \"overdue\": {\"state\", \"count\", \"cases\"}, \"columns\": [the same, ...],\n"
	  "              \"corrective_actions\", \"patterns\": [{\"category\", \"site\", \"cases\", \"days\"}, ...]}\n" },
	{ "cases", "[--state S] [--category C] [--mine] [--overdue] [--tag T] [--limit N] [--after CASE]",
	  "officers: list cases", verb_cases,
	  "Those that your key may read, all conditions together.\n\n"
	  "  --state S       new, acknowledged, triaged, investigating, awaiting-reporter, resolved,\n"
	  "                  closed, reopened, destroyed, merged\n"
	  "  --category C    an id of `candor guide`\n"
	  "  --mine          assigned to you\n"
	  "  --overdue       with a clock that ran out\n"
	  "  --tag T         with this tag\n"
	  "  --limit N       as many at most (50)\n"
	  "  --after CASE    go on behind this one\n"
	  "  --json          [{\"case\", \"state\", \"kind\", \"category\", \"severity\", \"site\", \"assignee\",\n"
	  "                  \"received_on\", \"clocks\": [{\"name\", \"due\", \"met_on\", \"overdue\", ...}, ...]},\n"
	  "                  ...]\n\n"
	  "With --overdue the longest overdue come first, else the newest.\n" },
	{ "case", "show|ack|triage|... CASE", "officers: read and work on one case", verb_case,
	  "  case show CASE                        the case with its entries opened (--json: as one object)\n"
	  "  case ack|triage|investigate CASE      move it on\n"
	  "  case await CASE                       ask the reporter something, and wait for the answer\n"
	  "  case reply CASE                       write to the reporter\n"
	  "      await, reply and resolve: --template ID [--language L] puts an answer in advance before you\n"
	  "  case note CASE                        write to the case's readers alone\n"
	  "  case assign CASE OFFICER              to somebody, who can read it from then on\n"
	  "  case grant CASE OFFICER               let somebody read it\n"
	  "  case recuse CASE                      read it no more yourself\n"
	  "  case resolve CASE --outcome O [--action A]...\n"
	  "                                        O: substantiated, partly, unsubstantiated,\n"
	  "                                        insufficient-information, referred, out-of-scope\n"
	  "  case close|reopen CASE\n"
	  "  case link CASE OTHER [--remove]       they have to do with each other\n"
	  "  case merge CASE INTO                  it is INTO's duplicate: whoever reads INTO reads it from then\n"
	  "                                        on, its reporter sees how INTO stands; reopen undoes it\n"
	  "  case tag CASE [TAG]... [--remove TAG]...\n"
	  "                                        words of the site's list\n"
	  "  case action CASE [--add ACTION --owner OFFICER --by DATE | --done N | --drop N]\n"
	  "                                        corrective actions, with a clock each; alone: lists them\n"
	  "  case checkin CASE --on DATE | --every 30d [--times N] | --stop\n"
	  "                                        ask the reporter ahead how they have been: from the template\n"
	  "                                        `checkin`, or --template ID [--language L]; they find it\n"
	  "                                        under the receipt from that day on\n"
	  "  case breach CASE                      is it a breach of patients' data, and who is to be told until\n"
	  "                                        when: asked for, or as JSON on standard input:\n"
	  "      {\"discovered_on\": DAY, \"factors\": {\"nature\", \"recipient\", \"acquired\", \"mitigation\":\n"
	  "       {\"level\": \"low\", \"medium\" or \"high\", \"text\"}}, \"patients\": N, \"residents\": N,\n"
	  "       \"decision\": \"breach\" or \"low-probability\", \"reason\"}\n"
	  "  case clocks CASE                      until when what must be done, and how it went\n"
	  "  case discovered CASE [DATE]           when somebody here first knew of it: without DATE, when the\n"
	  "                                        reporter saw it; breach-notice runs from that day\n"
	  "  case pause|resume CASE CLOCK          one of the site's own stands still, with a reason; goes on\n"
	  "  case met CASE CLOCK [--on DATE]       breach-notice, or one of the site's own that is met by hand\n"
	  "  case waive CASE CLOCK                 it need not be met, with a reason\n"
	  "  case save CASE N FILE [--identity ESCROW]\n"
	  "                                        an attachment or entry to a file that is not there yet;\n"
	  "                                        an untouched original with the escrow's identity alone\n"
	  "  case hold CASE --on|--off             a legal hold: it is not destroyed until that is lifted\n"
	  "  case export CASE FILE [--deidentified]\n"
	  "                                        all of it in one tar file, encrypted to your key, with hashes,\n"
	  "                                        audit lines and a manifest; or the words alone, without what\n"
	  "                                        says whom or where they are about. Noted in `candor audit`\n"
	  "  case destroy CASE --reason erasure|error|order [--yes]\n"
	  "                                        leads: a closed case, before its time. Else that happens by\n"
	  "                                        itself, once the time of its category is over\n"
	  "  case certificate CASE [FILE]          that a case was destroyed, signed by the service\n\n"
	  "Words of await, reply, note, hold, pause and waive come from the prompt, or from standard input up to\n"
	  "its end. So do those of resolve, resume and met, if any: from a script without words, </dev/null.\n" },
	{ "hand-over", "FROM TO... [--category C] [--keep]", "officers: give one's cases to others", verb_hand_over,
	  "All cases of FROM that you read, too, are read by TO from then on, and by FROM no more; what was\n"
	  "assigned to FROM is the first TO's. FROM themself or a lead may do it, also when FROM left the\n"
	  "directory. Broken off, it goes on where it was when it is called again. Who is to be kept out of\n"
	  "a case does not get it; a case that nobody else could read stays as it is.\n\n"
	  "  --category C    only those\n"
	  "  --keep          FROM goes on reading them\n"
	  "  --json          {\"done\": N, \"failed\": [{\"case\", \"why\"}, ...]}\n" },
	{ "reseal", "", "officers: after keys changed, seal your cases anew", verb_reseal,
	  "What is not sealed to the keys of the directory in force (somebody's key or the escrow changed,\n"
	  "somebody left) and opens with your key, is sealed to them. --json as `hand-over`.\n" },
	{ "approve", "[ID | --refuse ID]", "officers: what waits for a second person", verb_approve,
	  "Without ID, lists what was asked for and what became of it. An approval is good for 30 days. The\n"
	  "reason of a refusal comes from the prompt or standard input, as a note for the case's readers.\n\n"
	  "  --json    [{\"id\", \"what\", \"case\", \"for\", \"asked_by\", \"state\", \"by\", \"on\", \"yours\"}, ...]\n" },
	{ "recover", "--escrow FILE --to OFFICER [--of NAME | --closed | CASE...]", "the escrow: open cases for an officer", verb_recover,
	  "For the holder of the escrow identity, who is no officer and no lead: gives cases to OFFICER's key in\n"
	  "the signed directory. Those that OFFICER reads but whose key was lost; or:\n\n"
	  "  --of NAME    those of NAME, who left or lost their key\n"
	  "  --closed     those that nobody can open\n"
	  "  CASE...      these\n"
	  "  --json       as `hand-over`\n\n"
	  "Where the site asks for four eyes, an officer or lead approves it first (`candor approve`).\n" },
	{ "audit", "[--case C] [--by NAME] [--action A] [--since DATE] [--until DATE] [--exports] [--limit N]",
	  "who did what: the audit log", verb_audit,
	  "Newest first, all conditions together. An auditor sees all of it; an officer or lead the lines of a\n"
	  "case that they read, and their own, which is what they get without --case.\n\n"
	  "  --case C         of this case\n"
	  "  --by NAME        of this person\n"
	  "  --action A       read, reply, note, assign, grant, hold, export, warn, destroy, directory, ...\n"
	  "  --exports        --action export: what left the house, exports of cases and backups\n"
	  "  --since, --until DATE\n"
	  "                   2026-11-22; both days count\n"
	  "  --limit N        as many at most (50)\n"
	  "  --json           [{\"n\", \"on\", \"by\", \"action\", \"case\", \"detail\", \"hash\"}, ...]; \"n\" is null for\n"
	  "                   those who are no auditors, since gaps would tell of other cases\n\n"
	  "`candor admin verify` follows the log from its first line to its last.\n" },
	{ "stats", "[--from YYYY-MM] [--to YYYY-MM] [--by TABLE] [--format text|json|csv|html] [FILE]",
	  "figures: how many, of what, how fast, with what outcome", verb_stats,
	  "For auditors of all cases, once a period (a month, quarter, half or whole year, as the site has it)\n"
	  "is over; for officers and leads of those that they can read, up to today with --to. Numbers that\n"
	  "are too small are withheld, with as many others as it takes that none follows from the rest.\n"
	  "Without --from and --to: of the last period that is over, and its year so far.\n\n"
	  "  --from, --to     the periods that lie between the beginning of one month and the end of another\n"
	  "  --by TABLE       one table, by period: category, site, severity, kind, month, acknowledged,\n"
	  "                   outcome, followed\n"
	  "  --format F       text, json, csv (one figure a line), html (a report for a board: no script,\n"
	  "                   nothing fetched; to be printed or opened in any browser)\n"
	  "  FILE             a new file, instead of standard output; its ending tells the format, too\n"
	  "  --json           {\"from\", \"to\", \"k\", \"all_cases\", \"filed\", \"filed_a_year_before\",\n"
	  "                   \"per_100_employees_a_year\", \"closed\", \"acknowledged_in_time_percent\",\n"
	  "                   \"substantiated_percent\", \"reporter_wrote_again_percent\",\n"
	  "                   \"days_to_acknowledge\": {\"median\", \"p90\"}, \"days_to_close\", \"tables\",\n"
	  "                   \"periods\"}; null is withheld or not known, \"at_least\" what is known of it\n" },
	{ "search", "[--category C] [--state S] [--tag T] [--since DATE]",
	  "officers: find words in your cases", verb_search,
	  "The words come from the prompt or standard input. Cases that you can open and in which all of them\n"
	  "occur, anywhere, as they are or within a word; capitals and accents do not matter. Each case is\n"
	  "fetched and opened here, for the service cannot; that stands in the audit log. Nothing is kept.\n\n"
	  "  --category C, --state S, --tag T    only those\n"
	  "  --since DATE                        received on that day or later\n"
	  "  --json                              [{\"case\", \"state\", \"category\", \"received_on\",\n"
	  "                                      \"entries\": [N, ...]}, ...]\n" },
	{ "template", "list|show", "officers: the site's answers in advance", verb_template,
	  "  template list\n"
	  "  template show ID [--language L] [--case CASE]\n"
	  "      as it is, or with the values of a case. `case reply CASE --template ID` writes with it\n\n"
	  "  --json    [{\"id\", \"language\", \"title\", \"categories\", \"for\", \"text\"}, ...]\n" },
	{ "desk", "", "officers: one session for many commands", verb_desk,
	  "Unlocks the key once, then takes `board`, `cases`, `case ...` and the others, `help` and `quit`,\n"
	  "from a prompt or, line by line, from standard input; the words that a command needs then follow it,\n"
	  "up to a line with a single dot. From a pipe, the first error is the exit code.\n" },
	{ "admin", "officer|plugin|delivery|status|...", "administrators: officers, plugins, deliveries, health", verb_admin,
	  "  admin officer propose NAME --role officer|lead|auditor|admin [--email A] [--category C]...\n"
	  "      propose somebody for the directory; the line of `candor key show` on standard input.\n"
	  "      Without --category, an officer or lead reads every category\n"
	  "  admin officer remove NAME\n"
	  "      propose the same without somebody. Both count once `candor directory sign` has signed them\n"
	  "  admin escrow RECIPIENT\n"
	  "      propose another escrow, by the public half (age1...) of its identity\n"
	  "  admin plugin list\n"
	  "  admin plugin test NAME [--wait SECONDS]\n"
	  "      send a test event and say what the other side said\n"
	  "  admin delivery list [--failed|--waiting|--orphaned] [--plugin NAME]\n"
	  "  admin delivery retry|discard ID|--plugin NAME\n"
	  "      what was sent where; once more, or no more\n"
	  "  admin reload\n"
	  "      read the configuration and plugins.d again\n"
	  "  admin status\n"
	  "  admin check\n"
	  "      for monitoring: one line, and exit code 0 fine, 1 warning, 2 critical, 3 cannot tell\n"
	  "  admin release\n"
	  "      hand what was filed to the officers now\n"
	  "  admin verify [--head HASH]...\n"
	  "      follow the audit log from its first line, against what was signed of it, what this client saw\n"
	  "      before, and heads that plugins sent out; names each line that was changed, removed or moved.\n"
	  "      For auditors, too. Exit code 65 when it does not hold\n"
	  "  admin backup FILE\n"
	  "      a copy of the database as it is now, encrypted to the escrow (or backup_recipient)\n\n"
	  "With --json, list and status print JSON; verify prints {\"whole\", \"lines\", \"head\", \"signed_until\",\n"
	  "\"faults\": [{\"line\", \"text\"}, ...]}.\n" },
};
/* clang-format on */

static void
help(FILE *f)
{
	fprintf(f, "candor: report what goes wrong without saying who you are\n\n"
		   "usage: candor VERB [options]\n\n");
	for (size_t i = 0; i < NELEM(verbs); i++)
		fprintf(f, "  %-10s %s\n", verbs[i].name, verbs[i].summary);
	fprintf(f,
	    "\n"
	    "  --site FILE          which service (else $CANDOR_SITE, else %s)\n"
	    "  --key FILE           officers: the key (else $CANDOR_KEY)\n"
	    "  --passphrase-fd N    officers: its passphrase is on descriptor N\n"
	    "  --json               for programs: one JSON value on standard output\n"
	    "  --help, --version    `candor VERB --help` says more about a verb\n",
	    SITE_DEFAULT_PATH);
}

static void
help_verb(const struct verb *v)
{
	printf("usage: candor %s%s%s\n\n%s.\n%s%s", v->name, *v->args != '\0' ? " " : "", v->args,
	    v->summary, *v->help != '\0' ? "\n" : "", v->help);
}

static const struct verb *
verb_find(const char *name)
{
	for (size_t i = 0; i < NELEM(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

/* What --help and --version found on the way. */
struct asked {
	bool help, version;
};

static int
read_descriptor(struct client *c, const char *text)
{
	char *end;
	long fd = strtol(text, &end, 10);

	if (*text == '\0' || *end != '\0' || fd < 0 || fd > 65535)
		return client_fail(c, EX_USAGE,
		    "--passphrase-fd: \"%s\" is no descriptor; a number from 0 is wanted, as in "
		    "`--passphrase-fd 3 3<file`",
		    text);
	c->passphrase_fd = (int)fd;
	return 0;
}

/*
 * Take the options that every verb knows out of argv, wherever they stand; --json=FILE leaves FILE
 * where it was. "--" and what follows are left alone.
 */
static int
global_options(struct client *c, struct asked *asked, int *argc, char **argv)
{
	const char *descriptor = NULL;
	const struct verb_option options[] = {
		{ "--site", NULL, &c->site_path, NULL },
		{ "--key", NULL, &c->key_path, NULL },
		{ "--passphrase-fd", NULL, &descriptor, NULL },
	};
	int kept = 1;

	for (int i = 1; i < *argc; i++) {
		const struct verb_option *o = NULL;
		size_t len = strcspn(argv[i], "=");

		if (strcmp(argv[i], "--") == 0) {
			while (i < *argc)
				argv[kept++] = argv[i++];
			break;
		}
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			asked->help = true;
			continue;
		}
		if (strcmp(argv[i], "--version") == 0) {
			asked->version = true;
			continue;
		}
		if (len == 6 && memcmp(argv[i], "--json", 6) == 0) {
			c->json = true;
			if (argv[i][6] == '=')
				argv[kept++] = argv[i] + 7;
			continue;
		}
		for (size_t k = 0; k < NELEM(options) && o == NULL; k++)
			if (strlen(options[k].name) == len &&
			    memcmp(options[k].name, argv[i], len) == 0)
				o = &options[k];
		if (o == NULL) {
			argv[kept++] = argv[i];
			continue;
		}
		if (argv[i][len] == '=')
			*o->value = argv[i] + len + 1;
		else if (i + 1 < *argc)
			*o->value = argv[++i];
		else
			return client_fail(c, EX_USAGE, "%s needs a value", o->name);
	}
	argv[kept] = NULL;
	*argc = kept;
	return descriptor != NULL ? read_descriptor(c, descriptor) : 0;
}

/* Bare `candor` on a terminal. */
static int
menu(struct client *c)
{
	static const struct term_item items[] = {
		{ "report", "report an incident, or ask a question before posting", NULL },
		{ "follow", "see how a report stands, and answer", NULL },
		{ "guide", "what counts, who reads it, what happens next", NULL },
		{ "help", "all that candor can do", NULL },
		{ "leave", "nothing, for now", NULL },
	};
	char name[16];
	char *argv[] = { name, NULL };
	size_t choice;
	int r;

	if (!c->interactive) {
		help(stderr);
		return EX_USAGE;
	}
	term_quiet(c);
	fprintf(c->tty, "What would you like to do?\n");
	if ((r = term_choose(c, &choice, "Number: ", items, NELEM(items))) != 0)
		return r;
	if (choice >= 3) {
		if (choice == 3)
			help(stdout);
		return 0;
	}
	snprintf(name, sizeof(name), "%s", items[choice].name);
	return verb_find(name)->run(c, 1, argv);
}

static int
unknown(struct client *c, const char *word)
{
	const char *names[NELEM(verbs)], *near;

	for (size_t i = 0; i < NELEM(verbs); i++)
		names[i] = verbs[i].name;
	near = verb_nearest(word, names, NELEM(names));
	if (near != NULL)
		return client_fail(c, EX_USAGE,
		    "there is no verb \"%s\"; did you mean `candor %s`? `candor --help` lists all",
		    word, near);
	return client_fail(
	    c, EX_USAGE, "there is no verb \"%s\"; `candor --help` lists them", word);
}

static int
run(struct client *c, int argc, char **argv)
{
	struct asked asked = { 0 };
	const struct verb *v;
	int r;

	if ((r = global_options(c, &asked, &argc, argv)) != 0)
		return r;
	if (asked.version) {
		printf("candor %s\n", CANDOR_VERSION);
		return 0;
	}
	if (argc < 2) {
		if (!asked.help)
			return menu(c);
		help(stdout);
		return 0;
	}
	if (strcmp(argv[1], "help") == 0) {
		asked.help = true;
		if (argc == 2) {
			help(stdout);
			return 0;
		}
		argv++;
	}
	if ((v = verb_find(argv[1])) == NULL)
		return unknown(c, argv[1]);
	if (asked.help) {
		help_verb(v);
		return 0;
	}
	return v->run(c, argc - 1, argv + 1);
}

int
main(int argc, char **argv)
{
	static struct client c = { .passphrase_fd = -1 };
	const char *key = getenv("CANDOR_KEY");
	int r;

	c.key_path = key != NULL && *key != '\0' ? key : NULL;
	if ((r = client_begin(&c)) == 0)
		r = run(&c, argc, argv);
	if (fflush(stdout) != 0 && r == 0)
		r = client_fail(&c, EX_IOERR, "standard output: %s", strerror(errno));
	if (r != 0 && c.error[0] != '\0')
		term_complain(&c);
	client_end(&c);
	return r;
}
