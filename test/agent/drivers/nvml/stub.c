/*
 * A stand-in for libnvidia-ml.so.1. Everything that it answers stands in the file `stub.txt` beside the compiled library, which
 * is read again when it changes, one `key value` a line:
 *   count 2                              GPUs
 *   gpu0.nvmlDeviceGetPowerUsage 70000   what a call answers about GPU 0; `nvmlX` alone, without a device: about all of them
 *   gpu0.nvmlX.code 15                   the call's return code
 *   nvmlX.hang 1                         the call does not return while this stands
 * A call without a value is unsupported. A symbol is missing where the compiler is told -D<symbol>=<another name>.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OK = 0, UNSUPPORTED = 3, NOT_FOUND = 6, SHORT_BUFFER = 7, TIMED_OUT = 10 };
enum { LINES = 4096 };

struct line { char key[96]; char value[96]; };
static struct line lines[LINES];
static int used;
static struct stat read_of;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* a device is its address here; an instance of GPU g is number 1 + 8 * (g + 1) + i */
static char devices[1024];
#define HANDLE(number) ((void *)&devices[number])
static int number_of(void *device) { return (int)((char *)device - devices); }

static int by_key(const void *a, const void *b) {
  return strcmp(((const struct line *)a)->key, ((const struct line *)b)->key);
}

static void refresh(void) {
  static char path[4096];
  if (!*path) {
    Dl_info self;
    dladdr((void *)refresh, &self);
    snprintf(path, sizeof path, "%s", self.dli_fname);
    char *slash = strrchr(path, '/');
    snprintf(slash ? slash + 1 : path, 16, "stub.txt");
  }
  struct stat now;
  if (stat(path, &now) != 0) { used = 0; return; }
  /* exchanged by a rename: the clock of a file system is coarse */
  if (now.st_ino == read_of.st_ino && now.st_mtim.tv_nsec == read_of.st_mtim.tv_nsec && now.st_size == read_of.st_size) return;
  read_of = now;
  used = 0;
  FILE *file = fopen(path, "r");
  while (file && used < LINES && fscanf(file, "%95s %95[^\n]", lines[used].key, lines[used].value) == 2) used++;
  if (file) fclose(file);
  qsort(lines, used, sizeof *lines, by_key);
}

static int find(const char *key, char *value) {
  pthread_mutex_lock(&lock);
  refresh();
  struct line wanted;
  snprintf(wanted.key, sizeof wanted.key, "%s", key);
  struct line *found = bsearch(&wanted, lines, used, sizeof *lines, by_key);
  if (found) strcpy(value, found->value);
  pthread_mutex_unlock(&lock);
  return found != NULL;
}

static void name_of(void *device, char *name) {
  int n = number_of(device);
  if (n < 64) sprintf(name, "gpu%d", n);
  else sprintf(name, "gpu%d.mig%d", n / 8 - 8, n % 8);
}

static int text(void *device, const char *call, const char *suffix, char *value) {
  char key[256], name[32];
  if (device) {
    name_of(device, name);
    snprintf(key, sizeof key, "%s.%s%s", name, call, suffix);
    if (find(key, value)) return 1;
  }
  snprintf(key, sizeof key, "%s%s", call, suffix);
  return find(key, value);
}

/* every call begins here: it may hang, or have a code of its own */
static int begin(void *device, const char *call) {
  char value[96];
  while (text(device, call, ".hang", value)) usleep(2000);
  return text(device, call, ".code", value) ? atoi(value) : OK;
}
#define BEGIN(device) do { int code = begin(device, __func__); if (code) return code; } while (0)

static int number(void *device, const char *call, const char *suffix, unsigned long long *out) {
  char value[96];
  if (!text(device, call, suffix, value)) return UNSUPPORTED;
  *out = strtoull(value, NULL, 0);
  return OK;
}

