/* SPDX-License-Identifier: ISC */
/*
 * A plugin for tests that is an enemy: what its setting `do` says, it does to the kernel, to the daemon and to its
 * neighbours. `reach` tries each thing that must be out of reach, when it is loaded, opened and asked to
 * deliver, and names what worked. It is built like somebody else's: with candor/plugin.h alone.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "candor/plugin.h"

static char act[32], secrets[2048], sockets[512], victims[512];
static char worked[4096]; /* names of what must not */
static const char *when;

#define MUST_FAIL(name, call)                                                                      \
	do {                                                                                       \
		if ((long)(call) >= 0)                                                             \
			note(name);                                                                \
	} while (0)

static void
note(const char *name)
{
	size_t len = strlen(worked);

	snprintf(worked + len, sizeof(worked) - len, "%s:%s ", when, name);
}

/* ---- reach --------------------------------------------------------------------------------------- */

static void
reach_files(void)
{
	static const char *const known[] = { "/etc/passwd", "/etc/shadow", "/proc/self/environ",
		"/proc/self/maps", "/proc/self/fd", "/proc/1/status", "/proc", "/root", "/home",
		"/tmp", "/dev/mem", "/sys/kernel", "/var/log" };
	char copy[sizeof(secrets)], *rest = copy, *path;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		MUST_FAIL(known[i], open(known[i], O_RDONLY));
	memcpy(copy, secrets, sizeof(copy));
	while (*secrets != '\0' && (path = strsep(&rest, ",")) != NULL) {
		MUST_FAIL(path, open(path, O_RDONLY));
		MUST_FAIL("writing", open(path, O_WRONLY | O_APPEND));
		MUST_FAIL("unlink", unlink(path));
		MUST_FAIL("chmod", chmod(path, 0777));
		MUST_FAIL("rename", rename(path, "/tmp/candor-stolen"));
		MUST_FAIL("link", link(path, "/tmp/candor-stolen"));
	}
	MUST_FAIL("create", open("/tmp/candor-hostile", O_CREAT | O_WRONLY, 0600));
	MUST_FAIL("tmpfile", open("/tmp", O_TMPFILE | O_RDWR, 0600));
	MUST_FAIL("mkdir", mkdir("/tmp/candor-hostile", 0700));
	MUST_FAIL("symlink", symlink("/etc/passwd", "/tmp/candor-hostile"));
	MUST_FAIL("memfd", syscall(SYS_memfd_create, "x", 0));
}

static void
reach_network(void)
{
	static const int families[] = { AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET,
		AF_VSOCK };
	char copy[sizeof(sockets)], *rest = copy, *path;

	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		MUST_FAIL("stream", socket(families[i], SOCK_STREAM, 0));
		MUST_FAIL("dgram", socket(families[i], SOCK_DGRAM, 0));
		MUST_FAIL("raw", socket(families[i], SOCK_RAW, 0));
	}
	/* Over a descriptor that is there anyway, should one be made to. */
	memcpy(copy, sockets, sizeof(copy));
	while (*sockets != '\0' && (path = strsep(&rest, ",")) != NULL) {
		struct sockaddr_un to = { .sun_family = AF_UNIX };

		snprintf(to.sun_path, sizeof(to.sun_path), "%.107s", path);
		for (int fd = 3; fd < 64; fd++)
			MUST_FAIL("connect", connect(fd, (struct sockaddr *)&to, sizeof(to)));
	}
}

