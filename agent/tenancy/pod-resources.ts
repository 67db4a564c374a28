import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { connect, type Socket } from 'node:net'
import { PerwattError, reasonOf } from '../../protocol/kit/errors.ts'
import { errnoCode } from './errno.ts'
import { type Message, messageOf, messagesIn, textIn } from './protobuf.ts'

/** A device that a container has by a ResourceClaim (DRA, since Kubernetes 1.34); the kubelet's checkpoint has only device plugins'. */
export interface ClaimedDevice {
  namespace: string
  pod: string
  container: string
  /** `gpu.nvidia.com` */
  driver: string
  /** name in the driver's ResourceSlice: `gpu-0` */
  device: string
  /** names of the CDI devices that the container was given: `k8s.gpu.nvidia.com/claim=...` */
  cdi: readonly string[]
}

const LIST = '/v1.PodResourcesLister/List'
const MAX_BYTES = 16 << 20
/** A gRPC message without compression, of no bytes: flag, then length (gRPC over HTTP/2). */
const EMPTY_REQUEST = Buffer.alloc(5)
const FRAME_HEADER = 5
const UNIMPLEMENTED = '12'

/* Field numbers of kubelet/pkg/apis/podresources/v1/api.proto. */
const PODS = 1
const POD = { name: 1, namespace: 2, containers: 3 }
const CONTAINER = { name: 1, dynamicResources: 5 }
const CLAIM_RESOURCES = 4
const RESOURCE = { cdiDevices: 1, driver: 2, device: 4 }
const CDI_NAME = 1

/**
 * Asks the kubelet's pod-resources API which containers have which devices by claims. Without the socket the list is empty.
 * @throws PerwattError `no-permission`, `unreachable` or `malformed`; the signal's reason
 */
export async function askPodResources(socket: string, signal: AbortSignal): Promise<ClaimedDevice[]> {
  const answer = await listOf(socket, signal)
  if (!answer) return []
  try {
    return messagesIn(messageOf(answer), PODS).flatMap((pod) =>
      messagesIn(pod, POD.containers).flatMap((container) => claimed(pod, container)),
    )
  } catch (error) {
    throw new PerwattError(
      'malformed',
      `${socket} answers no list of pods' devices; check that it is a kubelet's pod-resources socket`,
      { cause: error },
    )
  }
}

const claimed = (pod: Message, container: Message): ClaimedDevice[] =>
  messagesIn(container, CONTAINER.dynamicResources)
    .flatMap((claim) => messagesIn(claim, CLAIM_RESOURCES))
    .map((resource) => ({
      namespace: textIn(pod, POD.namespace),
      pod: textIn(pod, POD.name),
      container: textIn(container, CONTAINER.name),
      driver: textIn(resource, RESOURCE.driver),
      device: textIn(resource, RESOURCE.device),
      cdi: messagesIn(resource, RESOURCE.cdiDevices).map((device) => textIn(device, CDI_NAME)),
    }))

/** Undefined: there is no socket, or a kubelet that is too old for version 1 of the API. */
async function listOf(path: string, signal: AbortSignal): Promise<Buffer | undefined> {
  signal.throwIfAborted()
  const socket = connect(path)
  const close = () => socket.destroy(signal.reason)
  signal.addEventListener('abort', close, { once: true })
  try {
    await once(socket, 'connect')
    return await listOver(socket)
  } catch (error) {
    if (signal.aborted) throw signal.reason
    if (errnoCode(error) === 'ENOENT') return undefined
    throw failure(path, error)
  } finally {
    signal.removeEventListener('abort', close)
    socket.destroy()
  }
}

/** One call of gRPC: a request of one message, and its answer of one. Undefined: the kubelet does not know the call. */
function listOver(socket: Socket): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2('http://localhost', { createConnection: () => socket })
    session.on('error', reject)
    session.on('close', () => reject(new Error('it closes the connection')))
    const request = session.request({
      ':method': 'POST',
      ':path': LIST,
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    const chunks: Buffer[] = []
    let bytes = 0
    let status: string | undefined
    const learn = (headers: Record<string, unknown>) => {
      if (headers['grpc-status'] !== undefined) status = String(headers['grpc-status'])
    }
    request.on('error', reject)
    // an error before any message comes with the headers
    request.on('response', learn)
    request.on('trailers', learn)
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > MAX_BYTES) reject(new Error(`it writes more than ${MAX_BYTES} bytes`))
      else chunks.push(chunk)
    })
    request.on('end', () => {
      if (status === UNIMPLEMENTED) resolve(undefined)
      else if (status === '0') resolve(Buffer.concat(chunks).subarray(FRAME_HEADER))
      else reject(new Error(`gRPC status ${status ?? 'missing'}`))
    })
    request.end(EMPTY_REQUEST)
  })
}

const failure = (socket: string, error: unknown): PerwattError =>
  ['EACCES', 'EPERM'].includes(errnoCode(error))
    ? new PerwattError(
        'no-permission',
        `${socket} may not be opened; run the agent as root, or mount the folder into its container`,
      )
    : new PerwattError(
        'unreachable',
        `${socket} does not answer: ${reasonOf(error)}; check the kubelet, and kubelet.podResources`,
      )