static int word(void *device, const char *call, char *out, unsigned length) {
  char value[96];
  if (!text(device, call, "", value)) return UNSUPPORTED;
  if (strlen(value) >= length) return SHORT_BUFFER;
  strcpy(out, value);
  return OK;
}

#define ONE_NUMBER(name, type)                                   \
  int name(void *device, type *out) {                            \
    BEGIN(device);                                               \
    unsigned long long n;                                        \
    int code = number(device, __func__, "", &n);                 \
    if (code == OK) *out = (type)n;                              \
    return code;                                                 \
  }

int nvmlInit_v2(void) { BEGIN(NULL); return OK; }
int nvmlShutdown(void) { BEGIN(NULL); return OK; }
int nvmlSystemGetDriverVersion(char *out, unsigned length) { BEGIN(NULL); return word(NULL, __func__, out, length); }
int nvmlDeviceGetCount_v2(unsigned *out) {
  BEGIN(NULL);
  unsigned long long n;
  int code = number(NULL, "count", "", &n);
  if (code == OK) *out = n;
  return code;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device) {
  *device = HANDLE(index);
  BEGIN(*device);
  return OK;
}
int nvmlDeviceGetName(void *device, char *out, unsigned length) { BEGIN(device); return word(device, __func__, out, length); }
int nvmlDeviceGetUUID(void *device, char *out, unsigned length) { BEGIN(device); return word(device, __func__, out, length); }

ONE_NUMBER(nvmlDeviceGetPowerUsage, unsigned)
ONE_NUMBER(nvmlDeviceGetEnforcedPowerLimit, unsigned)
ONE_NUMBER(nvmlDeviceGetTotalEnergyConsumption, unsigned long long)
ONE_NUMBER(nvmlDeviceGetFanSpeed, unsigned)
ONE_NUMBER(nvmlDeviceGetMaxMigDeviceCount, unsigned)
ONE_NUMBER(nvmlDeviceGetGpuInstanceId, unsigned)

int nvmlDeviceGetMigMode(void *device, unsigned *current, unsigned *pending) {
  BEGIN(device);
  unsigned long long n;
  int code = number(device, __func__, "", &n);
  if (code == OK) *current = *pending = n;
  return code;
}

int nvmlDeviceGetUtilizationRates(void *device, unsigned *out) {
  BEGIN(device);
  char value[96];
  if (!text(device, __func__, "", value)) return UNSUPPORTED;
  return sscanf(value, "%u %u", out, out + 1) == 2 ? OK : 999;
}

int nvmlDeviceGetMemoryInfo(void *device, unsigned long long *out) {
  BEGIN(device);
  char value[96];
  if (!text(device, __func__, "", value)) return UNSUPPORTED;
  return sscanf(value, "%llu %llu %llu", out, out + 1, out + 2) == 3 ? OK : 999;
}

struct memory_v2 { unsigned version; unsigned long long total, reserved, free, used; };
int nvmlDeviceGetMemoryInfo_v2(void *device, struct memory_v2 *out) {
  BEGIN(device);
  char value[96];
  if (out->version != (sizeof *out | 2 << 24)) return 25;
  if (!text(device, __func__, "", value)) return UNSUPPORTED;
  return sscanf(value, "%llu %llu %llu %llu", &out->total, &out->reserved, &out->free, &out->used) == 4 ? OK : 999;
}

/* the second argument is part of the key: nvmlDeviceGetClockInfo.1 */
static int by_argument(void *device, const char *call, unsigned argument, unsigned long long *out) {
  char suffix[16];
  snprintf(suffix, sizeof suffix, ".%u", argument);
  return number(device, call, suffix, out);
}
int nvmlDeviceGetTemperature(void *device, unsigned sensor, unsigned *out) {
  BEGIN(device);
  unsigned long long n;
  int code = by_argument(device, __func__, sensor, &n);
  if (code == OK) *out = n;
  return code;
}
int nvmlDeviceGetClockInfo(void *device, unsigned clock, unsigned *out) {
  BEGIN(device);
  unsigned long long n;
  int code = by_argument(device, __func__, clock, &n);
  if (code == OK) *out = n;
  return code;
}
int nvmlDeviceGetTotalEccErrors(void *device, unsigned type, unsigned counter, unsigned long long *out) {
  BEGIN(device);
  return counter == 0 ? by_argument(device, __func__, type, out) : UNSUPPORTED;
}

