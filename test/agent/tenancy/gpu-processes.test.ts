import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { drmClient } from '../../../agent/tenancy/drm-processes.ts'
import { GpuProcesses } from '../../../agent/tenancy/gpu-processes.ts'
import { FakeHost } from './fake-host.ts'

let host: FakeHost
beforeEach(() => {
  host = new FakeHost()
})
afterEach(() => host.close())

const MIB = 2 ** 20
const signal = new AbortController().signal
const open = () =>
  new GpuProcesses({ proc: join(host.folder, 'proc'), kfd: join(host.folder, 'kfd') }, () => host.nowMs)

/** A file of a process that leads to a GPU, with what the kernel tells of it. */
const openGpu = (pid: number, fd: number, fdinfo: string, node = '/dev/dri/renderD128') => {
  mkdirSync(join(host.folder, 'proc', String(pid), 'fd'), { recursive: true })
  symlinkSync(node, join(host.folder, 'proc', String(pid), 'fd', String(fd)))
  host.write(`proc/${pid}/fdinfo/${fd}`, fdinfo)
}

/* The texts are in the form of Linux, Documentation/gpu/drm-usage-stats.rst, and the keys those of amdgpu_fdinfo.c, xe_drm_client.c and i915_drm_client.c. */
const amdgpu = (client: number, vram: string, computeNs: number) => `pos:\t0
flags:\t02100002
mnt_id:\t26
ino:\t1
drm-driver:\tamdgpu
drm-client-id:\t${client}
drm-pdev:\t0000:03:00.0
pasid:\t32770
drm-memory-vram:\t${vram}
drm-memory-gtt: \t64 KiB
drm-engine-gfx:\t0 ns
drm-engine-compute:\t${computeNs} ns
drm-engine-dec:\t99 ns
`
const XE = `drm-driver:\txe
drm-client-id:\t9
drm-pdev:\t0000:4d:00.0
drm-total-system:\t8 MiB
drm-total-vram0:\t2 GiB
drm-resident-vram0:\t1536 MiB
drm-cycles-ccs:\t28257900
drm-total-cycles-ccs:\t7655183225
`
const I915 = `drm-driver: i915
drm-client-id: 7
drm-pdev: 0000:00:02.0
drm-total-local0: 512 MiB
drm-resident-local0: 256 MiB
drm-engine-render: 25662044495 ns
drm-engine-video: 5 ns
`

describe('what an open file of a GPU tells', () => {
  test.each([
    [
      'amdgpu',
      amdgpu(5, '2048 KiB', 1_000),
      { pci: '0000:03:00.0', client: '5', memoryBytes: 2 * MIB, busyNs: 1_000 },
    ],
    ['xe', XE, { pci: '0000:4d:00.0', client: '9', memoryBytes: 1536 * MIB }],
    ['i915', I915, { pci: '0000:00:02.0', client: '7', memoryBytes: 256 * MIB, busyNs: 25_662_044_495 }],
    ['a file that is no GPU', 'pos:\t0\nflags:\t02\n', undefined],
    ['a file without a client', 'drm-driver:\tamdgpu\ndrm-pdev:\t0000:03:00.0\n', undefined],
  ])('of %s', (_, text, client) => expect(drmClient(text)).toEqual(client))
})

