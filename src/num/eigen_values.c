/* eigen_values.c - eigenvalues without vectors: to a band and from there to a tridiagonal matrix, and its
 * own.
 */
#include <stddef.h>

#include "base/alloc.h"
#include "base/cancel.h"
#include "num/eigen.h"

/* In OpenBLAS, but in none of its headers. The lengths of the strings come last, as Fortran has it. */
void dsytrd_(const char *triangle, const int *n, double *a, const int *lda, double *d, double *e, double *tau,
             double *work, const int *size, int *info, size_t);
void dsytrd_2stage_(const char *vectors, const char *triangle, const int *n, double *a, const int *lda,
                    double *d, double *e, double *tau, double *reflectors, const int *reflectors_size,
                    double *work, const int *size, int *info, size_t, size_t);
void dsterf_(const int *n, double *d, double *e, int *info);

/* From here on a band pays. A row-major upper triangle is a column-major lower one. */
enum { BAND_PAYS = 700, PANEL = 32 };

static ht_code by_band(int m, double *matrix, double *d, double *e, double *tau, ht_error *err)
{
    int ask = -1, info = 0;
    double size = 0, reflectors_size = 0;
    dsytrd_2stage_("N", "L", &m, matrix, &m, d, e, tau, &reflectors_size, &ask, &size, &ask, &info, 1, 1);
    int length = (int)size, reflectors_length = (int)reflectors_size;
    double *work = ht_alloc((size_t)length + (size_t)reflectors_length, sizeof *work, "eigenvalues", err);
    if (!work) return HT_FAIL;
    dsytrd_2stage_("N", "L", &m, matrix, &m, d, e, tau, work + length, &reflectors_length, work, &length,
                   &info, 1, 1);
    ht_free(work);
    return HT_OK;
}

static ht_code straight(int m, double *matrix, double *d, double *e, double *tau, ht_error *err)
{
    int length = m * PANEL, info = 0;
    double *work = ht_alloc((size_t)length, sizeof *work, "eigenvalues", err);
    if (!work) return HT_FAIL;
    dsytrd_("L", &m, matrix, &m, d, e, tau, work, &length, &info, 1);
    ht_free(work);
    return HT_OK;
}

ht_code ht_eigen_values(int m, double *matrix, double *values, ht_error *err)
{
    int info = 0;
    double *room = ht_alloc((size_t)m, 2 * sizeof *room, "eigenvalues", err);
    if (!room) return HT_FAIL;
    ht_code code = m < BAND_PAYS ? straight(m, matrix, values, room, room + m, err)
                                 : by_band(m, matrix, values, room, room + m, err);
    if (code == HT_OK) code = ht_still_wanted(err);
    if (code == HT_OK) dsterf_(&m, values, room, &info);
    ht_free(room);
    if (code == HT_OK && info != 0)
        return ht_error_set(err, HT_FAIL, "the eigenvalues did not converge (dsterf: %d)", info);
    return code;
}
