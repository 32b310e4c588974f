/* SPDX-License-Identifier: ISC */
/*
 * The walls: what each binary may link, and what intake's own filter lets it ask the kernel. Each
 * attempt runs in a child that has entered the real sandbox with the room's real table.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleaner/walls.h"
#include "desk/walls.h"
#include "intake/walls.h"

/* ---- what is linked ------------------------------------------------------------------------- */

static const char *
build(void)
{
	const char *b = getenv("CANDOR_BUILD");

	return b != NULL ? b : "build/debug";
}

/* What a filter prints of what readelf or nm says of one of our binaries. */
static void
output_of(char *out, size_t cap, const char *reader, const char *binary, const char *filter)
{
	char command[4096];
	size_t n;
	FILE *f;

	snprintf(command, sizeof(command), "%s %s/%s | %s", reader, build(), binary, filter);
	f = popen(command, "r");
	cr_assert(ne(ptr, f, NULL));
	n = fread(out, 1, cap - 1, f);
	out[n] = '\0';
	cr_assert(eq(int, pclose(f), 0), "%s", command);
}

struct linkage {
	const char *binary;
	const char *allowed; /* libraries, blank-separated, beyond the C library */
};

/* Sanitizers add libraries of their own to every binary. */
#ifdef CANDOR_SANITIZED
#define ANYWHERE                                                                                   \
	" libc.so.6 libm.so.6 ld-linux-x86-64.so.2 libasan.so.8 libubsan.so.1 libgcc_s.so.1 "
#else
#define ANYWHERE " libc.so.6 libm.so.6 ld-linux-x86-64.so.2 "
#endif
#define ROOM " libevent_core-2.1.so.7 libprotobuf-c.so.1 libseccomp.so.2 "

static const struct linkage linkage[] = {
	{ "candord", ROOM "libconfig.so.9 libsodium.so.23 " },
	{ "candor-intake", ROOM "libsodium.so.23 libutf8proc.so.2 " },
	{ "candor-desk", ROOM "libsodium.so.23 " },
	{ "candor-store", ROOM "libsodium.so.23 libsqlite3.so.0 " },
	{ "candor-dispatch", ROOM "libsodium.so.23 " },
	{ "candor-host", ROOM },
	{ "candor-cleaner", " libseccomp.so.2 libsodium.so.23 libutf8proc.so.2 libmagic.so.1 "
			    "libz.so.1 libjpeg.so.62 "
			    "libturbojpeg.so.0 libpng16.so.16 libgif.so.7 libwebp.so.7 "
			    "libwebpmux.so.3 libtiff.so.6 "
			    "libxml2.so.2 libqpdf.so.29 libzip.so.4 " },
	{ "candor", " libconfig.so.9 libsodium.so.23 libprotobuf-c.so.1 libutf8proc.so.2 "
		    "libjansson.so.4 " },
};

Test(walls, each_binary_links_only_what_the_map_allows)
{
	for (size_t i = 0; i < NELEM(linkage); i++) {
		char needed[4096], word[128], *line, *rest = needed;

		output_of(needed, sizeof(needed), "readelf -d", linkage[i].binary,
		    "sed -n 's/.*(NEEDED).*\\[\\(.*\\)\\]/\\1/p'");
		while ((line = strsep(&rest, "\n")) != NULL) {
			if (*line == '\0')
				continue;
			snprintf(word, sizeof(word), " %s ", line);
			cr_expect(strstr(linkage[i].allowed, word) != NULL ||
				      strstr(ANYWHERE, word) != NULL,
			    "%s links %s", linkage[i].binary, line);
		}
	}
}

/* Of libsodium, store has hashing, signatures, random bytes and memory; nothing that decrypts. */
Test(walls, store_has_no_cipher_of_libsodium)
{
	static const char *const allowed[] = { "crypto_generichash", "crypto_sign", "crypto_hash",
		"randombytes", "sodium_" };
	char symbols[16384], *line, *rest = symbols;

	output_of(symbols, sizeof(symbols), "nm -D --undefined-only", "candor-store",
	    "sed 's/^ *U //' | grep -E '^(crypto_|randombytes|sodium_)' || :");
	while ((line = strsep(&rest, "\n")) != NULL) {
		bool ok = *line == '\0';

		for (size_t i = 0; i < NELEM(allowed) && !ok; i++)
			ok = strncmp(line, allowed[i], strlen(allowed[i])) == 0;
		cr_expect(ok, "store uses %s", line);
	}
}