static void
reach_processes(void)
{
	char copy[sizeof(victims)], *rest = copy, *word, path[64], byte;
	struct iovec mine = { &byte, 1 };

	memcpy(copy, victims, sizeof(copy));
	while (*victims != '\0' && (word = strsep(&rest, ",")) != NULL) {
		static const char *const files[] = { "mem", "environ", "maps", "fd", "cmdline",
			"root" };
		pid_t pid = atoi(word);
		struct iovec theirs = { (void *)(uintptr_t)0x400000, 1 };

		for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
			snprintf(path, sizeof(path), "/proc/%d/%s", pid, files[i]);
			MUST_FAIL("proc", open(path, O_RDONLY));
		}
		MUST_FAIL("ptrace", ptrace(PTRACE_SEIZE, pid, NULL, NULL));
		MUST_FAIL("vm_readv", process_vm_readv(pid, &mine, 1, &theirs, 1, 0));
		MUST_FAIL("kill", kill(pid, 0));
		MUST_FAIL("kill9", kill(pid, SIGKILL));
		MUST_FAIL("tgkill", syscall(SYS_tgkill, pid, pid, SIGKILL));
		MUST_FAIL(
		    "pidfd_getfd", syscall(SYS_pidfd_getfd, syscall(SYS_pidfd_open, pid, 0), 3, 0));
		MUST_FAIL("priority", setpriority(PRIO_PROCESS, (id_t)pid, 19));
		MUST_FAIL("prlimit", prlimit(pid, RLIMIT_NOFILE, &(struct rlimit){ 0, 0 }, NULL));
	}
	MUST_FAIL("killall", kill(-1, 0));
}

static void
reach_power(void)
{
	const struct rlimit more = { 1u << 20, 1u << 20 };
	pid_t pid;

	MUST_FAIL("setuid", setresuid(0, 0, 0));
	MUST_FAIL("store's uid", setresuid(60603, 60603, 60603));
	MUST_FAIL("setgid", setresgid(0, 0, 0));
	MUST_FAIL("unshare", unshare(CLONE_NEWUSER));
	MUST_FAIL("mount", mount("none", "/tmp", "tmpfs", 0, NULL));
	MUST_FAIL("chroot", chroot("/tmp"));
	MUST_FAIL("bpf", syscall(SYS_bpf, 0, NULL, 0));
	MUST_FAIL("perf", syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0));
	MUST_FAIL("keyctl", syscall(SYS_keyctl, 0, -3, 1));
	MUST_FAIL("io_uring", syscall(SYS_io_uring_setup, 1, NULL));
	MUST_FAIL("userfaultfd", syscall(SYS_userfaultfd, 0));
	MUST_FAIL("setrlimit", setrlimit(RLIMIT_NOFILE, &more));
	MUST_FAIL("dumpable", prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
	MUST_FAIL("deathsig", prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0));
	MUST_FAIL("exec memory", mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
				     ? -1
				     : 0);
	MUST_FAIL("close 3", close(3));
	MUST_FAIL("dup2 3", dup2(2, 3));
	MUST_FAIL("setsid", setsid());
	MUST_FAIL("setpgid", setpgid(0, 0));
	if ((pid = fork()) == 0)
		_exit(0);
	MUST_FAIL("fork", pid);
	MUST_FAIL("exec", execl("/bin/sh", "sh", "-c", "true", (char *)NULL));
}

static void
reach(const char *stage)
{
	when = stage;
	reach_files();
	reach_network();
	reach_processes();
	reach_power();
}

/* Before anybody could look at the descriptor. */
__attribute__((constructor)) static void
loaded(void)
{
	reach("load");
}

/* ---- harm ---------------------------------------------------------------------------------------- */

struct packet {
	uint16_t kind, zero;
	uint32_t tag;
	unsigned char body[64];
};

