/* SPDX-License-Identifier: ISC */
/*
 * Coded pictures and sound without what an encoder says in them beside the pictures and the sound: its
 * name and settings, the time of day, whatever a camera adds for its maker. Nothing is decoded. The
 * cleaner; pure.
 */
#ifndef CANDOR_CLEANER_CODED_H
#define CANDOR_CLEANER_CODED_H

#include "cleaner/media.h"

/*
 * Write the coded bytes in without what tells. length_bytes: of the number before each NAL unit, as the
 * configuration says; else unused. CANDOR_EBADMSG when they are damaged; what the sink makes of it is in
 * the sink.
 */
typedef int coded_fn(struct sink *to, struct span in, unsigned length_bytes);

coded_fn coded_as_is;
coded_fn coded_avc;   /* ISO 14496-10, in samples as of ISO 14496-15 */
coded_fn coded_hevc;  /* ISO 23008-2 */
coded_fn coded_av1;   /* temporal units without delimiters */
coded_fn coded_mpeg4; /* ISO 14496-2 */
coded_fn coded_aac;   /* ISO 14496-3: raw data blocks; of the same size */

/* The configurations: decoder parameters, in the box of ISO 14496-15 or AV1-ISOBMFF. *length_bytes is
 * set for the pictures'. */
int coded_avc_config(struct sink *to, struct span in, unsigned *length_bytes);
int coded_hevc_config(struct sink *to, struct span in, unsigned *length_bytes);
int coded_av1_config(struct sink *to, struct span in, unsigned *length_bytes);

/* AudioSpecificConfig: the comment in a program's description becomes zeros. */
int coded_aac_config(struct sink *to, struct span in);

#endif
