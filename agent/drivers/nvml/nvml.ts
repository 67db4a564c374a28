import { z } from 'zod'
import { PerwattError, reasonOf } from '../../../protocol/kit/errors.ts'
import { durationMs } from '../../../protocol/kit/fields.ts'
import { withDeadline } from '../../../protocol/kit/retry.ts'
import { IdlePower } from '../../gpu/idle-power.ts'
import { LostGpus } from '../../gpu/lost-gpus.ts'
import { type GpuSnapshot, gpuReading, useOf } from '../../gpu/reading.ts'
import { SilentGpus } from '../../gpu/silent-gpus.ts'
import { defineDriver, type Session } from '../../plugin/driver.ts'
import { inRange } from '../../plugin/in-range.ts'
import type { Reading } from '../../plugin/reading.ts'
import type { GpuUse } from '../../tenancy/gpu-use.ts'
import { type GpuTenancy, openTenancy, TenancySettingsSchema } from '../../tenancy/tenancy.ts'
import { NvmlHost } from './library/host.ts'
import { HungCalls } from './library/hung-calls.ts'
import { NVML_FUNCTIONS } from './library/nvml-library.ts'
import { SMI_REQUESTS, SmiHost } from './nvidia-smi/host.ts'

const nowMs = () => performance.now()

/** Longer than a call may take, the whole driver is waited for only until it has answered once. */
const ANSWER_SLACK_MS = 1_000

/** Shared by all sessions, because the thread pool is the program's: at most 2 of its 4 threads may hang, the rest serve file and DNS access. */
const hung = new HungCalls(2, nowMs)

const settings = z.strictObject({
  via: z
    .enum(['auto', 'nvml', 'nvidia-smi'])
    .default('auto')
    .describe('how to read the GPUs; auto: NVML, or nvidia-smi if the NVML library does not load'),
  library: z
    .string()
    .min(1)
    .default('libnvidia-ml.so.1')
    .describe('the NVML library: a name that the dynamic loader finds, or a path'),
  program: z.string().min(1).default('nvidia-smi').describe('nvidia-smi: a name in PATH, or a path'),
  sampleInterval: durationMs('100ms', '60s')
    .default(1_000)
    .describe('how often nvidia-smi, if it is used, takes a sample'),
  callTimeout: durationMs('1ms', '60s')
    .default(2_000)
    .describe('how long an NVML call may take before it counts as hanging'),
  owners: TenancySettingsSchema.prefault({}).describe('how to find out who holds the GPUs'),
})
type Settings = z.output<typeof settings>

/** NVML or nvidia-smi. */
interface GpuSource {
  snapshots(signal: AbortSignal): Promise<GpuSnapshot[]>
  close(): unknown
}

export default defineDriver({
  name: 'nvml',
  summary:
    "this machine's NVIDIA GPUs through NVML, or nvidia-smi, with the jobs, pods and users that hold them",
  kind: 'gpu',
  needsHost: false,
  requests: [...NVML_FUNCTIONS, ...SMI_REQUESTS.map((args) => `nvidia-smi ${args}`)],
  settings,
  open({ options }): Session {
    const tenancy = openTenancy(options.owners)
    const seen = new LostGpus('what the driver shows', "dmesg for XID 79 and the host's PCIe")
    const idlePower = new IdlePower()
    const silent = new SilentGpus(nowMs)
    let source: GpuSource | undefined

    /** The GPUs; those that were known where the driver does not answer. */
    const ask = async (from: GpuSource, signal: AbortSignal): Promise<GpuSnapshot[]> => {
      if (!silent.any) return from.snapshots(signal)
      try {
        return await withDeadline((own) => from.snapshots(own), options.callTimeout + ANSWER_SLACK_MS, signal)
      } catch (error) {
        const known = signal.aborted ? [] : silent.knownAt(error)
        if (known.length === 0) throw error
        return known.map((index) => ({ index, faults: [reasonOf(error)], silent: true }))
      }
    }
    const readingOf = (gpu: GpuSnapshot, use: GpuUse, holders: GpuTenancy | undefined): Reading => {
      const standIn = gpu.silent ? silent.standIn(gpu.index, gpu.faults, holders) : undefined
      if (standIn) return standIn
      const reading = inRange(gpuReading(gpu, holders))
      return gpu.silent || gpu.dead ? reading : silent.answered(reading, use)
    }
    return {
      async read(signal) {
        source ??= await openSource(options, signal)
        const gpus = await ask(source, signal)
        if (gpus.length === 0)
          throw new PerwattError('no-gpu', 'the NVIDIA driver shows no GPU; check lspci, and dmesg for NVRM')
        const uses = gpus.map((gpu) => (gpu.silent && silent.use(gpu.index)) || useOf(gpu, idlePower))
        const holders = await tenancy.of(uses, signal)
        return seen.with(gpus.map((gpu, i) => readingOf(gpu, uses[i] ?? useOf(gpu), holders[i])))
      },
      close() {
        source?.close()
        tenancy.close?.()
      },
    }
  },
})

async function openSource(
  { via, library, program, ...s }: Settings,
  signal: AbortSignal,
): Promise<GpuSource> {
  const smi = () => new SmiHost({ program, intervalMs: s.sampleInterval, nowMs })
  if (via === 'nvidia-smi') return smi()
  try {
    return new NvmlHost(library, { deadlineMs: s.callTimeout, hung, nowMs })
  } catch (error) {
    if (via === 'nvml' || !(error instanceof PerwattError)) throw error
    return smiInstead(smi(), error, signal)
  }
}

/** Falls back to nvidia-smi. If that is missing too, one error says that the NVIDIA driver is not installed. */
async function smiInstead(smi: SmiHost, reason: PerwattError, signal: AbortSignal): Promise<GpuSource> {
  try {
    await smi.snapshots(signal)
    return smi
  } catch (error) {
    // any other error may pass: the session keeps nvidia-smi, which reports its error at each poll
    if (!(error instanceof PerwattError && error.code === 'not-installed')) return smi
    throw new PerwattError(
      'no-driver',
      `${reason.message}, and ${error.message}; install the NVIDIA driver, or remove this device from the configuration`,
      { cause: reason },
    )
  }
}