struct field { unsigned id, scope; long long timestamp, latency; unsigned type; int code; unsigned long long value; };
int nvmlDeviceGetFieldValues(void *device, int n, struct field *fields) {
  BEGIN(device);
  for (int i = 0; i < n; i++) {
    fields[i].type = 1;
    fields[i].code = by_argument(device, __func__, fields[i].id, &fields[i].value);
  }
  return OK;
}

/* `pid:bytes:gi pid:bytes:gi ...` split over the keys .0, .1 ...; each entry 24 B */
struct process { unsigned pid; unsigned long long used; unsigned gi, ci; };
static int list(void *device, const char *call, unsigned *count, struct process *out) {
  char value[96];
  unsigned n = 0, room = *count;
  for (unsigned i = 0;; i++) {
    char suffix[16];
    snprintf(suffix, sizeof suffix, ".%u", i);
    if (!text(device, call, suffix, value)) {
      if (i > 0) break;
      *count = 0;
      return text(device, call, "", value) ? OK : UNSUPPORTED;
    }
    struct process p = { 0, ~0ULL, ~0U, ~0U };
    if (sscanf(value, "%u %llu %u", &p.pid, &p.used, &p.gi) < 1) return 999;
    if (n < room) out[n] = p;
    n++;
  }
  *count = n;
  return n > room ? SHORT_BUFFER : OK;
}
int nvmlDeviceGetComputeRunningProcesses_v3(void *device, unsigned *count, struct process *out) {
  BEGIN(device);
  return list(device, __func__, count, out);
}

int nvmlDeviceGetComputeRunningProcesses_v2(void *device, unsigned *count, struct process *out) {
  BEGIN(device);
  return list(device, __func__, count, out);
}
/* entries of 16 B: a caller that gives room for larger ones would read rubbish */
struct process_v1 { unsigned pid; unsigned long long used; };
int nvmlDeviceGetComputeRunningProcesses(void *device, unsigned *count, struct process_v1 *out) {
  BEGIN(device);
  struct process wide[256];
  unsigned room = *count < 256 ? *count : 256;
  int code = list(device, __func__, &room, wide);
  for (unsigned i = 0; code == OK && i < room; i++) out[i] = (struct process_v1){ wide[i].pid, wide[i].used };
  *count = room;
  return code;
}

struct sample { unsigned pid; unsigned long long at; unsigned sm, memory, encoder, decoder; };
int nvmlDeviceGetProcessUtilization(void *device, struct sample *out, unsigned *count, unsigned long long since) {
  BEGIN(device);
  char value[96];
  unsigned n = 0, room = *count;
  for (unsigned i = 0;; i++) {
    char suffix[16];
    snprintf(suffix, sizeof suffix, ".%u", i);
    if (!text(device, __func__, suffix, value)) break;
    struct sample s = { 0 };
    if (sscanf(value, "%u %llu %u", &s.pid, &s.at, &s.sm) != 3) return 999;
    if (s.at <= since) continue;
    if (n < room) out[n] = s;
    n++;
  }
  *count = n;
  return n > room ? SHORT_BUFFER : n == 0 ? NOT_FOUND : OK;
}

