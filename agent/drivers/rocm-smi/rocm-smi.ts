import { z } from 'zod'
import { AMD_HINTS } from '../../gpu/amd-tools.ts'
import { EnergyCheck } from '../../gpu/energy-check.ts'
import { partsWithReservations } from '../../gpu/held.ts'
import { LostGpus } from '../../gpu/lost-gpus.ts'
import { sharePackages } from '../../gpu/packages.ts'
import { possible } from '../../gpu/ranges.ts'
import { defineDriver, type Session } from '../../plugin/driver.ts'
import { openTenancy, TenancySettingsSchema } from '../../tenancy/tenancy.ts'
import { Program } from '../../wire/command.ts'
import { CommandVariants } from '../../wire/command-variants.ts'
import { rocmGpus } from './output.ts'

/** The queries, newest form first: ROCm before 4.1 refuses --showenergycounter. */
const SHORT =
  '--showpower --showmaxpower --showuse --showmeminfo vram --showtemp --showfan --showuniqueid --showserial --showbus --showproductname --showdriverversion'
const VARIANTS = [`${SHORT} --showenergycounter --json`, `${SHORT} --json`, '--showallinfo --json'].map(
  (words) => words.split(' '),
)

export default defineDriver({
  name: 'rocm-smi',
  summary: "AMD GPUs by ROCm's older rocm-smi; prefer amd-smi where it is installed, because it reports more",
  kind: 'gpu',
  needsHost: false,
  requests: VARIANTS.map((args) => ['rocm-smi', ...args].join(' ')),
  settings: z.strictObject({
    program: z
      .string()
      .min(1)
      .default('rocm-smi')
      .describe('the program, or its path: /opt/rocm/bin/rocm-smi'),
    owners: TenancySettingsSchema.prefault({}).describe(
      'how to find out who was given the GPUs: Slurm’s prolog, or the environments of its jobs',
    ),
  }),
  open({ options }): Session {
    const program = new Program(options.program, {
      install: 'apt-get install rocm-smi-lib from AMD’s ROCm repository',
      hints: AMD_HINTS,
    })
    const energy = new EnergyCheck()
    const rocmSmi = new CommandVariants(program, VARIANTS)
    const tenancy = openTenancy(options.owners)
    const lost = new LostGpus("rocm-smi's answer", 'dmesg for amdgpu errors, and the host’s PCIe')
    return {
      async read(signal) {
        const gpus = rocmGpus(await rocmSmi.run(signal))
        const nowMs = performance.now()
        const checked = gpus.map((gpu) => ({ ...gpu, reading: energy.checked(possible(gpu.reading), nowMs) }))
        return lost.with(sharePackages(await partsWithReservations(checked, tenancy, signal)))
      },
    }
  },
})
