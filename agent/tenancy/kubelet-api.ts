import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { PerwattError, reasonOf } from '../../protocol/kit/errors.ts'
import { exchangeHttp, refuse } from '../wire/http.ts'
import { errnoCode } from './errno.ts'
import { labelFacts, type OwnerFacts, ownerOf } from './owner-facts.ts'
import { parseJsonAs } from './parse-json.ts'
import type { TenancySettings } from './settings.ts'

const ContainersSchema = z.array(z.object({ name: z.string(), image: z.string().optional() }))
const StatusesSchema = z.array(z.object({ name: z.string(), containerID: z.string().optional() }))
const PodSchema = z.object({
  metadata: z.object({
    uid: z.string(),
    name: z.string(),
    namespace: z.string(),
    labels: z.record(z.string(), z.string()).nullish(),
  }),
  spec: z.object({ containers: ContainersSchema, initContainers: ContainersSchema.nullish() }),
  status: z
    .object({
      phase: z.string().optional(),
      containerStatuses: StatusesSchema.nullish(),
      initContainerStatuses: StatusesSchema.nullish(),
      ephemeralContainerStatuses: StatusesSchema.nullish(),
    })
    .optional(),
})
export type Pod = z.infer<typeof PodSchema>

const ListSchema = z.object({ items: z.array(z.unknown()).nullable() })
/** A node runs at most a few hundred pods, of about 10 kB each. */
const MAX_BYTES = 32 << 20

/**
 * The pods of this node by uid, from `GET /pods` of its kubelet. Entries that don't have a pod's shape are left out.
 * @throws PerwattError as `exchangeHttp`, `http-status`, `malformed`, or `no-permission` where the token cannot be read
 * @throws the file system's error where the CA file cannot be read
 */
export async function askKubelet(
  { url, tokenFile, caFile, insecureTls }: NonNullable<TenancySettings['kubelet']>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Pod>> {
  const address = `${url.replace(/\/+$/, '')}/pods`
  const token = await tokenIn(tokenFile)
  const ca = caFile === undefined ? undefined : await readFile(caFile, 'utf8')
  const answer = await exchangeHttp(address, {
    signal,
    maxBytes: MAX_BYTES,
    headers: { accept: 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    ...(ca !== undefined && { ca }),
    insecureTls,
  })
  if (answer.status === 401 || answer.status === 403)
    throw new PerwattError(
      'http-status',
      `${address} answers ${answer.status}; give the token of a service account that may get nodes/proxy in kubelet.tokenFile`,
    )
  refuse(answer, address)
  const list = parseJsonAs(ListSchema, answer.text)
  if (!list)
    throw new PerwattError('malformed', `${address} answered no list of pods; check that it is a kubelet`)
  const pods = (list.items ?? []).flatMap((item) => {
    const pod = PodSchema.safeParse(item)
    return pod.success ? [pod.data] : []
  })
  return new Map(pods.map((pod) => [pod.metadata.uid, pod]))
}

/** Whether a pod can still hold the devices that it was given. */
export const isAlive = ({ status }: Pod): boolean =>
  status?.phase !== 'Succeeded' && status?.phase !== 'Failed'

/**
 * The facts of a pod's container.
 * @param container the container's id or name. The image is taken from the pod's specification, because the one in its status can
 *   change.
 */
export function podFacts(
  pod: Pod,
  container: { id?: string; name?: string },
  labels: readonly string[],
): OwnerFacts {
  const { status = {}, spec, metadata } = pod
  const all = [...spec.containers, ...(spec.initContainers ?? [])]
  const statuses = [status.containerStatuses, status.initContainerStatuses, status.ephemeralContainerStatuses]
  // containerID is containerd://<id>, cri-o://<id>
  const byId = statuses
    .flatMap((s) => s ?? [])
    .find((s) => container.id && s.containerID?.endsWith(`//${container.id}`))
  const only = spec.containers.length === 1 && all.length === 1 ? all[0]?.name : undefined
  const name = container.name ?? byId?.name ?? only
  return {
    owner: ownerOf({
      namespace: metadata.namespace,
      pod: metadata.name,
      container: name,
      image: all.find((c) => c.name === name)?.image,
      ...labelFacts(metadata.labels, labels),
    }),
    // the status lags behind: a container that has just started is missing from it
    complete: name !== undefined,
  }
}

/** A missing token file is no error: the kubelet's read-only port needs no token. */
async function tokenIn(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return undefined
    throw new PerwattError(
      'no-permission',
      `${reasonOf(error)}; let the agent's user read the file, or correct kubelet.tokenFile`,
    )
  }
}
