import { beforeEach, expect, test } from 'vitest'
import { DeviceAccumulator } from '../../../../agent/metering/accumulator.ts'
import { sumByOwner } from '../../../../agent/metering/owner-quantities.ts'
import type { Session } from '../../../../agent/plugin/driver.ts'
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
  accumulator.observe(reading!, { wallMs: 1_800_000_000_000 + steadyMs, steadyMs })
  steadyMs += 5_000
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

test('a replica that is away for a poll goes on where it was, and a new one sells from its start', async () => {
  await poll({ a: 5_000, b: 7_000 })
  await poll({ b: 7_100 })
  await poll({ a: 5_300, b: 7_200, c: 40 })
  await poll({ a: 5_300, b: 7_200, c: 90 })
  expect(sold()).toBe(300 + 200 + 90)
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