/* ---- what intake may ask the kernel ------------------------------------------------------------ */

#ifndef CANDOR_SANITIZED

/* What a prisoner has at hand: a connected user's socket and a listening one, as intake has. */
static int user_fd, listen_fd;

static int
try_open(void)
{
	return open("/etc/passwd", O_RDONLY);
}

static int
try_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

static int
try_connect(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "/nowhere" };

	return connect(user_fd, (struct sockaddr *)&a, sizeof(a)) < 0 && errno == EPERM ? -1 : 0;
}

static int
try_exec(void)
{
	char name[] = "/bin/true", *argv[] = { name, NULL }, *envp[] = { NULL };

	return execve(name, argv, envp);
}

static int
try_fork(void)
{
	return (int)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
}

static int
try_peercred(void)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	return getsockopt(user_fd, SOL_SOCKET, SO_PEERCRED, &cred, &len);
}

static int
try_passcred(void)
{
	int on = 1;

	return setsockopt(user_fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
}

static int
try_recvmsg(void)
{
	char byte, control[256];
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};

	return (int)recvmsg(user_fd, &msg, MSG_DONTWAIT);
}

static int
try_getpeername(void)
{
	struct sockaddr_un a;
	socklen_t len = sizeof(a);

	return getpeername(user_fd, (struct sockaddr *)&a, &len);
}

static int
try_accept_with_address(void)
{
	struct sockaddr_un a;
	socklen_t len = sizeof(a);

	return accept4(listen_fd, (struct sockaddr *)&a, &len, SOCK_NONBLOCK) < 0 && errno == EPERM
		   ? -1
		   : 0;
}

static int
try_recvfrom_address(void)
{
	struct sockaddr_un a;
	socklen_t len = sizeof(a);
	char byte;

	return recvfrom(user_fd, &byte, 1, MSG_DONTWAIT, (struct sockaddr *)&a, &len) < 0 &&
		       errno == EPERM
		   ? -1
		   : 0;
}

static int
try_pidfd_open(void)
{
	return (int)syscall(SYS_pidfd_open, getppid(), 0);
}

static int
try_pidfd_getfd(void)
{
	return (int)syscall(SYS_pidfd_getfd, user_fd, 0, 0) < 0 && errno == EPERM ? -1 : 0;
}

static int
try_read_other_memory(void)
{
	char byte;
	struct iovec here = { &byte, 1 }, there = { &byte, 1 };

	return (int)process_vm_readv(getpid(), &here, 1, &there, 1, 0);
}

static int
try_ptrace(void)
{
	return (int)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static int
try_kill(void)
{
	return kill(getpid(), 0);
}

static int
try_executable_memory(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		   0) == MAP_FAILED
		   ? -1
		   : 0;
}

static int
try_forget_supervisor(void)
{
	return close(3);
}

/* The kernel looks at the lower half alone. */
static int
try_forget_supervisor_by_high_bits(void)
{
	return (int)syscall(SYS_close, 0x100000003);
}

static int
try_forget_log(void)
{
	return close(STDERR_FILENO);
}

static int
try_sendmsg(void)
{
	char byte = 'x';
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	return (int)sendmsg(user_fd, &msg, MSG_DONTWAIT);
}

static int
try_dup(void)
{
	return dup2(user_fd, 3);
}

static int
try_fcntl(void)
{
	return fcntl(user_fd, F_GETFL);
}

static int
try_write_elsewhere(void)
{
	return (int)write(user_fd, "x", 1);
}

static int
try_readlink_fd(void)
{
	char link[256];

	return (int)readlink("/proc/self/fd/0", link, sizeof(link));
}

static int
try_ioctl(void)
{
	int n;

	return (int)syscall(SYS_ioctl, user_fd, 0x541b /* FIONREAD */, &n);
}

