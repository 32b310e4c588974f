/* SPDX-License-Identifier: ISC */
/*
 * The walls of a plugin: see plugin_walls.h. Without a network it computes and answers; with one it can
 * also resolve names, connect over TCP and read what TLS and the resolver need to read; with programs it can
 * start exactly these, which stand behind the same walls. None can listen, or see the daemon's files.
 */
#include "common/plugin_walls.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

/* open(2) flags that must not be set. */
#define WRITING_FLAGS                                                                              \
	((uint64_t)(O_ACCMODE | O_CREAT | O_TRUNC | __O_TMPFILE) & ~(uint64_t)O_DIRECTORY)
/* clone(2) flags that make a namespace, which has a privileged user inside. */
#define NAMESPACE_FLAGS                                                                            \
	((uint64_t)(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |  \
		    CLONE_NEWPID | CLONE_NEWNET))
#define INT_MASK 0xffffffffu
#define PATHS_MAX 192
#define CALLS_MAX 256

/* clang-format off */
/* Reading files, once open() is over: which ones is Landlock's affair. */
static const struct sandbox_call every_plugin[] = {
	ALLOW(clock_nanosleep,   "a plugin that waits"),
	ALLOW(nanosleep,         "the same"),
	ALLOW(gettid,            "seeds, locks"),
	ALLOW(sysinfo,           "qsort asks how much memory there is"),
	{ SYS_openat, 2, SANDBOX_MASKED_EQ, WRITING_FLAGS, O_RDONLY, "read_paths, certificates" },
	ALLOW(read,              "the same"),
	ALLOW(newfstatat,        "the same"),
	ALLOW(fstat,             "the same"),
	ALLOW(lseek,             "the same"),
	ALLOW(pread64,           "the same"),
	ALLOW(getdents64,        "folders of certificates"),
};

