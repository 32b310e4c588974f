/* SPDX-License-Identifier: ISC */
/*
 * A load of reporters: N clients, each filing one report after the other over the real protocol, on a
 * new connection each or on one that is kept. Argon2id is left out: it is the reporter's own time and
 * not the daemon's. Used by `make bench` and, with its list of what was acknowledged, by the tests.
 *
 *   load SOCKET DAEMON_KEY SITE_ID CATEGORY CLIENTS REPORTS new|kept [ACKNOWLEDGED]
 *
 * A report that was not acknowledged is tried again, under the same lookup id, for up to a minute.
 * Prints tab-separated: reports, seconds, p50 and p99 in microseconds, retries, own CPU seconds.
 * With ACKNOWLEDGED, a file gets a line "lookup-hex number when" for each; the number stands in the
 * narrative as "report number N.", and when is in microseconds of the machine's clock.
 */
#include <errno.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "candor/candor_pb.h"
#include "candor/frame.h"

#define NARRATIVE_BYTES 2048
#define ARENA_BYTES (1u << 20)
#define PATIENCE_S 60
#define PAUSE_NS 20000000

static struct sockaddr_un address = { .sun_family = AF_UNIX };
static uint8_t daemon_key[32], site_id[16];
static char *category;
static unsigned long n_reports;
static bool keep;
static FILE *acknowledged;
static pthread_mutex_t acknowledged_lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_ulong next_report, n_retries;
static double *latency_us; /* by report */

struct client {
	int fd; /* -1: not connected */
	struct noise_session session;
	struct arena arena;
	uint8_t buf[FRAME_MAX];
};

