import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { MOST_SERIES } from '../../../../agent/drivers/llm-server/watched-series.ts'
import { DeviceAccumulator } from '../../../../agent/metering/accumulator.ts'
import { isUnpaidFault } from '../../../../protocol/unpaid-faults.ts'
import { text } from '../../page-server.ts'
import { llmRig } from './llm-rig.ts'

const START_MS = 1_800_000_000_000
const POLL_S = 10

const llm = llmRig()
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'], now: START_MS })
})
afterEach(() => {
  vi.useRealTimers()
})

/** What polls of these pages sell, and the faults by their first words. @param restartsAt polls before which the agent starts again */
async function sold(pages: readonly string[], settings: object = {}, restartsAt: readonly number[] = []) {
  let accumulator = new DeviceAccumulator('llm-01', 60_000)
  let session = llm.open(settings)
  const faults = new Set<string>()
  const counters = new Set<string | undefined>()
  for (const [i, page] of pages.entries()) {
    if (restartsAt.includes(i)) {
      accumulator = new DeviceAccumulator('llm-01', 60_000, JSON.parse(JSON.stringify(accumulator.state)))
      session = llm.open(settings)
    }
    llm.page.answer = text(page)
    const [reading] = await session.read(new AbortController().signal)
    accumulator.observe(reading!, { wallMs: Date.now(), steadyMs: performance.now() })
    for (const fault of reading!.sample.faults ?? []) faults.add(fault)
    for (const { counter } of reading!.counters?.byOwner ?? []) counters.add(counter)
    vi.advanceTimersByTime(POLL_S * 1000)
  }
  const records = accumulator.closeAll()
  const sum = (of: 'tokensIn' | 'tokensOut') => records.reduce((all, r) => all + (r[of] ?? 0), 0)
  return {
    tokensIn: sum('tokensIn'),
    tokensOut: sum('tokensOut'),
    faults: [...faults],
    counters: [...counters],
  }
}
const pagesOf = (polls: number, page: (s: number) => string) =>
  Array.from({ length: polls }, (_, i) => page(i * POLL_S))

/** vllm/v1/metrics/loggers.py: names and labels. */
const vllm = (labels: string, tokens: number) =>
  `vllm:prompt_tokens_total{engine="0",model_name="m"${labels}} ${tokens}\nvllm:generation_tokens_total{engine="0",model_name="m"${labels}} ${tokens / 4}\n`

/**
 * Labels by which relays and exporters tell servers apart: Telegraf's inputs.prometheus (url), OpenTelemetry's resource attributes as labels,
 * vLLM's and SGLang's own (engine, dp_rank), Triton's (version), and any that a person sets.
 */
describe.each(['url', 'k8s_pod_name', 'service_instance_id', 'dp_rank', 'version', 'rack'])(
  'servers on one page that differ by the label %s',
  (label) => {
    const of = (name: string, tokens: number) => vllm(`,${label}="${name}"`, tokens)

    test.each([
      // until its second reading the restarted one shows 0
      [
        'one starts again',
        (s: number) => (s < 600 ? 1.5e6 + 100 * s : 100 * (s - 600)),
        2 * 100 * 1190 - 1000,
      ],
      [
        'one is missing for two minutes',
        (s: number) => (s >= 600 && s < 720 ? undefined : 1.5e6 + 100 * s),
        2 * 100 * 1190,
      ],
      [
        'one that served for long joins',
        (s: number) => (s < 600 ? undefined : 1.5e6 + 100 * s),
        100 * 1190 + 100 * 590,
      ],
      ['one leaves', (s: number) => (s < 600 ? 1.5e6 + 100 * s : undefined), 100 * 1190 + 100 * 590],
    ])('%s: the other is sold as before, and of it what it served', async (_, second, tokens) => {
      const pages = pagesOf(120, (s) => {
        const count = second(s)
        return of('a', 2e6 + 100 * s) + (count === undefined ? '' : of('b', count))
      })
      expect(await sold(pages)).toMatchObject({ tokensIn: tokens, tokensOut: tokens / 4, faults: [] })
    })
  },
)

test('each series has a name of its own, which is the same after a restart of the agent: nothing is sold twice or lost', async () => {
  const pages = pagesOf(60, (s) => vllm(',url="a"', 2e6 + 100 * s) + vllm(',url="b"', 9e6 + 100 * s))
  const { counters, ...told } = await sold(pages, {}, [20, 40])
  expect(told).toEqual({ tokensIn: 2 * 100 * 590, tokensOut: 2 * 25 * 590, faults: [] })
  expect(counters).toHaveLength(2)
})

test('a model that is unloaded, and later loaded again by the same process, goes on where it was', async () => {
  const lora = (s: number) => vllm('', 5e5 + 50 * s).replaceAll('"m"', '"lora"')
  const pages = pagesOf(120, (s) => vllm('', 2e6 + 100 * s) + (s >= 400 && s < 800 ? '' : lora(s)))
  expect(await sold(pages)).toMatchObject({ tokensIn: 150 * 1190, faults: [] })
})

test('a page with more series than are counted is told, and what is counted stays bounded', async () => {
  const page = (s: number) =>
    Array.from(
      { length: MOST_SERIES + 10 },
      (_, i) => `vllm:generation_tokens_total{model_name="m",user="${i}"} ${1000 + s}\n`,
    ).join('')
  const { tokensOut, faults, counters } = await sold(pagesOf(3, page))
  expect(tokensOut).toBe(MOST_SERIES * 20)
  expect(counters).toHaveLength(MOST_SERIES)
  expect(faults.filter(isUnpaidFault)).toEqual([expect.stringContaining('more than 5,000 series of tokens')])
})

