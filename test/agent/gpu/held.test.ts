import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import amdgpu from '../../../agent/drivers/amdgpu-sysfs/amdgpu-sysfs.ts'
import rocmSmi from '../../../agent/drivers/rocm-smi/rocm-smi.ts'
import xpuSmi from '../../../agent/drivers/xpu-smi/xpu-smi.ts'
import type { Session } from '../../../agent/plugin/driver.ts'
import { soon } from '../asic-harness.ts'
import { answers, fakeProgram } from '../fake-program.ts'
import { sysfsFixture } from '../sysfs-tree.ts'
import { FakeHost } from '../tenancy/fake-host.ts'

let host: FakeHost
beforeEach(() => {
  host = new FakeHost()
  host.write('prolog/1', '4711\n')
})
afterEach(() => host.close())

const owners = () => ({
  ...host.settings,
  kfd: `${host.folder}/kfd`,
  slurm: { prologFolder: `${host.folder}/prolog` },
})
const target = { id: 'gpu-01', host: '' }
const fixture = (name: string) => readFileSync(`test/fixtures/gpu/${name}`, 'utf8')

const DRIVERS: Record<string, () => Session> = {
  'rocm-smi': () => {
    const program = fakeProgram('rocm-smi', answers({ '*': fixture('rocm-smi-mi250x.json') }))
    return rocmSmi.open({ ...target, options: rocmSmi.settings.parse({ program, owners: owners() }) })
  },
  'xpu-smi': () => {
    const program = fakeProgram(
      'xpu-smi',
      answers({
        'dump*': fixture('xpu-smi-max1550/dump.csv'),
        'discovery*': fixture('xpu-smi-max1550/discovery.json'),
      }),
    )
    return xpuSmi.open({ ...target, options: xpuSmi.settings.parse({ program, owners: owners() }) })
  },
  'amdgpu-sysfs': () => {
    const { root } = sysfsFixture('gpu/amdgpu-sysfs')
    return amdgpu.open({ ...target, options: amdgpu.settings.parse({ root, owners: owners() }) })
  },
}

test.each(Object.keys(DRIVERS))('%s: a GPU that Slurm gave to a job is the job’s', async (driver) => {
  const [other, given] = (await DRIVERS[driver]?.().read(soon())) ?? []
  expect(given?.sample).toMatchObject({
    state: 'busy',
    holders: [{ owner: { slurmJob: '4711' }, share: 1 }],
  })
  expect(other?.sample).not.toHaveProperty('holders')
})

/** Linux, Documentation/gpu/drm-usage-stats.rst */
const fdinfo = (pci: string) =>
  `drm-driver:\tx\ndrm-client-id:\t5\ndrm-pdev:\t${pci}\ndrm-memory-vram:\t2048 KiB\ndrm-total-vram0:\t2048 KiB\n`

test.each([
  ['rocm-smi', '0000:c0:00.0'],
  ['amdgpu-sysfs', '0000:03:00.0'],
  ['xpu-smi', '0000:4d:00.0'],
])(
  '%s: the process that the kernel shows on a GPU holds it, and the others are free',
  async (driver, pci) => {
    host.write('prolog/1', '')
    host.run(4711, { cgroup: '0::/system.slice/vllm.service', uid: 0 })
    mkdirSync(join(host.folder, 'proc/4711/fd'), { recursive: true })
    symlinkSync('/dev/dri/renderD128', join(host.folder, 'proc/4711/fd/7'))
    host.write('proc/4711/fdinfo/7', fdinfo(pci))
    const [held, free] = (await DRIVERS[driver]?.().read(soon())) ?? []
    expect(held?.sample.holders).toMatchObject([{ owner: { systemdUnit: 'vllm.service' }, share: 1 }])
    expect(held?.sample.state).toBe('busy')
    expect(free?.sample.holders).toEqual([])
  },
)

test.each(['rocm-smi', 'xpu-smi'])(
  '%s that hangs leaves its GPUs with those who were given them, at their last power',
  async (name) => {
    const isRocm = name === 'rocm-smi'
    const program = fakeProgram(
      name,
      `[ -e "$0.hangs" ] && exec sleep 600\n${answers({ [isRocm ? '*' : 'dump*']: fixture(isRocm ? 'rocm-smi-mi250x.json' : 'xpu-smi-max1550/dump.csv') })}`,
    )
    const options = { program, owners: owners() }
    const session = isRocm
      ? rocmSmi.open({ ...target, options: rocmSmi.settings.parse(options) })
      : xpuSmi.open({ ...target, options: xpuSmi.settings.parse(options) })
    const before = await session.read(soon())
    writeFileSync(`${program}.hangs`, '')
    const after = await session.read(soon())
    expect(after.map(({ part }) => part)).toEqual(before.map(({ part }) => part))
    expect(after[1]?.sample).toMatchObject({
      state: 'faulty',
      holders: [{ owner: { slurmJob: '4711' }, share: 1 }],
      powerW: before[1]?.sample.powerW,
      powerBasis: 'estimated',
    })
    expect(after[1]).not.toHaveProperty('counters')
  },
)
