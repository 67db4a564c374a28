import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { askPodResources } from '../../../agent/tenancy/pod-resources.ts'
import { messageOf } from '../../../agent/tenancy/protobuf.ts'
import { FakeHost } from './fake-host.ts'
import { listResponse, startPodResources } from './pod-resources-server.ts'

let host: FakeHost
beforeEach(() => {
  host = new FakeHost()
})
afterEach(() => host.close())
const socket = () => `${host.folder}/kubelet.sock`
const signal = new AbortController().signal

const POD = {
  name: 'chat-0',
  namespace: 'team-a',
  containers: [
    {
      name: 'serve',
      claims: [{ driver: 'gpu.nvidia.com', device: 'gpu-0', cdi: ['k8s.gpu.nvidia.com/claim=1f2e-gpu-0'] }],
    },
  ],
}

describe('the kubelet’s pod-resources API', () => {
  test('tells the devices that containers have by claims', async () => {
    const many = Array.from({ length: 200 }, (_, i) => ({ ...POD, name: `chat-${i}` }))
    await startPodResources(socket(), many)
    const claimed = await askPodResources(socket(), signal)
    expect(claimed).toHaveLength(200)
    expect(claimed[199]).toEqual({
      namespace: 'team-a',
      pod: 'chat-199',
      container: 'serve',
      driver: 'gpu.nvidia.com',
      device: 'gpu-0',
      cdi: ['k8s.gpu.nvidia.com/claim=1f2e-gpu-0'],
    })
  })

  test('is not there on a node without it, and not known by an old kubelet', async () => {
    expect(await askPodResources(socket(), signal)).toEqual([])
    const kubelet = await startPodResources(socket(), [POD])
    kubelet.status = 12
    expect(await askPodResources(socket(), signal)).toEqual([])
  })

  test('may fail, and the error says what to check', async () => {
    const kubelet = await startPodResources(socket(), [POD])
    kubelet.status = 8
    await expect(askPodResources(socket(), signal)).rejects.toThrow(
      'gRPC status 8; check the kubelet, and kubelet.podResources',
    )
    kubelet.status = undefined
    kubelet.message = listResponse([POD]).subarray(0, 20)
    await expect(askPodResources(socket(), signal)).rejects.toMatchObject({ code: 'malformed' })
  })

  test('that hangs costs its own deadline', async () => {
    await host.listen(socket(), () => {})
    await expect(askPodResources(socket(), AbortSignal.timeout(200))).rejects.toThrow()
  })
})

test('whatever bytes come are a message or a range error', () =>
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        messageOf(Buffer.from(bytes))
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError)
      }
    }),
  ))
