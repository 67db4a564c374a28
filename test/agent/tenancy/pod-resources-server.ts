import { createServer } from 'node:http2'
import { onTestFinished } from 'vitest'

interface Claim {
  driver: string
  device: string
  cdi: readonly string[]
}
interface ListedPod {
  name: string
  namespace: string
  containers: readonly { name: string; claims: readonly Claim[] }[]
}

export interface PodResourcesServer {
  pods: readonly ListedPod[]
  /** instead of the list: a gRPC status without a message, or these bytes as the message */
  status: number | undefined
  message: Buffer | undefined
}

/** A field with a length in Protocol Buffers' wire format. */
const field = (number: number, content: string | Buffer): Buffer => {
  const bytes = Buffer.from(content as string)
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes])
}
const varint = (value: number): Buffer =>
  value < 128
    ? Buffer.of(value)
    : Buffer.concat([Buffer.of((value % 128) + 128), varint(Math.floor(value / 128))])

/** ListPodResourcesResponse of kubernetes/kubernetes, kubelet/pkg/apis/podresources/v1/api.proto, with fields that nobody asks for. */
export const listResponse = (pods: readonly ListedPod[]): Buffer =>
  Buffer.concat(
    pods.map((pod) =>
      field(
        1,
        Buffer.concat([
          field(1, pod.name),
          field(2, pod.namespace),
          ...pod.containers.map((c) => field(3, containerOf(c))),
        ]),
      ),
    ),
  )

const containerOf = ({ name, claims }: ListedPod['containers'][number]): Buffer =>
  Buffer.concat([
    field(1, name),
    field(2, Buffer.concat([field(1, 'example.com/nic'), field(2, 'nic-0')])),
    // cpu_ids, not packed
    Buffer.concat([varint(3 * 8), varint(300)]),
    field(
      5,
      Buffer.concat([
        field(2, 'claim'),
        field(3, 'team-a'),
        ...claims.map(({ driver, device, cdi }) =>
          field(
            4,
            Buffer.concat([
              ...cdi.map((one) => field(1, field(1, one))),
              field(2, driver),
              field(3, 'node-1'),
              field(4, device),
            ]),
          ),
        ),
      ]),
    ),
  ])

/** A kubelet's pod-resources API on a unix socket: gRPC over HTTP/2. It is closed after the test. */
export async function startPodResources(
  socket: string,
  pods: readonly ListedPod[],
): Promise<PodResourcesServer> {
  const kubelet: PodResourcesServer = { pods, status: undefined, message: undefined }
  const server = createServer()
  server.on('stream', (stream, headers) => {
    const isList = headers[':path'] === '/v1.PodResourcesLister/List' && headers[':method'] === 'POST'
    const status = isList ? kubelet.status : 12
    if (status !== undefined)
      return stream.respond(
        { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': status },
        { endStream: true },
      )
    const message = kubelet.message ?? listResponse(kubelet.pods)
    const frame = Buffer.alloc(5)
    frame.writeUInt32BE(message.length, 1)
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': 0 }))
    stream.end(Buffer.concat([frame, message]))
  })
  onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())))
  await new Promise<void>((resolve) => void server.listen(socket, () => resolve()))
  return kubelet
}
