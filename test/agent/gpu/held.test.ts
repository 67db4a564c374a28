import { readFileSync } from 'node:fs'
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

const owners = () => ({ ...host.settings, slurm: { prologFolder: `${host.folder}/prolog` } })
const target = { id: 'gpu-01', host: '' }
const fixture = (name: string) => readFileSync(`test/fixtures/gpu/${name}`, 'utf8')

const DRIVERS: Record<string, () => Session> = {
  'rocm-smi': () => {
    const program = fakeProgram('rocm-smi', answers({ '*': fixture('rocm-smi-mi250x.json') }))
    return rocmSmi.open({ ...target, options: rocmSmi.settings.parse({ program, owners: owners() }) })
  },
  'xpu-smi': () => {
    const program = fakeProgram('xpu-smi', answers({ 'dump*': fixture('xpu-smi-max1550/dump.csv') }))
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
