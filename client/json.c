/* SPDX-License-Identifier: ISC */
/* JSON whose memory is locked: see json.h. */
#include "json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <sodium/utils.h>

#include "candor/day.h"

#include "client.h"

/*
 * jansson's allocator: blocks of powers of two, cut off the pool and kept in a list per size when
 * they are freed. What the pool cannot hold (an officer's long list) gets a mapping of its own, locked
 * if the limit still allows.
 */
#define CLASS_MIN 5 /* 32 bytes */
#define CLASS_MAX 20

struct block {
	size_t size; /* all of it, this header included */
	struct block *next;
};

static struct {
	uint8_t *base;
	size_t size, used;
	struct block *idle[CLASS_MAX + 1];
} pool;

static void *
block_map(size_t size)
{
	struct block *b;

	b = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (b == MAP_FAILED)
		return NULL;
	if (madvise(b, size, MADV_DONTDUMP) < 0 || madvise(b, size, MADV_WIPEONFORK) < 0) {
		munmap(b, size);
		return NULL;
	}
	(void)mlock(b, size);
	b->size = size;
	return b + 1;
}

static void *
block_alloc(size_t n)
{
	unsigned class = CLASS_MIN;
	struct block *b;

	if (n > SIZE_MAX / 2)
		return NULL;
	n += sizeof(*b);
	while (class <= CLASS_MAX && (size_t)1 << class < n)
		class ++;
	if (class > CLASS_MAX)
		return block_map(n);
	if ((b = pool.idle[class]) != NULL) {
		pool.idle[class] = b->next;
		return b + 1;
	}
	if ((size_t)1 << class > pool.size - pool.used)
		return block_map(n);
	b = (void *)(pool.base + pool.used);
	pool.used += b->size = (size_t)1 << class;
	return b + 1;
}

static void
block_free(void *p)
{
	struct block *b = p;
	unsigned class = CLASS_MIN;

	if (p == NULL)
		return;
	b--;
	sodium_memzero(b + 1, b->size - sizeof(*b));
	if ((uint8_t *)b < pool.base || (uint8_t *)b >= pool.base + pool.size) {
		munmap(b, b->size);
		return;
	}
	while ((size_t)1 << class < b->size)
		class ++;
	b->next = pool.idle[class];
	pool.idle[class] = b;
}

void
cjson_begin(struct client *c, void *memory, size_t size)
{
	(void)c;
	pool.base = memory;
	pool.size = size;
	json_set_alloc_funcs(block_alloc, block_free);
}

int
cjson_read(struct client *c, json_t **out, const char *path, size_t max)
{
	const char *what = strcmp(path, "-") == 0 ? "standard input" : path;
	arena_mark_t mark = arena_mark(&c->scratch);
	json_error_t error;
	struct span text;
	json_t *root;
	char *near;
	int r;

	if ((r = client_read_file(c, &c->scratch, &text, path, max)) != 0)
		return r;
	root = json_loadb((const char *)text.p, text.len, JSON_REJECT_DUPLICATES, &error);
	arena_release(&c->scratch, mark);
	if (root == NULL) {
		/* jansson quotes what stands near the fault: the reporter's words. */
		if ((near = strstr(error.text, " near ")) != NULL)
			*near = '\0';
		r = client_fail(
		    c, EX_DATAERR, "%s:%d: no valid JSON: %s", what, error.line, error.text);
		sodium_memzero(&error, sizeof(error));
		return r;
	}
	if (!json_is_object(root)) {
		json_decref(root);
		return client_fail(
		    c, EX_DATAERR, "%s:1: must be one JSON object, as in {\"kind\": …}", what);
	}
	*out = root;
	return 0;
}

static int
print_piece(const char *p, size_t len, void *ctx)
{
	return fwrite(p, 1, len, ctx) == len ? 0 : -1;
}

/* To a terminal: JSON escapes C0, jansson on request what is not ASCII; DEL is left. */
static int
print_piece_inert(const char *p, size_t len, void *ctx)
{
	for (size_t n; len > 0; p += n, len -= n) {
		const char *del = memchr(p, 0x7f, len);

		n = del != NULL ? (size_t)(del - p) : len;
		if (print_piece(p, n, ctx) < 0)
			return -1;
		if (del != NULL && fputs("\\u007f", ctx) == EOF)
			return -1;
		n += del != NULL;
	}
	return 0;
}

int
cjson_print(struct client *c, json_t *root)
{
	bool shown = isatty(STDOUT_FILENO);
	int r;

	if (root == NULL)
		return client_fail_memory(c);
	errno = 0;
	r = json_dump_callback(root, shown ? print_piece_inert : print_piece, stdout,
	    JSON_COMPACT | (shown ? JSON_ENSURE_ASCII : 0));
	json_decref(root);
	if (r != 0 || putc('\n', stdout) == EOF || fflush(stdout) != 0)
		return client_fail(c, EX_IOERR, "standard output: %s", strerror(errno));
	return 0;
}

json_t *
cjson_text(struct span text)
{
	return json_stringn((const char *)text.p, text.len);
}

json_t *
cjson_day(int32_t day)
{
	char out[DAY_CHARS + 1];

	if (day == 0)
		return json_null();
	day_format(out, day);
	return json_string(out);
}

json_t *
cjson_or_null(const char *text)
{
	return text == NULL || *text == '\0' ? json_null() : json_string(text);
}

json_t *
cjson_strings(char *const *items, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		if (json_array_append_new(list, json_string(items[i])) != 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}
