/* SPDX-License-Identifier: ISC */
/*
 * See init.h. Makes every secret that a site begins with, so it runs once, by hand, and exits: the
 * daemon never holds the charter key, the escrow identity or an administrator's.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "candor/directory.h"

#include "supervisor/embedded.h"
#include "supervisor/init.h"

#define ARENA_BYTES (256u << 10)
#define CHARTER_WORDS "Candor charter key: give this to compliance, not to IT"
#define COMMENT "untrusted comment: "

struct instance {
	int dir;
	char path[PATH_MAX]; /* absolute */
	char quoted[2 * PATH_MAX];
	struct arena a;
	uint8_t site_id[SITE_ID_BYTES];
	char site_id_hex[2 * SITE_ID_BYTES + 1];
	char intake_public[65], desk_public[65];
	char audit_public[MINISIGN_PUBLIC_CHARS + 1];
	char charter[MINISIGN_PUBLIC_CHARS + 1];
};

static int
complain(int status, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "candord: --init: ");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return status;
}

static int
create_status(void)
{
	return errno == EACCES || errno == EPERM || errno == EROFS ? EX_NOPERM : EX_CANTCREAT;
}

/* ---- files ------------------------------------------------------------------------------------- */

static int
write_bytes(struct instance *in, const char *name, const void *p, size_t len)
{
	int fd = openat(in->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	const char *at = p;
	ssize_t n = 0;

	if (fd < 0)
		return complain(create_status(), "%s/%s: %s", in->path, name, strerror(errno));
	while (len > 0 && (n = write(fd, at, len)) > 0) {
		at += n;
		len -= (size_t)n;
	}
	if (n < 0 || fsync(fd) < 0 || close(fd) < 0)
		return complain(EX_IOERR, "%s/%s: %s", in->path, name, strerror(errno));
	return 0;
}

/* A text of a few pieces; it may hold a secret, so it is put together in the arena and wiped. */
static int write_text(struct instance *in, const char *name, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

static int
write_text(struct instance *in, const char *name, const char *fmt, ...)
{
	arena_mark_t mark = arena_mark(&in->a);
	va_list ap;
	char *text;
	int n, r;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || (text = arena_alloc(&in->a, (size_t)n + 1)) == NULL)
		return complain(EX_OSERR, "out of memory");
	va_start(ap, fmt);
	vsnprintf(text, (size_t)n + 1, fmt, ap);
	va_end(ap);
	r = write_bytes(in, name, text, (size_t)n);
	arena_release(&in->a, mark);
	return r;
}

static bool
is_empty(int dir)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy >= 0 ? fdopendir(copy) : NULL;
	struct dirent *e;
	bool empty = true;

	if (d == NULL)
		return false;
	while ((e = readdir(d)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			empty = false;
	closedir(d);
	return empty;
}

static int
open_folder(struct instance *in, const char *dir)
{
	static const char *const folders[] = { "keys", "state", "plugins.d", "plugins.d/ticket",
		"templates.d", "run" };
	const struct sockaddr_un *addr = NULL;
	bool made = mkdir(dir, 0700) == 0;
	char *out = in->quoted;
	struct stat st;

	if (!made && errno != EEXIST)
		return complain(create_status(), "%s: %s", dir, strerror(errno));
	in->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (in->dir < 0 || realpath(dir, in->path) == NULL)
		return complain(create_status(), "%s: %s", dir, strerror(errno));
	/* Whoever owns the folder can put other keys in the place of ours. */
	if (fstat(in->dir, &st) < 0 || st.st_uid != geteuid())
		return complain(EX_NOPERM,
		    "%s belongs to somebody else; name a folder of your own, or none yet",
		    in->path);
	if (!is_empty(in->dir))
		return complain(
		    EX_CANTCREAT, "%s is not empty; name a folder that is, or none yet", in->path);
	if (strlen(in->path) + strlen("/run/intake.sock") >= sizeof(addr->sun_path))
		return complain(EX_CANTCREAT,
		    "%s is too long for the path of a socket; name a folder of at most %zu bytes",
		    in->path, sizeof(addr->sun_path) - 1 - strlen("/run/intake.sock"));
	for (const char *p = in->path; *p != '\0'; p++) {
		if ((unsigned char)*p < ' ')
			return complain(
			    EX_CANTCREAT, "the folder's name holds a control character");
		if (*p == '"' || *p == '\\')
			*out++ = '\\';
		*out++ = *p;
	}
	*out = '\0';
	if (fchmod(in->dir, 0700) < 0)
		return complain(EX_NOPERM, "%s: %s", in->path, strerror(errno));
	for (size_t i = 0; i < NELEM(folders); i++)
		if (mkdirat(in->dir, folders[i], 0700) < 0)
			return complain(
			    create_status(), "%s/%s: %s", in->path, folders[i], strerror(errno));
	return 0;
}

/* ---- keys -------------------------------------------------------------------------------------- */

/* A secret of the daemon's, as hex; its public half goes to what clients pin. */
static int
make_daemon_key(struct instance *in, const char *name, char public_hex[65])
{
	uint8_t secret[32], public[32];
	char hex[65];
	int r;

	randombytes_buf(secret, sizeof(secret));
	crypto_scalarmult_base(public, secret);
	sodium_bin2hex(hex, sizeof(hex), secret, sizeof(secret));
	sodium_bin2hex(public_hex, 65, public, sizeof(public));
	r = write_text(in, name, "%s\n", hex);
	sodium_memzero(secret, sizeof(secret));
	sodium_memzero(hex, sizeof(hex));
	return r;
}

/* What signs the audit log's heads: a seed as hex, its public half as minisign has it. */
static int
make_audit_key(struct instance *in)
{
	struct minisign_secret key;
	uint8_t seed[crypto_sign_SEEDBYTES];
	char hex[2 * sizeof(seed) + 1];
	int r;

	randombytes_buf(seed, sizeof(seed));
	minisign_from_seed(&key, seed);
	minisign_public_format(in->audit_public, &key.pub);
	sodium_bin2hex(hex, sizeof(hex), seed, sizeof(seed));
	r = write_text(in, "keys/audit.key", "%s\n", hex);
	sodium_memzero(&key, sizeof(key));
	sodium_memzero(seed, sizeof(seed));
	sodium_memzero(hex, sizeof(hex));
	return r;
}

/* An age identity with a word on what it is for. */
static int
make_identity(
    struct instance *in, const char *name, const char *words, uint8_t identity[AGE_KEY_BYTES])
{
	uint8_t recipient[AGE_KEY_BYTES];
	struct span file;

	age_keypair(identity, recipient);
	if (keys_file_format(&in->a, &file, identity, NULL, 0) < 0)
		return complain(EX_OSERR, "out of memory");
	return write_text(in, name, "# %s\n%.*s", words, (int)file.len, (const char *)file.p);
}

/* minisign's first line is free for people: ours says whose it is. */
static int
make_charter(struct instance *in, const struct minisign_secret *k)
{
	struct span file;
	const uint8_t *rest;

	if (minisign_secret_format(&in->a, &file, k) < 0 ||
	    (rest = memchr(file.p, '\n', file.len)) == NULL)
		return complain(EX_OSERR, "out of memory");
	minisign_public_format(in->charter, &k->pub);
	return write_text(in, "charter.key", COMMENT CHARTER_WORDS "%.*s",
	    (int)(file.len - (size_t)(rest - file.p)), (const char *)rest);
}

static int
make_directory(struct instance *in, const struct minisign_secret *charter,
    const uint8_t admin[AGE_KEY_BYTES], const uint8_t escrow[AGE_KEY_BYTES])
{
	static char none[] = "";
	struct officer_secret secret;
	struct officer administrator = { .name = "Administrator", .role = ROLE_ADMIN };
	struct directory d = { .version = 1, .n_officers = 1, .officers = &administrator };
	struct span text, sig;
	int r;

	keys_derive(&secret, admin);
	administrator.keys = secret.pub;
	administrator.categories = none;
	sodium_memzero(&secret, sizeof(secret));
	memcpy(d.site_id, in->site_id, sizeof(d.site_id));
	age_recipient_of(d.escrow, escrow);
	if (directory_format(&in->a, &text, &d) < 0 ||
	    minisign_sign(&in->a, &sig, text.p, text.len, charter, "Candor directory, version 1") <
		0)
		return complain(EX_SOFTWARE, "the first directory cannot be made");
	if ((r = write_bytes(in, "directory.txt", text.p, text.len)) != 0)
		return r;
	return write_bytes(in, "directory.txt.minisig", sig.p, sig.len);
}

static int
make_keys(struct instance *in)
{
	uint8_t admin[AGE_KEY_BYTES], escrow[AGE_KEY_BYTES];
	struct minisign_secret charter;
	int r;

	randombytes_buf(in->site_id, sizeof(in->site_id));
	sodium_bin2hex(in->site_id_hex, sizeof(in->site_id_hex), in->site_id, sizeof(in->site_id));
	minisign_keypair(&charter);
	if ((r = make_daemon_key(in, "keys/intake.key", in->intake_public)) == 0 &&
	    (r = make_daemon_key(in, "keys/desk.key", in->desk_public)) == 0 &&
	    (r = make_audit_key(in)) == 0 &&
	    (r = make_identity(in, "admin.key",
		 "Candor: the first administrator's key. It opens no report.", admin)) == 0 &&
	    (r = make_identity(in, "escrow.key",
		 "Candor escrow identity: print on paper, lock the paper away, delete this file; "
		 "held by no officer.",
		 escrow)) == 0 &&
	    (r = make_charter(in, &charter)) == 0)
		r = make_directory(in, &charter, admin, escrow);
	sodium_memzero(admin, sizeof(admin));
	sodium_memzero(escrow, sizeof(escrow));
	sodium_memzero(&charter, sizeof(charter));
	return r;
}

/* ---- configuration -------------------------------------------------------------------------------- */

static const char candor_conf[] =
    "# Candor, a trial instance made by candord --init. Every setting with its limits and default "
    "is\n"
    "# explained in candor.conf(5). Relative paths begin at this file's folder. Check a change "
    "with\n"
    "#   candord -t -c THIS_FILE\n"
    "# and let a running daemon take it over with SIGHUP or `candor admin reload`.\n"
    "\n"
    "# Receipts are bound to it: never change it.\n"
    "site_id = \"%s\";\n"
    "\n"
    "# What reporters see on the first screen.\n"
    "site_name = \"Trial hospital\";\n"
    "\n"
    "# Whoever holds the secret half decides who may read reports: compliance, not IT.\n"
    "charter = \"%s\";\n"
    "\n"
    "# A trial wants to see a report arrive. In earnest use release times, so that the hour of a\n"
    "# mail does not say who filed:  release = [\"07:00\", \"13:00\", \"19:00\"];\n"
    "release = \"immediate\";\n"
    "\n"
    "intake_socket = \"run/intake.sock\";   # reporters\n"
    "desk_socket = \"run/desk.sock\";       # officers and administrators\n"
    "# desk_group = \"candor-officers\";    # who may connect to it; left out: anyone, by key\n"
    "\n"
    "state = \"state\";                     # the database\n"
    "intake_key = \"keys/intake.key\";\n"
    "desk_key = \"keys/desk.key\";\n"
    "audit_key = \"keys/audit.key\";       # signs the audit log's heads\n"
    "directory = \"directory.txt\";         # the first one; later ones come over the desk\n"
    "directory_signature = \"directory.txt.minisig\";\n"
    "plugins_dir = \"plugins.d\";           # one NAME.conf for each notifier\n"
    "\n"
    "# Whom else a reporter may turn to; shown before the first question.\n"
    "outside_bodies = [\n"
    "\t\"HHS Office for Civil Rights (privacy of patients): www.hhs.gov/ocr/complaints\",\n"
    "\t\"Your state's board of nursing or medicine (conduct of a licensee)\",\n"
    "\t\"OSHA whistleblower programs (retaliation): www.whistleblowers.gov\"\n"
    "];\n"
    "\n"
    "# What an officer may note as done about a case.\n"
    "actions = [\"training\", \"policy-change\", \"post-removed\", \"disciplinary\", "
    "\"breach-notice\",\n"
    "\t\"platform-report\", \"none-needed\"];\n"
    "\n"
    "# What officers may tag cases with. Tags stand in the clear: words of the site, not of a "
    "case.\n"
    "tags = [\"press\", \"urgent\", \"union\", \"board\", \"legal\"];\n"
    "\n"
    "templates = \"templates.d\";           # answers in advance, for officers\n"
    "\n"
    "# Places of work. One with fewer people than headcount_k is shown to officers as its parent.\n"
    "headcount_k = 10;\n"
    "sites = (\n"
    "\t{ id = \"main\"; title = \"Main campus\"; headcount = 1200; },\n"
    "\t{ id = \"clinic\"; title = \"Outpatient clinic\"; parent = \"main\"; headcount = 40; }\n"
    ");\n"
    "\n"
    "@include \"categories.conf\"\n";

static const char site_conf[] =
    "# What a client needs to reach this Candor: hand it out as /etc/candor/site.conf, or name it "
    "with\n"
    "# --site or $CANDOR_SITE. Nothing in it is secret; everything in it is trusted.\n"
    "site_name = \"Trial hospital\";\n"
    "site_id = \"%s\";\n"
    "connect = \"unix:%s/run/intake.sock\";   # or \"exec:ssh -T report@host\"\n"
    "desk = \"unix:%s/run/desk.sock\";        # officers and administrators\n"
    "daemon_key = \"%s\";\n"
    "desk_key = \"%s\";\n"
    "charter = \"%s\";\n"
    "audit_key = \"%s\";   # signs the audit log's heads; minisign's format\n";

static int
write_configuration(struct instance *in)
{
	int r = write_text(in, "candor.conf", candor_conf, in->site_id_hex, in->charter);

	for (const struct embedded_file *f = embedded_files; r == 0 && f->name != NULL; f++)
		r = write_text(in, f->name, "%s", f->text);
	if (r == 0)
		r = write_text(in, "site.conf", site_conf, in->site_id_hex, in->quoted, in->quoted,
		    in->intake_public, in->desk_public, in->charter, in->audit_public);
	return r;
}

int
init_run(const char *dir)
{
	static uint8_t memory[ARENA_BYTES];
	struct instance in = { .dir = -1 };
	int r;

	arena_init(&in.a, memory, sizeof(memory));
	umask(077);
	if ((r = open_folder(&in, dir)) == 0 && (r = make_keys(&in)) == 0)
		r = write_configuration(&in);
	arena_end(&in.a);
	if (in.dir >= 0)
		close(in.dir);
	if (r != 0)
		return r;
	printf(
	    "%s is ready. Next:\n"
	    "  1. candord -c %s/candor.conf\n"
	    "  2. charter.key: give this to compliance, not to IT. Whoever holds it decides who\n"
	    "     may read reports.\n"
	    "  3. escrow.key: print it on paper, lock the paper away, delete the file. No officer\n"
	    "     holds it; it opens what nobody else can any more.\n"
	    "  4. Enrol officers, else nobody can read a report. An officer: candor key new FILE.\n"
	    "     You, with admin.key: candor admin officer propose NAME --role officer\n"
	    "     Compliance: candor directory sign --charter charter.key\n"
	    "  5. Reporters need site.conf:  candor --site %s/site.conf report\n",
	    in.path, in.path, in.path);
	return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
}
