/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * ust.h: tracepoints for C and C++. This header is all that a program needs: there is no library to link and nothing to
 * generate.
 *
 *     #include <ust.h>
 *
 *     UST_TRACEPOINT(shop, order, UST_INFO, (u64, id), (str, customer), (i32, qty), (bytes, raw, raw_len));
 *
 *     ust_shop_order(17, "ada", 3, raw, raw_len);
 *
 *     $ ust record -- ./shop
 *
 * How it works:
 *
 *     program                                      libust_preload.so, loaded by `ust record` or LD_PRELOAD
 *     -------                                      ----------------
 *     constructor --- looks for an ELF note -----> table of functions (struct ust_api_)
 *                 --- join(callsites) -----------> switches them on and off by rules
 *     ust_shop_order(..)
 *       callsite on? --no--> done                  (a load and a branch; without the shim it is never on)
 *            '--yes--> measure, record ----------> reserves room in the ring, has the fields written there, commits
 *
 * What the program may use has names without a trailing underscore:
 *
 *     UST_TRACEPOINT(PROVIDER, NAME, LEVEL, FIELD...);      declares ust_PROVIDER_NAME(..), at file scope
 *     ust_enabled(PROVIDER, NAME)                           whether it is on: to spare work that only it needs
 *     UST_SPAN_TRACEPOINT(PROVIDER, NAME, LEVEL, FIELD...); declares a span, at file scope
 *     UST_SPAN(PROVIDER, NAME, VALUE...);                   records the span, with its duration, where the scope ends
 *     UST_LABELS(ENUMERATION, TYPE, ("label", VALUE)...);   declares an enumeration of up to 32 labels, for fields
 *     UST_TRACEF(FORMAT, ...);                              records a text as printf makes it, as ust:tracef
 *
 * A FIELD is one of these, and up to 32 make an event:
 *
 *     (u8 | u16 | u32 | u64 | i8 | i16 | i32 | i64, NAME)   a number
 *     (hex8 ... hex64 | oct8 ... oct64 | bin8 ... bin64, NAME)  an unsigned number, shown in that base
 *     (net16 | net32 | net64, NAME)                         a number whose bytes lie in network order, as in sin_port
 *     (f32 | f64 | bool | ptr, NAME)                        a float, a double, 0 or 1, an address
 *     (str, NAME)                                           const char *NAME, ended by a zero; NULL is "(null)"
 *     (strn, NAME, LENGTH)                                  const char *NAME, size_t LENGTH
 *     (bytes, NAME, LENGTH)                                 const void *NAME, size_t LENGTH
 *     (array, TYPE, NAME, COUNT)                            const TYPE *NAME: always COUNT numbers
 *     (seq, TYPE, NAME, LENGTH)                             const TYPE *NAME, size_t LENGTH: that many numbers
 *     (enum, ENUMERATION, NAME)                             a number that is shown by its label
 *
 * Recording is async-signal-safe (but for UST_TRACEF), works in children of fork, and never blocks, allocates or makes a
 * system call, but for a thread's first event and when a sub-buffer is full. errno stays what it was. A record whose
 * fields are longer than a sub-buffer is counted as lost.
 *
 * Names of providers, events, fields and types must not be macros of the program.
 *
 * C99 and later, C++11 and later, gcc and clang. Elsewhere than on little-endian Linux it compiles and records nothing.
 */
#ifndef UST_H
#define UST_H

#if !defined(__cplusplus) && defined(__STRICT_ANSI__) && (!defined(__STDC_VERSION__) || __STDC_VERSION__ < 199901L)
#error "ust.h needs C99 or later: compile with -std=c99"
#endif

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#if defined(__linux__) && defined(__ELF__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && !defined(UST_DISABLE)
#include <elf.h>
#define UST_CAN_RECORD_ 1
#else
#define UST_CAN_RECORD_ 0
#endif

/* How important an event is. The numbers are those of LTTng's log levels. */
enum ust_level {
    UST_EMERG = 0,
    UST_ALERT = 1,
    UST_CRIT = 2,
    UST_ERR = 3,
    UST_WARNING = 4,
    UST_NOTICE = 5,
    UST_INFO = 6,
    UST_DEBUG_SYSTEM = 7,
    UST_DEBUG_PROGRAM = 8,
    UST_DEBUG_PROCESS = 9,
    UST_DEBUG_MODULE = 10,
    UST_DEBUG_UNIT = 11,
    UST_DEBUG_FUNCTION = 12,
    UST_DEBUG_LINE = 13,
    UST_DEBUG = 14
};

/* Casts as each language has them: of numbers and from void *, and between numbers and addresses. */
#ifdef __cplusplus
#define UST_AS_(type, value) static_cast<type>(value)
#define UST_AT_(type, value) reinterpret_cast<type>(value)
#else
#define UST_AS_(type, value) ((type)(value))
#define UST_AT_(type, value) ((type)(value))
#endif

/* Code of this header is not the program's: -finstrument-functions leaves it alone, and so does clang's control-flow integrity,
 * which knows no function of the shim. */
#ifdef __clang__
#define UST_OWN_ __attribute__((no_instrument_function, no_sanitize("cfi")))
#else
#define UST_OWN_ __attribute__((no_instrument_function))
#endif
#define UST_INLINE_ UST_OWN_ static inline __attribute__((always_inline, unused))
#define UST_COLD_ UST_OWN_ static __attribute__((noinline, cold, unused))
/* One for all files of a module (executable or shared object), and no other module's. */
#define UST_MODULE_ __attribute__((weak, visibility("hidden")))

/* ---- What the program and the shim tell each other. Never changed but by appending, which raises UST_API_MINOR_.
 *
 * Files of one module may have headers of several versions. What is one for a whole module has the version in its name (1_0), so
 * that each version's is another. ---- */

#define UST_API_MAGIC_ 0x6970615f63747375 /* "ustc_api" */
#define UST_API_MAJOR_ 1
#define UST_API_MINOR_ 0

