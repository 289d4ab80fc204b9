#include <stdlib.h>

#include "cluster.pb-c.h"
#include "connection.pb-c.h"
#include "mlog_arena.h"
#include "records.pb-c.h"
#include "rpc.pb-c.h"
#include "topics.pb-c.h"

static const ProtobufCMessageDescriptor *const messages[] = {
    &martlet__v1__rpc_meta__descriptor,
    &martlet__v1__produce_request__descriptor,
    &martlet__v1__produce_response__descriptor,
    &martlet__v1__fetch_request__descriptor,
    &martlet__v1__fetch_response__descriptor,
    &martlet__v1__list_offsets_response__descriptor,
    &martlet__v1__hello_response__descriptor,
    &martlet__v1__create_topics_request__descriptor,
    &martlet__v1__describe_topics_response__descriptor,
    &martlet__v1__alter_topic_request__descriptor,
    &martlet__v1__broker_status_response__descriptor,
};

/* Unpacks within the cap into memory that the sanitizers watch: the arena's own blocks hide what runs past a piece. */
static size_t left_bytes;

static void *watched_alloc(void *context, size_t size_bytes) {
    (void)context;
    if (size_bytes > left_bytes) return NULL;
    left_bytes -= size_bytes;
    return malloc(size_bytes);
}

static void watched_free(void *context, void *bytes) {
    (void)context;
    free(bytes);
}

static void unpack_watched(const ProtobufCMessageDescriptor *message, const uint8_t *data, size_t size, size_t cap) {
    ProtobufCAllocator allocator = {.alloc = watched_alloc, .free = watched_free};
    left_bytes = cap;
    ProtobufCMessage *unpacked = protobuf_c_message_unpack(message, &allocator, size, data);
    if (unpacked != NULL) protobuf_c_message_free_unpacked(unpacked, &allocator);
}

/* What unpacks packs to exactly the size announced. The first byte picks the message, the second a
 * cap on memory, so that every allocation fails in some run. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) return 0;
    const ProtobufCMessageDescriptor *message = messages[data[0] % (sizeof messages / sizeof messages[0])];
    size_t cap = data[1] == 0 ? 1 << 20 : (size_t)data[1] * 64;
    data += 2;
    size -= 2;
    unpack_watched(message, data, size, cap);

    mlog_arena *arena = mlog_arena_begin(cap);
    ProtobufCMessage *unpacked = protobuf_c_message_unpack(message, &arena->allocator, size, data);
    if (unpacked != NULL && !arena->exhausted) {
        size_t packed_bytes = protobuf_c_message_get_packed_size(unpacked);
        uint8_t *packed = malloc(packed_bytes + 1);
        if (packed == NULL || protobuf_c_message_pack(unpacked, packed) != packed_bytes) abort();
        free(packed);
    }
    mlog_arena_end(arena);
    return 0;
}
