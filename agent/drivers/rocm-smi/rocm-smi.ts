import { z } from 'zod'
import { AMD_HINTS } from '../../gpu/amd-tools.ts'
import { HeldGpus } from '../../gpu/held.ts'
import { IdlePower } from '../../gpu/idle-power.ts'
import { LostGpus } from '../../gpu/lost-gpus.ts'
import { sharePackages } from '../../gpu/packages.ts'
import { defineDriver, type Session } from '../../plugin/driver.ts'
import { inRange } from '../../plugin/in-range.ts'
import { TenancySettingsSchema } from '../../tenancy/tenancy.ts'
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
  // a Python program that needs 1 s to 3 s for each reading (wandb/wandb pull request 12652)
  pollMs: 10_000,
  requests: VARIANTS.map((args) => ['rocm-smi', ...args].join(' ')),
  settings: z.strictObject({
    program: z
      .string()
      .min(1)
      .default('rocm-smi')
      .describe('the program, or its path: /opt/rocm/bin/rocm-smi'),
    owners: TenancySettingsSchema.prefault({}).describe(
      'how to find out who holds the GPUs: by reservations of Slurm and Kubernetes, and by the processes that the kernel shows on them',
    ),
  }),
  open({ options }): Session {
    const program = new Program(options.program, {
      install: 'apt-get install rocm-smi-lib from AMD’s ROCm repository',
      hints: AMD_HINTS,
    })
    const rocmSmi = new CommandVariants(program, VARIANTS)
    const held = new HeldGpus(options.owners)
    const idlePower = new IdlePower()
    const lost = new LostGpus("rocm-smi's answer", 'dmesg for amdgpu errors, and the host’s PCIe')
    return {
      async read(signal) {
        const asked = await held.ask((own) => rocmSmi.run(own), signal)
        if ('silence' in asked) return lost.with(await held.standIns(asked.silence, signal))
        const gpus = rocmGpus(asked.answer)
        const checked = gpus.map((gpu) => ({ ...gpu, reading: inRange(gpu.reading) }))
        return lost.with(held.answered(sharePackages(await held.with(checked, signal), idlePower)))
      },
    }
  },
})
