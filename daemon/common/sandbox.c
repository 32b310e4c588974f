/* SPDX-License-Identifier: ISC */
/*
 * The walls of a room: see sandbox.h. Every room, once. Each wall is one function of the table at the
 * end; none is ever taken down.
 */
#include "common/sandbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <seccomp.h>

#include "common/log.h"

/* Bits of which one is set in every descriptor from 4 on. Not "other than 3": a filter sees 64 bits of
 * what the kernel takes 32 of, so that close(1 << 32 | 3) is not 3 and closes it. */
#define FROM_4 0x1ffffcu

/*
 * Seen with strace in rooms that run, or needed by what the C library does when something goes wrong.
 * Files are absent on purpose: whatever a room keeps is open before it gets here.
 */
static const struct sandbox_call every_room[] = {
#ifdef SYS_epoll_wait
	ALLOW(epoll_wait, "the event loop"),
#endif
	ALLOW(epoll_pwait, "the event loop, where epoll_wait does not exist"),
	ALLOW(epoll_ctl, "the event loop"),
	ALLOW(clock_gettime, "the event loop's timers, where the vDSO has no clock"),
	ALLOW(gettimeofday, "the same"),
	ALLOW(restart_syscall, "epoll_wait after a stop and continue"),
	ALLOW_IF(sendto, 4, 0, "channels and sessions; to nobody but the connected peer"),
	ALLOW_IF(recvfrom, 4, 0, "channels and sessions; without asking for an address"),
	ALLOW_IF(recvmsg, 0, 3, "the supervisor's channel alone, which brings descriptors"),
	ALLOW_IF_ANY(close, 0, FROM_4, "ends of channels and sessions; never the supervisor's"),
	ALLOW_IF(write, 0, STDERR_FILENO, "the log"),
	ALLOW_IF(writev, 0, STDERR_FILENO, "the C library's last words before an abort"),
	ALLOW(brk, "malloc"),
	ALLOW(munmap, "malloc"),
	ALLOW(mremap, "malloc"),
	ALLOW(madvise, "malloc"),
	{ SYS_mmap, 2, SANDBOX_MASKED_EQ, PROT_EXEC, 0, "malloc; nothing executable" },
	{ SYS_mprotect, 2, SANDBOX_MASKED_EQ, PROT_EXEC, 0, "malloc; nothing executable" },
	ALLOW(futex, "pthread_once in libraries"),
	ALLOW(getrandom, "keys and nonces"),
	ALLOW(getpid, "abort, and libsodium's check for a fork"),
	ALLOW(gettid, "abort"),
	ALLOW(rt_sigprocmask, "abort"),
	ALLOW(rt_sigreturn, "return from a signal handler"),
	ALLOW(exit, "leaving"),
	ALLOW(exit_group, "leaving"),
};

/* Calls to which the answer must be "no such call", so that the C library falls back to one that a
 * filter can look into. */
static const int unknown_calls[] = { SYS_clone3 };

static bool
calls_include(const struct sandbox *s, int nr)
{
	for (size_t i = 0; i < s->n_calls; i++)
		if (s->calls[i].nr == nr)
			return true;
	return false;
}

static int
drop_uid(const struct sandbox *s)
{
	if (s->uid == 0 || geteuid() != 0)
		return 0;
	return prctl(PR_SET_KEEPCAPS, s->drop_caps && s->caps != 0, 0, 0, 0) < 0 ||
		       setgroups(0, NULL) < 0 || setresgid(s->uid, s->uid, s->uid) < 0 ||
		       setresuid(s->uid, s->uid, s->uid) < 0
		   ? CANDOR_ESYS
		   : 0;
}

static int
drop_capabilities(const struct sandbox *s)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (!s->drop_caps)
		return 0;
	if (syscall(SYS_capget, &header, data) < 0)
		return CANDOR_ESYS;
	for (size_t i = 0; i < NELEM(data); i++) {
		data[i].permitted &= (uint32_t)(s->caps >> (32 * i));
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	return syscall(SYS_capset, &header, data) < 0 ? CANDOR_ESYS : 0;
}

static int
limit(int what, rlim_t value)
{
	const struct rlimit lim = { value, value };

	return setrlimit((__rlimit_resource_t)what, &lim) < 0 ? CANDOR_ESYS : 0;
}

/* Is the process of the folder /proc/NAME dead, and only waits for its parent to notice? */
static bool
is_dead(int proc, const char *name)
{
	char path[300], text[512];
	const char *end;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/stat", name);
	if ((fd = openat(proc, path, O_RDONLY | O_CLOEXEC)) < 0)
		return true;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	end = strrchr(text, ')');
	return end == NULL || strncmp(end, ") Z", 3) == 0;
}

/*
 * Living processes and threads of this process's user; a folder has two links, and one for each inside. The
 * dead count for the limit too: were they counted here, a plugin that leaves many could have more each time.
 */
