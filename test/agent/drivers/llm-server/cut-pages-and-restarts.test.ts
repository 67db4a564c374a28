import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import llmServer from '../../../../agent/drivers/llm-server/llm-server.ts'
import { DeviceAccumulator } from '../../../../agent/metering/accumulator.ts'
import type { Session } from '../../../../agent/plugin/driver.ts'
import { text } from '../../page-server.ts'
import { llmRig } from './llm-rig.ts'

const POLL_S = 10
const PER_S = 100

const llm = llmRig()
let accumulator: DeviceAccumulator
let session: Session
let seconds: number
let faults: string[]
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'], now: 1_800_000_000_000 })
  accumulator = new DeviceAccumulator('llm-01', 60_000)
  session = llm.open()
  seconds = 0
  faults = []
})
afterEach(() => {
  vi.useRealTimers()
})

/** Polls of what a page shows at each time, 10 s apart. */
async function polls(n: number, page: (s: number) => string): Promise<void> {
  for (let i = 0; i < n; i++) {
    llm.page.answer = text(page(seconds))
    const [reading] = await session.read(new AbortController().signal).catch(() => [])
    if (reading) accumulator.observe(reading, { wallMs: Date.now(), steadyMs: performance.now() })
    faults.push(...(reading?.sample.faults ?? []))
    wait(POLL_S)
  }
}
function wait(s: number): void {
  seconds += s
  vi.advanceTimersByTime(s * 1000)
}
const open = (remembered: unknown): Session =>
  llmServer.open({
    id: 'llm-01',
    host: '',
    options: llmServer.settings.parse({ url: llm.page.url, service: 'chat' }),
    remembered,
  })
/** The agent starts again, with what its spool kept. */
function restart(): void {
  const kept = JSON.parse(JSON.stringify({ state: accumulator.state, known: session.remembers?.() ?? null }))
  accumulator = new DeviceAccumulator('llm-01', 60_000, kept.state)
  session = open(kept.known)
}
const sold = (of: 'tokensIn' | 'tokensOut' = 'tokensIn') =>
  accumulator.closeAll().reduce((all, record) => all + (record[of] ?? 0), 0)

/** llama.cpp, tools/server/server-context.cpp: names. Its page tells no start. */
const llamacpp = (tokens: number) => `llamacpp:prompt_tokens_total ${tokens}\n`
const steady = (s: number) => llamacpp(2e6 + PER_S * s)

describe('while the agent starts again', () => {
  test.each([5e5, 5e6, 2e7])(
    'a server takes the place of another one that has counted %d fewer: the leap is not sold, and is told',
    async (more) => {
      await polls(60, steady)
      restart()
      wait(60)
      await polls(20, (s) => llamacpp(2e6 + more + PER_S * s))
      expect(sold()).toBeLessThanOrEqual(PER_S * (59 + 19) * POLL_S)
      expect(faults.join()).toContain('its token counters leapt by more')
    },
  )

  test('a server that goes on is sold for the time without an agent too', async () => {
    await polls(60, steady)
    restart()
    wait(600)
    await polls(20, steady)
    expect(sold()).toBe(PER_S * (79 * POLL_S + 600))
    expect(faults.join()).not.toContain('leapt')
  })

  test.each([null, 7, {}, { series: 1 }, { series: [null, ['x', 1], ['y', 'z', -1, {}]], server: 7 }])(
    'what is no memory is none: %j',
    async (known) => {
      session = open(known)
      await polls(3, steady)
      expect(sold()).toBe(PER_S * 20)
    },
  )
})

/** sgl-project/sglang, metrics/collector.py: `is_streaming` at the prompts, `cache_source` at what came from the cache, which appears with the first hit. */
const sglang = (s: number, hasCached: boolean) =>
  ['true', 'false']
    .map((is) => `sglang:prompt_tokens_total{model_name="m",is_streaming="${is}"} ${2e6 + PER_S * s}\n`)
    .join('') +
  (hasCached ? `sglang:cached_tokens_total{model_name="m",cache_source="device"} ${5 * s}\n` : '')

test.each([
  ['appears', (s: number) => s >= 300],
  ['appears, is missing at one poll and returns', (s: number) => s >= 300 && s !== 450],
])('where a part of the input without a label of the whole %s, no past is sold', async (_, has) => {
  await polls(60, (s) => sglang(s, has(s)))
  const served = 2 * PER_S * 59 * POLL_S
  const all = sold()
  expect(all).toBeLessThanOrEqual(served)
  // each change of how the page counts costs a poll
  expect(all).toBeGreaterThanOrEqual(served - 2 * PER_S * 3 * POLL_S)
})

/** Dynamo, docs/observability/metrics: two counters of output, of which the newer one counts. */
test('a page that is cut so that it shows the counter of an older version alone sells nothing twice', async () => {
  const older = (s: number) => `dynamo_frontend_output_sequence_tokens_sum{model="m"} ${15e5 + PER_S * s}\n`
  const newer = (s: number) => `dynamo_frontend_output_tokens_total{model="m"} ${2e6 + PER_S * s}\n`
  await polls(60, (s) => older(s) + (s % 100 === 50 ? '' : newer(s)))
  const all = sold('tokensOut')
  expect(all).toBeLessThanOrEqual(PER_S * 59 * POLL_S)
  expect(all).toBeGreaterThanOrEqual(PER_S * 45 * POLL_S)
})

test('engines that are those of another server from now on, each a little further: the leap is not sold, and is told', async () => {
  const page = (s: number) =>
    Array.from({ length: 8 }, (_, engine) => engine)
      .map(
        (engine) =>
          `vllm:prompt_tokens_total{engine="${engine}",model_name="m"} ${1e6 + PER_S * s + (s < 600 ? 0 : 1e5)}\n`,
      )
      .join('')
  await polls(90, page)
  expect(sold()).toBeLessThanOrEqual(8 * PER_S * 89 * POLL_S)
  expect(faults.join()).toContain('its token counters leapt by more')
})

test('pages without a single figure are no sign of several servers, and cost nothing', async () => {
  await polls(60, (s) => (s % 100 === 50 ? '# EOF\n' : steady(s)))
  expect(sold()).toBe(PER_S * 59 * POLL_S)
  expect(faults.join()).not.toContain('several')
})