static const struct sandbox_call network[] = {
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
	ALLOW(writev,          "the same"),
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

/* What shells, interpreters and small tools do from start to end. Landlock says which files; there is no
 * kill(2) but of the programs' own group, which none can leave: no setsid(2), no setpgid(2). */
static const struct sandbox_call programs[] = {
	{ SYS_clone, 0, SANDBOX_MASKED_EQ, NAMESPACE_FLAGS, 0, "processes and threads; no namespaces" },
	ALLOW(execve,          "which ones is Landlock's affair"),
	ALLOW(wait4,           "how they ended"),
	ALLOW(waitid,          "the same"),
#ifdef SYS_pidfd_open
	ALLOW(pidfd_open,      "the same"),
#endif
	ALLOW(openat,          "a program's files; writing is Landlock's affair"),
	ALLOW(close,           "what it inherited"),
#ifdef SYS_close_range
	ALLOW(close_range,     "the same"),
#endif
	ALLOW(read,            "its input"),
	ALLOW(readv,           "the same"),
	ALLOW(write,           "its output"),
	ALLOW(writev,          "the same"),
	ALLOW(pwrite64,        "the same"),
	ALLOW(copy_file_range, "cat, cp"),
	ALLOW(sendfile,        "the same"),
	ALLOW(fadvise64,       "cat"),
	ALLOW(mmap,            "its own code"),
	ALLOW(mprotect,        "the same"),
	ALLOW(dup,             "redirections"),
	ALLOW(dup3,            "the same"),
	ALLOW(fcntl,           "the same"),
	ALLOW(pipe2,           "pipelines"),
	ALLOW_IF(socketpair, 0, AF_UNIX, "the same; connected to nobody else"),
	ALLOW(ppoll,           "waiting"),
	ALLOW(pselect6,        "the same"),
	ALLOW(epoll_create1,   "the same"),
	ALLOW(eventfd2,        "the same"),
	ALLOW(rt_sigaction,    "signals of its own children"),
	ALLOW(rt_sigsuspend,   "the same"),
	ALLOW(rt_sigpending,   "the same"),
	ALLOW(rt_sigtimedwait, "the same"),
	ALLOW(sigaltstack,     "the same"),
	ALLOW(setitimer,       "time limits"),
	ALLOW(getitimer,       "the same"),
	ALLOW(faccessat,       "test -r"),
#ifdef SYS_faccessat2
	ALLOW(faccessat2,      "the same"),
#endif
	ALLOW(statx,           "stat"),
	ALLOW(statfs,          "df"),
	ALLOW(fstatfs,         "the same"),
	ALLOW(readlinkat,      "where am I"),
	ALLOW(getcwd,          "the same"),
	ALLOW(chdir,           "the same"),
	ALLOW(fchdir,          "the same"),
	ALLOW(umask,           "the same"),
	ALLOW(uname,           "the same"),
	ALLOW(getppid,         "who am I"),
	ALLOW(getpgid,         "the same"),
	ALLOW(getsid,          "the same"),
	ALLOW(getuid,          "the same"),
	ALLOW(geteuid,         "the same"),
	ALLOW(getgid,          "the same"),
	ALLOW(getegid,         "the same"),
	ALLOW(getgroups,       "the same"),
	ALLOW(getresuid,       "the same"),
	ALLOW(getresgid,       "the same"),
	ALLOW(getrusage,       "time"),
	ALLOW(times,           "the same"),
	ALLOW(clock_getres,    "the same"),
	ALLOW_IF(prlimit64, 0, 0, "limits of its own: they only go down"),
	ALLOW(sched_yield,     "threads"),
	ALLOW(sched_getaffinity, "the same"),
	ALLOW(set_tid_address, "the C library's start"),
	ALLOW(set_robust_list, "the same"),
#ifdef SYS_rseq
	ALLOW(rseq,            "the same"),
#endif
	ALLOW_IF(prctl, 0, PR_SET_NAME,      "names of threads"),
	ALLOW_IF(prctl, 0, PR_SET_PDEATHSIG, "to end with its parent"),
	{ SYS_ioctl, 1, SANDBOX_EQ, 0, 0x5401, "TCGETS: is it a terminal" },
	{ SYS_ioctl, 1, SANDBOX_EQ, 0, 0x5413, "TIOCGWINSZ: the same" },
	{ SYS_ioctl, 1, SANDBOX_EQ, 0, 0x541b, "FIONREAD" },
	{ SYS_ioctl, 1, SANDBOX_EQ, 0, 0x5421, "FIONBIO" },
	{ SYS_ioctl, 1, SANDBOX_EQ, 0, 0x5451, "FIOCLEX" },
	ALLOW_IF(kill, 0, 0,   "its own group"),
#ifdef SYS_fork /* old names of the above, where the C library or a static program uses them */
	ALLOW(fork,            "processes"),
	ALLOW(vfork,           "the same"),
	ALLOW(open,            "files"),
	ALLOW(stat,            "the same"),
	ALLOW(lstat,           "the same"),
	ALLOW(access,          "the same"),
	ALLOW(readlink,        "the same"),
	ALLOW(dup2,            "redirections"),
	ALLOW(pipe,            "pipelines"),
	ALLOW(poll,            "waiting"),
	ALLOW(select,          "the same"),
	ALLOW(pause,           "the same"),
	ALLOW(alarm,           "time limits"),
	ALLOW(getpgrp,         "who am I"),
	ALLOW(getrlimit,       "limits"),
	ALLOW(time,            "time"),
	ALLOW(arch_prctl,      "the C library's start"),
#endif
};

/* The dynamic linker, constructors of libraries, the daemon's limit on open(), and the second walls, which
 * only take away. */
static const struct sandbox_call loading_only[] = {
	{ SYS_mmap, 3, SANDBOX_MASKED_EQ, MAP_ANONYMOUS, 0, "libraries" },
	ALLOW(faccessat,       "libraries look what there is"),
	ALLOW(readlinkat,      "the same"),
	ALLOW(getcwd,          "the same"),
	ALLOW(statfs,          "the same"),
#ifdef SYS_open
	ALLOW(access,          "the same"),
	ALLOW(stat,            "the same"),
	ALLOW(lstat,           "the same"),
	ALLOW(readlink,        "the same"),
	ALLOW(alarm,           "the limit on open()"),
#endif
	ALLOW(setitimer,       "the same"),
	ALLOW(rt_sigaction,    "libraries prepare"),
	ALLOW(uname,           "the same"),
	ALLOW(getuid,          "the same"),
	ALLOW(geteuid,         "the same"),
	ALLOW(getgid,          "the same"),
	ALLOW(getegid,         "the same"),
	ALLOW(sched_getaffinity, "the same"),
	ALLOW(pipe2,           "the same"),
	ALLOW(eventfd2,        "the same"),
	ALLOW(fcntl,           "the same"),
	ALLOW_IF(prlimit64, 2, 0, "the same: asks for limits"),
	ALLOW(capget,          "the second walls"),
	ALLOW(capset,          "the same"),
	ALLOW(landlock_create_ruleset, "the same"),
	ALLOW(landlock_add_rule, "the same"),
	ALLOW(landlock_restrict_self, "the same"),
	ALLOW(seccomp,         "the same"),
	ALLOW_IF(prctl, 0, PR_SET_NO_NEW_PRIVS, "the same"),
	ALLOW_IF(prctl, 0, PR_SET_SECCOMP, "the same"),
	ALLOW_IF(prctl, 0, PR_GET_SECCOMP, "the same"),
};

/* What a resolver and TLS read. Not all of /etc: the daemon's own keys may lie there. */
static const char *const network_paths[] = {
	"/etc/resolv.conf", "/etc/hosts", "/etc/host.conf", "/etc/nsswitch.conf", "/etc/gai.conf",
	"/etc/services", "/etc/protocols", "/etc/localtime", "/etc/ssl",
	"/etc/ca-certificates", "/etc/pki", "/usr/share/ca-certificates",
	"/usr/local/share/ca-certificates", "/usr/lib/ssl", "/run/systemd/resolve",
	"/run/NetworkManager", "/run/resolvconf",
};

/* Modules of the resolver are loaded at its first question; programs have libraries. */
static const char *const library_paths[] = {
	"/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/local/lib", "/etc/ld.so.cache",
};

static const char *const program_paths[] = {
	"/usr/share/zoneinfo", "/etc/localtime", "/dev/zero", "/dev/urandom",
};
/* clang-format on */

/* What a plugin is given, gathered. The paths of the running plugin come first. */
static struct {
	struct sandbox_call running[CALLS_MAX], loading[CALLS_MAX];
	size_t n_running, n_loading;
	struct sandbox_path paths[PATHS_MAX], running_paths[PATHS_MAX];
	size_t n_paths;
} all;

static void
add_calls(const struct sandbox_call *calls, size_t n)
{
	_Static_assert(
	    NELEM(every_plugin) + NELEM(network) + NELEM(programs) + NELEM(loading_only) + 1 <=
		CALLS_MAX,
	    "room for all calls");
	memcpy(all.running + all.n_running, calls, n * sizeof(*calls));
	all.n_running += n;
}

/* False: there is none, as errno says. */
static bool
add_path(const char *path, bool write, bool execute)
{
	int fd;

	if (all.n_paths == PATHS_MAX) {
		errno = E2BIG;
		return false;
	}
	if ((fd = open(path, O_PATH | O_CLOEXEC)) < 0)
		return false;
	all.paths[all.n_paths++] =
	    (struct sandbox_path){ .fd = fd, .write = write, .execute = execute };
	return true;
}

/* Those that there are: not every system has all. */
static void
add_paths(const char *const paths[], size_t n)
{
	for (size_t i = 0; i < n; i++)
		(void)add_path(paths[i], false, false);
}

/* The first object is the program itself, and one of its headers names the dynamic linker. */
static int
add_linker(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	(void)arg;
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_INTERP)
			(void)add_path((const char *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr),
			    false, true);
	return 1;
}

