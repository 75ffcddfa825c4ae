// The same loop as models/l4c/column.py run_live, for the C compiler: one day of 16 lanes, parameters per lane.
#include <math.h>
#include <stdint.h>
#define L 16
#define P(k) p[(k) * L + i]
static inline float clip01(float x) { x = x > 0.f ? x : 0.f; return x < 1.f ? x : 1.f; }
static inline float expf_poly(float x) {
  x = x < 88.f ? x : 88.f; x = x > -89.f ? x : -89.f;
  float n = __builtin_rintf(x * 1.4426950408889634f), r = x - n * 0.693359375f; r = r - n * -2.12194440e-4f;
  float y = 1.9875691500e-4f; y = y * r + 1.3981999507e-3f; y = y * r + 8.3334519073e-3f; y = y * r + 4.1665795894e-2f;
  y = y * r + 1.6666665459e-1f; y = y * r + 5.0000001201e-1f; y = y * r * r + r + 1.f;
  int32_t e = (int32_t)n; e = e > -127 ? e : -127;
  union { int32_t i; float f; } u; u.i = (e + 127) << 23; return y * u.f;
}
#define RUN(NAME, DATA, FPAR) \
static void NAME##_day(const DATA *restrict d, const FPAR *restrict f, const float *restrict p, float *restrict s, \
                       float *restrict o) { \
  _Pragma("omp simd") for (int i = 0; i < L; i++) { \
    float frozen = d[6 * L + i]; \
    float gpp = P(0) * ((float)d[i] * (float)f[i]) * clip01((P(1) - (float)d[2 * L + i]) * P(2)) \
      * clip01(((float)d[L + i] - P(3)) * P(4)) * clip01(((float)d[3 * L + i] - P(5)) * P(6)) \
      * (frozen * P(7) + (1.f - frozen) * P(8)); \
    float above = (float)d[5 * L + i] * P(11) + P(12); above = above > 9.765625e-4f ? above : 9.765625e-4f; \
    float tm = expf_poly(P(9) * (P(10) - 1.f / above)); tm = tm < 1.f ? tm : 1.f; \
    float km = tm * clip01(((float)d[4 * L + i] - P(13)) * P(14)); \
    float still = km == km ? km : 0.f, litter = km == km ? s[3 * L + i] : 0.f; \
    float soc = s[i] + s[L + i] + s[2 * L + i]; \
    float r0 = still * P(15) * s[i], r1 = still * P(16) * s[L + i], r2 = still * P(17) * s[2 * L + i]; \
    float to_slow = P(19) * r1, to_fast = P(18) * litter; \
    s[i] += to_fast - r0; s[L + i] += (litter - to_fast) - r1; s[2 * L + i] += to_slow - r2; \
    o[i] += gpp; o[L + i] += r0 + (r1 - to_slow) + r2 + 0.f * km; o[2 * L + i] += soc; \
  } } \
void NAME(int first, int last, int days, const int32_t *row_of, const int32_t *block_of, const DATA *data, \
          const FPAR *fpar, const int32_t *step, int steps, const float *rows, const int32_t *bin, int bins, \
          float *state, float *out) { \
  for (int t = first; t < last; t++) { \
    float *s = state + (long)(t - first) * 5 * L; \
    for (int i = 0; i < L; i++) s[3 * L + i] = s[4 * L + i]; \
    for (int day = 0; day < days; day++) \
      NAME##_day(data + ((long)block_of[t] * days + day) * 7 * L, fpar + ((long)t * steps + step[day]) * L, \
                 rows + (long)row_of[t] * 20 * L, s, out + ((long)(t - first) * bins + bin[day]) * 3 * L); \
  } }
RUN(run_f32, float, float)
RUN(run_u16, uint16_t, uint8_t)