/** llama.cpp tells no start (tools/server/README.md, `--metrics`). */
const llamacpp = (tokens: number) =>
  `llamacpp:prompt_tokens_total ${tokens}\nllamacpp:tokens_predicted_total ${tokens / 4}\nllamacpp:requests_processing 1\n`

describe('an address that moves to another server', () => {
  test.each([5e5, 5e6, 5e7])(
    'which has counted %d more: the leap is not sold, and a fault says so',
    async (more) => {
      const pages = pagesOf(120, (s) => llamacpp(2e6 + 100 * s + (s < 600 ? 0 : more)))
      const { tokensIn, tokensOut, faults } = await sold(pages)
      expect({ tokensIn, tokensOut }).toEqual({ tokensIn: 100 * 1180, tokensOut: 25 * 1180 })
      expect(faults.filter(isUnpaidFault)).toEqual([
        expect.stringContaining('its token counters leapt by more'),
      ])
    },
  )

  test('again and again: no leap makes the next one look true', async () => {
    const pages = pagesOf(360, (s) => llamacpp(2e6 + 100 * s + 5e6 * Math.floor(s / 600)))
    expect((await sold(pages)).tokensIn).toBeLessThanOrEqual(100 * 3590)
  })

  test('each minute, from the first on: the next leap does not make the last one look like work', async () => {
    const pages = pagesOf(60, (s) => llamacpp(2e6 + 100 * s + 4e5 * Math.floor(s / 60)))
    expect((await sold(pages)).tokensIn).toBeLessThanOrEqual(100 * 590)
  })

  test('which started in the next whole second: the start tells it, and nothing of its past is sold', async () => {
    const pages = pagesOf(
      60,
      (s) =>
        `process_start_time_seconds ${s < 300 ? 1_790_000_000 : 1_790_000_001}\n${vllm('', 2e6 + 100 * s + (s < 300 ? 0 : 5e6))}`,
    )
    expect(await sold(pages)).toMatchObject({ tokensIn: 100 * 580 })
  })

  test('and back after a minute, as a proxy that shows a kept page: what was served is sold once', async () => {
    const pages = pagesOf(120, (s) => llamacpp(2e6 + 100 * (s >= 700 && s < 760 ? s - 600 : s)))
    expect(await sold(pages)).toMatchObject({ tokensIn: 100 * 1190, faults: [] })
  })
})

test.each([1, 2, 5])('counters that show 0 at %d polls lose nothing', async (polls) => {
  const pages = pagesOf(120, (s) => llamacpp(s >= 600 && s < 600 + polls * POLL_S ? 0 : 2e6 + 100 * s))
  expect(await sold(pages)).toMatchObject({ tokensIn: 100 * 1190, tokensOut: 25 * 1190, faults: [] })
})

test('bursts of one process that tells its start are sold, also after a quiet time', async () => {
  const pages = pagesOf(
    120,
    (s) => `process_start_time_seconds 1790000000.37\n${vllm('', 2e6 + 20 * s + (s < 600 ? 0 : 400_000))}`,
  )
  expect(await sold(pages)).toMatchObject({ tokensIn: 20 * 1190 + 400_000, faults: [] })
})

test('a load that comes at once and stays is sold from its begin', async () => {
  const pages = pagesOf(120, (s) => llamacpp(2e6 + 100 * s + 40_000 * Math.max(0, s - 600)))
  // the last minute may still be held back while the new rate is proven
  const { tokensIn } = await sold(pages)
  const served = 100 * 1190 + 40_000 * 590
  expect(tokensIn).toBeGreaterThan(served - 40_100 * 70)
  expect(tokensIn).toBeLessThanOrEqual(served)
})

describe('input of which a part came from elsewhere', () => {
  /** vllm/v1/metrics/loggers.py: the sources of a decode end's input */
  const decode = (s: number, told: boolean) =>
    vllm('', 1e6 + 100 * s) +
    (told
      ? `vllm:prompt_tokens_by_source_total{engine="0",model_name="m",source="external_kv_transfer"} ${9e5 + 90 * s}\n`
      : '') +
    `vllm:prompt_tokens_by_source_total{engine="0",model_name="m",source="local_compute"} ${1e5 + 10 * s}\n`

  test.each([
    ['auto', 1, 0],
    ['decode', 1, 0],
    ['auto', 18, 1],
    ['decode', 18, 1],
  ])(
    'end: %s: where it is not told at %d polls, the input waits for it, and none is sold twice or lost',
    async (end, polls, told) => {
      const pages = pagesOf(120, (s) => decode(s, s < 600 || s >= 600 + polls * POLL_S))
      const { faults, ...tokens } = await sold(pages, { end })
      expect(tokens).toMatchObject({ tokensIn: 10 * 1190, tokensOut: 25 * 1190 })
      expect(faults.filter((fault) => fault.includes('its input is not sold until it does'))).toHaveLength(
        told,
      )
    },
  )

  test('that is told from the second poll on: nothing of it is sold, and the rest is', async () => {
    const pages = pagesOf(120, (s) => decode(s, s > 0))
    expect(await sold(pages, { end: 'decode' })).toMatchObject({ tokensIn: 10 * 1180 })
  })

  test('that is told no more for ten minutes: it is counted as the page is then, and nothing of its past', async () => {
    const pages = pagesOf(120, (s) => decode(s, s < 100))
    expect((await sold(pages)).tokensIn).toBeLessThanOrEqual(100 * 1190)
  })
})