#ifdef __cplusplus
extern "C" {
#endif

/* The words by which the shim switches a tracepoint. The lowest bit says on. */
struct ust_switch_ {
    uint32_t state;
    uint32_t class_number;
    uint64_t channels;
} __attribute__((aligned(8)));

/* A name for the values from low to high. */
struct ust_label_ {
    const char *name;
    int64_t low;
    int64_t high;
};

/* `type` of a field: what each of its values is, ... */
#define UST_UNSIGNED_ 0x000u
#define UST_SIGNED_ 0x001u
#define UST_FLOAT_ 0x002u
#define UST_TEXT_ 0x003u
/* ... how it is shown, ... */
#define UST_HEXADECIMAL_ 0x010u
#define UST_OCTAL_ 0x020u
#define UST_BINARY_ 0x030u
/* ... the order of its bytes, ... */
#define UST_NETWORK_ 0x100u
/* ... and how many there are: one, `length`, or a 32-bit number of them in front of them. */
#define UST_ARRAY_ 0x1000u
#define UST_SEQUENCE_ 0x2000u

struct ust_field_ {
    const char *name;
    const struct ust_label_ *labels;
    uint32_t label_count;
    uint32_t type;
    uint32_t bytes;
    uint32_t length;
};

/* A tracepoint. */
struct ust_callsite_ {
    struct ust_switch_ on;
    const char *provider;
    const char *name;
    const char *file;
    const struct ust_field_ *fields;
    uint32_t field_count;
    uint32_t line;
    uint32_t level;
    uint32_t reserved;
};

/* The tracepoints of a module. */
struct ust_module_ {
    uint32_t major;
    uint32_t minor;
    struct ust_callsite_ *const *begin;
    struct ust_callsite_ *const *end;
};

/* Writes the fields at `at`, as many bytes as were announced, and returns where they end. */
typedef unsigned char *(*ust_encode_)(const void *fields, unsigned char *at);

/* A moment, by whichever clock the shim reads. */
struct ust_moment_ {
    uint64_t words[2];
};

/* What the shim offers. */
struct ust_api_ {
    uint64_t magic;
    uint32_t major;
    uint32_t minor;
    uint32_t bytes;
    uint32_t reserved;
    /* Copies what the module says, but for the switches. Returns what `leave` is to be given. */
    void *(*join)(const struct ust_module_ *module);
    /* The module may be about to be unloaded. Returns what has still joined: modules that stay. */
    void *(*leave)(void *joined);
    /* Records fields that are encoded already: 4 bytes, 8, any number. */
    void (*record_4)(struct ust_switch_ *on, uint32_t encoded);
    void (*record_8)(struct ust_switch_ *on, uint64_t encoded);
    void (*record)(struct ust_switch_ *on, const void *encoded, size_t bytes);
    /* Records fields that `encode` writes, once for each channel. */
    void (*record_by)(struct ust_switch_ *on, size_t bytes, ust_encode_ encode, const void *fields);
    /* Writes a text, with its terminating zero. */
    unsigned char *(*write_text)(unsigned char *at, const char *text, size_t length);
    /* Notes a moment, and says how many nanoseconds have passed since. */
    void (*start)(struct ust_moment_ *moment);
    uint64_t (*elapsed_ns)(const struct ust_moment_ *moment);
};

/* The shim's table, once this module has found it. */
extern const struct ust_api_ *ust_api_1_0_;
UST_MODULE_ const struct ust_api_ *ust_api_1_0_ = NULL;

#if UST_CAN_RECORD_

#define UST_ENTRY_SECTION_ "ust_c_callsites_1_0"
extern struct ust_callsite_ *const ust_entries_begin_[] __asm__("__start_ust_c_callsites_1_0")
    __attribute__((weak, visibility("hidden")));
extern struct ust_callsite_ *const ust_entries_end_[] __asm__("__stop_ust_c_callsites_1_0")
    __attribute__((weak, visibility("hidden")));

#define UST_TEXT_OF_(macro) UST_TEXT_OF_NOW_(macro)
#define UST_TEXT_OF_NOW_(text) #text

/* Tells `ust record`, which reads the file, that the program has tracepoints of this header. */
__asm__(".pushsection .note.ust,\"a\",%note\n"
        ".p2align 2\n"
        ".long 4, 4, 4\n"
        ".asciz \"ust\"\n"
        ".long " UST_TEXT_OF_(UST_API_MAJOR_) " | " UST_TEXT_OF_(UST_API_MINOR_) " << 16\n"
        ".popsection\n");

#if __SIZEOF_POINTER__ == 8
typedef Elf64_Phdr ust_segment_;
#else
typedef Elf32_Phdr ust_segment_;
#endif

/* As <link.h> has them, which hides them from strict C. */
struct ust_object_ {
    uintptr_t base;
    const char *name;
    const ust_segment_ *segments;
    uint16_t segment_count;
};
struct dl_phdr_info;
extern int dl_iterate_phdr(int (*callback)(struct dl_phdr_info *, size_t, void *), void *data);

/* Leads to the shim's table: a version (the major in its lower half), and the way from here to the table's address. */
struct ust_note_ {
    uint32_t name_bytes;
    uint32_t body_bytes;
    uint32_t kind;
    char name[4];
    uint32_t version;
    int32_t offset;
};

/* Whether a module has so many bytes at an address. */
UST_COLD_ int ust_has_(const struct ust_object_ *object, uintptr_t start, size_t bytes) {
    unsigned segment;
    for (segment = 0; segment < object->segment_count; segment++) {
        const ust_segment_ *loaded = &object->segments[segment];
        const uintptr_t at = start - object->base - loaded->p_vaddr;
        if (loaded->p_type == PT_LOAD && at <= loaded->p_memsz && bytes <= loaded->p_memsz - at)
            return 1;
    }
    return 0;
}

/* The table that a note leads to, if this header can use it. */
UST_COLD_ const struct ust_api_ *ust_api_of_(const struct ust_object_ *object, uintptr_t at) {
    const uint32_t major = UST_API_MAJOR_, minor = UST_API_MINOR_;
    const struct ust_api_ *api;
    struct ust_note_ note;
    uintptr_t place;
    memcpy(&note, UST_AT_(const void *, at), sizeof note);
    if (note.kind != 3 || note.name_bytes != 4 || note.body_bytes != 8 || memcmp(note.name, "ust", 4) != 0)
        return NULL;
    if ((note.version & 0xffff) != major || note.version >> 16 < minor)
        return NULL;
    place = at + offsetof(struct ust_note_, offset) + UST_AS_(uintptr_t, UST_AS_(intptr_t, note.offset));
    if (!ust_has_(object, place, sizeof api))
        return NULL;
    memcpy(&api, UST_AT_(const void *, place), sizeof api);
    /* A module that another thread is just loading may lead out of itself. */
    if (!ust_has_(object, UST_AT_(uintptr_t, api), sizeof *api))
        return NULL;
    return api->magic == UST_API_MAGIC_ && api->bytes >= sizeof *api ? api : NULL;
}

UST_COLD_ size_t ust_padded_(size_t bytes) { return (bytes + 3) & ~UST_AS_(size_t, 3); }

/* Looks through the notes of one module. */
UST_COLD_ int ust_look_(struct dl_phdr_info *info, size_t bytes, void *found) {
    struct ust_object_ object;
    unsigned segment;
    (void)bytes;
    memcpy(&object, info, sizeof object);
    for (segment = 0; segment < object.segment_count; segment++) {
        const ust_segment_ *notes = &object.segments[segment];
        const uintptr_t start = object.base + notes->p_vaddr;
        size_t at = 0;
        if (notes->p_type != PT_NOTE || !ust_has_(&object, start, notes->p_memsz))
            continue;
        while (at + sizeof(struct ust_note_) <= notes->p_memsz) {
            const struct ust_api_ *api = ust_api_of_(&object, start + at);
            uint32_t lengths[2];
            if (api != NULL) {
                *UST_AS_(const struct ust_api_ **, found) = api;
                return 1;
            }
            memcpy(lengths, UST_AT_(const void *, start + at), sizeof lengths);
            at += 12 + ust_padded_(lengths[0]) + ust_padded_(lengths[1]);
        }
    }
    return 0;
}

extern void *ust_joined_1_0_;
UST_MODULE_ void *ust_joined_1_0_ = NULL;
extern int ust_has_looked_1_0_;
UST_MODULE_ int ust_has_looked_1_0_ = 0;

void ust_join_1_0_(void);
void ust_leave_1_0_(void);

/* Runs before the program's own constructors, once for each file that includes this; the first does the work. */
__attribute__((constructor(101))) UST_OWN_ UST_MODULE_ void ust_join_1_0_(void) {
    const struct ust_api_ *api = NULL;
    struct ust_module_ module = {UST_API_MAJOR_, UST_API_MINOR_, NULL, NULL};
    if (ust_has_looked_1_0_ || &ust_entries_begin_[0] == &ust_entries_end_[0])
        return;
    ust_has_looked_1_0_ = 1;
    dl_iterate_phdr(ust_look_, &api);
    if (api == NULL)
        return;
    module.begin = ust_entries_begin_;
    module.end = ust_entries_end_;
    ust_api_1_0_ = api;
    ust_joined_1_0_ = api->join(&module);
}

/* Runs after the program's own destructors. */
__attribute__((destructor(101))) UST_OWN_ UST_MODULE_ void ust_leave_1_0_(void) {
    if (ust_joined_1_0_ != NULL)
        ust_joined_1_0_ = ust_api_1_0_->leave(ust_joined_1_0_);
}

#ifdef __has_attribute
#if __has_attribute(retain)
#define UST_RETAIN_ , retain
#endif
#endif
#ifndef UST_RETAIN_
#define UST_RETAIN_
#endif
#define UST_ENTRY_(callsite)                                                                                           \
    static struct ust_callsite_ *const callsite##entry_                                                                \
        __attribute__((section(UST_ENTRY_SECTION_), used UST_RETAIN_)) = &callsite;

#else
#define UST_ENTRY_(callsite)
#endif /* UST_CAN_RECORD_ */

#ifdef __cplusplus
}
#endif

