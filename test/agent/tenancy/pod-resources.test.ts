import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { askPodResources, placeOfClaim } from '../../../agent/tenancy/pod-resources.ts'
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

describe('which GPU a claimed device is', () => {
  const gpu = (index: number, uuid = `GPU-${index}`, instances?: object[]) =>
    ({ index, uuid, processes: [], ...(instances && { instances }) }) as Parameters<
      typeof placeOfClaim
    >[1][number]
  const mig = gpu(1, 'GPU-1', [{ instance: 2, smCount: 60, uuid: 'MIG-2' }])
  const two = gpu(2, 'GPU-2', [
    { instance: 3, smCount: 16, uuid: 'MIG-3' },
    { instance: 4, smCount: 16, uuid: 'MIG-4' },
  ])
  const intel = gpu(3, '0000:4d:00.0')
  const gpus = [gpu(0), mig, two, intel]

  // names: NVIDIA/k8s-dra-driver-gpu, deviceinfo.go (gpu-<minor>, gpu-<minor>-mig-<profile>-<start>-<size>); intel/intel-resource-drivers-for-kubernetes
  test.each([
    ['gpu.nvidia.com', 'gpu-0', [], { index: 0 }],
    ['gpu.nvidia.com', 'gpu-1-mig-9-0-4', [], { index: 1, instance: 2 }],
    ['gpu.nvidia.com', 'gpu-2-mig-19-0-1', [], undefined],
    ['gpu.nvidia.com', 'gpu-2-mig-19-0-1', ['nvidia.com/gpu=MIG-4'], { index: 2, instance: 4 }],
    ['gpu.nvidia.com', 'x', ['nvidia.com/gpu=GPU-2'], { index: 2 }],
    ['gpu.intel.com', '0000-4d-00-0-0x0bd5', [], { index: 3 }],
    ['gpu.intel.com', '0000-4d-00-01-0x0bd5', [], undefined],
    ['gpu.example.com', 'gpu-0', [], undefined],
    ['gpu.nvidia.com', 'gpu-9', [], undefined],
  ])('%s %s %j', (driver, device, cdi, place) =>
    expect(placeOfClaim({ driver, device, cdi }, gpus)).toEqual(place),
  )
})
