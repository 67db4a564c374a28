import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import llmServer from '../../../../agent/drivers/llm-server/llm-server.ts'
import { DeviceAccumulator } from '../../../../agent/metering/accumulator.ts'
import type { Session } from '../../../../agent/plugin/driver.ts'
import type { Reading } from '../../../../agent/plugin/reading.ts'
import { withDeadline } from '../../../../protocol/kit/retry.ts'
import { type Balancer, balance } from '../../balancer.ts'
import { servePage } from '../../page-server.ts'

const START_MS = 1_800_000_000_000
const SEVERAL = /several servers answer at this address .*name each one on its own/

let seconds: number
let address: Balancer
let session: Session
let accumulator: DeviceAccumulator
beforeEach(() => {
  seconds = 0
  vi.useFakeTimers({ toFake: ['Date', 'performance'], now: START_MS })
  accumulator = new DeviceAccumulator('llm-01', 60_000)
})
afterEach(async () => {
  vi.useRealTimers()
  await address.close()
})

/** One server with the names of vllm/v1/metrics/loggers.py, and prometheus_client's own figures where it tells its start (its README). */
interface Replica {
  /** input tokens at the first poll */
  counted: number
  perS: number
  /** how long it has run at the first poll, s; absent: its page doesn't tell, as behind PROMETHEUS_MULTIPROC_DIR or of TGI */
  upS?: number
}
const L = 'model_name="m"'
const shown = (input: number, startS?: number) =>
  `vllm:num_requests_running{${L}} 3
vllm:prompt_tokens_total{${L}} ${input}
vllm:generation_tokens_total{${L}} ${Math.floor(input / 5)}
vllm:request_success_total{${L},finished_reason="stop"} ${Math.floor(input / 1000)}
${startS === undefined ? '' : `process_start_time_seconds ${startS}\n`}`
const page = ({ counted, perS, upS }: Replica) =>
  shown(counted + Math.floor(perS * seconds), upS === undefined ? undefined : START_MS / 1000 - upS)

async function behind(replicas: readonly Replica[], pick?: () => number): Promise<void> {
  address = await balance(
    replicas.map((replica) => () => page(replica)),
    pick,
  )
  session = open()
}
const open = (remembered?: unknown, url = address.url): Session =>
  llmServer.open({
    id: 'llm-01',
    host: '',
    options: llmServer.settings.parse({ url, service: 'chat' }),
    ...(remembered !== undefined && { remembered }),
  })

async function poll(): Promise<Reading> {
  const [reading] = await session.read(new AbortController().signal)
  accumulator.observe(reading!, { wallMs: START_MS + seconds * 1000, steadyMs: seconds * 1000 })
  wait(5)
  return reading!
}
function wait(s: number): void {
  seconds += s
  vi.advanceTimersByTime(s * 1000)
}
async function polls(n: number): Promise<Reading[]> {
  const readings = []
  for (let i = 0; i < n; i++) readings.push(await poll())
  return readings
}
const faultsOf = (readings: readonly Reading[]) => readings.map(({ sample }) => (sample.faults ?? []).join())
const soldIn = () => accumulator.closeAll().reduce((sum, r) => sum + (r.tokensIn ?? 0), 0)