/* ---- What expansions call. ---- */

UST_INLINE_ int ust_is_on_(const struct ust_callsite_ *callsite) {
#if !UST_CAN_RECORD_
    (void)callsite;
    return 0;
#else
    /* Acquire: what is on has been numbered, and this module knows the shim. */
    return UST_AS_(int, __atomic_load_n(&callsite->on.state, __ATOMIC_ACQUIRE) & 1u);
#endif
}

/* Sums and products of sizes stop at the end, where no record is as long. */
UST_INLINE_ size_t ust_sum_(size_t a, size_t b) {
    size_t sum;
    return __builtin_add_overflow(a, b, &sum) ? SIZE_MAX : sum;
}

UST_INLINE_ size_t ust_product_(size_t a, size_t b) {
    size_t product;
    return __builtin_mul_overflow(a, b, &product) ? SIZE_MAX : product;
}

UST_INLINE_ unsigned char *ust_put_(unsigned char *at, const void *value, size_t bytes) {
    memcpy(at, value, bytes);
    return at + bytes;
}

/* A count and that many values. */
UST_INLINE_ unsigned char *ust_put_all_(unsigned char *at, const void *values, size_t bytes, size_t count) {
    const uint32_t written = UST_AS_(uint32_t, count);
    at = ust_put_(at, &written, sizeof written);
    return count == 0 ? at : ust_put_(at, values, bytes * count);
}

/* `bytes` is a constant where this is inlined. */
UST_INLINE_ void ust_record_packed_(struct ust_switch_ *on, const unsigned char *packed, size_t bytes) {
    uint32_t half;
    uint64_t whole;
    memcpy(&half, packed, sizeof half);
    memcpy(&whole, packed, sizeof whole);
    if (bytes == sizeof half)
        ust_api_1_0_->record_4(on, half);
    else if (bytes == sizeof whole)
        ust_api_1_0_->record_8(on, whole);
    else
        ust_api_1_0_->record(on, packed, bytes);
}

/* Fields of a fixed size up to this are encoded where they can stay in registers. */
#define UST_PACKED_BYTES_ 32
/* The fixed size of a field that has none. */
#define UST_VARIES_ UST_PACKED_BYTES_ + 1

/* ---- Macros on lists. UST_EACH_ calls `do` for each field, UST_COMMA_ likewise, with commas. The lists end in an empty
 * argument, because strict C wants one for each `...`. ---- */

#define UST_PASTE_(a, b) UST_PASTE_NOW_(a, b)
#define UST_PASTE_NOW_(a, b) a##b

/* The number of arguments behind the first three. */
#define UST_COUNT_(...)                                                                                                \
    UST_36TH_(__VA_ARGS__, 32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, \
              9, 8, 7, 6, 5, 4, 3, 2, 1, 0, )
#define UST_36TH_(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, A, B, C, D, E, F, G,   \
                  H, I, nth, ...)                                                                                      \
    nth