/* To whoever listens: descriptor 3 is the supervisor, behind it come other rooms. */
static void
send_everywhere(const void *p, size_t len)
{
	for (int fd = 3; fd < 64; fd++)
		(void)send(fd, p, len, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void
garbage(void)
{
	char noise[4096];

	memset(noise, 0xa5, sizeof(noise));
	for (int i = 0; i < 1000; i++)
		send_everywhere(noise, sizeof(noise));
}

/* ROOM_ACCUSE of each room there is: whoever is believed has another killed. */
static void
accuse(void)
{
	for (unsigned char room = 1; room < 12; room++) {
		const struct packet p = { 195, 0, 0, { 8, room, 26, 1, 'x' } };

		send_everywhere(&p, 8 + 5);
	}
}

/* The same true word, for ever. */
static void
flood(void)
{
	const struct packet ready = { 194, 0, 0, { 0 } },
			    state = { 178, 0, 0, { 18, 5, 'r', 'e', 'a', 'd', 'y' } };

	for (int i = 0; i < 1000000; i++) {
		send_everywhere(&ready, 8);
		send_everywhere(&state, 8 + 7);
	}
}

static void
shout(void)
{
	char line[1024];

	memset(line, 'A', sizeof(line));
	memcpy(line, "candord: error: forged\x1b[31m ", 27);
	line[sizeof(line) - 1] = '\n';
	for (int i = 0; i < 10240; i++)
		if (write(STDERR_FILENO, line, sizeof(line)) < 0)
			break;
}

static void
hog(void)
{
	size_t mib = 0;
	void *p;

	while ((p = mmap(NULL, 1u << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0)) != MAP_FAILED) {
		memset(p, 1, 1u << 20);
		mib++;
	}
	if (mib > 256)
		note("more than 256 MiB");
	abort(); /* as most do when malloc() fails */
}

static void
spin(void)
{
	for (volatile unsigned i = 0;; i++)
		;
}

static void
leave(void)
{
	exit(0);
}

static void
jump(void)
{
	jmp_buf nowhere;

	memset(&nowhere, 0x41, sizeof(nowhere));
	longjmp(nowhere, 1);
}

static void
shut(void)
{
	/* The upper half of the register is not the descriptor's. */
	(void)syscall(SYS_close, (1ul << 32) | 3);
	(void)syscall(SYS_dup3, 2, 3, 0);
	for (int fd = 4; fd < 64; fd++)
		close(fd);
	sleep(60);
}

static void
nothing(void)
{
}

static const struct {
	const char *name;
	void (*fn)(void);
} acts[] = { { "reach", nothing }, { "garbage", garbage }, { "accuse", accuse }, { "flood", flood },
	{ "shout", shout }, { "hog", hog }, { "spin", spin }, { "leave", leave }, { "jump", jump },
	{ "shut", shut }, { "open_crash", nothing } };

/* ---- the plugin ---------------------------------------------------------------------------------- */

static int
check(const struct candor_kv *kv, size_t n, char *why, size_t cap)
{
	const struct {
		const char *name;
		char *to;
		size_t cap;
	} known[] = { { "do", act, sizeof(act) }, { "secrets", secrets, sizeof(secrets) },
		{ "sockets", sockets, sizeof(sockets) }, { "victims", victims, sizeof(victims) } };

	(void)why;
	(void)cap;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++)
			if (strcmp(kv[i].name, known[k].name) == 0)
				snprintf(known[k].to, known[k].cap, "%s", kv[i].value);
	if (strcmp(act, "reach") == 0)
		reach("check");
	return 0;
}

static int
open_(void **state, const struct candor_kv *kv, size_t n, char *why, size_t cap)
{
	(void)kv;
	(void)n;
	(void)why;
	(void)cap;
	*state = act;
	if (strcmp(act, "reach") == 0)
		reach("open");
	if (strcmp(act, "open_crash") == 0)
		abort();
	return 0;
}

static enum candor_result
deliver(void *state, const struct candor_event *e, struct candor_answer *a)
{
	(void)state;
	(void)e;
	if (strcmp(act, "reach") == 0)
		reach("deliver");
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		if (strcmp(acts[i].name, act) == 0)
			acts[i].fn();
	snprintf(a->reference, sizeof(a->reference), "%s", *worked == '\0' ? "contained" : "not");
	snprintf(a->error, sizeof(a->error), "%.500s", worked);
	return *worked == '\0' ? CANDOR_DELIVERED : CANDOR_REFUSED;
}

static void
close_(void *state)
{
	(void)state;
}

CANDOR_PLUGIN_EXPORT const struct candor_plugin candor_plugin = {
	.abi = CANDOR_PLUGIN_ABI,
	.size = sizeof(struct candor_plugin),
	.name = "hostile_all",
	.version = "1",
	.check = check,
	.open = open_,
	.deliver = deliver,
	.close = close_,
};
