/* SPDX-License-Identifier: ISC */
/*
 * The walls from inside: a child goes behind them, as a room does, and tries to get out, or to learn
 * who called. Each attempt must fail; what a room needs must work.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "common/log.h"
#include "common/sandbox.h"

#define ENTER_FAILED 99
#define SUPERVISOR_FD 3

/* What a room that hears users may do more, and nothing else. */
static const struct sandbox_call calls[] = {
	ALLOW_IF(accept4, 1, 0, "users"),
};

/* Open before the walls: a user's socket with data waiting, a listening one, a folder, TCP. */
static int user, user_far_end, listener, folder_fd, tcp_port;
static char folder[] = "/tmp/candor-sandbox-XXXXXX";
static pid_t parent;
static char page[4096];

static void
setup(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct sockaddr_in in = { .sin_family = AF_INET };
	socklen_t len = sizeof(in);
	char path[128];
	int fds[2], tcp, one = 1;

	cr_assert(mkdtemp(folder) != NULL);
	chmod(folder, 0777);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/s", folder);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	cr_assert(eq(int, bind(listener, (struct sockaddr *)&address, sizeof(address)), 0));
	cr_assert(eq(int, listen(listener, 8), 0));
	cr_assert(eq(int, socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0));
	user = fds[0];
	user_far_end = fds[1];
	/* Whoever could ask for credentials would get them with this already. */
	setsockopt(user, SOL_SOCKET, SO_PASSCRED, &one, sizeof(one));
	cr_assert(eq(int, (int)write(user_far_end, "hello", 5), 5));
	snprintf(path, sizeof(path), "%s/file", folder);
	close(open(path, O_CREAT | O_WRONLY, 0666));
	chmod(path, 0666);
	folder_fd = open(folder, O_PATH | O_DIRECTORY);
	tcp = socket(AF_INET, SOCK_STREAM, 0);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	cr_assert(eq(int, bind(tcp, (struct sockaddr *)&in, sizeof(in)), 0));
	cr_assert(eq(int, listen(tcp, 8), 0));
	getsockname(tcp, (struct sockaddr *)&in, &len);
	tcp_port = ntohs(in.sin_port);
	parent = getpid();
}

