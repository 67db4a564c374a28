import { isIPv6 } from 'node:net'
import { z } from 'zod'
import { defined } from '../../../protocol/kit/defined.ts'
import { PerwattError } from '../../../protocol/kit/errors.ts'
import { HttpUrlSchema } from '../../../protocol/kit/fields.ts'
import { SecretSchema } from '../../../protocol/kit/secret.ts'
import type { Owner } from '../../../protocol/owner.ts'
import { isPossible } from '../../../protocol/quantities.ts'
import { UNPAID_FAULTS } from '../../../protocol/unpaid-faults.ts'
import { OneServer } from '../../counting/one-server.ts'
import { IdlePower } from '../../gpu/idle-power.ts'
import { LostGpus } from '../../gpu/lost-gpus.ts'
import { isFatalXid, isXid, xidText } from '../../gpu/nvidia-xid.ts'
import { SILENT_PAGE, SilentGpus } from '../../gpu/silent-gpus.ts'
import { gpuState } from '../../gpu/state.ts'
import { defineDriver, type Session } from '../../plugin/driver.ts'
import { inRange } from '../../plugin/in-range.ts'
import type { Reading } from '../../plugin/reading.ts'
import { JobOwners } from '../../tenancy/job-owners.ts'
import { TenancySettingsSchema } from '../../tenancy/tenancy.ts'
import { getText } from '../../wire/http.ts'
import { parseMetrics } from '../../wire/prometheus.ts'
import { ExporterPod } from './exporter-pod.ts'
import { type DcgmGpu, gpusOf } from './fields.ts'
import { nodeOf } from './node.ts'
import { labelledOwner } from './owner-labels.ts'

const MIB = 1 << 20

export default defineDriver({
  name: 'dcgm',
  summary: "NVIDIA GPUs through dcgm-exporter's metrics, with the pods and Slurm jobs that hold them",
  kind: 'gpu',
  needsHost: false,
  requests: ['GET /metrics'],
  settings: z.strictObject({
    url: HttpUrlSchema.optional().describe(
      "the exporter's metrics page; default http://<host>:9400/metrics, or this machine's if there is no host; of one node, not a Service with several behind it. On a page of a Prometheus with honor_labels a pod that has every GPU looks like the exporter's own, so prefer the exporter itself",
    ),
    token: SecretSchema.optional().describe('bearer token, for an exporter behind a proxy that needs one'),
    owners: TenancySettingsSchema.prefault({}).describe(
      'how to find out more about the owners that the page names: which labels of pods become facts, and slurmrestd for the account, user and partition of jobs',
    ),
  }),
  open({ host, options }): Session {
    const url = options.url ?? `http://${isIPv6(host) ? `[${host}]` : host || '127.0.0.1'}:9400/metrics`
    const gpusSeen = new LostGpus("the exporter's answer", "dmesg for XID 79 and the host's PCIe")
    const jobOwners = new JobOwners(options.owners, isLocal(url), () => performance.now())
    const idlePower = new IdlePower()
    const exporter = new ExporterPod()
    const silent = new SilentGpus(() => performance.now(), SILENT_PAGE)
    const page = async (signal: AbortSignal) =>
      parseMetrics(await getText(url, { signal, bearer: options.token })).samples
    const behind = new OneServer(nodeOf, () => Date.now())
    return {
      remembers: () => behind.remembered,
      recall: (known) => behind.recall(known),
      async read(signal) {
        const asked = await silent.ask((own) => behind.read(page, own), signal)
        if ('silence' in asked) return gpusSeen.with(silent.lastHeld(asked.silence))
        const { answer: samples, standing, several } = asked.answer
        if (standing === 'away') return gpusSeen.with(silent.lastHeld(new PerwattError('no-reply', SEVERAL)))
        exporter.learn(samples)
        const gpus = gpusOf(samples, (labels) =>
          labelledOwner(labels, exporter.isOwn(labels), options.owners.labels),
        )
        if (gpus.length === 0)
          throw new Error(`${url} shows no GPU; check that it is dcgm-exporter, and read its log`)
        const more = await jobOwners.of([...new Set(gpus.flatMap((gpu) => gpu.jobs))], signal)
        const notes = [...(several ? [SEVERAL] : []), ...jobOwners.faults]
        const readings = gpus.map((gpu, i) => {
          const reading = readingOf(gpu, idlePower, more, i === 0 ? notes : [])
          const checked = inRange(reading)
          if (checked.sample.state === 'faulty') return checked
          return silent.answered(checked, { index: Number(gpu.index), processes: [] })
        })
        return gpusSeen.with(readings)
      },
    }
  },
})

