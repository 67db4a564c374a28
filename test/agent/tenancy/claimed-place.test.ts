import { describe, expect, test } from 'vitest'
import { placeOfClaim } from '../../../agent/tenancy/claimed-place.ts'
import { placeOf } from '../../../agent/tenancy/kubelet-checkpoint.ts'

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
  const mixed = gpu(4, 'GPU-4', [
    { instance: 1, smCount: 60, slices: 3, uuid: 'MIG-5' },
    { instance: 5, smCount: 16, slices: 1, uuid: 'MIG-6' },
    { instance: 6, smCount: 16, slices: 1, uuid: 'MIG-7' },
  ])
  const amd = { ...gpu(5, '0x1c3f'), pci: '0000:0c:00.0' }
  const partition = { ...gpu(6, '0x1c3f'), pci: '0000:0c:00.1' }
  const gpus = [gpu(0), mig, two, intel, mixed, amd, partition]
  // card numbers begin with the graphics of the board's management controller, and so say nothing about the GPU
  const renders = new Map([
    [128, '0000:0c:00.0'],
    [129, '0000:0c:00.1'],
    [130, '0000:22:00.0'],
  ])

  // names: kubernetes-sigs/dra-driver-nvidia-gpu, mig_test.go (gpu-<minor>-mig-<profile>-<its number>-<start>), before it NVIDIA/k8s-dra-driver-gpu,
  // deviceinfo.go (gpu-<minor>-mig-<its number>-<start>-<size>); ROCm/k8s-gpu-dra-driver, docs/driver-attributes.md; intel/intel-resource-drivers-for-kubernetes
  test.each([
    ['gpu.nvidia.com', 'gpu-0', [], { index: 0 }],
    ['gpu.nvidia.com', 'gpu-1-mig-9-0-4', [], { index: 1, instance: 2 }],
    ['gpu.nvidia.com', 'gpu-2-mig-19-0-1', [], undefined],
    ['gpu.nvidia.com', 'gpu-2-mig-19-0-1', ['nvidia.com/gpu=MIG-4'], { index: 2, instance: 4 }],
    ['gpu.nvidia.com', 'gpu-4-mig-3g40gb-9-4', [], { index: 4, instance: 1 }],
    ['gpu.nvidia.com', 'gpu-1-mig-3g40gb-9-4', [], { index: 1, instance: 2 }],
    // one of two alike: which stands where is not known
    ['gpu.nvidia.com', 'gpu-4-mig-1g10gb-19-0', [], undefined],
    ['gpu.nvidia.com', 'gpu-4-mig-1g10gb-me-20-5', [], undefined],
    ['gpu.nvidia.com', 'gpu-0-mig-1g10gb-19-0', [], undefined],
    ['gpu.nvidia.com', 'gpu-vfio-0', [], undefined],
    ['gpu.amd.com', 'gpu-1-128', [], { index: 5 }],
    ['gpu.amd.com', 'gpu-2-129', [], { index: 6 }],
    ['gpu.amd.com', 'gpu-3-130', [], undefined],
    ['gpu.amd.com', 'gpu-0-131', [], undefined],
    // several claims can have a part each of such a device
    ['gpu.amd.com', 'gpu-0-cpx-nps4', [], undefined],
    ['gpu.nvidia.com', 'x', ['nvidia.com/gpu=GPU-2'], { index: 2 }],
    ['gpu.intel.com', '0000-4d-00-0-0x0bd5', [], { index: 3 }],
    ['gpu.intel.com', '0000-4d-00-01-0x0bd5', [], undefined],
    ['gpu.example.com', 'gpu-0', [], undefined],
    ['gpu.nvidia.com', 'gpu-9', [], undefined],
  ])('%s %s %j', (driver, device, cdi, place) =>
    expect(placeOfClaim({ driver, device, cdi }, gpus, renders)).toEqual(place),
  )

  test('a minor number that is not NVML’s index is found by the driver’s uuid, and without one it is the index', () => {
    const nvidia = { uuids: new Map([[0, 'GPU-2']]), instances: new Map() }
    const claim = { driver: 'gpu.nvidia.com', device: 'gpu-0', cdi: [] }
    expect(placeOfClaim(claim, gpus, renders, nvidia)).toEqual({ index: 2 })
    expect(placeOfClaim(claim, [{ index: 0, processes: [] }], renders, nvidia)).toEqual({ index: 0 })
  })

  test('AMD’s device plugin gives a GPU by its PCI address (ROCm/k8s-device-plugin, GetAMDGPUs)', () => {
    expect(placeOf('0000:0c:00.1', gpus)).toEqual({ index: 6 })
    expect(placeOf('0000:0d:00.1', gpus)).toBeUndefined()
  })
})
