import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import dcgm from '../../../../agent/drivers/dcgm/dcgm.ts'
import { DeviceAccumulator } from '../../../../agent/metering/accumulator.ts'
import type { Session } from '../../../../agent/plugin/driver.ts'
import type { Reading } from '../../../../agent/plugin/reading.ts'
import { type Balancer, balance } from '../../balancer.ts'

const START_MS = 1_800_000_000_000
const SEVERAL = /several nodes answer at this address .*name each exporter on its own/

let seconds: number
let address: Balancer
let session: Session
let accumulators: Map<string, DeviceAccumulator>
beforeEach(() => {
  seconds = 0
  vi.useFakeTimers({ toFake: ['Date', 'performance'], now: START_MS })
  accumulators = new Map()
})
afterEach(async () => {
  vi.useRealTimers()
  await address.close()
})

interface Node {
  name: string
  /** who holds its first GPU */
  tenant: string
  powerW: number
  gpus?: number
}
/** The rows of one node, with the labels of dcgm-exporter (pkg of NVIDIA/dcgm-exporter, README: metrics with Kubernetes). */
function page({ name, tenant, powerW, gpus = 2 }: Node): string {
  return Array.from({ length: gpus }, (_, i) => {
    const pod = i === 0 ? `,namespace="${tenant}",pod="${tenant}-0",container="c"` : ''
    const labels = `{gpu="${i}",UUID="GPU-${name}-${i}",device="nvidia${i}",modelName="NVIDIA H100 80GB HBM3",Hostname="${name}"${pod}}`
    return `DCGM_FI_DEV_POWER_USAGE${labels} ${powerW}
DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION${labels} ${(5e8 + powerW * seconds) * 1000}
DCGM_FI_DEV_GPU_UTIL${labels} ${i === 0 ? 95 : 0}
`
  }).join('')
}
const N1: Node = { name: 'n1', tenant: 'tenant-a', powerW: 600 }
const N2: Node = { name: 'n2', tenant: 'tenant-b', powerW: 300 }

async function behind(nodes: readonly (() => Node)[]): Promise<void> {
  address = await balance(nodes.map((node) => () => page(node())))
  session = open()
}
const open = (remembered?: unknown): Session =>
  dcgm.open({
    id: 'gpus',
    host: '',
    options: dcgm.settings.parse({ url: address.url }),
    ...(remembered !== undefined && { remembered }),
  })

async function polls(n: number): Promise<Reading[]> {
  const all: Reading[] = []
  for (let i = 0; i < n; i++) {
    const readings = await session.read(new AbortController().signal)
    for (const reading of readings) {
      const part = reading.part ?? ''
      const accumulator = accumulators.get(part) ?? new DeviceAccumulator(part, 60_000)
      accumulators.set(part, accumulator)
      accumulator.observe(reading, { wallMs: START_MS + seconds * 1000, steadyMs: seconds * 1000 })
    }
    all.push(...readings)
    seconds += 5
    vi.advanceTimersByTime(5_000)
  }
  return all
}
const idsOf = (readings: readonly Reading[]) =>
  [...new Set(readings.map(({ part, identity }) => `${part} ${identity.hardwareId}`))].sort()
const faultsOf = (readings: readonly Reading[], part = 'gpu0') =>
  readings.filter((r) => r.part === part).map(({ sample }) => (sample.faults ?? []).join())

test('of two nodes behind one address one is read on, all of its GPU time is billed to its tenant, and a fault says so', async () => {
  await behind([() => N1, () => N2])
  const readings = await polls(13)
  expect(idsOf(readings)).toEqual(['gpu0 GPU-n1-0', 'gpu1 GPU-n1-1'])
  expect(faultsOf(readings)).toEqual(Array.from({ length: 13 }, () => expect.stringMatching(SEVERAL)))
  const records = accumulators.get('gpu0')!.closeAll()
  expect([...new Set(records.map(({ owner }) => owner['namespace']))]).toEqual(['tenant-a'])
  expect(records.reduce((sum, r) => sum + (r.gpuMs ?? 0), 0)).toBe(60_000)
  expect(records.reduce((sum, r) => sum + (r.energyMilliJ ?? 0), 0)).toBe(600 * 60 * 1000)
})

test('a node that joins later behind the same address is told, and its GPUs take no place of the first one’s', async () => {
  let second = N1
  await behind([() => N1, () => second])
  expect(faultsOf(await polls(3)).join('')).toBe('')
  second = N2
  const readings = await polls(4)
  expect(faultsOf(readings).at(-1)).toMatch(SEVERAL)
  expect(idsOf(readings)).toEqual(['gpu0 GPU-n1-0', 'gpu1 GPU-n1-1'])
})

test('where the node that is read does not answer for some polls, its holder stays, and nothing of the other node is taken', async () => {
  await behind([() => N1, () => N2])
  await polls(3)
  address.pick = () => 1
  const [gpu0] = await polls(1)
  expect(gpu0).toMatchObject({
    identity: { hardwareId: 'GPU-n1-0' },
    sample: { holders: [{ owner: { namespace: 'tenant-a' } }], powerBasis: 'estimated' },
  })
  expect(faultsOf([gpu0!])[0]).toMatch(SEVERAL)
  address.pick = () => 0
  expect((await polls(1))[0]?.sample).toMatchObject({ state: 'busy', powerW: 600, powerBasis: 'reported' })
})

test('where the node that was read is gone, the other one is read on, by its own tenant', async () => {
  await behind([() => N1, () => N2])
  await polls(3)
  address.pick = () => 1
  const readings = await polls(16)
  expect(idsOf(readings.slice(-2))).toEqual(['gpu0 GPU-n2-0', 'gpu1 GPU-n2-1'])
  const records = accumulators.get('gpu0')!.closeAll()
  const gpuMs = (tenant: string) =>
    records.filter(({ owner }) => owner['namespace'] === tenant).reduce((sum, r) => sum + (r.gpuMs ?? 0), 0)
  expect(gpuMs('tenant-a') + gpuMs('tenant-b')).toBeLessThanOrEqual(18 * 5_000)
  expect(gpuMs('tenant-b')).toBeGreaterThan(0)
})

test('an agent that starts again reads the same node on', async () => {
  await behind([() => N1, () => N2])
  await polls(2)
  const remembered = JSON.parse(JSON.stringify(session.remembers?.()))
  // the other one answers first
  address.pick = () => (address.connections + 1) % 2
  session = open(remembered)
  expect(idsOf(await polls(3))).toEqual(['gpu0 GPU-n1-0', 'gpu1 GPU-n1-1'])
})

test('a GPU that was exchanged is read at once, without a fault: the only one of its node, or one of several', async () => {
  for (const gpus of [1, 2]) {
    let node: Node = { ...N1, gpus }
    await behind([() => node])
    await polls(3)
    node = { ...N1, gpus, name: 'new' }
    const readings = await polls(3)
    expect(idsOf(readings)[0]).toBe('gpu0 GPU-new-0')
    expect(faultsOf(readings).join('')).toBe('')
    await address.close()
  }
})
