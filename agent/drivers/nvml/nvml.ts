import { z } from 'zod'
import { PerwattError } from '../../../protocol/kit/errors.ts'
import { DurationMsSchema } from '../../../protocol/kit/fields.ts'
import { LostGpus } from '../../gpu/lost-gpus.ts'
import { type GpuSnapshot, gpuReading, useOf } from '../../gpu/reading.ts'
import { defineDriver, type Session } from '../../plugin/driver.ts'
import { openTenancy, TenancySettingsSchema } from '../../tenancy/tenancy.ts'
import { HungCalls } from './library/calls.ts'
import { NvmlHost } from './library/host.ts'
import { NVML_FUNCTIONS } from './library/nvml-library.ts'
import { SMI_REQUESTS, SmiHost } from './nvidia-smi/host.ts'

const nowMs = () => performance.now()

/** The threads of the program are counted once, whatever sessions come and go: of four, two are kept for files and names. */
const hung = new HungCalls(2, nowMs)

const settings = z.strictObject({
  via: z
    .enum(['auto', 'nvml', 'nvidia-smi'])
    .default('auto')
    .describe('how the GPUs are asked; auto: NVML, and nvidia-smi where its library does not load'),
  library: z
    .string()
    .min(1)
    .default('libnvidia-ml.so.1')
    .describe('NVML: a name that the loader finds, or a path'),
  program: z.string().min(1).default('nvidia-smi').describe('nvidia-smi: a name in PATH, or a path'),
  sampleInterval: DurationMsSchema.default(1_000).describe('how often nvidia-smi, where it is used, looks'),
  callTimeout: DurationMsSchema.default(2_000).describe('after which a call of NVML hangs and is abandoned'),
  owners: TenancySettingsSchema.prefault({}).describe('how those who hold the GPUs are found'),
})
type Settings = z.output<typeof settings>

/** Whatever says how the GPUs are. */
interface Source {
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
    let source: Source | undefined
    return {
      async read(signal) {
        source ??= await openSource(options, signal)
        const gpus = await source.snapshots(signal)
        if (gpus.length === 0)
          throw new PerwattError('no-gpu', 'the NVIDIA driver shows no GPU; check lspci, and dmesg for NVRM')
        const holders = await tenancy.of(gpus.map(useOf), signal)
        return seen.with(gpus.map((gpu, i) => gpuReading(gpu, holders[i])))
      },
      close() {
        source?.close()
        tenancy.close?.()
      },
    }
  },
})

async function openSource({ via, library, program, ...s }: Settings, signal: AbortSignal): Promise<Source> {
  const smi = () => new SmiHost({ program, intervalMs: s.sampleInterval, nowMs })
  if (via === 'nvidia-smi') return smi()
  try {
    return new NvmlHost(library, { deadlineMs: s.callTimeout, hung, nowMs })
  } catch (error) {
    if (via === 'nvml' || !(error instanceof PerwattError)) throw error
    return smiInstead(smi(), error, signal)
  }
}

/** What keeps both from working is one thing for the operator: there is no driver here. */
async function smiInstead(smi: SmiHost, reason: PerwattError, signal: AbortSignal): Promise<Source> {
  try {
    await smi.snapshots(signal)
    return smi
  } catch (error) {
    // it goes on by itself, and says what is wrong at each poll
    if (!(error instanceof PerwattError && error.code === 'not-installed')) return smi
    throw new PerwattError(
      'no-driver',
      `${reason.message}, and ${error.message}; install the NVIDIA driver, or take this device out`,
      { cause: reason },
    )
  }
}
