import { beforeEach, describe, expect, test } from 'vitest'
import { DeviceAccumulator } from '../../../../agent/metering/accumulator.ts'
import { sumByOwner } from '../../../../agent/metering/owner-quantities.ts'
import type { Session } from '../../../../agent/plugin/driver.ts'
import type { Reading } from '../../../../agent/plugin/reading.ts'
import { text } from '../../page-server.ts'
import { llmRig } from './llm-rig.ts'

const llm = llmRig()
let accumulator: DeviceAccumulator
let session: Session
let steadyMs: number
beforeEach(() => {
  accumulator = new DeviceAccumulator('llm-01', 60_000)
  session = llm.open()
  steadyMs = 0
})

/** A poll of a page, 5 s after the one before. */
async function pollPage(page: string): Promise<void> {
  llm.page.answer = text(page)
  const [reading] = await session.read(new AbortController().signal)
  observe(reading!)
}

function observe(reading: Reading): void {
  accumulator.observe(reading, { wallMs: 1_800_000_000_000 + steadyMs, steadyMs })
  steadyMs += 5_000
}

/** A poll of Ray's page (label WorkerId: serve_llm_dashboard_panels.py), with what each replica has counted since its start. */
async function poll(replicas: Readonly<Record<string, number>>, addedUp = false): Promise<void> {
  llm.page.answer = text(
    Object.entries(replicas)
      .map(
        ([id, tokens]) =>
          `ray_vllm_prompt_tokens_total{WorkerId="${id}",model_name="m"} ${tokens}\nray_vllm_generation_tokens_total{WorkerId="${id}",model_name="m"} ${tokens}\n`,
      )
      .join(''),
  )
  const [reading] = await session.read(new AbortController().signal)
  if (addedUp)
    reading!.counters = {
      byOwner: [...sumByOwner(reading!.counters!.byOwner!.map(({ counter: _, ...own }) => own)).values()],
    }
  observe(reading!)
}
const sold = () =>
  accumulator
    .closeAll()
    .filter((r) => r.owner['service'] === 'chat')
    .reduce((sum, r) => sum + (r.tokensOut ?? 0), 0)

test('a replica that ends does not sell again what the others have sold', async () => {
  await poll({ a: 1_000_000, b: 1_000_000 })
  await poll({ a: 1_000_100, b: 1_000_100 })
  for (const b of [1_000_200, 1_000_300, 1_000_400]) await poll({ b })
  expect(sold()).toBe(500)
})

test('a replica that is away for a poll goes on where it was', async () => {
  await poll({ a: 5_000, b: 7_000 })
  await poll({ b: 7_100 })
  await poll({ a: 5_300, b: 7_200 })
  await poll({ a: 5_310, b: 7_200 })
  expect(sold()).toBe(310 + 200)
})

describe('a replica that is new on the page', () => {
  /** a page of a Prometheus (label instance) with prometheus_client's own figures (its README: process_start_time_seconds, _created) */
  const replica = (id: string, tokens: number, more = '') =>
    `vllm:generation_tokens_total{instance="${id}",model_name="m"} ${tokens}\n${more}`
  const started = (id: string, startS: number) =>
    `process_start_time_seconds{instance="${id}",job="vllm"} ${startS}\n`
  const made = (id: string, startS: number) =>
    `vllm:generation_tokens_created{instance="${id}",model_name="m"} ${startS}\n`
  const nowS = Date.now() / 1000
  const before = nowS - 86_400
  // within the two seconds that clocks may differ by
  const since = () => Date.now() / 1000 + 1

  test.each([
    ['that started since sells from its start', (id: string) => started(id, since()), 90],
    ['whose counter was made since sells from its start', (id: string) => made(id, since()), 90],
    ['that had served for a day sells from the first reading', (id: string) => started(id, before), 50],
    ['whose counter was made a day ago sells from the first reading', (id: string) => made(id, before), 50],
    ['that tells no start sells from the first reading, because it may have served for long', () => '', 50],
    [
      'whose clock is ahead, so that it seems to start later than now, sells from the first reading',
      (id: string) => started(id, nowS + 3600),
      50,
    ],
    ['beside which another one started sells from the first reading', () => started('a', since()), 50],
  ])('%s', async (_, more, tokens) => {
    await pollPage(replica('a', 500))
    await pollPage(replica('a', 500) + replica('c', 40, more('c')))
    await pollPage(replica('a', 500) + replica('c', 90, more('c')))
    expect(sold()).toBe(tokens)
  })
})

test('an agent that is updated sells nothing of what it had added up before', async () => {
  // an older agent told one counter for all replicas
  await poll({ a: 5_000, b: 7_000 }, true)
  await poll({ a: 5_100, b: 7_000 }, true)
  accumulator = new DeviceAccumulator('llm-01', 60_000, JSON.parse(JSON.stringify(accumulator.state)))
  await poll({ a: 5_200, b: 7_000 })
  await poll({ a: 5_300, b: 7_000 })
  expect(sold()).toBe(100 + 100)
})
