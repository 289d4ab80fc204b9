#ifndef MLOG_CEILING_H
#define MLOG_CEILING_H
#endif
