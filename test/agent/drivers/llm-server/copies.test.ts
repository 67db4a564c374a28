import { beforeEach, expect, test } from 'vitest'
import { DeviceAccumulator } from '../../../../agent/metering/accumulator.ts'
import { text } from '../../page-server.ts'
import { llmRig } from './llm-rig.ts'

const llm = llmRig()
let accumulator: DeviceAccumulator
beforeEach(() => {
  accumulator = new DeviceAccumulator('llm-01', 60_000)
})

/** vllm/v1/metrics/loggers.py: names. Relays that put pages together: prometheus.io/docs/instrumenting/exposition_formats, "each line must have a unique combination". */
const series = (name: string, labels: string, tokens: number) => `${name}{${labels}} ${tokens}\n`
const once = (tokens: number) =>
  series('vllm:prompt_tokens_total', 'model_name="m",engine="0"', tokens * 5) +
  series('vllm:generation_tokens_total', 'model_name="m",engine="0"', tokens)

async function polls(pages: readonly string[]) {
  const session = llm.open()
  let steadyMs = 0
  let faults: string[] = []
  for (const page of pages) {
    llm.page.answer = text(page)
    const [reading] = await session.read(new AbortController().signal)
    accumulator.observe(reading!, { wallMs: 1_800_000_000_000 + steadyMs, steadyMs })
    steadyMs += 5_000
    faults = [...(reading!.sample.faults ?? [])]
  }
  const records = accumulator.closeAll()
  const sum = (of: 'tokensIn' | 'tokensOut') => records.reduce((all, r) => all + (r[of] ?? 0), 0)
  return { tokensIn: sum('tokensIn'), tokensOut: sum('tokensOut'), faults }
}

test.each([
  ['as it is', once],
  [
    'with its labels in another order',
    (tokens: number) =>
      series('vllm:prompt_tokens_total', 'engine="0",model_name="m"', tokens * 5) +
      series('vllm:generation_tokens_total', 'engine="0",model_name="m"', tokens),
  ],
  ['in the spelling without a colon', (tokens: number) => once(tokens).replaceAll('vllm:', 'vllm_')],
])('a series that stands twice on a page, %s, is sold once', async (_, again) => {
  const both = (tokens: number) => once(tokens) + again(tokens)
  expect(await polls([both(1000), both(1100), both(1300)])).toEqual({
    tokensIn: 1500,
    tokensOut: 300,
    faults: [],
  })
})

test('series with the same labels and different values are two servers on one page: nothing is sold, and a fault names them', async () => {
  const pages = [0, 1, 2].map((i) => once(1000 + i * 100) + once(900_000 + i * 100))
  expect(await polls(pages)).toEqual({
    tokensIn: 0,
    tokensOut: 0,
    faults: [expect.stringMatching(/shows vllm:prompt_tokens_total twice .*read each server's own page/)],
  })
})

test('when one of the two is gone, the other is sold from there, and nothing of its past', async () => {
  const pages = [once(1000) + once(900_000), once(900_100), once(900_200), once(900_300)]
  expect(await polls(pages)).toMatchObject({ tokensOut: 200, faults: [] })
})

test('engines, models and replicas that differ by a label are several series, each sold', async () => {
  const page = (tokens: number) =>
    ['0', '1']
      .map((engine) => series('vllm:generation_tokens_total', `model_name="m",engine="${engine}"`, tokens))
      .join('')
  expect(await polls([page(1000), page(1100)])).toMatchObject({
    tokensOut: 200,
    faults: ['counts no input tokens (vllm:prompt_tokens_total)'],
  })
})