static int
count_tasks(size_t *out)
{
	DIR *proc = opendir("/proc");
	struct dirent *e;
	struct stat st;
	char path[300];

	if (proc == NULL)
		return CANDOR_ESYS;
	*out = 0;
	while ((e = readdir(proc)) != NULL) {
		if (e->d_name[0] < '0' || e->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "%s/task", e->d_name);
		if (fstatat(dirfd(proc), e->d_name, &st, 0) == 0 && st.st_uid == getuid() &&
		    !is_dead(dirfd(proc), e->d_name) && fstatat(dirfd(proc), path, &st, 0) == 0)
			*out += st.st_nlink > 2 ? st.st_nlink - 2 : 1;
	}
	closedir(proc);
	return 0;
}

/* Counted per user: one that is the room's alone has one task now, any other may have many. */
static int
limit_tasks(const struct sandbox *s)
{
	size_t now = 1;

	if (s->uid != 0 && getuid() == s->uid)
		return limit(RLIMIT_NPROC, s->max_tasks > 0 ? now + s->max_tasks : 0);
	if (s->max_tasks == 0)
		return 0;
	return count_tasks(&now) < 0 ? CANDOR_ESYS : limit(RLIMIT_NPROC, now + s->max_tasks);
}

static int
set_limits(const struct sandbox *s)
{
	struct rlimit files;

	if (limit(RLIMIT_CORE, 0) < 0 || limit_tasks(s) < 0 ||
	    (s->max_memory > 0 && limit(RLIMIT_AS, s->max_memory) < 0))
		return CANDOR_ESYS;
	if (s->max_fds > 0) {
		if (getrlimit(RLIMIT_NOFILE, &files) < 0)
			return CANDOR_ESYS;
		if (files.rlim_max < s->max_fds) {
			errno = EMFILE;
			return CANDOR_ESYS;
		}
		return limit(RLIMIT_NOFILE, s->max_fds);
	}
	return 0;
}

/* After the change of uid, which makes a process dumpable or not as the system has it, and forgets
 * the parent's death signal. */
static int
hide_memory(const struct sandbox *s)
{
	(void)s;
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
		       prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0
		   ? CANDOR_ESYS
		   : 0;
}

static int
no_new_privileges(const struct sandbox *s)
{
	(void)s;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? CANDOR_ESYS : 0;
}

/* ---- Landlock: landlock(7); constants that Debian 12's kernel headers do not have yet ---------- */

#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14) /* ABI 3 */
#endif
#ifndef LANDLOCK_ACCESS_NET_BIND_TCP
#define LANDLOCK_ACCESS_NET_BIND_TCP (1ULL << 0) /* ABI 4 */
#define LANDLOCK_ACCESS_NET_CONNECT_TCP (1ULL << 1)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15) /* ABI 5 */
#endif
#ifndef LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET
#define LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET (1ULL << 0) /* ABI 6 */
#define LANDLOCK_SCOPE_SIGNAL (1ULL << 1)
#endif

/* struct landlock_ruleset_attr as of ABI 6; older kernels take its beginning. */
struct ruleset {
	uint64_t fs, net, scoped;
};

#define FS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FS_WRITE                                                                                   \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE |                             \
	    LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE)
/* What may be granted on something that is not a folder. */
#define FS_OF_FILES                                                                                \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |                              \
	    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_TRUNCATE)

/* The rights that an ABI knows: the bits below this one. */
static uint64_t
fs_rights(long abi)
{
	unsigned bits = abi >= 5 ? 16 : abi >= 3 ? 15 : abi == 2 ? 14 : 13;

	return (1ULL << bits) - 1;
}

static int
grant(int ruleset, const struct sandbox_path *path, uint64_t handled)
{
	struct landlock_path_beneath_attr rule = { .parent_fd = path->fd };
	struct stat st;

	rule.allowed_access = FS_READ;
	if (path->write)
		rule.allowed_access |= FS_WRITE;
	if (path->execute)
		rule.allowed_access |= LANDLOCK_ACCESS_FS_EXECUTE;
	rule.allowed_access &= handled;
	if (fstat(path->fd, &st) < 0)
		return CANDOR_ESYS;
	if (!S_ISDIR(st.st_mode))
		rule.allowed_access &= FS_OF_FILES;
	return syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0
		   ? CANDOR_ESYS
		   : 0;
}

static int
enter_landlock(const struct sandbox *s)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	struct ruleset rules = { .fs = fs_rights(abi) };
	size_t size = sizeof(rules.fs);
	int fd, r = 0, saved;

	if (abi < 1)
		return CANDOR_ESYS;
	if (abi >= 4) {
		rules.net = LANDLOCK_ACCESS_NET_BIND_TCP;
		if (!s->tcp)
			rules.net |= LANDLOCK_ACCESS_NET_CONNECT_TCP;
		size = offsetof(struct ruleset, scoped);
	}
	if (abi >= 6) {
		rules.scoped = LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET;
		if (!s->signals)
			rules.scoped |= LANDLOCK_SCOPE_SIGNAL;
		size = sizeof(rules);
	}
	if ((fd = (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0)) < 0)
		return CANDOR_ESYS;
	for (size_t i = 0; i < s->n_paths && r == 0; i++)
		r = grant(fd, &s->paths[i], rules.fs);
	if (r == 0 && syscall(SYS_landlock_restrict_self, fd, 0) < 0)
		r = CANDOR_ESYS;
	saved = errno;
	close(fd);
	errno = saved;
	return r;
}

