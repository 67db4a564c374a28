import { z } from 'zod'
import { defined } from '../../../protocol/kit/defined.ts'
import { reasonOf } from '../../../protocol/kit/errors.ts'
import { withDeadline } from '../../../protocol/kit/retry.ts'
import type { Holder } from '../../../protocol/owner.ts'
import { AMD_HINTS } from '../../gpu/amd-tools.ts'
import { IdlePower } from '../../gpu/idle-power.ts'
import { LostGpus } from '../../gpu/lost-gpus.ts'
import { hasTwoDies, sharePackages } from '../../gpu/packages.ts'
import { SilentGpus } from '../../gpu/silent-gpus.ts'
import { gpuState } from '../../gpu/state.ts'
import { defineDriver, type Session } from '../../plugin/driver.ts'
import { inRange } from '../../plugin/in-range.ts'
import type { Reading } from '../../plugin/reading.ts'
import { openTenancy, TenancySettingsSchema } from '../../tenancy/tenancy.ts'
import { Program } from '../../wire/command.ts'
import type { Row } from '../../wire/loose-json/fields.ts'
import { type AmdStatic, amdGpus, amdMetrics, amdPower, amdProcesses, amdStatic } from './output.ts'

/** how long a query for something else than power may take; the poll doesn't fail with it */
const SECONDARY_QUERY_MS = 3000

const METRIC = ['metric', '--json']
const STATIC = ['static', '--json']
const PROCESS = ['process', '--json']

export default defineDriver({
  name: 'amd-smi',
  summary: "AMD GPUs by ROCm's amd-smi, with the processes that use them",
  kind: 'gpu',
  needsHost: false,
  // as rocm-smi, a Python program that is started for each reading
  pollMs: 10_000,
  requests: [METRIC, STATIC, PROCESS].map((args) => ['amd-smi', ...args].join(' ')),
  settings: z.strictObject({
    program: z.string().min(1).default('amd-smi').describe('the program, or its path: /opt/rocm/bin/amd-smi'),
    owners: TenancySettingsSchema.prefault({}).describe('how to find out who holds the GPUs'),
  }),
  open({ options }): Session {
    const amdSmi = new Program(options.program, {
      install: 'apt-get install amd-smi-lib from AMD’s ROCm repository',
      hints: AMD_HINTS,
    })
    const tenancy = openTenancy(options.owners)
    const idlePower = new IdlePower()
    const lost = new LostGpus("amd-smi's answer", 'dmesg for amdgpu errors, and the host’s PCIe')
    const statics = new Map<number, AmdStatic>()
    const silent = new SilentGpus(() => performance.now())

    const ask = async (args: readonly string[], signal: AbortSignal) =>
      amdGpus(await amdSmi.run(args, signal), ['amd-smi', ...args].join(' '))
    /** Runs a query without which the poll can do; its failure becomes a note. */
    const tryAsking = async (args: readonly string[], signal: AbortSignal, notes: string[]) => {
      try {
        return await withDeadline((own) => ask(args, own), SECONDARY_QUERY_MS, signal)
      } catch (error) {
        notes.push(reasonOf(error).slice(0, 256))
        return new Map<number, Row>()
      }
    }

    return {
      async read(signal) {
        const notes: string[] = []
        const [asked, processes] = await Promise.all([
          silent.ask((own) => ask(METRIC, own), signal),
          tryAsking(PROCESS, signal, notes),
        ])
        if ('silence' in asked) return lost.with(await silent.standIns(asked.silence, tenancy, signal))
        const metrics = asked.answer
        if ([...metrics.keys()].some((index) => !statics.has(index)))
          for (const [index, row] of await tryAsking(STATIC, signal, notes))
            statics.set(index, amdStatic(row))
        const uses = [...metrics.keys()].map((index) =>
          defined({
            index,
            uuid: statics.get(index)?.identity.hardwareId,
            pci: statics.get(index)?.pci,
            processes: amdProcesses(processes.get(index)),
          }),
        )
        const tenancies = await tenancy.of(uses, signal)
        const gpus = [...metrics].map(([index, row], i) => {
          const { holders = [], notes: unknown = [] } = tenancies[i] ?? {}
          const faults = [...unknown, ...(i === 0 ? notes : [])]
          const fixed = statics.get(index)
          const reading = inRange(readingOf(index, row, fixed, { holders, faults }))
          const secondary = reading.sample.powerW === undefined && hasTwoDies(reading.identity.model)
          const { serial, slot, partition } = fixed ?? {}
          return { reading, package: serial, slot, partition, secondary }
        })
        const readings = sharePackages(gpus, idlePower)
        return lost.with(
          readings.map((reading, i) => silent.answered(reading, uses[i] ?? { index: i, processes: [] })),
        )
      },
      close: () => tenancy.close?.(),
    }
  },
})

function readingOf(
  index: number,
  row: Row,
  fixed: AmdStatic | undefined,
  { holders, faults }: { holders: Holder[]; faults: string[] },
): Reading {
  const metrics = amdMetrics(row)
  const { powerW, energyJ } = amdPower(row)
  return {
    part: `gpu${index}`,
    identity: fixed?.identity ?? { kind: 'gpu' },
    sample: defined({
      memoryTotalBytes: fixed?.memoryTotalBytes,
      ...metrics,
      state: gpuState(metrics.utilizationRatio, holders),
      holders,
      powerW,
      powerBasis: powerW === undefined ? undefined : ('reported' as const),
      powerLimitW: fixed?.powerLimitW,
      faults: faults.length > 0 ? faults : undefined,
    }),
    ...(energyJ !== undefined && { counters: { energyJ } }),
  }
}
