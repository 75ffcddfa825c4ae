/* The update of update_cells and update_pairs as a scientist writes it in C: one and two observations a cell. */
#include <math.h>
#include <stdint.h>

void update_cells(int64_t first, int64_t last, int64_t states, int64_t members, double *E, const double *HE,
                  const double *y, const double *r, const double *D, double *increment, double *gain, double *hph,
                  double *innovation)
{
    for (int64_t c = first; c < last; c++) {
        const double *h = HE + c * members, *e = D + c * members;
        double total = 0, square = 0, shift = 0;
        for (int64_t n = 0; n < members; n++) { total += h[n]; shift += e[n]; }
        double mean = total / members;
        for (int64_t n = 0; n < members; n++) square += (h[n] - mean) * (h[n] - mean);
        double spread = square / (members - 1), d = y[c] - mean, scale = 1 / ((members - 1) * (spread + r[c]));
        hph[c] = spread;
        innovation[c] = d;
        for (int64_t i = 0; i < states; i++) {
            double *x = E + (c * states + i) * members, k = 0, origin = x[0];
            for (int64_t n = 0; n < members; n++) k += (x[n] - origin) * (h[n] - mean);
            k *= scale;
            gain[c * states + i] = k;
            increment[c * states + i] = k * (d + shift / members);
            for (int64_t n = 0; n < members; n++) x[n] += k * (d + e[n] - (h[n] - mean));
        }
    }
}

void update_pairs(int64_t first, int64_t last, int64_t states, int64_t members, double *E, const double *HE,
                  const double *y, const double *R, const double *D, double *increment, double *gain, double *hph,
                  double *innovation)
{
    for (int64_t c = first; c < last; c++) {
        const double *g = HE + 2 * c * members, *h = g + members, *a = D + 2 * c * members, *b = a + members;
        double sum_g = 0, sum_h = 0, sum_a = 0, sum_b = 0, gg = 0, gh = 0, hh = 0;
        for (int64_t n = 0; n < members; n++) { sum_g += g[n]; sum_h += h[n]; sum_a += a[n]; sum_b += b[n]; }
        double mean_g = sum_g / members, mean_h = sum_h / members;
        for (int64_t n = 0; n < members; n++) {
            double u = g[n] - mean_g, v = h[n] - mean_h;
            gg += u * u; gh += u * v; hh += v * v;
        }
        gg /= members - 1; gh /= members - 1; hh /= members - 1;
        double d = y[2 * c] - mean_g, f = y[2 * c + 1] - mean_h;
        hph[3 * c] = gg; hph[3 * c + 1] = gh; hph[3 * c + 2] = hh;
        innovation[2 * c] = d; innovation[2 * c + 1] = f;
        double p = gg + R[4 * c], q = gh + R[4 * c + 1], s = hh + R[4 * c + 3], det = p * s - q * q;
        double i_p = s / det, i_q = -q / det, i_s = p / det;
        for (int64_t i = 0; i < states; i++) {
            double *x = E + (c * states + i) * members, xg = 0, xh = 0, origin = x[0];
            for (int64_t n = 0; n < members; n++) {
                xg += (x[n] - origin) * (g[n] - mean_g);
                xh += (x[n] - origin) * (h[n] - mean_h);
            }
            xg /= members - 1; xh /= members - 1;
            double k = xg * i_p + xh * i_q, l = xg * i_q + xh * i_s;
            gain[2 * (c * states + i)] = k; gain[2 * (c * states + i) + 1] = l;
            increment[c * states + i] = k * (d + sum_a / members) + l * (f + sum_b / members);
            for (int64_t n = 0; n < members; n++)
                x[n] += k * (d + a[n] - (g[n] - mean_g)) + l * (f + b[n] - (h[n] - mean_h));
        }
    }
}
