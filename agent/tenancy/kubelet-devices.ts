import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { PerwattError, reasonOf } from '../../protocol/kit/errors.ts'
import type { GpuUse } from './contract.ts'
import { parseAs } from './json.ts'
import { codeOf } from './proc.ts'

/** A container that was given a device, as the kubelet remembers it across its own restarts. */
interface GivenDevice {
  podUid: string
  container: string
  /** `GPU-...`, `MIG-...`, with `::<n>` behind it where a GPU is shared by time; `nvidia0`, `nvidia0/gi1` on GKE */
  device: string
}

/** DeviceIDs by NUMA node since Kubernetes 1.20, a plain list before. */
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
 * Which container was given which device: `kubelet_internal_checkpoint`. A pod that has ended stays in it until its devices
 * are wanted. None where there is no such file: nothing was ever given.
 * @throws PerwattError `no-permission` or `malformed`
 */
export async function readCheckpoint(file: string): Promise<GivenDevice[]> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw new PerwattError(
      'no-permission',
      `${reasonOf(error)}; run the agent as root, or let its user read the file`,
    )
  }
  const checkpoint = parseAs(CheckpointSchema, text)
  if (!checkpoint)
    throw new PerwattError(
      'malformed',
      `${file} has another form than Kubernetes 1.10 to 1.34 write; GPUs in no use have no holder`,
    )
  return (checkpoint.Data.PodDeviceEntries ?? []).flatMap(({ PodUID, ContainerName, DeviceIDs }) =>
    Object.values(DeviceIDs ?? {})
      .flat()
      .map((device) => ({ podUid: PodUID, container: ContainerName, device })),
  )
}

/** The GPU that a device id means, and which instance of it; undefined: none of these. */
export function placeOf(
  device: string,
  gpus: readonly GpuUse[],
): { index: number; instance?: number } | undefined {
  const id = device.split('::', 1)[0] ?? ''
  for (const { index, uuid, instances = [] } of gpus) {
    if (uuid !== undefined && uuid === id) return { index }
    const instance = instances.find((i) => i.uuid !== undefined && i.uuid === id)
    if (instance) return { index, instance: instance.instance }
  }
  const [, index, instance] = /^nvidia(\d+)(?:\/gi(\d+))?$/.exec(id) ?? []
  if (index === undefined || !gpus.some((g) => g.index === Number(index))) return undefined
  return { index: Number(index), ...(instance !== undefined && { instance: Number(instance) }) }
}