describe('replicas behind one address', () => {
  test('that tell when they started: one is read on, nothing of the others is sold, and a fault says so', async () => {
    await behind([
      { counted: 1e9, perS: 500, upS: 86_400 },
      { counted: 1.004e9, perS: 500, upS: 86_395 },
    ])
    const readings = await polls(13)
    expect(faultsOf(readings)).toEqual(readings.map(() => expect.stringMatching(SEVERAL)))
    expect(faultsOf(readings)[0]).toContain('one is read on')
    expect(new Set(readings.map(({ sample }) => sample.state))).toEqual(new Set(['busy']))
    expect(soldIn()).toBe(500 * 60)
  })

  test.each([
    ['far apart', [1e9, 1.004e9]],
    ['nearly equal', [1e9, 1.0001e9]],
    ['young', [2e7, 2.2e7]],
    ['of which one has served nobody', [0, 3e6]],
    ['of four workers', [1.8e6, 1.86e6, 1.74e6, 1.91e6]],
  ])('that tell no start, %s: nothing is sold, no rate is shown, and it is faulty', async (_, counted) => {
    await behind(counted.map((tokens) => ({ counted: tokens, perS: 50 })))
    const readings = await polls(13)
    expect(faultsOf(readings)).toEqual(readings.map(() => expect.stringMatching(SEVERAL)))
    expect(faultsOf(readings)[0]).toContain('no token is sold')
    expect(readings.flatMap(({ sample }) => sample.tokensInPerS ?? [])).toEqual([])
    expect(new Set(readings.map(({ sample }) => sample.state))).toEqual(new Set(['faulty']))
    expect(soldIn()).toBe(0)
  })

  test('that were forked at one moment and so tell the same start are not told apart', async () => {
    await behind([
      { counted: 4e6, perS: 50, upS: 900 },
      { counted: 9e6, perS: 50, upS: 900 },
    ])
    expect(faultsOf(await polls(13)).at(-1)).toContain('no token is sold')
    expect(soldIn()).toBe(0)
  })

  test('whichever of them answers, no more is sold than they served, and a fault says so (property)', async () => {
    const replica = fc.record(
      {
        counted: fc.integer({ min: 0, max: 5e9 }),
        perS: fc.integer({ min: 1, max: 20_000 }),
        upS: fc.integer({ min: 60, max: 1e6 }),
      },
      { requiredKeys: ['counted', 'perS'] },
    )
    const distinct = { minLength: 2, maxLength: 4, selector: (r: Replica) => Math.floor(r.counted / 1000) }
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(replica, distinct),
        fc.array(fc.nat(3), { minLength: 8, maxLength: 40 }),
        async (replicas, order) => {
          seconds = 0
          vi.setSystemTime(START_MS)
          accumulator = new DeviceAccumulator('llm-01', 60_000)
          let at = 0
          // of any eight connections in a row each server gets one
          await behind(replicas, () =>
            at % 2 === 0
              ? (at++ / 2) % replicas.length
              : (order[at++ % order.length] as number) % replicas.length,
          )
          try {
            const readings = await polls(12)
            expect(faultsOf(readings).at(-1)).toMatch(SEVERAL)
            const served = replicas.reduce((sum, { perS }) => sum + perS * 55, 0)
            expect(soldIn()).toBeLessThanOrEqual(served)
          } finally {
            await address.close()
          }
        },
      ),
      { numRuns: 12 },
    )
  })

  test('a second one that joins later is told, and sells nothing of its past', async () => {
    let servers = 1
    await behind(
      [
        { counted: 1e6, perS: 100 },
        { counted: 8e6, perS: 100 },
      ],
      () => address.connections % servers,
    )
    expect(faultsOf(await polls(7)).join('')).toBe('')
    servers = 2
    expect(faultsOf(await polls(6)).at(-1)).toMatch(SEVERAL)
    expect(soldIn()).toBeLessThanOrEqual(100 * 35)
  })

  test('the fault ends ten minutes after one server alone answers, and it is sold from there', async () => {
    let servers = 2
    await behind(
      [
        { counted: 1e6, perS: 100 },
        { counted: 8e6, perS: 100 },
      ],
      () => address.connections % servers,
    )
    await polls(3)
    servers = 1
    await polls(2)
    wait(600)
    expect(faultsOf(await polls(3))).toEqual(['', '', ''])
    expect(soldIn()).toBeLessThanOrEqual(100 * 15)
  })

  test('an agent that starts again reads the same one on', async () => {
    await behind([
      { counted: 1e9, perS: 500, upS: 86_400 },
      { counted: 1.004e9, perS: 500, upS: 86_395 },
    ])
    await polls(5)
    const state = JSON.parse(JSON.stringify(accumulator.state))
    accumulator = new DeviceAccumulator('llm-01', 60_000, state)
    session = open(JSON.parse(JSON.stringify(session.remembers?.())))
    await polls(5)
    expect(soldIn()).toBe(500 * 45)
  })
})

describe('one server', () => {
  /** What one server shows at each poll; each poll may ask for it several times. */
  async function alone(pages: readonly string[]): Promise<Reading[]> {
    let at = 0
    address = await balance([() => pages[at] as string])
    session = open()
    const readings = []
    for (; at < pages.length; at++) readings.push(await poll())
    return readings
  }
  const nowS = START_MS / 1000

  test.each([
    ['that tells its start', nowS - 86_400, nowS + 8],
    ['that tells none', undefined, undefined],
  ])('%s restarts and sells what it served before and since', async (_, before, since) => {
    const readings = await alone([
      shown(5_000_000, before),
      shown(5_001_000, before),
      shown(500, since),
      shown(1500, since),
      shown(2500, since),
    ])
    expect(faultsOf(readings).join('')).toBe('')
    expect(soldIn()).toBe(1000 + 2500)
  })

  test('whose place another takes that had started before sells nothing of that one’s past', async () => {
    const readings = await alone([
      shown(5_000_000, nowS - 86_400),
      shown(5_001_000, nowS - 86_400),
      shown(9_000_000, nowS - 600),
      shown(9_001_000, nowS - 600),
    ])
    expect(faultsOf(readings).join('')).toBe('')
    expect(soldIn()).toBe(2000)
  })

  test('whose counters fall to what no restart leaves, again and again, is a fault', async () => {
    const readings = await alone([4e6, 3e6, 4e6, 3e6].map((tokens) => shown(tokens)))
    expect(faultsOf(readings).at(-1)).toMatch(SEVERAL)
    expect(soldIn()).toBe(0)
  })

  test('that works at its full rate at once is sold all of it, without a fault', async () => {
    const readings = await alone(
      [0, 0, 900_000, 1_800_000, 1_800_000, 1_900_000].map((tokens) => shown(tokens)),
    )
    expect(faultsOf(readings).join('')).toBe('')
    expect(soldIn()).toBe(1_900_000)
  })

  test('that answers once, and then no more until the poll is over, is read all the same', async () => {
    await behind([{ counted: 1e6, perS: 100 }])
    let first = true
    const stalling = await servePage((_, res) => {
      if (first) res.end(shown(1e6))
      first = false
    })
    session = open(undefined, stalling.url)
    const [reading] = await withDeadline((signal) => session.read(signal), 5_000)
    expect(reading?.counters?.byOwner?.[0]).toMatchObject({ tokensIn: 1e6 })
    await stalling.close()
  })

  test('whose start is computed again for each answer stays one', async () => {
    const readings = await alone(
      [0, 0.03, 0.01, 0, 0.02].map((s, i) => shown(1e6 + i * 1000, nowS - 86_400 + s)),
    )
    expect(faultsOf(readings).join('')).toBe('')
    expect(soldIn()).toBe(4000)
  })
})
