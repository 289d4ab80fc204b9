#ifndef MLOG_CRC32C_KERNELS_H
#define MLOG_CRC32C_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Three interleaved streams, shared by the processor-specific files.
 *
 * The crc32 instruction takes three cycles but starts once per cycle, so one chain of them runs at a third of what
 * the unit can do. A block of 3 x N bytes is therefore read as three streams of N bytes, each with a CRC of its own,
 * and the three are joined: crc(ABC) = crc(A) * x^(16 N) + crc(B) * x^(8 N) + crc(C), modulo the polynomial (the
 * technique of Gopal et al., "Fast CRC Computation for iSCSI Polynomial Using CRC32 Instruction", 2011).
 *
 * The multiplication is one carry-less multiply by a constant followed by crc32 of the 64-bit product with a CRC of 0.
 * That instruction multiplies by x^32, and bit-reflected operands add another x, hence the exponents 8 N - 33 and
 * 16 N - 33 below.
 */
enum {
    MLOG_CRC32C_LONG_BYTES = 2048, /* a long stream: joining costs 2 % */
    MLOG_CRC32C_SHORT_BYTES = 256, /* a short one: for what is left, and for small batches */
};

#define MLOG_CRC32C_LONG_SHIFT_ONE 0xa51b6135u  /* x^(8 * 2048 - 33) */
#define MLOG_CRC32C_LONG_SHIFT_TWO 0x82f89c77u  /* x^(16 * 2048 - 33) */
#define MLOG_CRC32C_SHORT_SHIFT_ONE 0xb9e02b86u /* x^(8 * 256 - 33) */
#define MLOG_CRC32C_SHORT_SHIFT_TWO 0xdd7e3b0cu /* x^(16 * 256 - 33) */

/* A kernel works on the register value: the caller inverts it before and after. */
typedef uint32_t mlog_crc32c_kernel(uint32_t crc, const uint8_t *data, size_t size_bytes);

typedef struct {
    mlog_crc32c_kernel *run;
    const char *name;
} mlog_crc32c_choice;

mlog_crc32c_kernel mlog_crc32c_slicing;

/* The best kernel of this processor family, if this processor can run it. */
bool mlog_crc32c_choose_x86(mlog_crc32c_choice *choice_out);
bool mlog_crc32c_choose_arm(mlog_crc32c_choice *choice_out);

#endif