static int
add_all(const char *setting, char *const paths[], size_t n, bool execute, char *why, size_t why_cap)
{
	for (size_t i = 0; i < n; i++) {
		if (add_path(paths[i], false, execute))
			continue;
		snprintf(why, why_cap, "%s: %s: %s", setting, paths[i], strerror(errno));
		return CANDOR_EINVAL;
	}
	return 0;
}

/* As candor.conf(5) has it: a setting of this name is the path of a file. */
static bool
names_a_file(const char *name)
{
	size_t len = strlen(name);

	return len > 5 && strcmp(name + len - 5, "_file") == 0;
}

static void
choose_calls(const Candor__Plugin *plugin, pid_t group)
{
	const struct sandbox_call grouped[] = {
		{ SYS_setpgid, 1, SANDBOX_MASKED_EQ, INT_MASK, (uint32_t)group, "join it" },
		{ SYS_kill, 0, SANDBOX_MASKED_EQ, INT_MASK, (uint32_t)-group, "end them all" },
	};

	add_calls(every_plugin, NELEM(every_plugin));
	if (plugin->network)
		add_calls(network, NELEM(network));
	if (plugin->n_programs > 0)
		add_calls(programs, NELEM(programs));
	if (group != 0)
		add_calls(grouped, NELEM(grouped));
	memcpy(all.loading, all.running, sizeof(all.running));
	memcpy(all.loading + all.n_running, loading_only, sizeof(loading_only));
	all.n_loading = all.n_running + NELEM(loading_only);
}

