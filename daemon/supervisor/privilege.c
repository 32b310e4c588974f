/* SPDX-License-Identifier: ISC */
/*
 * See privilege.h. Supervisor. Rooms are started again when one dies, so that of root's powers those
 * remain with which a room changes its uid.
 */
#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/log.h"
#include "supervisor/privilege.h"

#define NOFILE_WANTED 65536

static const unsigned kept[] = {
	CAP_SETUID, CAP_SETGID,         /* a room's own uid */
	CAP_SETPCAP,                    /* a room dropping its last ones */
	CAP_KILL,                       /* a room that hangs has another uid */
	CAP_CHOWN, CAP_FOWNER,          /* the state folder */
	CAP_DAC_OVERRIDE,               /* keys and sockets in folders of the user who made them */
	CAP_IPC_LOCK, CAP_SYS_RESOURCE, /* locked memory */
};

static void
raise_limit(int which, rlim_t wanted)
{
	struct rlimit l, more = { wanted, wanted };

	if (getrlimit(which, &l) < 0 || (l.rlim_cur >= wanted && l.rlim_max >= wanted))
		return;
	if (l.rlim_max > wanted)
		more.rlim_max = l.rlim_max;
	if (setrlimit(which, &more) == 0)
		return;
	l.rlim_cur = l.rlim_max;
	(void)setrlimit(which, &l); /* a room that needs more says so */
}

void
privilege_limits(void)
{
	raise_limit(RLIMIT_MEMLOCK, RLIM_INFINITY);
	raise_limit(RLIMIT_NOFILE, NOFILE_WANTED);
}

static void
drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	for (size_t i = 0; i < NELEM(kept); i++)
		data[CAP_TO_INDEX(kept[i])].permitted |= CAP_TO_MASK(kept[i]);
	for (unsigned cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (!(data[CAP_TO_INDEX(cap)].permitted & CAP_TO_MASK(cap)))
			(void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	/* Never more than we have: in a container some are gone already. */
	struct __user_cap_data_struct have[_LINUX_CAPABILITY_U32S_3];
	if (syscall(SYS_capget, &header, have) == 0)
		for (size_t i = 0; i < NELEM(data); i++)
			data[i].effective = data[i].permitted &= have[i].permitted;
	if (syscall(SYS_capset, &header, data) < 0)
		log_warning("capabilities cannot be dropped: %s", strerror(errno));
}

void
privilege_drop(void)
{
	const struct rlimit none = { 0, 0 };

	if (geteuid() == 0)
		drop_capabilities();
	if (setrlimit(RLIMIT_CORE, &none) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		log_warning("privileges cannot be dropped: %s", strerror(errno));
}
