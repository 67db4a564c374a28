import { afterEach, beforeEach, expect, test } from 'vitest'
import { LLM_FORMATS } from '../../../../agent/drivers/llm-server/formats/index.ts'
import llmServer from '../../../../agent/drivers/llm-server/llm-server.ts'
import { createMetricsServer } from '../../../../agent/simulator/base/metrics-server.ts'
import { createRandom } from '../../../../agent/simulator/base/random.ts'
import { LlmServer } from '../../../../agent/simulator/gpu/llm.ts'
import { LLM_FAMILIES, llmPage } from '../../../../agent/simulator/gpu/llm-pages.ts'
import { type PageServer, servePage, text } from '../../page-server.ts'

let page: PageServer
beforeEach(async () => {
  page = await servePage(text(''))
})
afterEach(() => page.close())

const server = () => {
  const llm = new LlmServer('demo-chat-70b', 1_780_000_000, createRandom(2))
  llm.advance(60, 1_780_000_060)
  return llm
}

test('the emulated server shows the page of every family that is read', () => {
  expect([...LLM_FAMILIES].sort()).toEqual(LLM_FORMATS.map(({ name }) => name).sort())
  expect(llmPage(server(), 'abacus')).toBeUndefined()
})

test.each(LLM_FAMILIES)(
  'as %s it is read to the token, and recognised without being told',
  async (family) => {
    const llm = server()
    page.answer = text(llmPage(llm, family) as string)
    const options = llmServer.settings.parse({ url: page.url, service: 'chat', model: llm.model })
    const [reading] = await llmServer
      .open({ id: 'llm-01', host: '', options })
      .read(new AbortController().signal)
    expect(reading?.counters?.byOwner).toMatchObject([
      { owner: { service: 'chat', model: llm.model }, tokensIn: llm.tokensIn, tokensOut: llm.tokensOut },
    ])
    expect(reading?.sample).toMatchObject({ requestsRunning: llm.requestsRunning })
    expect(reading?.sample.faults).toBeUndefined()
  },
)

test('its web server has a page for each family behind /metrics/, and none of another name', async () => {
  const llm = server()
  const listener = createMetricsServer('test', '127.0.0.1', 0, (family) => llmPage(llm, family || 'vllm'))
  await listener.open()
  try {
    const get = async (path: string) => fetch(`http://127.0.0.1:${listener.port}${path}`)
    expect(await (await get('/metrics')).text()).toContain('vllm:prompt_tokens_total')
    expect(await (await get('/metrics/nim')).text()).toMatch(/^num_requests_running/)
    for (const path of ['/', '/metrics/abacus', '/metrics/../x', '/metricsx'])
      expect((await get(path)).status, path).toBe(404)
  } finally {
    await listener.close()
  }
})