int
plugin_walls(struct sandbox *loading, struct sandbox *running, const Candor__Plugin *plugin,
    pid_t group, char *why, size_t why_cap)
{
	uint32_t mib = plugin->memory_mib > 0 ? plugin->memory_mib : PLUGIN_MEMORY_MIB;
	size_t n_running;

	choose_calls(plugin, group);
	if (add_all("read_paths", plugin->read_paths, plugin->n_read_paths, false, why, why_cap) <
		0 ||
	    add_all("programs", plugin->programs, plugin->n_programs, true, why, why_cap) < 0)
		return CANDOR_EINVAL;
	if (plugin->network)
		add_paths(network_paths, NELEM(network_paths));
	if (plugin->n_programs > 0) {
		add_paths(program_paths, NELEM(program_paths));
		(void)add_path("/dev/null", true, false);
		dl_iterate_phdr(add_linker, NULL);
	}
	if (plugin->network || plugin->n_programs > 0)
		add_paths(library_paths, NELEM(library_paths));
	n_running = all.n_paths;
	/* From here on what is wanted while it loads only. A file that is missing is for open() to say. */
	add_paths(library_paths, NELEM(library_paths));
	(void)add_path(plugin->object, false, false);
	for (size_t i = 0; i < plugin->n_settings; i++)
		if (names_a_file(plugin->settings[i]->name))
			(void)add_path(plugin->settings[i]->value, false, false);

	loading->calls = all.loading;
	loading->n_calls = all.n_loading;
	loading->paths = all.paths;
	loading->n_paths = all.n_paths;
	loading->tcp = plugin->network;
	loading->max_tasks = plugin->network || plugin->n_programs > 0 ? PLUGIN_TASKS_MAX : 0;
	loading->max_memory = (uint64_t)mib << 20;
	loading->drop_caps = true;
	loading->caps = 1u << CAP_DAC_OVERRIDE; /* files of the settings are somebody else's */
	*running = *loading;
	running->again = true;
	running->caps = 0;
	running->calls = all.running;
	running->n_calls = all.n_running;
	running->paths = all.running_paths;
	running->n_paths = n_running;
	for (size_t i = 0; i < all.n_paths; i++) {
		all.running_paths[i] = all.paths[i];
		all.running_paths[i].close_fd = true;
		all.paths[i].close_fd = i >= n_running;
	}
	return 0;
}