/* ---- seccomp ------------------------------------------------------------------------------------ */

static int
allow(scmp_filter_ctx ctx, const struct sandbox_call *call)
{
	struct scmp_arg_cmp cmp = { .arg = (unsigned)call->arg, .datum_a = call->value };
	int r = 0;

	switch (call->op) {
	case SANDBOX_ANY:
		return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, call->nr, 0);
	case SANDBOX_EQ:
		cmp.op = SCMP_CMP_EQ;
		break;
	case SANDBOX_ANY_BIT:
		cmp.op = SCMP_CMP_MASKED_EQ;
		for (uint64_t bit = 1; bit != 0 && r == 0; bit <<= 1) {
			if (!(call->mask & bit))
				continue;
			cmp.datum_a = cmp.datum_b = bit;
			r = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, call->nr, 1, &cmp);
		}
		return r;
	case SANDBOX_MASKED_EQ:
		cmp.op = SCMP_CMP_MASKED_EQ;
		cmp.datum_a = call->mask;
		cmp.datum_b = call->value;
		break;
	}
	return seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, call->nr, 1, &cmp);
}

static int
allow_all(scmp_filter_ctx ctx, const struct sandbox_call *calls, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = allow(ctx, &calls[i]);
	return r;
}

static int
enter_seccomp(const struct sandbox *s)
{
	/* abort() sends itself a signal; nobody else. */
	const struct scmp_arg_cmp abort_self[] = {
		SCMP_A0_64(SCMP_CMP_EQ, (scmp_datum_t)getpid()),
		SCMP_A2_64(SCMP_CMP_EQ, SIGABRT),
	};
	scmp_filter_ctx ctx;
	int r;

	/* Calls of a foreign architecture kill the process: libseccomp's default. */
	if ((ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM))) == NULL) {
		errno = ENOMEM;
		return CANDOR_ESYS;
	}
	/* A decision by binary search instead of one long list. */
	r = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (r == 0)
		r = allow_all(ctx, every_room, NELEM(every_room));
	if (r == 0)
		r = allow_all(ctx, s->calls, s->n_calls);
	if (r == 0)
		r = seccomp_rule_add_array(
		    ctx, SCMP_ACT_ALLOW, SYS_tgkill, NELEM(abort_self), abort_self);
	for (size_t i = 0; i < NELEM(unknown_calls) && r == 0; i++)
		if (!calls_include(s, unknown_calls[i]))
			r = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), unknown_calls[i], 0);
	if (r == 0)
		r = seccomp_load(ctx);
	seccomp_release(ctx);
	if (r < 0) {
		errno = -r;
		return CANDOR_ESYS;
	}
	return 0;
}

/* ---- all walls, in the order in which they must be put up --------------------------------------- */

static const struct wall {
	const char *name;
	int (*enter)(const struct sandbox *s);
	bool when_sanitized; /* sanitizers need more of the kernel than the others leave */
	bool again;          /* a second one beside the first makes it narrower */
	const char *needs;
} walls[] = {
	{ "uid", drop_uid, false, false, "a uid that exists, and the right to change to it" },
	{ "capabilities", drop_capabilities, false, true, "capset(2)" },
	{ "limits", set_limits, false, false,
	    "a hard limit on open files (ulimit -Hn, LimitNOFILE=) that is larger than "
	    "limits.sessions by 64, and /proc" },
	{ "dumpable", hide_memory, true, false, "prctl(2)" },
	{ "no new privileges", no_new_privileges, true, false, "Linux 3.5" },
	{ "Landlock", enter_landlock, false, true,
	    "Linux 5.13 with CONFIG_SECURITY_LANDLOCK, and landlock in its lsm= list" },
	{ "seccomp", enter_seccomp, false, true, "Linux with CONFIG_SECCOMP_FILTER" },
};

#ifdef CANDOR_SANITIZED
static const bool sanitized = true;
#else
static const bool sanitized = false;
#endif

int
sandbox_enter(const struct sandbox *s)
{
	for (size_t i = 0; i < NELEM(walls); i++) {
		const struct wall *w = &walls[i];

		if (s->again && !w->again)
			continue;
		if (sanitized && !w->when_sanitized) {
			log_debug("sandbox of %s: no %s in this build", s->name, w->name);
			continue;
		}
		if (w->enter(s) == 0)
			continue;
		if (!s->best_effort) {
			log_error("sandbox of %s: %s: %s; needs %s, or sandbox = \"best-effort\"",
			    s->name, w->name, strerror(errno), w->needs);
			return CANDOR_ESYS;
		}
		log_warning(
		    "sandbox of %s: goes on without %s: %s", s->name, w->name, strerror(errno));
	}
	/* O_PATH descriptors are of no use to the room afterwards. */
	for (size_t i = 0; i < s->n_paths; i++)
		if (s->paths[i].close_fd)
			close(s->paths[i].fd);
	return 0;
}
