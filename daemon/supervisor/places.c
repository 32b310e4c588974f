/* SPDX-License-Identifier: ISC */
/*
 * See places.h. Runs in the supervisor, which opens here what rooms may not, and reads nothing of
 * what it opens.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "common/room.h"
#include "supervisor/places.h"

#define BACKLOG 1024
/* What a daemon that was killed leaves behind for a moment: so often, so long each time. */
#define TRIES 60
#define WAIT_NS 50000000L

/* ---- sockets ----------------------------------------------------------------------------------- */

static bool
is_listened_on(const struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool listens = fd < 0 || connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0 ||
		       (errno != ECONNREFUSED && errno != ENOENT);

	if (fd >= 0)
		close(fd);
	return listens;
}

/* Is somebody listening there? 0: no, and the name is free; else one of sysexits.h. */
static int
clear_stale(const struct sockaddr_un *addr)
{
	const struct timespec wait = { 0, WAIT_NS };
	struct stat st;

	if (lstat(addr->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : EX_NOPERM;
	if (!S_ISSOCK(st.st_mode)) {
		log_error("%s is there and is no socket: remove it, or name another path",
		    addr->sun_path);
		return EX_CANTCREAT;
	}
	/* The rooms of one that was killed may do so yet. */
	for (int i = 0; is_listened_on(addr); i++) {
		if (i == TRIES) {
			log_error("another daemon listens on %s: stop it first", addr->sun_path);
			return EX_CANTCREAT;
		}
		nanosleep(&wait, NULL);
	}
	return unlink(addr->sun_path) < 0 && errno != ENOENT ? EX_NOPERM : 0;
}

/* The folder of a socket: others must be able to go through it, whatever our umask is. */
static int
make_parent(const char *path)
{
	char copy[PATH_MAX];
	mode_t old_mask = umask(022);
	int r;

	snprintf(copy, sizeof(copy), "%s", path);
	r = mkdir(dirname(copy), 0755);
	umask(old_mask);
	return r < 0 && errno != EEXIST ? -1 : 0;
}

static int
listen_at(int *out, const char *path, mode_t mode, const char *group)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const struct group *g = group[0] != '\0' ? getgrnam(group) : NULL;
	mode_t old_mask;
	int fd, r;

	/* config_load() saw to it that it fits. */
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	if (make_parent(path) < 0) {
		log_error("the folder of %s cannot be made: %s", path, strerror(errno));
		return EX_CANTCREAT;
	}
	if ((r = clear_stale(&addr)) != 0) {
		if (r == EX_NOPERM)
			log_error("%s cannot be replaced: %s", path, strerror(errno));
		return r;
	}
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) < 0) {
		log_error("no socket: %s", strerror(errno));
		return EX_OSERR;
	}
	old_mask = umask((mode_t)(0777 & ~mode));
	r = bind(fd, (struct sockaddr *)&addr, sizeof(addr));
	umask(old_mask);
	if (r < 0 || (g != NULL && chown(path, (uid_t)-1, g->gr_gid) < 0) ||
	    listen(fd, BACKLOG) < 0) {
		log_error("cannot listen on %s: %s", path, strerror(errno));
		close(fd);
		return errno == EACCES || errno == EPERM ? EX_NOPERM : EX_CANTCREAT;
	}
	*out = fd;
	return 0;
}

/* ---- state -------------------------------------------------------------------------------------- */

/*
 * A folder that another uid filled, before root ran us: store owns it from now on, and what that uid
 * had in it. What belongs to anybody else stays theirs: it may be a link to something else.
 */
