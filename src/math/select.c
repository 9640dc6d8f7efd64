#include "math/select.h"

static inline void swap(float *a, float *b)
{
    float t = *a;
    *a = *b;
    *b = t;
}

/* The median of the ends and the middle, moved to the middle: sorted input costs no more than random. */
static float pivot_of(float *x, size_t low, size_t high)
{
    size_t middle = low + (high - low) / 2;
    if (x[middle] < x[low]) swap(&x[middle], &x[low]);
    if (x[high] < x[low]) swap(&x[high], &x[low]);
    if (x[high] < x[middle]) swap(&x[high], &x[middle]);
    return x[middle];
}

float ht_select(float *x, size_t count, size_t k)
{
    size_t low = 0, high = count - 1;
    while (low < high) {
        float pivot = pivot_of(x, low, high);
        size_t i = low, j = high;
        while (i <= j) {
            while (x[i] < pivot) i++;
            while (x[j] > pivot) j--;
            if (i > j) break;
            swap(&x[i], &x[j]);
            i++;
            if (j == 0) break;
            j--;
        }
        if (k <= j)
            high = j;
        else if (k >= i)
            low = i;
        else
            break;
    }
    return x[k];
}
