import { z } from 'zod'
import { PerwattError, reasonOf } from '../../../protocol/kit/errors.ts'
import { withDeadline } from '../../../protocol/kit/retry.ts'
import { HeldGpus } from '../../gpu/held.ts'
import { LostGpus } from '../../gpu/lost-gpus.ts'
import { defineDriver, type Session } from '../../plugin/driver.ts'
import { withFaults } from '../../plugin/faults.ts'
import { inRange } from '../../plugin/in-range.ts'
import type { Reading } from '../../plugin/reading.ts'
import { TenancySettingsSchema } from '../../tenancy/tenancy.ts'
import { Program } from '../../wire/command.ts'
import { CommandVariants } from '../../wire/command-variants.ts'
import { unknownColumns, withoutValues, xpuIdentities, xpuReading, xpuValues } from './output.ts'

/** Metric ids: utilisation, power, clock, core and memory temperature, energy, memory. Version 2 knows only the long options. */
const METRICS = '0,1,2,3,4,8,18'
const VARIANTS = [
  ['dump', '-d', '-1', '-m', METRICS, '-i', '1', '-n', '1'],
  ['dump', '--device', '-1', '--metrics', METRICS, '--interval', '1', '--number', '1'],
]
const DISCOVERY = ['discovery', '-j']
/** how long the query for names and models may take; the poll doesn't fail with it */
const DISCOVERY_MS = 2000

const HINTS = [
  [
    /permission|privilege|access/i,
    'it reads /dev/dri and /sys/class/intel_pmt: add the agent’s user to the groups video and render, or run it as root',
  ],
  [
    /level.?zero|ze(s|_|)init|no device|not found/i,
    'check lspci, the kernel module i915 or xe, and that intel-level-zero-gpu is installed',
  ],
] as const

export default defineDriver({
  name: 'xpu-smi',
  summary: "Intel data centre and Arc Pro GPUs by Intel's xpu-smi",
  kind: 'gpu',
  needsHost: false,
  // a program that is started for each reading; no source says that it stands it each second
  pollMs: 10_000,
  requests: [...VARIANTS, DISCOVERY].map((args) => ['xpu-smi', ...args].join(' ')),
  settings: z.strictObject({
    program: z.string().min(1).default('xpu-smi').describe('the program, or its path; xpumcli works too'),
    owners: TenancySettingsSchema.prefault({}).describe(
      'how to find out who holds the GPUs: by reservations of Slurm and Kubernetes, and by the processes that the kernel shows on them',
    ),
  }),
  open({ options }): Session {
    const program = new Program(options.program, {
      install: 'apt-get install xpu-smi from Intel’s GPU repository',
      hints: HINTS,
    })
    const dump = new CommandVariants(program, VARIANTS)
    const held = new HeldGpus(options.owners)
    const lost = new LostGpus("xpu-smi's answer", 'dmesg for i915 or xe errors, and the host’s PCIe')
    let identities = new Map<number, Reading['identity']>()
    return {
      async read(signal) {
        const asked = await held.ask((own) => dump.run(own), signal)
        if ('silence' in asked) return lost.with(await held.standIns(asked.silence, signal))
        const text = asked.answer
        const values = xpuValues(text)
        if (values.size === 0)
          throw new PerwattError(
            'malformed',
            'xpu-smi names no GPU; run it by hand, check lspci and the kernel module i915 or xe',
          )
        const notes = [unknownColumns(text)].filter((note) => note !== undefined)
        if ([...values.keys()].some((index) => !identities.has(index)))
          try {
            identities = xpuIdentities(
              await withDeadline((own) => program.run(DISCOVERY, own), DISCOVERY_MS, signal),
            )
          } catch (error) {
            notes.push(reasonOf(error).slice(0, 256))
          }
        const readings = [...values].map(([index, row]) => {
          const nothing = withoutValues(text, index, row)
          const reading = xpuReading(index, row, identities.get(index))
          return inRange(nothing ? { ...reading, sample: withFaults(reading.sample, [nothing]) } : reading)
        })
        const first = readings[0]
        if (first && notes.length > 0) first.sample.faults = [...notes, ...(first.sample.faults ?? [])]
        // the identity of an Intel GPU is its PCI address where discovery names it
        const placed = readings.map((reading) => ({ reading, pci: reading.identity.hardwareId }))
        const gpus = await held.with(placed, signal)
        return lost.with(held.answered(gpus.map(({ reading }) => reading)))
      },
    }
  },
})
