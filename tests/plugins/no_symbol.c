/* SPDX-License-Identifier: ISC */
/* For tests: a shared object that is no plugin. */
extern const int candor_not_a_plugin;
__attribute__((visibility("default"))) const int candor_not_a_plugin = 1;