test('a process has the memory of its clients on one GPU, each counted once, and its engines’ time since the last look', async () => {
  openGpu(4711, 12, amdgpu(5, '2048 KiB', 1_000_000))
  openGpu(4711, 13, amdgpu(5, '2048 KiB', 1_000_000))
  openGpu(4711, 14, amdgpu(6, '1024 KiB', 0))
  openGpu(4712, 3, XE)
  openGpu(4713, 3, amdgpu(8, '4096 KiB', 0), '/dev/dri/card0')
  const processes = open()
  const first = await processes.look(signal)
  expect(first('0000:03:00.0')).toEqual({
    processes: [{ pid: 4711, memoryUsedBytes: 3 * MIB }],
    isAll: true,
  })
  expect(first('0000:4d:00.0').processes).toEqual([{ pid: 4712, memoryUsedBytes: 1536 * MIB }])
  expect(first(undefined)).toEqual({ processes: [], isAll: false })
  host.nowMs += 1_000
  for (const fd of [12, 13]) host.write(`proc/4711/fdinfo/${fd}`, amdgpu(5, '2048 KiB', 251_000_000))
  const second = await processes.look(signal)
  expect(second('0000:03:00.0').processes).toEqual([{ pid: 4711, memoryUsedBytes: 3 * MIB, smRatio: 0.25 }])
})

test('a process that ends is gone at once, and a new one is found within a search', async () => {
  openGpu(4711, 12, amdgpu(5, '2048 KiB', 0))
  const processes = open()
  await processes.look(signal)
  host.end(4711)
  openGpu(4712, 3, XE)
  expect((await processes.look(signal))('0000:03:00.0').processes).toEqual([])
  host.nowMs += 20_000
  expect((await processes.look(signal))('0000:4d:00.0').processes).toHaveLength(1)
})

describe('AMD’s compute driver lists the processes of each GPU and partition', () => {
  /** `cat` of a node's properties on an MI300X: 304 compute units of 4 SIMDs, PCI bus 0x0c; a partition has its number in the top four bits. */
  const node = (n: number, gpuId: number, location: number, simds = 1216) => {
    host.write(`kfd/topology/nodes/${n}/gpu_id`, `${gpuId}\n`)
    host.write(
      `kfd/topology/nodes/${n}/properties`,
      `cpu_cores_count 0\nsimd_count ${simds}\nsimd_per_cu 4\nlocation_id ${location}\ndomain 0\nunique_id 1\n`,
    )
  }
  const use = (pid: number, gpuId: number, bytes: number, units?: number) => {
    host.write(`kfd/proc/${pid}/vram_${gpuId}`, `${bytes}\n`)
    host.write(`kfd/proc/${pid}/pasid`, '32771\n')
    if (units !== undefined) host.write(`kfd/proc/${pid}/stats_${gpuId}/cu_occupancy`, `${units}\n`)
  }

  test('with their memory and the part of the compute units that they fill', async () => {
    node(0, 0, 0)
    node(1, 50_001, 0x0c00)
    node(2, 50_002, 0x2200)
    use(4711, 50_001, 3_000_000, 152)
    use(4711, 50_002, 0, 0)
    const processesOf = await open().look(signal)
    expect(processesOf('0000:0c:00.0')).toEqual({
      processes: [{ pid: 4711, memoryUsedBytes: 3_000_000, smRatio: 0.5 }],
      isAll: true,
    })
    expect(processesOf('0000:22:00.0')).toEqual({ processes: [], isAll: true })
  })

  test('a partition is told apart by its number', async () => {
    node(1, 50_001, 0x0c00, 152)
    node(2, 50_002, 0x1000_0c00, 152)
    use(4711, 50_002, 1_000)
    const processesOf = await open().look(signal)
    expect(processesOf('0000:0c:00.0').processes).toEqual([])
    expect(processesOf('0000:0c:00.1').processes).toEqual([{ pid: 4711, memoryUsedBytes: 1_000 }])
  })

  test('a process that both drivers list is one', async () => {
    node(1, 50_001, 0x0300)
    use(4711, 50_001, 3_000_000)
    openGpu(4711, 12, amdgpu(5, '2048 KiB', 0))
    openGpu(4712, 12, amdgpu(6, '1024 KiB', 0))
    const { processes } = (await open().look(signal))('0000:03:00.0')
    expect(processes).toEqual([
      { pid: 4711, memoryUsedBytes: 3_000_000 },
      { pid: 4712, memoryUsedBytes: MIB },
    ])
  })
})
