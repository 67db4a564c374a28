import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { PerwattError, reasonOf } from '../../protocol/kit/errors.ts'
import { errnoCode } from './errno.ts'

/** Of a CDI specification only what names the files that a container gets (CNCF, Container Device Interface, SPEC.md). */
const SpecSchema = z.object({
  devices: z.array(
    z.object({
      name: z.string(),
      containerEdits: z.object({ deviceNodes: z.array(z.object({ path: z.string() })).nullish() }).nullish(),
    }),
  ),
})

/** A claim's uid stands before the device's name in the name of its CDI device. */
const UID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?=-|$)/i
const MOST_BYTES = 1 << 20

/**
 * The numbers of the MIG capability files that a claimed device gives to its container. NVIDIA's DRA driver writes for each claim a CDI
 * specification `k8s.gpu.nvidia.com-claim_<uid>.yaml`, with the files of each MIG device's instance (kubernetes-sigs/dra-driver-nvidia-gpu, cdi.go,
 * GetDevNodesForMigDevice). The kubelet's pod-resources API tells only its name.
 * @param folder of the specifications
 * @param cdi the CDI device: `k8s.gpu.nvidia.com/claim=<uid>-gpu-0-mig-1g5gb-19-3`
 * @returns none: there is no such file, device or number
 * @throws PerwattError `no-permission` or `malformed`
 */
export async function capabilitiesOf(folder: string, cdi: string): Promise<number[]> {
  const [, vendor, kind, name] = /^([\w.-]+)\/([\w.-]+)=(.+)$/.exec(cdi) ?? []
  const uid = UID.exec(name ?? '')?.[0]
  if (uid === undefined) return []
  const file = join(folder, `${vendor}-${kind}_${uid}.yaml`)
  const text = (await textOf(file)) ?? (await textOf(file.replace(/yaml$/, 'json')))
  if (text === undefined) return []
  const spec = SpecSchema.safeParse(yamlOf(text))
  if (!spec.success)
    throw new PerwattError('malformed', `${file} is no CDI specification; check owners.kubelet.cdi`)
  const device = spec.data.devices.find((one) => one.name === name)
  return (device?.containerEdits?.deviceNodes ?? []).flatMap(({ path }) => {
    const number = /^\/dev\/nvidia-caps\/nvidia-cap(\d+)$/.exec(path)?.[1]
    return number === undefined ? [] : [Number(number)]
  })
}

function yamlOf(text: string): unknown {
  try {
    return text.length > MOST_BYTES ? undefined : parse(text)
  } catch {
    return undefined
  }
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return undefined
    throw new PerwattError(
      'no-permission',
      `${reasonOf(error)}; run the agent as root, or mount the folder into its container`,
    )
  }
}