const SEVERAL = `${UNPAID_FAULTS.severalNodes} (a Service or a proxy): name each exporter on its own, by the address of its pod or node. Until then one of them is read on, and the GPUs of the others are not billed`

/** Whether the exporter is of this machine, so that its jobs run here. */
const isLocal = (url: string): boolean => /^(127\.|localhost$|\[::1\]$)/.test(new URL(url).hostname)

function readingOf(
  gpu: DcgmGpu,
  idlePower: IdlePower,
  more: (job: string) => Owner,
  notes: readonly string[],
): Reading {
  const drawnW = gpu.board('DCGM_FI_DEV_POWER_USAGE')
  const powerW = drawnW !== undefined && isPossible('powerW', 'gpu', drawnW) ? drawnW : undefined
  const energyMilliJ = gpu.board('DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION')
  const told = gpu.board('DCGM_FI_DEV_XID_ERRORS')
  const xid = isXid(told) ? told : 0
  const { utilizationRatio, idle } = gpu
  const powerLimitW =
    gpu.board('DCGM_FI_DEV_ENFORCED_POWER_LIMIT') ?? gpu.board('DCGM_FI_DEV_POWER_MGMT_LIMIT')
  const idleW = idlePower.of(gpu.index, gpu.labels.get('modelName'), { powerW, powerLimitW, idle })
  const holders = gpu.holders({ powerW, idleW }, more)
  const faults = [
    ...(xid > 0 ? [xidText(xid)] : []),
    ...(gpu.board('DCGM_FI_DEV_ROW_REMAP_FAILURE') === 1 ? ['row remapping failed'] : []),
    ...notes,
  ]
  // the exporter shows the last XID until it restarts; a GPU that computes has recovered from it
  const dead = isFatalXid(xid) && !utilizationRatio
  const state = dead ? ('faulty' as const) : gpuState(utilizationRatio, holders)
  return {
    part: `gpu${gpu.index}`,
    identity: defined({
      kind: 'gpu' as const,
      model: gpu.labels.get('modelName')?.slice(0, 128),
      firmware: gpu.labels.get('DCGM_FI_DRIVER_VERSION')?.slice(0, 128),
      hardwareId: gpu.labels.get('UUID')?.slice(0, 128),
      hostname: gpu.labels.get('Hostname')?.slice(0, 253),
    }),
    sample: defined({
      state,
      holders,
      // one that no GPU draws becomes a fault, and judges nothing before
      powerW: drawnW,
      powerBasis: drawnW === undefined ? undefined : ('reported' as const),
      powerLimitW,
      utilizationRatio,
      ...memory(gpu),
      tempC: gpu.board('DCGM_FI_DEV_GPU_TEMP'),
      faults: faults.length > 0 ? faults : undefined,
    }),
    ...(energyMilliJ !== undefined && { counters: { energyJ: energyMilliJ / 1000 } }),
  }
}

function memory(gpu: DcgmGpu): { memoryUsedBytes?: number; memoryTotalBytes?: number } {
  const used = gpu.sum('DCGM_FI_DEV_FB_USED')
  const free = gpu.sum('DCGM_FI_DEV_FB_FREE')
  const reserved = gpu.sum('DCGM_FI_DEV_FB_RESERVED') ?? 0
  const total =
    gpu.sum('DCGM_FI_DEV_FB_TOTAL') ??
    (used === undefined || free === undefined ? undefined : used + free + reserved)
  return defined({
    memoryUsedBytes: used === undefined ? undefined : used * MIB,
    memoryTotalBytes: total === undefined ? undefined : total * MIB,
  })
}
