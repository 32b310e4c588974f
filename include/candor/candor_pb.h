/* SPDX-License-Identifier: ISC */
/* The generated messages of candor.proto, without the warnings that generated code would cause. */
#ifndef CANDOR_PB_H
#define CANDOR_PB_H

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#include "candor.pb-c.h"
#pragma GCC diagnostic pop

#endif