static int
hand_over(int folder, uid_t uid)
{
	struct stat st, file;
	struct dirent *e;
	DIR *dir;
	int copy;

	if (fstat(folder, &st) < 0 || fchown(folder, uid, (gid_t)uid) < 0)
		return -1;
	if (st.st_uid == uid)
		return 0;
	if ((copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return -1;
	if ((dir = fdopendir(copy)) == NULL) {
		close(copy);
		return -1;
	}
	while ((e = readdir(dir)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
		    (fstatat(folder, e->d_name, &file, AT_SYMLINK_NOFOLLOW) < 0 ||
			(file.st_uid == st.st_uid && fchownat(folder, e->d_name, uid, (gid_t)uid,
							 AT_SYMLINK_NOFOLLOW) < 0))) {
			closedir(dir);
			return -1;
		}
	closedir(dir);
	return 0;
}

int
places_open_state(int *out, const struct config *c)
{
	const struct timespec wait = { 0, WAIT_NS };
	uint32_t uid = config_uid(c, PARTY_STORE, 0);
	int fd;

	if (mkdir(c->state, 0700) < 0 && errno != EEXIST) {
		log_error("the folder %s cannot be made: %s", c->state, strerror(errno));
		return EX_CANTCREAT;
	}
	fd = open(c->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fchmod(fd, 0700) < 0 || (uid != 0 && hand_over(fd, uid) < 0)) {
		log_error("the folder %s cannot be used: %s; it must belong to the user who runs "
			  "candord: after a start as root give it back with chown -R",
		    c->state, strerror(errno));
		if (fd >= 0)
			close(fd);
		return EX_NOPERM;
	}
	/* The store of one that was killed may hold it yet. */
	for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; i++) {
		if (i == TRIES || errno != EWOULDBLOCK) {
			log_error("%s is in use by another daemon: stop it first", c->state);
			close(fd);
			return EX_CANTCREAT;
		}
		nanosleep(&wait, NULL);
	}
	*out = fd;
	return 0;
}

int
places_open(struct places *p, const struct config *c)
{
	int r;

	*p = (struct places){ -1, -1, -1 };
	/* The lock first: it says for sure whether the sockets are somebody else's. */
	if ((r = places_open_state(&p->state, c)) == 0 &&
	    (r = listen_at(&p->intake_socket, c->intake_socket, 0666, "")) == 0)
		r = listen_at(&p->desk_socket, c->desk_socket,
		    c->desk_group[0] != '\0' ? 0660 : 0666, c->desk_group);
	if (r != 0)
		places_close(p, c);
	return r;
}

void
places_close(struct places *p, const struct config *c)
{
	if (p->intake_socket >= 0) {
		unlink(c->intake_socket);
		close(p->intake_socket);
	}
	if (p->desk_socket >= 0) {
		unlink(c->desk_socket);
		close(p->desk_socket);
	}
	if (p->state >= 0)
		close(p->state);
	*p = (struct places){ -1, -1, -1 };
}

/* ---- what a room gets ----------------------------------------------------------------------------- */

static int
open_key(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	const char *why = NULL;

	if (config_key_file_ok(fd, &why))
		return fd;
	log_error("the key %s %s", path, why);
	if (fd >= 0)
		close(fd);
	return -1;
}

static int
open_plain(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		log_error("%s cannot be read: %s", path, strerror(errno));
	return fd;
}

int
places_files(const struct places *p, const struct config *c, enum wire_party room,
    int fds[static CHANNEL_FDS_MAX], char *names[static CHANNEL_FDS_MAX])
{
	static char listen_name[] = "listen", key_name[] = "key", state_name[] = "state",
		    audit_name[] = "audit_key", directory_name[] = "directory",
		    signature_name[] = "directory_signature";
	const struct {
		enum wire_party room;
		char *name;
		int open_fd;     /* given as it is */
		const char *key; /* or opened anew: a file has one position for all who share it */
		const char *path;
	} files[] = {
		{ PARTY_INTAKE, listen_name, p->intake_socket, NULL, NULL },
		{ PARTY_INTAKE, key_name, -1, c->intake_key, NULL },
		{ PARTY_DESK, listen_name, p->desk_socket, NULL, NULL },
		{ PARTY_DESK, key_name, -1, c->desk_key, NULL },
		{ PARTY_STORE, state_name, p->state, NULL, NULL },
		{ PARTY_STORE, audit_name, -1, c->audit_key, NULL },
		{ PARTY_STORE, directory_name, -1, NULL, c->directory },
		{ PARTY_STORE, signature_name, -1, NULL, c->directory_signature },
	};
	int n = 0;

	for (size_t i = 0; i < NELEM(files); i++) {
		if (files[i].room != room)
			continue;
		fds[n] = files[i].open_fd >= 0  ? fcntl(files[i].open_fd, F_DUPFD_CLOEXEC, 4)
			 : files[i].key != NULL ? open_key(files[i].key)
						: open_plain(files[i].path);
		if (fds[n] < 0) {
			while (n > 0)
				close(fds[--n]);
			return -1;
		}
		names[n++] = files[i].name;
	}
	return n;
}

/* What a new process has from the start: descriptors 0 to 3, -1: none. */
struct stand {
	int fd[ROOM_SUPERVISOR_FD + 1];
};

static _Noreturn void
become(const char *path, char *const argv[], const struct stand *has)
{
	char *envp[] = { NULL };
	const struct sigaction usual = { .sa_handler = SIG_DFL };
	unsigned first_free = 0;
	sigset_t none;
	bool ok = true;

	for (int s = 1; s < NSIG; s++)
		sigaction(s, &usual, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int i = 0; i <= ROOM_SUPERVISOR_FD && ok; i++) {
		if (has->fd[i] < 0)
			continue;
		ok = dup2(has->fd[i], i) >= 0 && fcntl(i, F_SETFD, 0) == 0;
		first_free = (unsigned)i + 1;
	}
	if (ok && close_range(first_free, ~0u, 0) == 0)
		execve(path, argv, envp);
	log_error("%s cannot be run: %s; libexec says where it is", path, strerror(errno));
	_exit(EX_CONFIG);
}

/* The pid of a new process; -1 after a log line. */
static pid_t
start(const char *path, char *const argv[], const struct stand *has)
{
	pid_t pid = fork();

	if (pid == 0)
		become(path, argv, has);
	if (pid < 0)
		log_error("%s cannot be started: %s", argv[0], strerror(errno));
	return pid;
}

static void
path_of(char path[static PATH_MAX], const struct config *c, const char *name)
{
	snprintf(path, PATH_MAX, "%s/%s", c->libexec, name);
}

pid_t
places_start(const struct config *c, enum wire_party room, int *channel)
{
	char path[PATH_MAX], name[32], *argv[] = { name, NULL };
	int ends[2], null = open("/dev/null", O_RDWR | O_CLOEXEC);
	pid_t pid = -1;

	snprintf(name, sizeof(name), "candor-%s", wire_party_name(room));
	path_of(path, c, name);
	if (channel_pair(ends) < 0) {
		log_error("%s cannot be started: %s", name, strerror(errno));
	} else {
		const struct stand has = { { null, null, STDERR_FILENO, ends[1] } };

		pid = start(path, argv, &has);
		close(ends[1]);
		if (pid < 0)
			close(ends[0]);
		else
			*channel = ends[0];
	}
	close(null);
	return pid;
}

pid_t
places_start_cleaner(const struct config *c, bool log, int *stream)
{
	static char name[] = "candor-cleaner", best_effort[] = "best-effort", enforce[] = "enforce";
	char path[PATH_MAX], uid[16], *argv[] = { name, uid, enforce, NULL };
	int ends[2], null = open("/dev/null", O_RDWR | O_CLOEXEC);
	pid_t pid = -1;

#ifdef CANDOR_SANITIZED
	log = true; /* for its last words */
#endif
	if (c->sandbox == CONFIG_SANDBOX_BEST_EFFORT)
		argv[2] = best_effort;
	snprintf(uid, sizeof(uid), "%u", (unsigned)config_uid(c, PARTY_CLEANER, 0));
	path_of(path, c, name);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
		log_error("%s cannot be started: %s", name, strerror(errno));
	} else {
		const struct stand has = { { ends[1], ends[1], log ? STDERR_FILENO : null, -1 } };

		pid = start(path, argv, &has);
		close(ends[1]);
		if (pid < 0)
			close(ends[0]);
		else
			*stream = ends[0];
	}
	close(null);
	return pid;
}
