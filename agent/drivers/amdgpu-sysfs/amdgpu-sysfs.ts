import { z } from 'zod'
import { PerwattError } from '../../../protocol/kit/errors.ts'
import { HeldGpus } from '../../gpu/held.ts'
import { IdlePower } from '../../gpu/idle-power.ts'
import { LostGpus } from '../../gpu/lost-gpus.ts'
import { hasTwoDies, type PackagePart, pciSlot, sharePackages } from '../../gpu/packages.ts'
import { defineDriver, type Session } from '../../plugin/driver.ts'
import { inRange } from '../../plugin/in-range.ts'
import type { Reading } from '../../plugin/reading.ts'
import { TenancySettingsSchema } from '../../tenancy/tenancy.ts'
import { Sysfs } from '../../wire/sysfs.ts'
import { amdCards, cardIdentity, cardSample } from './cards.ts'

export default defineDriver({
  name: 'amdgpu-sysfs',
  summary: 'AMD GPUs by the files of the amdgpu kernel driver, where no ROCm is installed',
  kind: 'gpu',
  needsHost: false,
  requests: ['/sys/class/drm/card*/device/*', '/sys/class/drm/card*/device/hwmon/hwmon*/*'],
  settings: z.strictObject({
    root: z.string().min(1).default('/sys/class/drm').describe('folder of the graphics cards'),
    owners: TenancySettingsSchema.prefault({}).describe(
      'how to find out who holds the GPUs: by reservations of Slurm and Kubernetes, and by the processes that the kernel shows on them',
    ),
  }),
  open({ options }): Session {
    const { root } = options
    const sysfs = new Sysfs(root, 'add its user to the groups video and render')
    const owners = new HeldGpus(options.owners)
    const idlePower = new IdlePower()
    const lost = new LostGpus(root, 'dmesg for amdgpu errors, and the host’s PCIe')
    /** by PCI address: if a card disappears, the others keep their numbers */
    const gpus = new Map<string, { part: string; identity: Reading['identity'] }>()
    return {
      read: (signal) =>
        sysfs.poll(signal, async () => {
          const found: (PackagePart & { pci: string })[] = []
          for (const card of await amdCards(sysfs)) {
            signal.throwIfAborted()
            const gpu = gpus.get(card.pci) ?? {
              part: `gpu${gpus.size}`,
              identity: await cardIdentity(sysfs, card),
            }
            gpus.set(card.pci, gpu)
            const reading = inRange({ ...gpu, sample: await cardSample(sysfs, card) })
            const secondary = reading.sample.powerW === undefined && hasTwoDies(reading.identity.model)
            const { hardwareId } = reading.identity
            found.push({ pci: card.pci, reading, package: hardwareId, slot: pciSlot(card.pci), secondary })
          }
          if (found.length === 0)
            throw new PerwattError(
              'no-gpu',
              `${root} has no AMD GPU; check lspci, and that the kernel module amdgpu is loaded`,
            )
          // the dies of a package have addresses next to each other, and the cards may be numbered otherwise
          const held = await owners.with(found, signal)
          const shared = sharePackages(
            [...held].sort((a, b) => (a.pci < b.pci ? -1 : 1)),
            idlePower,
          )
          const byPart = new Map(shared.map((reading) => [reading.part, reading]))
          return lost.with(found.map(({ reading }) => byPart.get(reading.part) ?? reading))
        }),
    }
  },
})
