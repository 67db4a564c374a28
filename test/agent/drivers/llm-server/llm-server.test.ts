import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { LLM_FORMATS } from '../../../../agent/drivers/llm-server/formats/index.ts'
import { DeviceAccumulator } from '../../../../agent/metering/accumulator.ts'
import { text } from '../../page-server.ts'
import { llmRig } from './llm-rig.ts'

const fixture = (name: string) => readFileSync(`test/fixtures/llm/${name}.prom`, 'utf8')

const llm = llmRig()
const { open, read } = llm
const { signal } = new AbortController()

test('vLLM: tokens by model, summed over engines; requests of all of them', async () => {
  const { identity, sample, counters } = await read(fixture('vllm'))
  expect(counters?.byOwner).toEqual([
    { owner: { service: 'chat', model: 'example/chat-8b' }, tokensIn: 200_000, tokensOut: 40_000 },
    { owner: { service: 'chat', model: 'example/chat-8b-lora' }, tokensOut: 500 },
  ])
  expect(sample).toEqual({
    state: 'busy',
    holders: [{ owner: { service: 'chat' }, share: 1 }],
    requestsRunning: 8,
  })
  expect(identity).toEqual({ kind: 'service' })
})

test('SGLang: streamed and whole answers add up, the copies of other tensor ranks do not', async () => {
  const { identity, sample, counters } = await read(fixture('sglang'))
  expect(counters?.byOwner).toEqual([
    { owner: { service: 'chat', model: 'example/coder-32b' }, tokensIn: 6_000_000, tokensOut: 7_200_000 },
  ])
  expect(sample.requestsRunning).toBe(3)
  expect(identity.model).toBe('example/coder-32b')
})

test('TGI: the sums of its histograms, and the model that the settings name', async () => {
  const named = await read(fixture('tgi'), { model: 'example/writer-7b' })
  expect(named.counters?.byOwner).toEqual([
    { owner: { service: 'chat', model: 'example/writer-7b' }, tokensIn: 20_500, tokensOut: 8_200 },
  ])
  expect(named.sample.state).toBe('idle')
  expect((await read(fixture('tgi'))).counters?.byOwner?.[0]?.owner).toEqual({ service: 'chat' })
})

test('llama.cpp: its own names, and a bearer token where the page wants one', async () => {
  llm.page.answer = (req, res) => {
    if (req.headers.authorization === 'Bearer key') res.end(fixture('llamacpp'))
    else res.writeHead(401).end()
  }
  const [reading] = await open({ token: 'key' }).read(signal)
  expect(reading?.counters?.byOwner).toEqual([{ owner: { service: 'chat' }, tokensIn: 3100, tokensOut: 900 }])
  expect(reading?.sample.state).toBe('busy')
  await expect(open().read(signal)).rejects.toThrow('answers 401')
})

test('of the prompt tokens those from a cache are told apart, whatever the server calls them', async () => {
  const vllm = 'vllm:prompt_tokens_total{model_name="m"} 1000\n'
  const sglang = (name: string) =>
    `${name}prompt_tokens_total{model_name="m"} 1000\n${name}cached_tokens_total{model_name="m",cache_source="device"} 300\n${name}cached_tokens_total{model_name="m",cache_source="host"} 100\n`
  for (const page of [
    `${vllm}vllm:prompt_tokens_cached_total{model_name="m"} 400\nvllm:prefix_cache_hits_total{model_name="m"} 390\n`,
    `${vllm}vllm:prompt_tokens_cached_total{model_name="m",engine="0"} 150\nvllm:prompt_tokens_cached_total{model_name="m",engine="1"} 250\n`,
    `${vllm}vllm:prompt_tokens_by_source_total{model_name="m",source="local_cache_hit"} 400\n`,
    sglang('sglang:'),
    sglang('sglang_'),
  ])
    expect((await read(page)).counters?.byOwner).toEqual([
      { owner: { service: 'chat', model: 'm' }, tokensIn: 1000, tokensInCached: 400 },
    ])
})

test('llama.cpp counts what came from its cache beside the rest: both are input', async () => {
  const { counters } = await read(`${fixture('llamacpp')}llamacpp:prompt_tokens_cached_total 900\n`)
  expect(counters?.byOwner).toEqual([
    { owner: { service: 'chat' }, tokensIn: 4000, tokensInCached: 900, tokensOut: 900 },
  ])
})

