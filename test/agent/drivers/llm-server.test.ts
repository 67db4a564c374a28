import { existsSync, readFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import llmServer from '../../../agent/drivers/llm-server.ts'
import { type PageServer, servePage, text } from '../page-server.ts'

const fixture = (name: string) => readFileSync(`test/fixtures/llm/${name}.prom`, 'utf8')
let page: PageServer
beforeEach(async () => {
  page = await servePage(text(''))
})
afterEach(() => page.close())

const open = (settings: object = {}) =>
  llmServer.open({
    id: 'llm-01',
    host: '',
    options: llmServer.settings.parse({ url: page.url, service: 'chat', ...settings }),
  })
const signal = new AbortController().signal
const read = async (body: string, settings?: object) => {
  page.answer = text(body)
  return (await open(settings).read(signal))[0]!
}

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
  page.answer = (req, res) => {
    if (req.headers.authorization === 'Bearer key') res.end(fixture('llamacpp'))
    else res.writeHead(401).end()
  }
  const [reading] = await open({ token: 'key' }).read(signal)
  expect(reading?.counters?.byOwner).toEqual([{ owner: { service: 'chat' }, tokensIn: 3100, tokensOut: 900 }])
  expect(reading?.sample.state).toBe('busy')
  await expect(open().read(signal)).rejects.toThrow('answers 401')
})

test('rates are the differences between two polls, and a restarted server gives no rate and nothing negative', async () => {
  const counters = (tokensIn: number, tokensOut: number) =>
    `llamacpp:prompt_tokens_total ${tokensIn}\nllamacpp:tokens_predicted_total ${tokensOut}\nllamacpp:requests_processing 0\n`
  const session = open()
  const poll = async (tokensIn: number, tokensOut: number) => {
    page.answer = text(counters(tokensIn, tokensOut))
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
  await expect(read('nv_inference_request_success{model="m"} 161\n')).rejects.toThrow(
    `${page.url} shows no metrics of vLLM, SGLang, TGI or llama.cpp`,
  )
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
