#ifndef MLOG_ATTRIBUTES_H
#define MLOG_ATTRIBUTES_H

/* Compiler attributes shared by the C targets. */

/* The caller must look at the returned status. */
#define MLOG_CHECKED __attribute__((warn_unused_result))

/* An enum that has exactly the values listed: Swift switches over it exhaustively. */
#if __has_attribute(enum_extensibility)
#define MLOG_CLOSED_ENUM __attribute__((enum_extensibility(closed)))
#else
#define MLOG_CLOSED_ENUM
#endif

#define MLOG_SWIFT_NAME(name) __attribute__((swift_name(name)))

#endif
