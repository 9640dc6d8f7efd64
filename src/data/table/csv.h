/* csv.h - reads records of separated fields (RFC 4180: quoted fields, doubled quotes, line breaks in quotes),
 * whatever separates them. */
#ifndef HT_DATA_TABLE_CSV_H
#define HT_DATA_TABLE_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "heavytail/status.h"

/* Set path, data, size, separator and line = 1; free with ht_csv_free. */
typedef struct ht_csv {
    const char *path, *data; /* not owned; data has no zero byte */
    char separator;          /* ' ': runs of blanks and tabs */
    bool arff;             /* '…' quotes, too; \ escapes in quotes; lines that begin with % are comments */
    size_t size, at, line; /* line: where reading stands, from 1 */
    size_t record_line;    /* where the current record begins */
    ht_text text;          /* its fields, one after the other, each terminated */
    size_t *starts;        /* where each begins in `text` */
    size_t count, capacity;
    bool broken; /* what failed is this record, not memory: one may go on behind it in other text */
} ht_csv;

/* Reads the next record that holds anything but empty fields; count = 0 at the end of the file. Blanks around
 * a field that is not quoted are dropped. */
ht_code ht_csv_next(ht_csv *csv, ht_error *err);

/* Field `index` < count of the current record. */
const char *ht_csv_field(const ht_csv *csv, size_t index);

void ht_csv_free(ht_csv *csv);

#endif
