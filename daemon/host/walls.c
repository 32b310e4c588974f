/* SPDX-License-Identifier: ISC */
/*
 * The walls of a host: see walls.h. A plugin without a network computes and answers; one with a
 * network can also resolve names, connect over TCP and read what TLS and the resolver need to read.
 * None can listen, start a program, or see the daemon's files.
 */
#include "host/walls.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

/* open(2) flags that must not be set. */
#define WRITING_FLAGS                                                                              \
	((uint64_t)(O_ACCMODE | O_CREAT | O_TRUNC | __O_TMPFILE) & ~(uint64_t)O_DIRECTORY)
#define PATHS_MAX 64

/* clang-format off */
/* Reading files, once open() is over: which ones is Landlock's affair. */
#define EVERY_PLUGIN \
	ALLOW(clock_nanosleep,   "a plugin that waits"), \
	ALLOW(nanosleep,         "the same"), \
	ALLOW(gettid,            "seeds, locks"), \
	ALLOW(sysinfo,           "qsort asks how much memory there is"), \
	{ SYS_openat, 2, SANDBOX_MASKED_EQ, WRITING_FLAGS, O_RDONLY, "read_paths, certificates" }, \
	ALLOW(read,              "the same"), \
	ALLOW(newfstatat,        "the same"), \
	ALLOW(fstat,             "the same"), \
	ALLOW(lseek,             "the same"), \
	ALLOW(pread64,           "the same"), \
	ALLOW(getdents64,        "folders of certificates")

static const struct sandbox_call alone[] = {
	EVERY_PLUGIN,
};

static const struct sandbox_call network[] = {
	EVERY_PLUGIN,
	{ SYS_mmap, 3, SANDBOX_MASKED_EQ, MAP_ANONYMOUS, 0, "modules of the resolver: from files only" },
	/* Streams for the service, datagrams for DNS. Not AF_UNIX: the daemon's own sockets would be in
	 * reach, and the resolver does without nscd. */
	ALLOW_IF(socket, 0, AF_INET,    "connect"),
	ALLOW_IF(socket, 0, AF_INET6,   "connect"),
	ALLOW_IF(socket, 0, AF_NETLINK, "getaddrinfo asks for the interfaces"),
	ALLOW_IF(socketpair, 0, AF_UNIX, "libcurl wakes its resolver's thread"),
	ALLOW(connect,         "connect"),
	ALLOW(bind,            "netlink, and the resolver's ports"),
	ALLOW(getsockname,     "the same"),
	ALLOW(getpeername,     "the address that answered"),
	ALLOW(sendto,          "talk"),
	ALLOW(sendmsg,         "talk"),
	ALLOW(sendmmsg,        "the resolver's two questions"),
	ALLOW(recvfrom,        "talk"),
	ALLOW(recvmsg,         "talk"),
	ALLOW(getsockopt,      "did connect work"),
	ALLOW(setsockopt,      "keep-alive, no delay"),
	ALLOW(shutdown,        "hang up"),
	ALLOW(write,           "talk; nothing else is open for writing"),
	ALLOW(pipe2,           "wake-up of threads"),
	ALLOW(ppoll,           "wait for the service"),
#ifdef SYS_poll
	ALLOW(poll,            "the same"),
#endif
#ifdef SYS_select
	ALLOW(select,          "the same"),
#endif
	ALLOW(pselect6,        "the same"),
	{ SYS_ioctl, 1, SANDBOX_EQ, 0, 0x541b, "FIONREAD: the resolver's answer" },
	{ SYS_ioctl, 1, SANDBOX_EQ, 0, 0x5421, "FIONBIO: non-blocking" },
	ALLOW(fcntl,           "the same"),
	ALLOW(uname,           "the name to greet with"),
	/* Threads, of which libcurl makes one per name that it looks up; processes never. */
	{ SYS_clone, 0, SANDBOX_MASKED_EQ, CLONE_THREAD | CLONE_VM, CLONE_THREAD | CLONE_VM, "threads" },
	ALLOW(rt_sigaction,    "the same"),
	ALLOW(set_robust_list, "the same"),
#ifdef SYS_rseq
	ALLOW(rseq,            "the same"),
#endif
	ALLOW(sched_yield,     "the same"),
	ALLOW(sched_getaffinity, "the same"),
	ALLOW(getuid,          "the resolver and TLS look whether they are privileged"),
	ALLOW(geteuid,         "the same"),
	ALLOW(getgid,          "the same"),
	ALLOW(getegid,         "the same"),
};

/* What a resolver and TLS read. Not all of /etc: the daemon's own keys may lie there. */
static const char *const network_paths[] = {
	"/etc/resolv.conf", "/etc/hosts", "/etc/host.conf", "/etc/nsswitch.conf", "/etc/gai.conf",
	"/etc/services", "/etc/protocols", "/etc/ld.so.cache", "/etc/localtime", "/etc/ssl",
	"/etc/ca-certificates", "/etc/pki", "/usr/share/ca-certificates",
	"/usr/local/share/ca-certificates", "/usr/lib/ssl", "/run/systemd/resolve",
	"/run/NetworkManager", "/run/resolvconf",
	/* Modules of the resolver are loaded at its first question. */
	"/usr/lib", "/usr/lib64", "/lib", "/lib64",
};
/* clang-format on */

static int
add_path(struct sandbox_path *paths, size_t *n, const char *path)
{
	int fd = open(path, O_PATH | O_CLOEXEC);

	if (fd < 0)
		return CANDOR_ESYS;
	paths[(*n)++] = (struct sandbox_path){ .fd = fd, .close_fd = true };
	return 0;
}

int
walls_choose(struct room *r, const Candor__Plugin *plugin, char *why, size_t why_cap)
{
	/* sandbox_enter() reads them after the return. */
	static struct sandbox_path paths[PATHS_MAX];
	struct sandbox *s = &r->sandbox;
	size_t n = 0;

	_Static_assert(NELEM(network_paths) < PATHS_MAX / 2, "room for read_paths");
	s->calls = plugin->network ? network : alone;
	s->n_calls = plugin->network ? NELEM(network) : NELEM(alone);
	s->tcp = plugin->network;
	if (plugin->network)
		for (size_t i = 0; i < NELEM(network_paths); i++)
			(void)add_path(paths, &n, network_paths[i]); /* not every system has all */
	if (plugin->n_read_paths > PATHS_MAX - n) {
		snprintf(why, why_cap, "read_paths has %zu entries, at most %zu are allowed",
		    plugin->n_read_paths, PATHS_MAX - n);
		return CANDOR_EINVAL;
	}
	for (size_t i = 0; i < plugin->n_read_paths; i++) {
		if (add_path(paths, &n, plugin->read_paths[i]) < 0) {
			snprintf(why, why_cap, "read_paths: %s: %s", plugin->read_paths[i],
			    strerror(errno));
			return CANDOR_EINVAL;
		}
	}
	s->paths = paths;
	s->n_paths = n;
	return 0;
}