static double
now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int
send_all(int fd, const uint8_t *p, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int
receive_all(int fd, uint8_t *p, size_t len)
{
	while (len > 0) {
		ssize_t n = recv(fd, p, len, MSG_WAITALL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* One frame's message into c->buf. */
static int
receive_frame(struct client *c, size_t *len)
{
	uint8_t head[FRAME_LENGTH_BYTES];

	if (receive_all(c->fd, head, sizeof(head)) < 0)
		return -1;
	*len = (size_t)head[0] << 8 | head[1];
	return *len > sizeof(c->buf) ? -1 : receive_all(c->fd, c->buf, *len);
}

static int
client_connect(struct client *c)
{
	struct noise_handshake hs;
	uint8_t prologue[FRAME_PROLOGUE_BYTES];
	size_t len;

	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -1;
	frame_prologue(prologue, site_id);
	if (noise_begin(&hs, NOISE_NK, NOISE_INITIATOR, prologue, sizeof(prologue), NULL, NULL,
		daemon_key) < 0 ||
	    noise_write(&hs, c->buf + 2, sizeof(c->buf) - 2, &len, NULL, 0) < 0)
		return -1;
	c->buf[0] = (uint8_t)(len >> 8);
	c->buf[1] = (uint8_t)len;
	if (send_all(c->fd, c->buf, len + 2) < 0 || receive_frame(c, &len) < 0)
		return -1;
	return noise_read(&hs, NULL, 0, &len, c->buf, len) < 0 || noise_split(&hs, &c->session) < 0
		   ? -1
		   : 0;
}

static void
client_close(struct client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

/* File one report; 0 when it was acknowledged. */
static int
client_file(struct client *c, const Candor__Report *report)
{
	struct span body;
	unsigned kind;
	size_t len;

	if (c->fd < 0 && client_connect(c) < 0)
		return -1;
	arena_end(&c->arena);
	if (wire_pack(&c->arena, &body, &report->base) < 0 ||
	    frame_seal(&c->session, c->buf, &len, MSG_REPORT, body.p, body.len) < 0 ||
	    send_all(c->fd, c->buf, len) < 0 || receive_frame(c, &len) < 0 ||
	    frame_open(&c->session, c->buf, &kind, &body, c->buf, len) < 0)
		return -1;
	if (kind == MSG_REFUSAL) {
		ProtobufCMessage *msg;

		if (wire_unpack(&c->arena, &msg, kind, PARTY_INTAKE, PARTY_REPORTER, body.p,
			body.len) == 0 &&
		    ((Candor__Refusal *)msg)->code != EX_TEMPFAIL) {
			fprintf(stderr, "load: refused: %s\n", ((Candor__Refusal *)msg)->text);
			exit(EX_DATAERR);
		}
	}
	return kind == MSG_FILED ? 0 : -1;
}

static void
write_acknowledged(const Candor__Report *report, unsigned long number, double at)
{
	char hex[65];

	if (acknowledged == NULL)
		return;
	sodium_bin2hex(hex, sizeof(hex), report->lookup.data, report->lookup.len);
	pthread_mutex_lock(&acknowledged_lock);
	fprintf(acknowledged, "%s %lu %.0f\n", hex, number, at * 1e6);
	fflush(acknowledged);
	pthread_mutex_unlock(&acknowledged_lock);
}

/* Ordinary words, so that stripping has its usual work. */
static void
narrate(char out[NARRATIVE_BYTES + 1], unsigned long number)
{
	static const char text[] =
	    "On Tuesday during visiting hours a colleague took a picture of the board at the "
	    "nurses' "
	    "station and put it on Instagram with a joke about bed 12. The name of the patient, "
	    "the room "
	    "and the medication can be read when one enlarges it. I told the charge nurse, who "
	    "said that "
	    "it would be gone by itself after a day. Two visitors had already commented on it. ";
	size_t len = (size_t)snprintf(out, NARRATIVE_BYTES, "This is report number %lu. ", number);

	while (len < NARRATIVE_BYTES) {
		size_t n = NARRATIVE_BYTES - len < sizeof(text) - 1 ? NARRATIVE_BYTES - len
								    : sizeof(text) - 1;

		memcpy(out + len, text, n);
		len += n;
	}
	out[len] = '\0';
}

static void *
client_run(void *arg)
{
	struct client *c = malloc(sizeof(*c));
	void *memory = malloc(ARENA_BYTES);
	char narrative[NARRATIVE_BYTES + 1];
	uint8_t lookup[32], recipient[32];
	unsigned long i;

	(void)arg;
	if (c == NULL || memory == NULL)
		exit(EX_OSERR);
	c->fd = -1;
	arena_init(&c->arena, memory, ARENA_BYTES);
	while ((i = atomic_fetch_add(&next_report, 1)) < n_reports) {
		Candor__Report report = CANDOR__REPORT__INIT;
		double start = now_s(), end;

		randombytes_buf(lookup, sizeof(lookup));
		randombytes_buf(recipient, sizeof(recipient));
		narrate(narrative, i);
		report.category = category;
		report.narrative = narrative;
		report.lookup = wire_bytes(lookup, sizeof(lookup));
		report.recipient = wire_bytes(recipient, sizeof(recipient));
		while (client_file(c, &report) < 0) {
			client_close(c);
			if (now_s() - start > PATIENCE_S) {
				fprintf(stderr, "load: no answer for %d s\n", PATIENCE_S);
				exit(EX_TEMPFAIL);
			}
			atomic_fetch_add(&n_retries, 1);
			nanosleep(&(struct timespec){ .tv_nsec = PAUSE_NS }, NULL);
		}
		end = now_s();
		latency_us[i] = (end - start) * 1e6;
		write_acknowledged(&report, i, end);
		if (!keep)
			client_close(c);
	}
	client_close(c);
	free(memory);
	free(c);
	return NULL;
}

static int
by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int
hex(uint8_t *out, size_t len, const char *text)
{
	size_t n;

	return sodium_hex2bin(out, len, text, strlen(text), NULL, &n, NULL) == 0 && n == len ? 0
											     : -1;
}

int
main(int argc, char **argv)
{
	unsigned long n_clients;
	pthread_t *threads;
	struct rusage use;
	double start, seconds;

	if (argc < 8 || sodium_init() < 0 || strlen(argv[1]) >= sizeof(address.sun_path) ||
	    hex(daemon_key, sizeof(daemon_key), argv[2]) < 0 ||
	    hex(site_id, sizeof(site_id), argv[3]) < 0) {
		fprintf(stderr, "usage: load SOCKET DAEMON_KEY SITE_ID CATEGORY CLIENTS REPORTS "
				"new|kept [ACKNOWLEDGED]\n");
		return EX_USAGE;
	}
	memcpy(address.sun_path, argv[1], strlen(argv[1]));
	category = argv[4];
	n_clients = strtoul(argv[5], NULL, 10);
	n_reports = strtoul(argv[6], NULL, 10);
	keep = strcmp(argv[7], "kept") == 0;
	if (argc > 8 && (acknowledged = fopen(argv[8], "w")) == NULL) {
		fprintf(stderr, "load: %s: %s\n", argv[8], strerror(errno));
		return EX_CANTCREAT;
	}
	latency_us = calloc(n_reports + 1, sizeof(*latency_us));
	threads = calloc(n_clients + 1, sizeof(*threads));
	if (latency_us == NULL || threads == NULL || n_clients == 0 || n_reports == 0)
		return EX_USAGE;

	start = now_s();
	for (unsigned long i = 0; i < n_clients; i++)
		if (pthread_create(&threads[i], NULL, client_run, NULL) != 0)
			return EX_OSERR;
	for (unsigned long i = 0; i < n_clients; i++)
		pthread_join(threads[i], NULL);
	seconds = now_s() - start;

	qsort(latency_us, n_reports, sizeof(*latency_us), by_value);
	getrusage(RUSAGE_SELF, &use);
	printf("%lu\t%.6f\t%.1f\t%.1f\t%lu\t%.6f\n", n_reports, seconds, latency_us[n_reports / 2],
	    latency_us[n_reports - 1 - n_reports / 100], atomic_load(&n_retries),
	    (double)use.ru_utime.tv_sec + (double)use.ru_stime.tv_sec +
		(double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6);
	return 0;
}
