#include "mlog_crc32c.h"
