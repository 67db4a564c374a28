import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { PerwattError, reasonOf } from '../../protocol/kit/errors.ts'
import { errnoCode } from './errno.ts'
import type { GpuUse } from './gpu-use.ts'
import { parseJsonAs } from './parse-json.ts'

/** A device that was given to a container, as the kubelet remembers it across its own restarts. */
interface GivenDevice {
  podUid: string
  container: string
  /** `GPU-...` or `MIG-...`, followed by `::<n>` where a GPU is time-shared; `nvidia0` or `nvidia0/gi1` on GKE; AMD's plugin: the PCI address */
  device: string
}

/** DeviceIDs are grouped by NUMA node since Kubernetes 1.20; before, they were a plain list. */
const CheckpointSchema = z.object({
  Data: z.object({
    PodDeviceEntries: z
      .array(
        z.object({
          PodUID: z.string(),
          ContainerName: z.string(),
          DeviceIDs: z.union([z.array(z.string()), z.record(z.string(), z.array(z.string()))]).nullable(),
        }),
      )
      .nullable(),
  }),
})

/**
 * Reads which container was given which device from `kubelet_internal_checkpoint`. A pod that has ended stays in the file until
 * another pod wants its devices. Without the file the list is empty: no device was ever given.
 * @throws PerwattError `no-permission` or `malformed`
 */
export async function readCheckpoint(file: string): Promise<GivenDevice[]> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return []
    throw new PerwattError(
      'no-permission',
      `${reasonOf(error)}; run the agent as root, or let its user read the file`,
    )
  }
  const checkpoint = parseJsonAs(CheckpointSchema, text)
  if (!checkpoint)
    throw new PerwattError(
      'malformed',
      `${file} has another form than Kubernetes 1.10 to 1.34 write, so an idle GPU has no holder; check owners.kubelet.checkpoint`,
    )
  return (checkpoint.Data.PodDeviceEntries ?? []).flatMap(({ PodUID, ContainerName, DeviceIDs }) =>
    Object.values(DeviceIDs ?? {})
      .flat()
      .map((device) => ({ podUid: PodUID, container: ContainerName, device })),
  )
}

/** The GPU, and where it is divided the MIG instance, that a device id names. Undefined where it is none of these GPUs. */
export function placeOf(
  device: string,
  gpus: readonly GpuUse[],
): { index: number; instance?: number } | undefined {
  const id = device.split('::', 1)[0] ?? ''
  for (const { index, uuid, pci, instances = [] } of gpus) {
    if ((uuid !== undefined && uuid === id) || (pci !== undefined && pci === id)) return { index }
    const instance = instances.find((i) => i.uuid !== undefined && i.uuid === id)
    if (instance) return { index, instance: instance.instance }
  }
  const [, index, instance] = /^nvidia(\d+)(?:\/gi(\d+))?$/.exec(id) ?? []
  if (index === undefined || !gpus.some((g) => g.index === Number(index))) return undefined
  return { index: Number(index), ...(instance !== undefined && { instance: Number(instance) }) }
}