static void
teardown(void)
{
	static const char *const names[] = { "s", "file", "new" };
	char path[128];

	for (size_t i = 0; i < NELEM(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	rmdir(folder);
}

/* A skipped test is not torn down. */
#define SKIP(why)                                                                                  \
	do {                                                                                       \
		teardown();                                                                        \
		cr_skip(why);                                                                      \
	} while (0)

static void
skip_if_sanitized(void)
{
#ifdef CANDOR_SANITIZED
	SKIP("the walls are off in sanitizer builds");
#endif
}

/* Run fn behind the walls in a child; its exit status, or 256 + the signal that ended it. */
static int
behind(const struct sandbox *s, int (*fn)(void))
{
	int status, fds[2];
	pid_t pid;

	cr_assert(eq(int, socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0));
	cr_assert(eq(int, (int)send(fds[1], "setup", 5, 0), 5));
	if ((pid = fork()) == 0) {
		if (fds[0] != SUPERVISOR_FD)
			dup2(fds[0], SUPERVISOR_FD);
		log_init("test", LOG_LEVEL_ERROR);
		tzset();
		if (sandbox_enter(s) < 0)
			_exit(ENTER_FAILED);
		_exit(fn());
	}
	cr_assert(gt(int, pid, 0));
	close(fds[0]);
	cr_assert(eq(int, waitpid(pid, &status, 0), pid));
	close(fds[1]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

/* What Landlock is to refuse, seccomp must let through. */
static const struct sandbox_call landlocked[] = {
	ALLOW(openat, "Landlock alone"),
	ALLOW(open, "the same"),
	ALLOW(execve, "the same"),
	ALLOW(unlink, "the same"),
	ALLOW(mkdir, "the same"),
	ALLOW(socket, "the same"),
	ALLOW(connect, "the same"),
	ALLOW(bind, "the same"),
	ALLOW(prctl, "what stands"),
	ALLOW(prlimit64, "the same"),
};

static const struct sandbox strict = { .name = "test", .calls = calls, .n_calls = NELEM(calls) };

/* ---- attempts: each returns what the system call did -------------------------------------------- */

static struct sockaddr_un any_unix;
static int number, two[2];
static socklen_t number_len = sizeof(number);
static char bytes[256];
static struct iovec iov = { bytes, sizeof(bytes) };
static struct iovec far_iov = { page, sizeof(page) };
static char control[256];
static struct msghdr msg = {
	.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
};

#define ATTEMPT(name, expression)                                                                  \
	static long name(void)                                                                     \
	{                                                                                          \
		return (long)(expression);                                                         \
	}

/* clang-format off */
#define ATTEMPTS(X) \
	/* who called */ \
	X(ask_peer_credentials,  getsockopt(user, SOL_SOCKET, SO_PEERCRED, &number, &number_len)) \
	X(ask_any_option,        getsockopt(user, SOL_SOCKET, SO_TYPE, &number, &number_len)) \
	X(want_credentials,      setsockopt(user, SOL_SOCKET, SO_PASSCRED, &number, sizeof(number))) \
	X(ask_peer_name,         getpeername(user, (struct sockaddr *)&any_unix, &number_len)) \
	X(ask_own_name,          getsockname(user, (struct sockaddr *)&any_unix, &number_len)) \
	X(receive_credentials,   recvmsg(user, &msg, MSG_DONTWAIT)) \
	X(receive_many,          syscall(SYS_recvmmsg, user, &msg, 1, MSG_DONTWAIT, NULL)) \
	X(receive_with_address,  recvfrom(user, bytes, 1, MSG_DONTWAIT, (struct sockaddr *)&any_unix, &number_len)) \
	X(accept_with_address,   accept4(listener, (struct sockaddr *)&any_unix, &number_len, SOCK_NONBLOCK)) \
	X(accept_the_old_way,    syscall(SYS_accept, listener, NULL, NULL)) \
	X(read_user,             read(user, bytes, 1)) \
	X(readv_user,            readv(user, &iov, 1)) \
	X(ask_by_ioctl,          syscall(SYS_ioctl, user, 0x541b /* FIONREAD */, &number)) \
	X(ask_pidfd_of_parent,   syscall(SYS_pidfd_open, parent, 0)) \
	X(take_parents_fd,       syscall(SYS_pidfd_getfd, user, 0, 0)) \
	X(poll_user,             syscall(SYS_ppoll, NULL, 0, NULL, NULL, 0)) \
	/* files */ \
	X(open_file,             open("/etc/passwd", O_RDONLY)) \
	X(open_in_open_folder,   openat(folder_fd, "file", O_RDONLY)) \
	X(open_2,                syscall(SYS_openat2, AT_FDCWD, "/", bytes, 24)) \
	X(open_proc,             open("/proc/self/mem", O_RDWR)) \
	X(make_file,             syscall(SYS_mknodat, folder_fd, "new", S_IFREG | 0600, 0)) \
	X(make_folder,           mkdirat(folder_fd, "new", 0700)) \
	X(remove_file,           unlinkat(folder_fd, "file", 0)) \
	X(rename_file,           renameat(folder_fd, "file", folder_fd, "new")) \
	X(look_at_file,          access("/etc/passwd", R_OK)) \
	X(read_link,             readlink("/proc/self/exe", bytes, sizeof(bytes))) \
	X(working_folder,        syscall(SYS_getcwd, bytes, sizeof(bytes))) \
	X(change_root,           chroot("/")) \
	X(mount_something,       syscall(SYS_mount, "none", "/tmp", "tmpfs", 0, NULL)) \
	X(memory_file,           memfd_create("x", 0)) \
	X(write_elsewhere,       write(user, bytes, 1)) \
	X(writev_elsewhere,      writev(user, &iov, 1)) \
	X(duplicate,             dup(user)) \
	X(duplicate_over_3,      syscall(SYS_dup3, user, SUPERVISOR_FD, 0)) \
	X(close_supervisor,      close(SUPERVISOR_FD)) \
	X(close_all,             syscall(SYS_close_range, 3, 3, 0)) \
	X(set_flags,             fcntl(user, F_SETFL, 0)) \
	X(splice_out,            syscall(SYS_splice, user, NULL, listener, NULL, 1, 0)) \
	/* networks and other processes */ \
	X(new_unix_socket,       socket(AF_UNIX, SOCK_STREAM, 0)) \
	X(new_tcp_socket,        socket(AF_INET, SOCK_STREAM, 0)) \
	X(new_netlink_socket,    socket(AF_NETLINK, SOCK_RAW, 0)) \
	X(new_socket_pair,       socketpair(AF_UNIX, SOCK_STREAM, 0, two)) \
	X(connect_somewhere,     connect(listener, (struct sockaddr *)&any_unix, sizeof(any_unix))) \
	X(bind_somewhere,        bind(listener, (struct sockaddr *)&any_unix, sizeof(any_unix))) \
	X(listen_again,          listen(listener, 1)) \
	X(send_to_address,       sendto(user, bytes, 1, 0, (struct sockaddr *)&any_unix, sizeof(any_unix))) \
	X(send_descriptors,      sendmsg(user, &msg, 0)) \
	X(make_pipe,             pipe(two)) \
	X(start_program,         execl("/bin/true", "true", (char *)NULL)) \
	X(start_program_at,      syscall(SYS_execveat, AT_FDCWD, "/bin/true", NULL, NULL, 0)) \
	X(new_process,           syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL)) \
	X(trace_parent,          ptrace(PTRACE_ATTACH, parent, NULL, NULL)) \
	X(be_traced,             ptrace(PTRACE_TRACEME, 0, NULL, NULL)) \
	X(read_parents_memory,   process_vm_readv(parent, &iov, 1, &far_iov, 1, 0)) \
	X(write_parents_memory,  process_vm_writev(parent, &iov, 1, &far_iov, 1, 0)) \
	X(signal_parent,         kill(parent, 0)) \
	X(signal_parents_thread, syscall(SYS_tgkill, parent, parent, SIGABRT)) \
	X(signal_itself,         syscall(SYS_tgkill, getpid(), getpid(), SIGCONT)) \
	X(set_parents_limits,    syscall(SYS_prlimit64, parent, RLIMIT_CORE, NULL, page)) \
	/* more of the kernel */ \
	X(executable_memory,     mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) \
	X(make_memory_executable, mprotect(page, 1, PROT_READ | PROT_EXEC)) \
	X(make_executable_by_key, syscall(SYS_pkey_mprotect, page, 1, PROT_EXEC, -1)) \
	X(dumpable_again,        prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)) \
	X(another_uid,           syscall(SYS_setresuid, 1, 1, 1)) \
	X(namespaces,            syscall(SYS_unshare, CLONE_NEWUSER)) \
	X(io_uring,              syscall(SYS_io_uring_setup, 1, page)) \
	X(load_bpf,              syscall(SYS_bpf, 0, page, 8)) \
	X(performance_events,    syscall(SYS_perf_event_open, page, 0, -1, -1, 0)) \
	X(page_faults,           syscall(SYS_userfaultfd, 0)) \
	X(keyring,               syscall(SYS_add_key, "user", "x", "y", 1, -3)) \
	X(executable_stack_for_all, syscall(SYS_personality, 0x0400000)) \
	X(load_module,           syscall(SYS_finit_module, 0, "", 0)) \
	X(set_clock,             syscall(SYS_clock_settime, 0, page))
/* clang-format on */

ATTEMPTS(ATTEMPT)

static long (*attempt)(void);

static int
fails_with_eperm(void)
{
	errno = 0;
	return attempt() == -1 && errno == EPERM ? 0 : 1;
}

TestSuite(sandbox, .init = setup, .fini = teardown, .timeout = 60);

Test(sandbox, nothing_but_what_a_room_needs_is_allowed)
{
#define X(name, expression) { #name, name },
	static const struct {
		const char *name;
		long (*fn)(void);
	} attempts[] = { ATTEMPTS(X) };
#undef X

	skip_if_sanitized();
	for (size_t i = 0; i < NELEM(attempts); i++) {
		attempt = attempts[i].fn;
		cr_expect(
		    eq(int, behind(&strict, fails_with_eperm), 0), "%s worked", attempts[i].name);
	}
}

static int
clone3_is_unknown(void)
{
	return syscall(SYS_clone3, NULL, 0) == -1 && errno == ENOSYS ? 0 : 1;
}

Test(sandbox, the_c_library_is_told_that_clone3_does_not_exist)
{
	skip_if_sanitized();
	cr_assert(eq(int, behind(&strict, clone3_is_unknown), 0));
}

/* Everything that common/ does after the walls are up. The number of what failed. */
static int
room_life(void)
{
	struct epoll_event ev = { .events = EPOLLIN };
	struct timespec ts;
	struct tm tm;
	time_t now = 86400;
	char buf[16];
	void *p, *larger;

	if ((p = malloc(8u << 20)) == NULL || (larger = realloc(p, 32u << 20)) == NULL)
		return 1;
	free(larger);
	if (getrandom(buf, sizeof(buf), 0) != sizeof(buf))
		return 2;
	if (clock_gettime(CLOCK_MONOTONIC, &ts) < 0)
		return 3;
	if (recvmsg(SUPERVISOR_FD, &msg, 0) != 5)
		return 4;
	if (accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC) >= 0 || errno != EAGAIN)
		return 5;
	if (recv(user, buf, sizeof(buf), MSG_DONTWAIT) != 5)
		return 6;
	if (send(user, buf, 5, MSG_NOSIGNAL) != 5)
		return 7;
	if (epoll_ctl(folder_fd, EPOLL_CTL_ADD, user, &ev) < 0)
		return 8;
	if (epoll_wait(folder_fd, &ev, 1, 0) != 0)
		return 9;
	if (close(user) < 0)
		return 10;
	if (localtime_r(&now, &tm) == NULL)
		return 11;
	if (write(STDERR_FILENO, "", 0) < 0)
		return 12;
	return 0;
}

Test(sandbox, what_a_room_needs_works)
{
	close(folder_fd);
	folder_fd = epoll_create1(0);
	cr_assert(eq(int, behind(&strict, room_life), 0));
}

static int
aborts(void)
{
	abort();
}

Test(sandbox, an_abort_is_an_abort)
{
	cr_assert(eq(int, behind(&strict, aborts), 256 + SIGABRT));
}

static int
receives(void)
{
	return recvmsg(user, &msg, MSG_DONTWAIT) == 5 ? 0 : 1;
}

Test(sandbox, a_rooms_own_list_may_widen_what_every_room_may)
{
	static const struct sandbox_call more[] = {
		ALLOW(recvmsg, "anything"),
		ALLOW(close, "anything"),
		ALLOW(sendto, "anything"),
	};
	const struct sandbox s = { .name = "test", .calls = more, .n_calls = NELEM(more) };

	cr_assert(eq(int, behind(&s, receives), 0));
}

static int
settings_hold(void)
{
	struct rlimit core, files;

	if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		return 1;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 2;
	getrlimit(RLIMIT_CORE, &core);
	getrlimit(RLIMIT_NOFILE, &files);
	if (core.rlim_max != 0)
		return 3;
	if (files.rlim_max != 64)
		return 4;
	return 0;
}

Test(sandbox, a_room_is_not_dumpable_gains_no_privileges_and_has_its_limits)
{
	const struct sandbox s = {
		.name = "test", .calls = landlocked, .n_calls = NELEM(landlocked), .max_fds = 64
	};

	skip_if_sanitized();
	cr_assert(eq(int, behind(&s, settings_hold), 0));
}

static int
uid_is_gone(void)
{
	gid_t groups[8];
	uid_t r, e, v;

	getresuid(&r, &e, &v);
	if (r != 54321 || e != 54321 || v != 54321 || getegid() != 54321)
		return 1;
	if (getgroups(8, groups) != 0)
		return 2;
	if (setuid(0) == 0 || setgid(0) == 0)
		return 3;
	if (fork() != -1) /* its limit on processes is 0 */
		return 4;
	return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 ? 0 : 5;
}

Test(sandbox, a_room_that_root_starts_has_a_uid_of_its_own_and_cannot_go_back)
{
	static const struct sandbox_call more[] = {
		ALLOW(getresuid, "test"),
		ALLOW(getegid, "test"),
		ALLOW(getgroups, "test"),
		ALLOW(setuid, "test"),
		ALLOW(setgid, "test"),
		ALLOW(prctl, "test"),
	};
	const struct sandbox s = {
		.name = "test", .uid = 54321, .calls = more, .n_calls = NELEM(more)
	};

	skip_if_sanitized();
	if (geteuid() != 0)
		SKIP("changing the uid needs root");
	cr_assert(eq(int, behind(&s, uid_is_gone), 0));
}

/* ---- Landlock alone, as for a host ---------------------------------------------------------------- */

static const char *
in_folder(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static int
no_files(void)
{
	if (open("/etc/passwd", O_RDONLY) >= 0 || errno != EACCES)
		return 1;
	if (open(in_folder("file"), O_RDONLY) >= 0 || errno != EACCES)
		return 2;
	if (openat(folder_fd, "file", O_RDONLY) >= 0 || errno != EACCES)
		return 3;
	if (execl("/bin/true", "true", (char *)NULL) == 0 || errno != EACCES)
		return 4;
	return unlink(in_folder("file")) == 0 ? 5 : 0;
}

static int
read_only(void)
{
	if (open("/etc/passwd", O_RDONLY) >= 0)
		return 1;
	if (open(in_folder("file"), O_RDONLY) < 0)
		return 2;
	if (open(in_folder("file"), O_WRONLY) >= 0 || open(in_folder("file"), O_RDWR) >= 0)
		return 3;
	if (open(in_folder("new"), O_CREAT | O_WRONLY, 0600) >= 0)
		return 4;
	return unlink(in_folder("file")) == 0 ? 5 : 0;
}

static int
read_write(void)
{
	if (open("/etc/passwd", O_RDONLY) >= 0)
		return 1;
	if (open(in_folder("file"), O_RDWR | O_TRUNC) < 0)
		return 2;
	if (open(in_folder("new"), O_CREAT | O_RDWR, 0600) < 0)
		return 3;
	if (unlink(in_folder("new")) < 0)
		return 4;
	if (mkdir(in_folder("new"), 0700) == 0)
		return 5;
	return 0;
}

Test(sandbox, without_paths_there_is_no_file_system)
{
	const struct sandbox s = {
		.name = "test", .calls = landlocked, .n_calls = NELEM(landlocked)
	};

	skip_if_sanitized();
	cr_assert(eq(int, behind(&s, no_files), 0));
}

Test(sandbox, a_path_for_reading_is_for_reading_only)
{
	const struct sandbox_path path = { .fd = folder_fd, .close_fd = true };
	const struct sandbox s = { .name = "test",
		.calls = landlocked,
		.n_calls = NELEM(landlocked),
		.paths = &path,
		.n_paths = 1 };

	skip_if_sanitized();
	cr_assert(eq(int, behind(&s, read_only), 0));
}

Test(sandbox, a_path_for_writing_reaches_no_further_than_its_folder)
{
	const struct sandbox_path path = { .fd = folder_fd, .write = true, .close_fd = true };
	const struct sandbox s = { .name = "test",
		.calls = landlocked,
		.n_calls = NELEM(landlocked),
		.paths = &path,
		.n_paths = 1 };

	skip_if_sanitized();
	cr_assert(eq(int, behind(&s, read_write), 0));
}

Test(sandbox, one_file_can_be_reached_without_its_neighbours)
{
	const struct sandbox_path path = { .fd = open(in_folder("file"), O_PATH),
		.close_fd = true };
	const struct sandbox s = { .name = "test",
		.calls = landlocked,
		.n_calls = NELEM(landlocked),
		.paths = &path,
		.n_paths = 1 };

	skip_if_sanitized();
	cr_assert(eq(int, behind(&s, read_only), 0));
}

static int
dial_tcp(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons((uint16_t)tcp_port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return connect(fd, (struct sockaddr *)&in, sizeof(in)) == 0 ? 0 : errno;
}

static int
listen_tcp(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return bind(fd, (struct sockaddr *)&in, sizeof(in)) == 0 ? 0 : errno;
}

Test(sandbox, tcp_is_reached_by_whom_it_is_given_to_and_nobody_listens)
{
	struct sandbox s = { .name = "test", .calls = landlocked, .n_calls = NELEM(landlocked) };

	skip_if_sanitized();
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) < 4)
		SKIP("needs Landlock ABI 4 (Linux 6.7)");
	cr_assert(eq(int, behind(&s, dial_tcp), EACCES));
	cr_assert(eq(int, behind(&s, listen_tcp), EACCES));
	s.tcp = true;
	cr_assert(eq(int, behind(&s, dial_tcp), 0));
	cr_assert(eq(int, behind(&s, listen_tcp), EACCES));
}

static int
nothing(void)
{
	return 0;
}

Test(sandbox, a_wall_that_cannot_be_put_up_is_an_error_unless_best_effort_is_wanted)
{
	struct sandbox s = { .name = "test", .max_fds = SIZE_MAX / 2 };

	skip_if_sanitized();
	cr_assert(eq(int, behind(&s, nothing), ENTER_FAILED));
	s.best_effort = true;
	cr_assert(eq(int, behind(&s, nothing), 0));
	/* And the other walls stand. */
	attempt = open_file;
	cr_assert(eq(int, behind(&s, fails_with_eperm), 0));
}
