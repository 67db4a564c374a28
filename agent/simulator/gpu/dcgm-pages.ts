import { BLANK, dcgmText, holderOf, type Labels, labelsOf, type Page, pageOf } from './dcgm-text.ts'
import type { Gpu, GpuHost, Job } from './host.ts'

/** The forms in which exporters show the same GPUs, by their name behind `/metrics/`. */
const FORMS: Readonly<Record<string, Page>> = {
  mig: { rows: instanceRows, value: inInstance },
  relabelled: { rows: relabelledRows },
  module: { rows: moduleRows, value: ofModule },
  'pod-labels': { rows: podLabelRows },
  slurm: { rows: slurmRows },
  'slurm-relabelled': { rows: slurmFactRows },
  glitches: { rows: plainRows, value: glitch },
  'time-slicing': { rows: sharedRows },
}

/** The pages of a host's exporter, '' for its own. */
export const DCGM_PAGES: Readonly<Record<string, (host: GpuHost) => string>> = {
  '': dcgmText,
  hung: hungText,
  ...Object.fromEntries(
    Object.entries(FORMS).map(([name, form]) => [name, (host: GpuHost) => pageOf(host, form)]),
  ),
}

function plainRows(gpu: Gpu, host: GpuHost): Labels[] {
  return [{ ...labelsOf(host, gpu), ...holderOf(gpu) }]
}

/** Each board cut into instances of 3, 2, 1 and 1 slices. Its job holds the largest one, and the others are free. */
const INSTANCES = [
  { id: 1, profile: '3g.40gb' },
  { id: 2, profile: '2g.20gb' },
  { id: 3, profile: '1g.10gb' },
  { id: 4, profile: '1g.10gb' },
] as const
const LARGEST = 1

/** The exporter repeats the board's values for each instance. */
function instanceRows(gpu: Gpu, host: GpuHost): Labels[] {
  return INSTANCES.map(({ id, profile }) => ({
    ...labelsOf(host, gpu),
    GPU_I_PROFILE: profile,
    GPU_I_ID: id,
    ...(id === LARGEST && holderOf(gpu)),
  }))
}

/** As a Prometheus shows the page to others with `honorLabels: false`: its target's labels are the exporter's own pod. */
function relabelledRows(gpu: Gpu, host: GpuHost): Labels[] {
  return [
    {
      ...labelsOf(host, gpu),
      instance: '10.42.0.7:9400',
      job: 'gpu-nodes',
      namespace: 'monitoring',
      pod: 'gpu-metrics-7xk2p',
      container: 'exporter',
      ...holderOf(gpu, 'exported_'),
    },
  ]
}

/** Under MIG the board has no use of its own, and only the largest instance computes. */
function inInstance(field: string, { GPU_I_ID: instance }: Labels): number | undefined {
  if (instance === undefined) return undefined
  if (field === 'DCGM_FI_DEV_GPU_UTIL') return 0
  return field === 'DCGM_FI_PROF_GR_ENGINE_ACTIVE' && instance !== LARGEST ? 0 : undefined
}

const MODULE = 'NVIDIA GH200 480GB'
/** what a module with its Grace and memory draws beside its GPU under load, in parts of the GPU's power */
const MODULE_PART = 1.28

function moduleRows(gpu: Gpu, host: GpuHost): Labels[] {
  return [{ ...labelsOf(host, gpu), modelName: MODULE, ...holderOf(gpu) }]
}

/** The energy counter of a GH200 is the module's, while its power is the GPU's. */
function ofModule(field: string, _row: Labels, gpu: Gpu): number | undefined {
  return field === 'DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION'
    ? Math.round(MODULE_PART * gpu.energyCounterMilliJ)
    : undefined
}

/** With `--kubernetes-enable-pod-labels` (dcgm-exporter, README) each label of the pod is a label of the row, with `_` for other signs. */
function podLabelRows(gpu: Gpu, host: GpuHost): Labels[] {
  const { job } = gpu
  return [
    {
      ...labelsOf(host, gpu),
      ...holderOf(gpu),
      ...(job && { app_kubernetes_io_name: job.container, billing_example_com_tenant: job.namespace }),
    },
  ]
}

/** Slurm's number of a job that stands for a pod. */
export const slurmJobOf = ({ pod }: Job): string =>
  String(100_000 + [...pod].reduce((sum, sign) => (31 * sum + (sign.codePointAt(0) ?? 0)) % 900_000, 0))

/** With `--hpc-job-mapping-dir` (dcgm-exporter, README) the files that Slurm's prolog writes become `hpc_job`. */
function slurmRows(gpu: Gpu, host: GpuHost): Labels[] {
  return [{ ...labelsOf(host, gpu), ...(gpu.job && { hpc_job: slurmJobOf(gpu.job) }) }]
}

/** The same where a rule of the site's Prometheus adds the account and the user. */
function slurmFactRows(gpu: Gpu, host: GpuHost): Labels[] {
  const { job } = gpu
  return slurmRows(gpu, host).map((row) => ({
    ...row,
    ...(job && { slurm_account: job.namespace, slurm_user: job.container }),
  }))
}

/** What DCGM has shown for a utilisation that it did not know, one after the other: a blank 32-bit value, a wild one, a blank 64-bit value, no row. */
const GLITCHES = ['4294967295', '2619', BLANK, null]

function glitch(field: string, _row: Labels, gpu: Gpu): string | null | undefined {
  if (field === 'DCGM_FI_PROF_GR_ENGINE_ACTIVE') return null
  return field === 'DCGM_FI_DEV_GPU_UTIL' ? GLITCHES[gpu.index % GLITCHES.length] : undefined
}

/** The second pod on each GPU that is shared by time. */
export const neighbourOf = (job: Job): Job => ({
  ...job,
  namespace: `${job.namespace}-2`,
  pod: `${job.pod}-2`,
})

/** A GPU shared by time: with `KUBERNETES_VIRTUAL_GPUS` (dcgm-exporter, README) a copy of each row for each pod. */
function sharedRows(gpu: Gpu, host: GpuHost): Labels[] {
  const { job } = gpu
  const labels = labelsOf(host, gpu)
  if (!job) return [labels]
  return [job, neighbourOf(job)].map((one, i) => ({ ...labels, ...holderOf({ job: one }), vgpu: String(i) }))
}

const hungPages = new WeakMap<GpuHost, string>()

/** An exporter that hangs goes on to show what it measured last. */
function hungText(host: GpuHost): string {
  const text = hungPages.get(host) ?? dcgmText(host)
  hungPages.set(host, text)
  return text
}