static const struct attempt {
	const char *what;
	int (*fn)(void); /* < 0 when the kernel refused */
} attempts[] = {
	{ "open a file", try_open },
	{ "make a socket", try_socket },
	{ "connect", try_connect },
	{ "execute a program", try_exec },
	{ "fork", try_fork },
	{ "ask for SO_PEERCRED", try_peercred },
	{ "switch on SO_PASSCRED", try_passcred },
	{ "recvmsg on a user's socket", try_recvmsg },
	{ "getpeername", try_getpeername },
	{ "accept with an address", try_accept_with_address },
	{ "recvfrom with an address", try_recvfrom_address },
	{ "pidfd_open", try_pidfd_open },
	{ "pidfd_getfd", try_pidfd_getfd },
	{ "process_vm_readv", try_read_other_memory },
	{ "ptrace", try_ptrace },
	{ "kill", try_kill },
	{ "map executable memory", try_executable_memory },
	{ "close the supervisor's channel", try_forget_supervisor },
	{ "close it by a number that only looks like another", try_forget_supervisor_by_high_bits },
	{ "close the log", try_forget_log },
	{ "send a descriptor", try_sendmsg },
	{ "put a user's socket in the supervisor's place", try_dup },
	{ "ask for a descriptor's flags", try_fcntl },
	{ "write to a user's socket but by send", try_write_elsewhere },
	{ "readlink in /proc", try_readlink_fd },
	{ "ioctl", try_ioctl },
};

/* Does the attempt succeed behind these walls (NULL: behind none)? */
static bool
succeeds(const struct attempt *t, const struct sandbox *walls)
{
	int pair[2], status;
	struct sockaddr_un abstract = { .sun_family = AF_UNIX };
	pid_t pid = fork();

	cr_assert(pid >= 0);
	if (pid == 0) {
		/* As in intake: descriptor 3 is the supervisor's channel. */
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
			_exit(2);
		dup2(pair[1], 3);
		user_fd = dup(pair[0]);
		if (send(pair[1], "hi", 2, 0) != 2)
			_exit(2);
		listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		if (bind(listen_fd, (struct sockaddr *)&abstract, sizeof(sa_family_t)) < 0 ||
		    listen(listen_fd, 1) < 0)
			_exit(2);
		if (walls != NULL && sandbox_enter(walls) < 0)
			_exit(2);
		_exit(t->fn() < 0 ? 1 : 0);
	}
	cr_assert(eq(int, waitpid(pid, &status, 0), pid));
	/* A filter may also end whoever asks; and an execve that works leaves with 0. */
	if (WIFSIGNALED(status))
		return false;
	cr_assert(ne(int, WEXITSTATUS(status), 2), "%s could not be set up", t->what);
	return WEXITSTATUS(status) == 0;
}

static void
all_fail(const struct sandbox *walls)
{
	for (size_t i = 0; i < NELEM(attempts); i++)
		cr_expect(
		    not(succeeds(&attempts[i], walls)), "%s can %s", walls->name, attempts[i].what);
}

Test(walls, intake_can_do_nothing_but_its_work, .timeout = 60)
{
	const struct sandbox walls = {
		.name = "candor-intake",
		.calls = intake_calls,
		.n_calls = INTAKE_CALLS,
	};

	all_fail(&walls);
}

Test(walls, desk_can_do_nothing_but_its_work, .timeout = 60)
{
	const struct sandbox walls = {
		.name = "candor-desk",
		.calls = desk_calls,
		.n_calls = DESK_CALLS,
	};

	all_fail(&walls);
}

Test(walls, a_cleaner_can_do_nothing_but_its_work, .timeout = 60)
{
	const struct sandbox walls = {
		.name = "candor-cleaner",
		.calls = cleaner_calls,
		.n_calls = CLEANER_CALLS,
	};

	all_fail(&walls);
}

/* The attempts would succeed without walls: else the tests above would prove nothing. */
Test(walls, without_walls_the_attempts_succeed, .timeout = 60)
{
	for (size_t i = 0; i < NELEM(attempts); i++) {
		if (attempts[i].fn == try_connect || attempts[i].fn == try_pidfd_getfd)
			continue; /* these tell EPERM from other errors themselves */
		cr_expect(
		    succeeds(&attempts[i], NULL), "without walls one cannot %s", attempts[i].what);
	}
}

#endif
