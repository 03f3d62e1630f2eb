#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <idn2.h>
#include <uninorm.h>
#include <unictype.h>
#include <unicase.h>

/// The general category of a code point: exactly one of the UC_CATEGORY_MASK bits.
static inline uint32_t cidn_general_category(uint32_t c) {
    return uc_general_category(c).bitmask;
}

/// Normalization form C; the result is released with cidn_release, NULL when out of memory.
static inline uint32_t *cidn_nfc(const uint32_t *text, size_t count, size_t *result_count) {
    return u32_normalize(UNINORM_NFC, text, count, NULL, result_count);
}

static inline void cidn_release(void *result) {
    free(result);
}

/// Whether NFKC changes the code point: HasCompat of RFC 8264, section 9.17.
static inline bool cidn_has_compatibility_form(uint32_t c) {
    uint32_t buffer[UC_DECOMPOSITION_MAX_LENGTH];
    size_t count = UC_DECOMPOSITION_MAX_LENGTH;
    uint32_t *result = u32_normalize(UNINORM_NFKC, &c, 1, buffer, &count);
    bool same = result != NULL && count == 1 && result[0] == c;
    if (result != buffer) free(result);
    return !same;
}

/// The ordinary form of a fullwidth or halfwidth code point; any other code point unchanged.
static inline uint32_t cidn_width_mapped(uint32_t c) {
    uint32_t decomposition[UC_DECOMPOSITION_MAX_LENGTH];
    int tag = 0;
    int count = uc_decomposition(c, &tag, decomposition);
    return count == 1 && (tag == UC_DECOMP_WIDE || tag == UC_DECOMP_NARROW) ? decomposition[0] : c;
}

/// The A-label form of a UTF-8 domain (IDNA2008, UTS #46 non-transitional); IDN2_OK or an error code.
/// The result is released with idn2_free.
static inline int cidn_domain_to_ascii(const char *domain, char **result) {
    int flags = IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL | IDN2_USE_STD3_ASCII_RULES;
    return idn2_to_ascii_8z(domain, result, flags);
}

/// The U-label form, in UTF-8, of a domain; IDN2_OK or an error code. The result is released with idn2_free.
static inline int cidn_domain_to_unicode(const char *domain, char **result) {
    return idn2_to_unicode_8z8z(domain, result, IDN2_NONTRANSITIONAL);
}
