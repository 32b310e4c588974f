/* SPDX-License-Identifier: ISC */
/* The connection to the daemon: see link.h. What is read is ciphertext until frame_open(); plaintext
 * and keys stay in the client's slab. */
#include "link.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sodium/utils.h>

#include "candor/candor_pb.h"

#include "client.h"
#include "term.h"

extern char **environ;

struct link {
	struct client *c;
	int fd;
	pid_t pid; /* of the command that connects; 0: none */
	struct noise_session session;
};

_Static_assert(sizeof(struct link) <= CLIENT_LINK_BYTES, "it has its place in the slab");

/* Handshake messages are small: 32 + 16 bytes (NK), 32 + 48 + 16 and 32 + 16 (IK). */
#define HANDSHAKE_MAX 128

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
pause_ms(unsigned ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		;
}

static int
broken(struct link *l, const char *why)
{
	if (l->pid != 0)
		return client_fail(l->c, EX_UNAVAILABLE,
		    "the command of `connect` in site.conf gave no connection to the service (%s): "
		    "look "
		    "at what it wrote above, and try it by hand",
		    why);
	return client_fail(l->c, EX_UNAVAILABLE,
	    "the service does not answer (%s): try again in a while; if that goes on, tell whoever "
	    "runs it",
	    why);
}

/* Wait until the descriptor is ready; EX_UNAVAILABLE after the deadline. */
static int
wait_for(struct link *l, short events, int64_t deadline)
{
	for (;;) {
		struct pollfd p = { .fd = l->fd, .events = events };
		int64_t left = deadline - now_ms();
		int n;

		if (left <= 0)
			return broken(l, "it took too long");
		n = poll(&p, 1, (int)left);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return broken(l, strerror(errno));
	}
}

static int
send_all(struct link *l, const uint8_t *p, size_t len, int64_t deadline)
{
	while (len > 0) {
		ssize_t n = send(l->fd, p, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		int r;

		if (n > 0) {
			p += n;
			len -= (size_t)n;
		} else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			if ((r = wait_for(l, POLLOUT, deadline)) != 0)
				return r;
		} else if (n == 0 || errno != EINTR) {
			return broken(l, "the connection broke");
		}
	}
	return 0;
}

static int
receive_all(struct link *l, uint8_t *p, size_t len, int64_t deadline)
{
	while (len > 0) {
		ssize_t n = recv(l->fd, p, len, MSG_DONTWAIT);
		int r;

		if (n > 0) {
			p += n;
			len -= (size_t)n;
		} else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			if ((r = wait_for(l, POLLIN, deadline)) != 0)
				return r;
		} else if (n == 0 || errno != EINTR) {
			return broken(l, "the connection was closed");
		}
	}
	return 0;
}

/* One message behind its length: *len gets it. */
static int
receive_message(struct link *l, uint8_t *out, size_t cap, size_t *len, int64_t deadline)
{
	uint8_t head[FRAME_LENGTH_BYTES];
	int r;

	if ((r = receive_all(l, head, sizeof(head), deadline)) != 0)
		return r;
	*len = (size_t)head[0] << 8 | head[1];
	if (*len > cap)
		return client_fail(l->c, EX_PROTOCOL,
		    "what answers there is not this service: check `connect` in site.conf");
	return receive_all(l, out, *len, deadline);
}

