/* SPDX-License-Identifier: ISC */
/*
 * etc/categories.conf and what lies in etc/plugins.d, byte for byte, so that `candord --init` needs no file
 * beside the binary. Paths are those of the source tree, where make runs.
 */
#include "supervisor/embedded.h"

#include <stddef.h>

#define EMBED(symbol, file)                                                                        \
	__asm__(".pushsection .rodata\n"                                                           \
		".global " #symbol "\n"                                                            \
		".type " #symbol ", %object\n" #symbol ":\n"                                       \
		".incbin \"" file "\"\n"                                                           \
		".byte 0\n"                                                                        \
		".popsection\n")

/* In each language that there is. */
#define TEMPLATE(X, symbol, name)                                                                  \
	X(symbol##_en, "templates.d/" name ".en.txt", "etc/templates.d/" name ".en.txt")           \
	X(symbol##_es, "templates.d/" name ".es.txt", "etc/templates.d/" name ".es.txt")
#define TEMPLATES(X)                                                                               \
	TEMPLATE(X, t_received, "received")                                                        \
	TEMPLATE(X, t_more_information, "more-information")                                        \
	TEMPLATE(X, t_closed_substantiated, "closed-substantiated")                                \
	TEMPLATE(X, t_closed_unsubstantiated, "closed-unsubstantiated")                            \
	TEMPLATE(X, t_question_answered, "question-answered")                                      \
	TEMPLATE(X, t_checkin, "checkin")

/* X(symbol, under which name --init writes it, the file) */
#define FILES(X)                                                                                   \
	X(categories, "categories.conf", "etc/categories.conf")                                    \
	X(email, "plugins.d/email.conf.example", "etc/plugins.d/email.conf")                       \
	X(webhook, "plugins.d/webhook.conf.example", "etc/plugins.d/webhook.conf")                 \
	X(ticket, "plugins.d/ticket.conf.example", "etc/plugins.d/ticket.conf")                    \
	X(command, "plugins.d/command.conf.example", "etc/plugins.d/command.conf")                 \
	X(syslog, "plugins.d/syslog.conf.example", "etc/plugins.d/syslog.conf")                    \
	X(rt5, "plugins.d/ticket/rt5.conf", "etc/plugins.d/ticket/rt5.conf")                       \
	X(redmine, "plugins.d/ticket/redmine.conf", "etc/plugins.d/ticket/redmine.conf")           \
	X(jira, "plugins.d/ticket/jira.conf", "etc/plugins.d/ticket/jira.conf")                    \
	X(jira_server, "plugins.d/ticket/jira-server.conf",                                        \
	    "etc/plugins.d/ticket/jira-server.conf")                                               \
	X(gitlab, "plugins.d/ticket/gitlab.conf", "etc/plugins.d/ticket/gitlab.conf")              \
	TEMPLATES(X)

#define X(symbol, name, file)                                                                      \
	extern const char embedded_##symbol[];                                                     \
	EMBED(embedded_##symbol, file);
FILES(X)
#undef X

const struct embedded_file embedded_files[] = {
#define X(symbol, name, file) { name, embedded_##symbol },
	FILES(X)
#undef X
	    { NULL, NULL },
};
