/* SPDX-License-Identifier: ISC */
/*
 * Figures as `candor stats` shows them: the periods that the service published, and what follows from
 * adding them up. officer_stats.c fetches them, stats_print.c and stats_html.c show them. Client.
 */
#ifndef CANDOR_CLIENT_STATS_H
#define CANDOR_CLIENT_STATS_H

#include <stdio.h>

#include "candor/candor_pb.h"
#include "candor/figures.h"

struct client;
struct json_t;

/* A sum of cells. When some of them are withheld it is n or more. */
struct stats_cell {
	uint64_t n;
	bool partly; /* a part is withheld */
};

struct stats_row {
	const char *key, *title, *parent;
	uint32_t people; /* of a site */
	struct stats_cell now, before;
};

struct stats_table {
	const char *name, *of;
	const char *title, *unit; /* for people: "By category", "Category" */
	struct stats_cell total, total_before;
	struct stats_row *rows;
	size_t n_rows;
};

enum stats_table_id {
	STATS_CATEGORY,
	STATS_SITE,
	STATS_SEVERITY,
	STATS_KIND,
	STATS_MONTH,
	STATS_ACKNOWLEDGED,
	STATS_OUTCOME,
	STATS_FOLLOWED,
	STATS_TABLES
};

enum { STATS_ACKNOWLEDGE, STATS_CLOSE, STATS_TIMES };

struct stats {
	struct client *c;
	bool all; /* all cases; else those that one officer reads */
	day_t first, last;
	unsigned months;
	uint32_t k;
	/* Those shown, and those of a year before when all of it is known, else none; at least one. */
	Candor__FigurePeriod **periods, **before;
	size_t n_periods, n_before;
	struct stats_table tables[STATS_TABLES];
};

/* Fill the tables from the periods, which are set. EX_OSERR. */
int stats_add_up(struct stats *s) MUST_CHECK;
const char *stats_table_name(enum stats_table_id t);

/* The table of that name; NULL: there is none. */
const Candor__FigureTable *stats_table_of(const Candor__FigurePeriod *p, const char *name);
/* A row of a table of the period; nothing when it has no such row. */
struct stats_cell stats_cell_of(const Candor__FigurePeriod *p, const char *table, const char *key);
bool stats_has(const Candor__FigurePeriod *p, const char *table, const char *key);
struct stats_cell stats_total_of(const Candor__FigurePeriod *p, const char *table);
/* Of all that is shown. NULL: no such row. */
const struct stats_row *stats_row_of(const struct stats *s, enum stats_table_id t, const char *key);

/* "2026", "2026 Q3", "2026-07" or "2026-01 to 2026-09", into out. */
#define STATS_LABEL_MAX 32
const char *stats_label(char out[STATS_LABEL_MAX], day_t first, day_t last);
/* "37", "12+" or "-" (withheld). */
#define STATS_NUMBER_MAX 24
const char *stats_number(char out[STATS_NUMBER_MAX], struct stats_cell cell);
/* n in a hundred of total, rounded; so much at least where n is. */
struct stats_cell stats_percent(struct stats_cell n, struct stats_cell total);
/* What the cell changed by against the one before, in percent; false: not known. */
bool stats_change(int *percent, struct stats_cell now, struct stats_cell before);
/* Reports a year for a hundred people; negative: not known. */
double stats_per_hundred(const struct stats *s, struct stats_cell n, uint32_t people);
/* The reports at a site, those of the sites within it counted, too. */
struct stats_cell stats_site_total(const struct stats *s, const struct stats_row *site);
/* Days that something took: of all that is shown, when that is one period, or a year from its beginning;
 * NULL as for days -1: not known. */
struct stats_time {
	int32_t median, p90;
};
struct stats_time stats_time_of(const struct stats *s, int which);
/* Closed cases whose outcome was substantiated, fully or in part. */
struct stats_cell stats_substantiated(const struct stats *s);

/* All of it, or (by not NULL) one table, period by period. */
void stats_text(const struct stats *s, const struct stats_table *by, FILE *f);
void stats_csv(const struct stats *s, const struct stats_table *by, FILE *f);
struct json_t *stats_json(const struct stats *s, const struct stats_table *by);
/* One self-contained HTML page: no script, nothing fetched. */
void stats_html(const struct stats *s, FILE *f);

#endif