#define UST_EACH_0_(do, ...)
#define UST_EACH_1_(do, field, ...) do field UST_EACH_0_(do, __VA_ARGS__)
#define UST_EACH_2_(do, field, ...) do field UST_EACH_1_(do, __VA_ARGS__)
#define UST_EACH_3_(do, field, ...) do field UST_EACH_2_(do, __VA_ARGS__)
#define UST_EACH_4_(do, field, ...) do field UST_EACH_3_(do, __VA_ARGS__)
#define UST_EACH_5_(do, field, ...) do field UST_EACH_4_(do, __VA_ARGS__)
#define UST_EACH_6_(do, field, ...) do field UST_EACH_5_(do, __VA_ARGS__)
#define UST_EACH_7_(do, field, ...) do field UST_EACH_6_(do, __VA_ARGS__)
#define UST_EACH_8_(do, field, ...) do field UST_EACH_7_(do, __VA_ARGS__)
#define UST_EACH_9_(do, field, ...) do field UST_EACH_8_(do, __VA_ARGS__)
#define UST_EACH_10_(do, field, ...) do field UST_EACH_9_(do, __VA_ARGS__)
#define UST_EACH_11_(do, field, ...) do field UST_EACH_10_(do, __VA_ARGS__)
#define UST_EACH_12_(do, field, ...) do field UST_EACH_11_(do, __VA_ARGS__)
#define UST_EACH_13_(do, field, ...) do field UST_EACH_12_(do, __VA_ARGS__)
#define UST_EACH_14_(do, field, ...) do field UST_EACH_13_(do, __VA_ARGS__)
#define UST_EACH_15_(do, field, ...) do field UST_EACH_14_(do, __VA_ARGS__)
#define UST_EACH_16_(do, field, ...) do field UST_EACH_15_(do, __VA_ARGS__)
#define UST_EACH_17_(do, field, ...) do field UST_EACH_16_(do, __VA_ARGS__)
#define UST_EACH_18_(do, field, ...) do field UST_EACH_17_(do, __VA_ARGS__)
#define UST_EACH_19_(do, field, ...) do field UST_EACH_18_(do, __VA_ARGS__)
#define UST_EACH_20_(do, field, ...) do field UST_EACH_19_(do, __VA_ARGS__)
#define UST_EACH_21_(do, field, ...) do field UST_EACH_20_(do, __VA_ARGS__)
#define UST_EACH_22_(do, field, ...) do field UST_EACH_21_(do, __VA_ARGS__)
#define UST_EACH_23_(do, field, ...) do field UST_EACH_22_(do, __VA_ARGS__)
#define UST_EACH_24_(do, field, ...) do field UST_EACH_23_(do, __VA_ARGS__)
#define UST_EACH_25_(do, field, ...) do field UST_EACH_24_(do, __VA_ARGS__)
#define UST_EACH_26_(do, field, ...) do field UST_EACH_25_(do, __VA_ARGS__)
#define UST_EACH_27_(do, field, ...) do field UST_EACH_26_(do, __VA_ARGS__)
#define UST_EACH_28_(do, field, ...) do field UST_EACH_27_(do, __VA_ARGS__)
#define UST_EACH_29_(do, field, ...) do field UST_EACH_28_(do, __VA_ARGS__)
#define UST_EACH_30_(do, field, ...) do field UST_EACH_29_(do, __VA_ARGS__)
#define UST_EACH_31_(do, field, ...) do field UST_EACH_30_(do, __VA_ARGS__)
#define UST_EACH_32_(do, field, ...) do field UST_EACH_31_(do, __VA_ARGS__)

#define UST_COMMA_0_(do, ...) do##NONE_
#define UST_COMMA_1_(do, field, ...) do field
#define UST_COMMA_2_(do, field, ...) do field, UST_COMMA_1_(do, __VA_ARGS__)
#define UST_COMMA_3_(do, field, ...) do field, UST_COMMA_2_(do, __VA_ARGS__)
#define UST_COMMA_4_(do, field, ...) do field, UST_COMMA_3_(do, __VA_ARGS__)
#define UST_COMMA_5_(do, field, ...) do field, UST_COMMA_4_(do, __VA_ARGS__)
#define UST_COMMA_6_(do, field, ...) do field, UST_COMMA_5_(do, __VA_ARGS__)
#define UST_COMMA_7_(do, field, ...) do field, UST_COMMA_6_(do, __VA_ARGS__)
#define UST_COMMA_8_(do, field, ...) do field, UST_COMMA_7_(do, __VA_ARGS__)
#define UST_COMMA_9_(do, field, ...) do field, UST_COMMA_8_(do, __VA_ARGS__)
#define UST_COMMA_10_(do, field, ...) do field, UST_COMMA_9_(do, __VA_ARGS__)
#define UST_COMMA_11_(do, field, ...) do field, UST_COMMA_10_(do, __VA_ARGS__)
#define UST_COMMA_12_(do, field, ...) do field, UST_COMMA_11_(do, __VA_ARGS__)
#define UST_COMMA_13_(do, field, ...) do field, UST_COMMA_12_(do, __VA_ARGS__)
#define UST_COMMA_14_(do, field, ...) do field, UST_COMMA_13_(do, __VA_ARGS__)
#define UST_COMMA_15_(do, field, ...) do field, UST_COMMA_14_(do, __VA_ARGS__)
#define UST_COMMA_16_(do, field, ...) do field, UST_COMMA_15_(do, __VA_ARGS__)
#define UST_COMMA_17_(do, field, ...) do field, UST_COMMA_16_(do, __VA_ARGS__)
#define UST_COMMA_18_(do, field, ...) do field, UST_COMMA_17_(do, __VA_ARGS__)
#define UST_COMMA_19_(do, field, ...) do field, UST_COMMA_18_(do, __VA_ARGS__)
#define UST_COMMA_20_(do, field, ...) do field, UST_COMMA_19_(do, __VA_ARGS__)
#define UST_COMMA_21_(do, field, ...) do field, UST_COMMA_20_(do, __VA_ARGS__)
#define UST_COMMA_22_(do, field, ...) do field, UST_COMMA_21_(do, __VA_ARGS__)
#define UST_COMMA_23_(do, field, ...) do field, UST_COMMA_22_(do, __VA_ARGS__)
#define UST_COMMA_24_(do, field, ...) do field, UST_COMMA_23_(do, __VA_ARGS__)
#define UST_COMMA_25_(do, field, ...) do field, UST_COMMA_24_(do, __VA_ARGS__)
#define UST_COMMA_26_(do, field, ...) do field, UST_COMMA_25_(do, __VA_ARGS__)
#define UST_COMMA_27_(do, field, ...) do field, UST_COMMA_26_(do, __VA_ARGS__)
#define UST_COMMA_28_(do, field, ...) do field, UST_COMMA_27_(do, __VA_ARGS__)
#define UST_COMMA_29_(do, field, ...) do field, UST_COMMA_28_(do, __VA_ARGS__)
#define UST_COMMA_30_(do, field, ...) do field, UST_COMMA_29_(do, __VA_ARGS__)
#define UST_COMMA_31_(do, field, ...) do field, UST_COMMA_30_(do, __VA_ARGS__)
#define UST_COMMA_32_(do, field, ...) do field, UST_COMMA_31_(do, __VA_ARGS__)