static int
connect_unix(struct link *l, const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t len = strlen(path);

	if (len >= sizeof(to.sun_path))
		return client_fail(l->c, EX_CONFIG, "%s: too long for a socket's path", path);
	memcpy(to.sun_path, path, len);
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0)
		return client_fail(l->c, EX_OSERR, "no socket: %s", strerror(errno));
	if (connect(l->fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
		return 0;
	if (errno == EAGAIN)
		return client_fail(
		    l->c, EX_TEMPFAIL, "the service has many callers: try again in a moment");
	return client_fail(l->c, EX_UNAVAILABLE, "the service cannot be reached at %s (%s): %s",
	    path, strerror(errno),
	    errno == EACCES ? "this account may not use it"
			    : "it may not be running; try again later, or tell whoever runs it");
}

/*
 * Run the command with one end of a socket pair as its standard input and output. posix_spawn, since
 * a plain fork would leave the child with a wiped slab under stdio's buffers.
 */
static int
connect_exec(struct link *l, const char *command)
{
	union {
		const char *c;
		char *m;
	} sh = { .c = "sh" }, flag = { .c = "-c" }, text = { .c = command };
	char *argv[] = { sh.m, flag.m, text.m, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t usual;
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return client_fail(l->c, EX_OSERR, "no socket: %s", strerror(errno));
	sigemptyset(&usual);
	sigaddset(&usual, SIGPIPE);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attr);
	if ((r = posix_spawn_file_actions_adddup2(&files, pair[1], STDIN_FILENO)) == 0 &&
	    (r = posix_spawn_file_actions_adddup2(&files, pair[1], STDOUT_FILENO)) == 0 &&
	    (r = posix_spawnattr_setsigdefault(&attr, &usual)) == 0 &&
	    (r = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF)) == 0)
		r = posix_spawn(&l->pid, "/bin/sh", &files, &attr, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	close(pair[1]);
	l->fd = pair[0];
	if (r != 0) {
		l->pid = 0;
		return client_fail(l->c, EX_OSERR, "/bin/sh: %s", strerror(r));
	}
	return 0;
}

static int
handshake(struct link *l, struct noise_handshake *hs, enum noise_pattern pattern,
    const uint8_t *server_key, const uint8_t *own_secret)
{
	uint8_t prologue[FRAME_PROLOGUE_BYTES], message[FRAME_LENGTH_BYTES + HANDSHAKE_MAX];
	int64_t deadline = now_ms() + (l->pid != 0 ? LINK_CONNECT_MS : LINK_ANSWER_MS);
	size_t len;
	int r;

	frame_prologue(prologue, l->c->site.site_id);
	if (noise_begin(hs, pattern, NOISE_INITIATOR, prologue, sizeof(prologue), own_secret, NULL,
		server_key) < 0 ||
	    noise_write(hs, message + FRAME_LENGTH_BYTES, HANDSHAKE_MAX, &len, NULL, 0) < 0)
		return client_fail(
		    l->c, EX_CONFIG, "the service's key in site.conf is not a usable one");
	message[0] = (uint8_t)(len >> 8);
	message[1] = (uint8_t)len;
	if ((r = send_all(l, message, FRAME_LENGTH_BYTES + len, deadline)) != 0 ||
	    (r = receive_message(l, message, HANDSHAKE_MAX, &len, deadline)) != 0)
		return r;
	if (noise_read(hs, message + HANDSHAKE_MAX, 0, &len, message, len) < 0 ||
	    noise_split(hs, &l->session) < 0)
		return client_fail(l->c, EX_PROTOCOL,
		    "what answers there does not have the key that site.conf names: do not go on, "
		    "and "
		    "ask for a fresh site.conf in person");
	return 0;
}

/* Not in an arena: a session outlives what one asks in it. */
static struct link *
link_place(struct client *c)
{
	for (size_t i = 0; i < CLIENT_LINKS; i++) {
		struct link *l = (void *)(c->links + i * CLIENT_LINK_BYTES);

		if (l->c == NULL)
			return l;
	}
	return NULL;
}

int
link_open(struct client *c, struct link **out, enum noise_pattern pattern, const char *connect,
    const uint8_t server_key[NOISE_KEY_BYTES], const uint8_t *own_secret)
{
	struct link *l = link_place(c);
	arena_mark_t mark = arena_mark(&c->scratch);
	struct noise_handshake *hs = arena_alloc(&c->scratch, sizeof(*hs));
	int r;

	if (l == NULL || hs == NULL)
		return client_fail_memory(c);
	l->c = c;
	l->fd = -1;
	if (strncmp(connect, "unix:", 5) == 0)
		r = connect_unix(l, connect + 5);
	else
		r = connect_exec(l, connect + 5);
	if (r == 0)
		r = handshake(l, hs, pattern, server_key, own_secret);
	arena_release(&c->scratch, mark);
	if (r != 0) {
		link_close(l);
		return r;
	}
	*out = l;
	return 0;
}

int
link_open_intake(struct client *c, struct link **out)
{
	int r;

	if ((r = site_load(c)) != 0)
		return r;
	return link_open(c, out, NOISE_NK, c->site.connect, c->site.daemon_key, NULL);
}

int
link_open_desk(struct client *c, struct link **out, const uint8_t own_secret[32])
{
	int r;

	if ((r = site_need_desk(c)) != 0)
		return r;
	return link_open(c, out, NOISE_IK, c->site.desk, c->site.desk_key, own_secret);
}

static int
refused(struct link *l, const Candor__Refusal *refusal)
{
	int code = (int)refusal->code;

	/* For us EX_UNAVAILABLE means that nobody was reached, and is tried again. */
	if (refusal->code < EX__BASE || refusal->code > EX__MAX || code == EX_UNAVAILABLE)
		code = EX_DATAERR;
	return client_fail(l->c, code, "%s", refusal->text);
}

static int
receive(struct link *l, struct arena *a, unsigned want, ProtobufCMessage **answer)
{
	struct client *c = l->c;
	struct span body;
	const struct wire_row *row = wire_row(want);
	ProtobufCMessage *msg;
	unsigned kind;
	size_t len;
	int r;

	if ((r = receive_message(l, c->frame_in, FRAME_MAX - FRAME_LENGTH_BYTES, &len,
		 now_ms() + (want == MSG_ATTACHED ? LINK_ATTACHED_MS : LINK_ANSWER_MS))) != 0)
		return r;
	/* Decrypted in place: the buffer is in the slab. */
	if (frame_open(&l->session, c->frame_in, &kind, &body, c->frame_in, len) < 0)
		return client_fail(c, EX_PROTOCOL,
		    "what came back was forged or damaged on the way: try again, and tell whoever "
		    "runs "
		    "the service if it goes on");
	if (row == NULL || (kind != want && kind != MSG_REFUSAL))
		return client_fail(c, EX_PROTOCOL,
		    "the service answered something else than was asked: client and service may be "
		    "of "
		    "different versions");
	if ((r = wire_unpack(a, &msg, kind, row->from, row->to, body.p, body.len)) < 0)
		return r == CANDOR_ENOMEM
			   ? client_fail_memory(c)
			   : client_fail(c, EX_PROTOCOL,
				 "the service's answer cannot be read: client and service may be "
				 "of different versions");
	if (kind == MSG_REFUSAL)
		return refused(l, (const Candor__Refusal *)msg);
	if (answer != NULL)
		*answer = msg;
	return 0;
}

int
link_call(struct link *l, struct arena *a, unsigned kind, const ProtobufCMessage *msg,
    unsigned want, ProtobufCMessage **answer)
{
	struct client *c = l->c;
	size_t packed = protobuf_c_message_get_packed_size(msg), len;
	uint8_t *body = c->frame_out + FRAME_LENGTH_BYTES + FRAME_KIND_BYTES;
	int r;

	if (packed > WIRE_BODY_MAX)
		return client_fail(c, EX_DATAERR,
		    "this is %zu bytes long, %d are allowed in one message: shorten it", packed,
		    WIRE_BODY_MAX);
	protobuf_c_message_pack(msg, body);
	if (frame_seal(&l->session, c->frame_out, &len, kind, body, packed) < 0)
		r = client_fail(c, EX_SOFTWARE, "the message cannot be encrypted");
	else
		r = send_all(l, c->frame_out, len, now_ms() + LINK_ANSWER_MS);
	if (r == 0)
		r = receive(l, a, want, answer);
	sodium_memzero(c->frame_in, FRAME_MAX);
	return r;
}

/* The command should end by itself, now that its input did; help it after two seconds, and again. */
static void
reap(pid_t pid)
{
	static const int signals[] = { 0, SIGTERM, SIGKILL };

	for (size_t i = 0; i < NELEM(signals); i++) {
		int64_t until = now_ms() + 2000;

		if (signals[i] != 0)
			kill(pid, signals[i]);
		while (now_ms() < until) {
			pid_t got = waitpid(pid, NULL, WNOHANG);

			if (got == pid || (got < 0 && errno != EINTR))
				return;
			pause_ms(5);
		}
	}
}

void
link_close(struct link *l)
{
	if (l == NULL)
		return;
	if (l->fd >= 0)
		close(l->fd);
	if (l->pid != 0)
		reap(l->pid);
	sodium_memzero(l, sizeof(*l));
}

bool
link_may_retry(int code)
{
	return code == EX_UNAVAILABLE || code == EX_TEMPFAIL;
}

int
link_retry(struct client *c, unsigned tries, int (*attempt)(struct client *c, void *arg), void *arg)
{
	int64_t until = now_ms() + LINK_RETRY_MS;
	unsigned wait_ms = 500;

	for (unsigned i = 1;; i++) {
		int r = attempt(c, arg);

		if (!link_may_retry(r) || i >= tries || now_ms() > until)
			return r;
		if (i == 1)
			term_complain(c);
		fprintf(stderr, "candor: trying again in %u.%u s (%u of %u)\n", wait_ms / 1000,
		    wait_ms % 1000 / 100, i + 1, tries);
		pause_ms(wait_ms);
		wait_ms = wait_ms * 2 > 15000 ? 15000 : wait_ms * 2;
	}
}