int nvmlDeviceGetMigDeviceHandleByIndex(void *device, unsigned index, void **instance) {
  BEGIN(device);
  *instance = HANDLE(8 * (number_of(device) + 8) + index);
  unsigned long long id;
  return number(*instance, "nvmlDeviceGetGpuInstanceId", "", &id) == OK ? OK : NOT_FOUND;
}
int nvmlDeviceGetAttributes_v2(void *device, unsigned *out) {
  BEGIN(device);
  unsigned long long n;
  int code = number(device, __func__, "", &n);
  memset(out, 0, 40);
  if (code == OK) {
    out[0] = n;
    out[6] = n / 16;
  }
  return code;
}
/* a sample of an instance: `gpu0.nvmlGpmMigSampleGet.<instance> <seconds busy until now> <seconds until now>` */
struct gpm_sample { unsigned instance; double busy, seconds; };
struct gpm_support { unsigned version, supported; };
struct gpm_metric { unsigned id; int code; double value; char *texts[3]; };
struct gpm_metrics { unsigned version, count; struct gpm_sample *first, *second; struct gpm_metric metrics[1]; };
int nvmlGpmQueryDeviceSupport(void *device, struct gpm_support *out) {
  BEGIN(device);
  if (out->version != 1) return 25;
  unsigned long long n;
  int code = number(device, __func__, "", &n);
  if (code == OK) out->supported = n;
  return code;
}
int nvmlGpmSampleAlloc(struct gpm_sample **out) {
  BEGIN(NULL);
  *out = calloc(1, sizeof **out);
  return OK;
}
int nvmlGpmSampleFree(struct gpm_sample *sample) {
  BEGIN(NULL);
  free(sample);
  return OK;
}
int nvmlGpmMigSampleGet(void *device, unsigned instance, struct gpm_sample *sample) {
  BEGIN(device);
  char suffix[16], value[96];
  snprintf(suffix, sizeof suffix, ".%u", instance);
  if (!text(device, __func__, suffix, value)) return NOT_FOUND;
  sample->instance = instance;
  return sscanf(value, "%lf %lf", &sample->busy, &sample->seconds) == 2 ? OK : 999;
}
int nvmlGpmMetricsGet(struct gpm_metrics *out) {
  BEGIN(NULL);
  if (out->version != 1) return 25;
  double seconds = out->second->seconds - out->first->seconds;
  for (unsigned i = 0; i < out->count; i++) {
    int known = out->metrics[i].id == 1 && seconds > 0 && out->first->instance == out->second->instance;
    out->metrics[i].code = known ? OK : UNSUPPORTED;
    if (known) out->metrics[i].value = 100 * (out->second->busy - out->first->busy) / seconds;
  }
  return OK;
}
int nvmlDeviceGetRemappedRows(void *device, unsigned *corrected, unsigned *uncorrected, unsigned *pending, unsigned *failed) {
  BEGIN(device);
  unsigned long long n;
  int code = number(device, __func__, "", &n);
  *corrected = *uncorrected = *pending = 0;
  if (code == OK) *failed = n;
  return code;
}

/* an XID is told once to each event set: `gpu0.xid.<serial number> 79`, serial numbers from 0 */
static int told[64];
int nvmlEventSetCreate(void **set) { BEGIN(NULL); *set = told; memset(told, 0, sizeof told); return OK; }
int nvmlEventSetFree(void *set) { (void)set; BEGIN(NULL); return OK; }
int nvmlDeviceRegisterEvents(void *device, unsigned long long types, void *set) {
  (void)types; (void)set;
  BEGIN(device);
  return OK;
}
struct event { void *device; unsigned long long type, data; unsigned gi, ci; };
int nvmlEventSetWait_v2(void *set, struct event *out, unsigned timeout_ms) {
  (void)set; (void)timeout_ms;
  BEGIN(NULL);
  for (int g = 0; g < 64; g++) {
    unsigned long long xid;
    if (by_argument(HANDLE(g), "xid", told[g], &xid) != OK) continue;
    told[g]++;
    *out = (struct event){ HANDLE(g), 8, xid, ~0U, ~0U };
    return OK;
  }
  return TIMED_OUT;
}
