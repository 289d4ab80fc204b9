#include "mlog_batch.h"

const char *mlog_batch_status_text(mlog_batch_status status) {
    switch (status) {
    case MLOG_BATCH_OK:
        return "the batch is valid";
    case MLOG_BATCH_SHORT:
        return "the batch ends before the size that its header states";
    case MLOG_BATCH_BAD_LENGTH:
        return "the batch's length field is below the header's size or above the limit";
    case MLOG_BATCH_BAD_MAGIC:
        return "the batch has a format other than magic 2";
    case MLOG_BATCH_BAD_CRC:
        return "the batch's CRC-32C does not match its bytes";
    case MLOG_BATCH_BAD_ATTRIBUTES:
        return "the batch's attributes name an unknown compression or set reserved bits";
    case MLOG_BATCH_BAD_COUNT:
        return "the batch's record count, offsets or timestamps contradict each other or its size";
    case MLOG_BATCH_BAD_RECORD:
        return "a record in the batch is malformed or does not fit the batch's header";
    case MLOG_BATCH_BAD_COMPRESSION:
        return "the batch's compressed records are not one valid LZ4 frame";
    case MLOG_BATCH_TOO_LARGE:
        return "the batch's records unpack to more than the limit";
    case MLOG_BATCH_UNSUPPORTED:
        return "the batch's compression is not supported: only none and lz4 are";
    case MLOG_BATCH_NO_MEMORY:
        return "there is not enough memory to unpack the batch";
    }
    return "unknown batch status";
}