/* ---- Types of fields. A type says what each value is; a shape (one, array, sequence) has what is done with it. ---- */

#define UST_T_u8(shape, what, ...) shape(what, uint8_t, UST_UNSIGNED_, NULL, 0, __VA_ARGS__)
#define UST_T_u16(shape, what, ...) shape(what, uint16_t, UST_UNSIGNED_, NULL, 0, __VA_ARGS__)
#define UST_T_u32(shape, what, ...) shape(what, uint32_t, UST_UNSIGNED_, NULL, 0, __VA_ARGS__)
#define UST_T_u64(shape, what, ...) shape(what, uint64_t, UST_UNSIGNED_, NULL, 0, __VA_ARGS__)
#define UST_T_i8(shape, what, ...) shape(what, int8_t, UST_SIGNED_, NULL, 0, __VA_ARGS__)
#define UST_T_i16(shape, what, ...) shape(what, int16_t, UST_SIGNED_, NULL, 0, __VA_ARGS__)
#define UST_T_i32(shape, what, ...) shape(what, int32_t, UST_SIGNED_, NULL, 0, __VA_ARGS__)
#define UST_T_i64(shape, what, ...) shape(what, int64_t, UST_SIGNED_, NULL, 0, __VA_ARGS__)
#define UST_T_hex8(shape, what, ...) shape(what, uint8_t, UST_HEXADECIMAL_, NULL, 0, __VA_ARGS__)
#define UST_T_hex16(shape, what, ...) shape(what, uint16_t, UST_HEXADECIMAL_, NULL, 0, __VA_ARGS__)
#define UST_T_hex32(shape, what, ...) shape(what, uint32_t, UST_HEXADECIMAL_, NULL, 0, __VA_ARGS__)
#define UST_T_hex64(shape, what, ...) shape(what, uint64_t, UST_HEXADECIMAL_, NULL, 0, __VA_ARGS__)
#define UST_T_oct8(shape, what, ...) shape(what, uint8_t, UST_OCTAL_, NULL, 0, __VA_ARGS__)
#define UST_T_oct16(shape, what, ...) shape(what, uint16_t, UST_OCTAL_, NULL, 0, __VA_ARGS__)
#define UST_T_oct32(shape, what, ...) shape(what, uint32_t, UST_OCTAL_, NULL, 0, __VA_ARGS__)
#define UST_T_oct64(shape, what, ...) shape(what, uint64_t, UST_OCTAL_, NULL, 0, __VA_ARGS__)
#define UST_T_bin8(shape, what, ...) shape(what, uint8_t, UST_BINARY_, NULL, 0, __VA_ARGS__)
#define UST_T_bin16(shape, what, ...) shape(what, uint16_t, UST_BINARY_, NULL, 0, __VA_ARGS__)
#define UST_T_bin32(shape, what, ...) shape(what, uint32_t, UST_BINARY_, NULL, 0, __VA_ARGS__)
#define UST_T_bin64(shape, what, ...) shape(what, uint64_t, UST_BINARY_, NULL, 0, __VA_ARGS__)
#define UST_T_net16(shape, what, ...) shape(what, uint16_t, UST_NETWORK_, NULL, 0, __VA_ARGS__)
#define UST_T_net32(shape, what, ...) shape(what, uint32_t, UST_NETWORK_, NULL, 0, __VA_ARGS__)
#define UST_T_net64(shape, what, ...) shape(what, uint64_t, UST_NETWORK_, NULL, 0, __VA_ARGS__)
#define UST_T_f32(shape, what, ...) shape(what, float, UST_FLOAT_, NULL, 0, __VA_ARGS__)
#define UST_T_f64(shape, what, ...) shape(what, double, UST_FLOAT_, NULL, 0, __VA_ARGS__)
#ifdef __cplusplus
#define UST_T_bool(shape, what, ...) shape(what, bool, UST_UNSIGNED_, NULL, 0, __VA_ARGS__)
#else
#define UST_T_bool(shape, what, ...) shape(what, _Bool, UST_UNSIGNED_, NULL, 0, __VA_ARGS__)
/* <stdbool.h> makes this of the former. */
#define UST_T__Bool UST_T_bool
#endif
#define UST_T_ptr(shape, what, ...) shape(what, ust_address_, UST_HEXADECIMAL_, NULL, 0, __VA_ARGS__)
#define UST_T_enum(shape, what, labels, ...)                                                                           \
    shape(what, ust_##labels##_number_, ust_##labels##_type_, ust_##labels##_labels_,                                  \
          UST_AS_(uint32_t, sizeof ust_##labels##_labels_ / sizeof *ust_##labels##_labels_), __VA_ARGS__)
#define UST_T_str(shape, what, ...) UST_TEXT_##what##_(__VA_ARGS__)
#define UST_T_strn(shape, what, ...) UST_TEXT_N_##what##_(__VA_ARGS__)
#define UST_T_bytes(shape, what, ...) UST_BYTES_##what##_(__VA_ARGS__)
#define UST_T_array(shape, what, type, ...) UST_T_##type(UST_ARRAY_OF_, what, __VA_ARGS__)
#define UST_T_seq(shape, what, type, ...) UST_T_##type(UST_SEQUENCE_OF_, what, __VA_ARGS__)

typedef const void *ust_address_;

/* What is done with each field. PARAMETER and PASS: of the functions. MEMBER, SET: of the structure that has the values.
 * MEASURE adds to `bytes`. FIXED: adds the size, if it is known to the compiler. WRITE: what MEASURE measured. */
#define UST_PARAMETER_(type, ...) UST_T_##type(UST_ONE_, PARAMETER, __VA_ARGS__)
#define UST_PASS_(type, ...) UST_T_##type(UST_ONE_, PASS, __VA_ARGS__)
#define UST_MEMBER_(type, ...) UST_T_##type(UST_ONE_, MEMBER, __VA_ARGS__)
#define UST_SET_(type, ...) UST_T_##type(UST_ONE_, SET, __VA_ARGS__)
#define UST_MEASURE_(type, ...) UST_T_##type(UST_ONE_, MEASURE, __VA_ARGS__)
#define UST_FIXED_(type, ...) UST_T_##type(UST_ONE_, FIXED, __VA_ARGS__)
#define UST_WRITE_(type, ...) UST_T_##type(UST_ONE_, WRITE, __VA_ARGS__)
#define UST_DESCRIBE_(type, ...) UST_T_##type(UST_ONE_, DESCRIBE, __VA_ARGS__)
#define UST_PARAMETER_NONE_ void
#define UST_PASS_NONE_

/* One value. */
#define UST_ONE_(what, c, type, labels, label_count, name) UST_ONE_##what##_(c, type, labels, label_count, name)
#define UST_ONE_PARAMETER_(c, type, labels, label_count, name) c name
#define UST_ONE_PASS_(c, type, labels, label_count, name) name
#define UST_ONE_MEMBER_(c, type, labels, label_count, name) c name;
#define UST_ONE_SET_(c, type, labels, label_count, name) ust_fields_->name = name;
#define UST_ONE_MEASURE_(c, type, labels, label_count, name) bytes = ust_sum_(bytes, sizeof(c));
#define UST_ONE_FIXED_(c, type, labels, label_count, name) +sizeof(c)
#define UST_ONE_WRITE_(c, type, labels, label_count, name) at = ust_put_(at, &fields->name, sizeof(c));
#define UST_ONE_DESCRIBE_(c, type, labels, label_count, name)                                                          \
    {#name, labels, label_count, type, UST_AS_(uint32_t, sizeof(c)), 1},

/* Always the same number of values. */
#define UST_ARRAY_OF_(what, c, type, labels, label_count, name, length)                                                \
    UST_ARRAY_##what##_(c, type, labels, label_count, name, length)
#define UST_ARRAY_PARAMETER_(c, type, labels, label_count, name, length) const c *name
#define UST_ARRAY_PASS_(c, type, labels, label_count, name, length) name
#define UST_ARRAY_MEMBER_(c, type, labels, label_count, name, length)                                                  \
    const c *name;                                                                                                     \
    char name##_has_values_[(length) > 0 ? 1 : -1];
#define UST_ARRAY_SET_(c, type, labels, label_count, name, length) ust_fields_->name = name;
#define UST_ARRAY_MEASURE_(c, type, labels, label_count, name, length) bytes = ust_sum_(bytes, sizeof(c) * (length));
#define UST_ARRAY_FIXED_(c, type, labels, label_count, name, length) +sizeof(c) * (length)
#define UST_ARRAY_WRITE_(c, type, labels, label_count, name, length)                                                   \
    at = ust_put_(at, fields->name, sizeof(c) * (length));
#define UST_ARRAY_DESCRIBE_(c, type, labels, label_count, name, length)                                                \
    {#name, labels, label_count, (type) | UST_ARRAY_, UST_AS_(uint32_t, sizeof(c)), UST_AS_(uint32_t, length)},

/* A number of values. */
#define UST_SEQUENCE_OF_(what, c, type, labels, label_count, name, length)                                             \
    UST_SEQUENCE_##what##_(c, type, labels, label_count, name, length)
#define UST_SEQUENCE_PARAMETER_(c, type, labels, label_count, name, length) const c *name, size_t length
#define UST_SEQUENCE_PASS_(c, type, labels, label_count, name, length) name, length
#define UST_SEQUENCE_MEMBER_(c, type, labels, label_count, name, length)                                               \
    const c *name;                                                                                                     \
    size_t length;
#define UST_SEQUENCE_SET_(c, type, labels, label_count, name, length_)                                                 \
    ust_fields_->name = name;                                                                                          \
    ust_fields_->length_ = length_;
#define UST_SEQUENCE_MEASURE_(c, type, labels, label_count, name, length)                                              \
    bytes = ust_sum_(bytes, ust_sum_(sizeof(uint32_t), ust_product_(sizeof(c), fields->length)));
#define UST_SEQUENCE_FIXED_(c, type, labels, label_count, name, length) +UST_VARIES_
#define UST_SEQUENCE_WRITE_(c, type, labels, label_count, name, length)                                                \
    at = ust_put_all_(at, fields->name, sizeof(c), fields->length);
#define UST_SEQUENCE_DESCRIBE_(c, type, labels, label_count, name, length)                                             \
    {#name, labels, label_count, (type) | UST_SEQUENCE_, UST_AS_(uint32_t, sizeof(c)), 0},

/* A number of bytes: as a sequence, but of any type. */
#define UST_BYTES_PARAMETER_(name, length) const void *name, size_t length
#define UST_BYTES_PASS_(name, length) name, length
#define UST_BYTES_MEMBER_(name, length)                                                                                \
    const void *name;                                                                                                  \
    size_t length;
#define UST_BYTES_SET_(name, length) UST_SEQUENCE_SET_(, , , , name, length)
#define UST_BYTES_MEASURE_(name, length) UST_SEQUENCE_MEASURE_(uint8_t, , , , name, length)
#define UST_BYTES_FIXED_(name, length) +UST_VARIES_
#define UST_BYTES_WRITE_(name, length) UST_SEQUENCE_WRITE_(uint8_t, , , , name, length)
#define UST_BYTES_DESCRIBE_(name, length) UST_SEQUENCE_DESCRIBE_(uint8_t, UST_HEXADECIMAL_, NULL, 0, name, length)

/* A text whose length is given. */
#define UST_TEXT_N_PARAMETER_(name, length) const char *name, size_t length
#define UST_TEXT_N_PASS_(name, length) name, length
#define UST_TEXT_N_MEMBER_(name, length)                                                                               \
    const char *name;                                                                                                  \
    size_t length;
#define UST_TEXT_N_SET_(name, length) UST_SEQUENCE_SET_(, , , , name, length)
#define UST_TEXT_N_MEASURE_(name, length) bytes = ust_sum_(bytes, ust_sum_(fields->length, 1));
#define UST_TEXT_N_FIXED_(name, length) +UST_VARIES_
#define UST_TEXT_N_WRITE_(name, length) at = ust_api_1_0_->write_text(at, fields->name, fields->length);
#define UST_TEXT_N_DESCRIBE_(name, length) {#name, NULL, 0, UST_TEXT_, 1, 1},

/* A text that ends at a zero. */
#define UST_TEXT_PARAMETER_(name) const char *name
#define UST_TEXT_PASS_(name) name
#define UST_TEXT_MEMBER_(name) UST_TEXT_N_MEMBER_(name, name##_bytes_)
#define UST_TEXT_SET_(name)                                                                                            \
    ust_fields_->name = name;                                                                                          \
    ust_fields_->name##_bytes_ = 0;
#define UST_TEXT_MEASURE_(name)                                                                                        \
    if (fields->name == NULL)                                                                                          \
        fields->name = "(null)";                                                                                       \
    fields->name##_bytes_ = strlen(fields->name);                                                                      \
    UST_TEXT_N_MEASURE_(name, name##_bytes_)
#define UST_TEXT_FIXED_(name) +UST_VARIES_
#define UST_TEXT_WRITE_(name) UST_TEXT_N_WRITE_(name, name##_bytes_)
#define UST_TEXT_DESCRIBE_(name) UST_TEXT_N_DESCRIBE_(name, name##_bytes_)

/* ---- Enumerations. ---- */

/* UST_LABELS(state, u8, ("idle", 0), ("busy", 1, 9)): the numbers 1 to 9 are busy. */
#define UST_LABELS(...) UST_LABELS_(UST_COUNT_(~, __VA_ARGS__), __VA_ARGS__, )
#define UST_LABELS_(count, ...) UST_LABELS_NOW_(count, __VA_ARGS__)
#define UST_LABELS_NOW_(count, enumeration, container, ...)                                                            \
    typedef UST_T_##container(UST_NUMBER_, C, ~) ust_##enumeration##_number_;                                          \
    enum { ust_##enumeration##_type_ = UST_T_##container(UST_NUMBER_, TYPE, ~) };                                      \
    static const struct ust_label_ ust_##enumeration##_labels_[] __attribute__((unused)) = {                           \
        UST_EACH_##count##_(UST_LABEL_, __VA_ARGS__)};                                                                 \
    struct ust_##enumeration##_end_
#define UST_NUMBER_(what, c, type, labels, label_count, ignored) UST_NUMBER_##what##_(c, type)
#define UST_NUMBER_C_(c, type) c
#define UST_NUMBER_TYPE_(c, type) type
#define UST_LABEL_(...) UST_LABEL_NOW_(__VA_ARGS__, UST_LABEL_LAST_(__VA_ARGS__, ), )
#define UST_LABEL_NOW_(label, low, high, ...) {label, UST_AS_(int64_t, low), UST_AS_(int64_t, high)},
#define UST_LABEL_LAST_(label, low, ...) low

/* ---- Tracepoints. ---- */

#define UST_TRACEPOINT(...) UST_TRACEPOINT_(UST_COUNT_(__VA_ARGS__), __VA_ARGS__, )
#define UST_TRACEPOINT_(count, ...) UST_TRACEPOINT_NOW_(count, static, __VA_ARGS__)
#define UST_TRACEPOINT_NOW_(count, storage, provider, name, level, ...)                                                \
    UST_EVENT_(count, storage, ust_##provider##_##name, #provider, #name, level, __VA_ARGS__)

/* `tracepoint`: the function, and what the other names begin with. */
#define UST_EVENT_(count, storage, tracepoint, provider, name, level, ...)                                             \
    static const struct ust_field_ tracepoint##_descriptions_[] = {                                                    \
        UST_EACH_##count##_(UST_DESCRIBE_, __VA_ARGS__){NULL, NULL, 0, 0, 0, 0}};                                      \
    storage struct ust_callsite_ tracepoint##_callsite_ = {                                                            \
        {0, 0, 0}, provider, name, __FILE__, tracepoint##_descriptions_, count, __LINE__, level, 0};                   \
    UST_ENTRY_(tracepoint##_callsite_)                                                                                 \
    struct tracepoint##_fields_ {                                                                                      \
        UST_EACH_##count##_(UST_MEMBER_, __VA_ARGS__) char none_;                                                      \
    };                                                                                                                 \
    UST_OWN_ static inline __attribute__((unused)) unsigned char *tracepoint##_encode_(const void *given, unsigned char *at) { \
        const struct tracepoint##_fields_ *fields =                                                                    \
            UST_AS_(const struct tracepoint##_fields_ *, given);                                                       \
        (void)fields;                                                                                                  \
        UST_EACH_##count##_(UST_WRITE_, __VA_ARGS__) return at;                                                        \
    }                                                                                                                  \
    UST_INLINE_ void tracepoint##_send_(struct tracepoint##_fields_ *fields) {                                         \
        size_t bytes = 0;                                                                                              \
        (void)fields;                                                                                                  \
        UST_EACH_##count##_(UST_MEASURE_, __VA_ARGS__)                                                                 \
        if ((0 UST_EACH_##count##_(UST_FIXED_, __VA_ARGS__)) <= UST_PACKED_BYTES_) {                                   \
            unsigned char packed[UST_PACKED_BYTES_] = {0};                                                             \
            tracepoint##_encode_(fields, packed);                                                                      \
            ust_record_packed_(&tracepoint##_callsite_.on, packed, bytes);                                             \
        } else {                                                                                                       \
            ust_api_1_0_->record_by(&tracepoint##_callsite_.on, bytes, tracepoint##_encode_, fields);                  \
        }                                                                                                              \
    }                                                                                                                  \
    UST_INLINE_ int tracepoint##_is_on_(void) { return ust_is_on_(&tracepoint##_callsite_); }                          \
    UST_COLD_ void tracepoint##_record_(UST_COMMA_##count##_(UST_PARAMETER_, __VA_ARGS__)) {                           \
        struct tracepoint##_fields_ ust_values_, *ust_fields_ = &ust_values_;                                          \
        UST_EACH_##count##_(UST_SET_, __VA_ARGS__) tracepoint##_send_(ust_fields_);                                    \
    }                                                                                                                  \
    UST_INLINE_ void tracepoint(UST_COMMA_##count##_(UST_PARAMETER_, __VA_ARGS__)) {                                   \
        if (__builtin_expect(tracepoint##_is_on_(), 0))                                                                \
            tracepoint##_record_(UST_COMMA_##count##_(UST_PASS_, __VA_ARGS__));                                        \
    }                                                                                                                  \
    struct tracepoint##_end_

#define ust_enabled(provider, name) (ust_##provider##_##name##_is_on_())

/* ---- Spans: tracepoints whose last field is the duration. They are recorded where the scope ends, and read the values there.
 * ---- */

#define UST_SPAN_TRACEPOINT(...)                                                                                       \
    UST_TRACEPOINT(__VA_ARGS__, (u64, duration));                                                                      \
    UST_SPAN_TRACEPOINT_(UST_COUNT_(__VA_ARGS__), __VA_ARGS__, )
#define UST_SPAN_TRACEPOINT_(count, ...) UST_SPAN_TRACEPOINT_NOW_(count, __VA_ARGS__)
#define UST_SPAN_TRACEPOINT_NOW_(count, provider, name, level, ...)                                                    \
    UST_SPAN_FUNCTIONS_(count, ust_##provider##_##name, __VA_ARGS__)
#define UST_SPAN_FUNCTIONS_(count, tracepoint, ...)                                                                    \
    struct tracepoint##_span_ {                                                                                        \
        struct tracepoint##_fields_ fields;                                                                            \
        struct ust_moment_ since;                                                                                      \
        int is_on;                                                                                                     \
    };                                                                                                                 \
    UST_INLINE_ struct tracepoint##_span_ tracepoint##_begin_(UST_COMMA_##count##_(UST_PARAMETER_, __VA_ARGS__)) {     \
        struct tracepoint##_span_ ust_span_;                                                                           \
        struct tracepoint##_fields_ *ust_fields_ = &ust_span_.fields;                                                  \
        ust_span_.is_on = tracepoint##_is_on_();                                                                       \
        if (__builtin_expect(ust_span_.is_on, 0)) {                                                                    \
            UST_EACH_##count##_(UST_SET_, __VA_ARGS__) ust_api_1_0_->start(&ust_span_.since);                          \
        }                                                                                                              \
        (void)ust_fields_;                                                                                             \
        return ust_span_;                                                                                              \
    }                                                                                                                  \
    UST_COLD_ void tracepoint##_finish_(struct tracepoint##_span_ *span) {                                             \
        span->fields.duration = ust_api_1_0_->elapsed_ns(&span->since);                                                \
        tracepoint##_send_(&span->fields);                                                                             \
    }                                                                                                                  \
    UST_INLINE_ void tracepoint##_end_of_span_(struct tracepoint##_span_ *span) {                                      \
        if (__builtin_expect(span->is_on, 0))                                                                          \
            tracepoint##_finish_(span);                                                                                \
    }                                                                                                                  \
    struct tracepoint##_span_end_

#define UST_SPAN(...) UST_PASTE_(UST_SPAN_, UST_ANY_VALUES_(__VA_ARGS__))(__VA_ARGS__)
#define UST_ANY_VALUES_(...)                                                                                           \
    UST_36TH_(__VA_ARGS__, SOME_, SOME_, SOME_, SOME_, SOME_, SOME_, SOME_, SOME_, SOME_, SOME_, SOME_, SOME_, SOME_,  \
              SOME_, SOME_, SOME_, SOME_, SOME_, SOME_, SOME_, SOME_, SOME_, SOME_, SOME_, SOME_, SOME_, SOME_, SOME_, \
              SOME_, SOME_, SOME_, SOME_, SOME_, NO_, NO_, )
#define UST_SPAN_NO_(provider, name) UST_SCOPE_(ust_##provider##_##name, __COUNTER__, )
#define UST_SPAN_SOME_(provider, name, ...)                                                                            \
    UST_SCOPE_(ust_##provider##_##name, __COUNTER__, __VA_ARGS__)
#define UST_SCOPE_(tracepoint, number, ...) UST_SCOPE_NOW_(tracepoint, number, __VA_ARGS__)
#define UST_SCOPE_NOW_(tracepoint, number, ...)                                                                        \
    UST_GUARD_(ust_guard_##number)                                                                                     \
    struct tracepoint##_span_ ust_span_##number                                                                        \
        __attribute__((cleanup(tracepoint##_end_of_span_), unused)) = tracepoint##_begin_(__VA_ARGS__)

/* C lets `goto` and `switch` jump into a scope past the begin of a span, whose end would then find nothing right. They must not
 * jump past a type whose size is not a constant: the compiler refuses it. (C++ refuses it anyway.) -DUST_NO_GUARD where such types
 * are forbidden by -Wvla. */
#if defined(__cplusplus) || defined(UST_NO_GUARD)
#define UST_GUARD_(guard)
#else
UST_INLINE_ size_t ust_one_(void) { return 1; }
#define UST_GUARD_(guard) char(*guard)[ust_one_()] __attribute__((unused)) = NULL;
#endif

/* ---- Text as printf makes it. ---- */

#ifdef __cplusplus
extern "C" {
#endif
UST_EVENT_(4, UST_MODULE_, ust_tracef_1_0, "ust", "tracef", UST_DEBUG, (str, file), (u32, line), (str, function),
           (str, message), );
#ifdef __cplusplus
}
#endif

/* Longer texts are cut off. */
#define UST_TRACEF_BYTES_ 512

__attribute__((format(printf, 4, 5))) UST_COLD_ void ust_tracef_(const char *file, unsigned line, const char *function,
                                                                 const char *format, ...) {
    char message[UST_TRACEF_BYTES_];
    const int before = errno;
    va_list values;
    int length;
    va_start(values, format);
    length = vsnprintf(message, sizeof message, format, values);
    va_end(values);
    if (length < 0)
        message[0] = '\0';
    else if (UST_AS_(size_t, length) >= sizeof message)
        memcpy(message + sizeof message - 4, "...", 4);
    ust_tracef_1_0(file, line, function, message);
    errno = before;
}

#define UST_TRACEF(...)                                                                                                \
    do {                                                                                                               \
        if (__builtin_expect(ust_tracef_1_0_is_on_(), 0))                                                              \
            ust_tracef_(__FILE__, UST_AS_(unsigned, __LINE__), __func__, __VA_ARGS__);                                 \
    } while (0)

#endif /* UST_H */