test('a restart of the server loses no token that it then counts, and counts none twice', async () => {
  const accumulator = new DeviceAccumulator('llm-01', 60_000)
  const session = open()
  let steadyMs = 0
  const poll = async (tokensIn: number, tokensInCached: number, tokensOut: number) => {
    llm.page.answer = text(
      `vllm:prompt_tokens_total{model_name="m"} ${tokensIn}\nvllm:prompt_tokens_cached_total{model_name="m"} ${tokensInCached}\nvllm:generation_tokens_total{model_name="m"} ${tokensOut}\n`,
    )
    const [reading] = await session.read(signal)
    accumulator.observe(reading!, { wallMs: 1_800_000_000_000 + steadyMs, steadyMs })
    steadyMs += 5_000
  }
  await poll(1000, 400, 100)
  await poll(1500, 600, 150)
  // the server restarts; two readings agree that it has
  await poll(20, 0, 2)
  await poll(50, 10, 5)
  await poll(80, 30, 9)
  const records = accumulator.closeAll().filter((r) => r.owner['service'] === 'chat')
  const sum = (quantity: 'tokensIn' | 'tokensInCached' | 'tokensOut') =>
    records.reduce((total, r) => total + (r[quantity] ?? 0), 0)
  expect([sum('tokensIn'), sum('tokensInCached'), sum('tokensOut')]).toEqual([580, 230, 59])
})

test('rates are the differences between two polls, and a restarted server gives no rate and nothing negative', async () => {
  const counters = (tokensIn: number, tokensOut: number) =>
    `llamacpp:prompt_tokens_total ${tokensIn}\nllamacpp:tokens_predicted_total ${tokensOut}\nllamacpp:requests_processing 0\n`
  const session = open()
  const poll = async (tokensIn: number, tokensOut: number) => {
    llm.page.answer = text(counters(tokensIn, tokensOut))
    return (await session.read(signal))[0]!.sample
  }
  expect(await poll(1000, 100)).toEqual({
    state: 'idle',
    holders: [{ owner: { service: 'chat' }, share: 1 }],
    requestsRunning: 0,
  })
  const second = await poll(1900, 400)
  // both over the same time, so their ratio is exact whatever the time was
  expect(second.tokensInPerS! / second.tokensOutPerS!).toBeCloseTo(3)
  expect(second.state).toBe('busy')
  expect(await poll(1900, 400)).toMatchObject({ state: 'idle', tokensInPerS: 0, tokensOutPerS: 0 })
  expect(await poll(5, 1)).toEqual({
    state: 'idle',
    holders: [{ owner: { service: 'chat' }, share: 1 }],
    requestsRunning: 0,
  })
})

test('a server that has served nobody yet is idle with no tokens', async () => {
  const { sample, counters } = await read('sglang:num_running_reqs{model_name="m",tp_rank="0"} 0\n')
  expect(sample.state).toBe('idle')
  expect(counters?.byOwner).toEqual([])
})

test('where neither requests nor a rate are known, so is the state', async () => {
  expect((await read('vllm:generation_tokens_total{model_name="m"} 5\n')).sample.state).toBe('unknown')
})

test('a format that is set reads that family only', async () => {
  const { counters } = await read(fixture('vllm') + fixture('llamacpp'), { format: 'llamacpp' })
  expect(counters?.byOwner).toEqual([{ owner: { service: 'chat' }, tokensIn: 3100, tokensOut: 900 }])
})

test('a page of something else is an error that names it', async () => {
  const error = await read('node_load1 0.25\n').catch((reason: Error) => reason)
  expect(error).toMatchObject({
    message: expect.stringMatching(/ shows no metrics of .* or .*; check the address$/),
  })
  for (const { title } of LLM_FORMATS)
    expect(error).toMatchObject({ message: expect.stringContaining(title) })
})

const captures = '../shared/captures/gpu/llm-metrics'
test.skipIf(!existsSync(captures))(
  'captured excerpts of real servers are read (skipped where the captures are not here)',
  async () => {
    const owners = async (file: string) =>
      (await read(readFileSync(`${captures}/${file}`, 'utf8'))).counters?.byOwner
    expect(await owners('sglang-metrics-docs-excerpt.prom')).toMatchObject([
      { tokensIn: 8_128_902, tokensOut: 7_557_572 },
    ])
    expect(await owners('vllm-docs-excerpt.prom')).toMatchObject([{ tokensOut: 27_453 }])
    expect(await owners('vllm-triton-backend-metrics-excerpt.prom')).toEqual([
      { owner: { service: 'chat', model: 'vllm_model' }, tokensIn: 10, tokensOut: 16 },
    ])
  },
)
