import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { LLM_FORMATS } from '../../../../agent/drivers/llm-server/formats/index.ts'
import llmServer from '../../../../agent/drivers/llm-server/llm-server.ts'
import type { Reading } from '../../../../agent/plugin/reading.ts'
import { createMetricsServer } from '../../../../agent/simulator/base/metrics-server.ts'
import { createRandom } from '../../../../agent/simulator/base/random.ts'
import { LlmServer } from '../../../../agent/simulator/gpu/llm.ts'
import { LLM_PAGES, llmPage, readingOf } from '../../../../agent/simulator/gpu/llm-pages.ts'
import { Site } from '../../../../agent/simulator/site.ts'
import { siteConfigs } from '../../../../agent/simulator/site-config.ts'
import { type PageServer, servePage, text } from '../../page-server.ts'

const NO_PORTS = { dcgm: 0, llm: 0, meter: 0, snmp: 0 }

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

/** What all servers of a page sell. */
function soldBy(reading: Reading | undefined) {
  const owners = reading?.counters?.byOwner ?? []
  const sum = (of: 'tokensIn' | 'tokensOut') => owners.reduce((all, owner) => all + (owner[of] ?? 0), 0)
  return {
    models: [...new Set(owners.map(({ owner }) => owner['model']))],
    tokensIn: sum('tokensIn'),
    tokensOut: sum('tokensOut'),
  }
}

test('the emulated server shows a page of every format that is read, under its name', () => {
  for (const { name } of LLM_FORMATS) expect(readingOf(name).format).toBe(name)
  expect(LLM_PAGES).toEqual(expect.arrayContaining(LLM_FORMATS.map(({ name }) => name)))
  expect(llmPage(server(), 'abacus')).toBeUndefined()
})

describe.each(LLM_PAGES)('the page of %s', (name) => {
  const { format, namesNoModel } = readingOf(name)

  test.each(['auto', format])('is read to the token with format %s', async (setting) => {
    const llm = server()
    page.answer = text(llmPage(llm, name) as string)
    const options = llmServer.settings.parse({
      url: page.url,
      service: 'chat',
      format: setting,
      ...(namesNoModel && { model: llm.model }),
    })
    const [reading] = await llmServer
      .open({ id: 'llm-01', host: '', options })
      .read(new AbortController().signal)
    expect(soldBy(reading)).toEqual({
      models: [llm.model],
      tokensIn: name === 'vllm-decode' ? 0 : llm.tokensIn,
      tokensOut: name === 'vllm-prefill' ? 0 : llm.tokensOut,
    })
    // on a page of two ends each has the same requests
    const requestsRunning = llm.requestsRunning * (name === 'ray-serve-apart' ? 2 : 1)
    expect(reading?.sample).toMatchObject({ state: 'busy', requestsRunning })
    expect(reading?.sample.faults).toBeUndefined()
  })

  test('is what a site with this option serves, and what its agent reads', async () => {
    const site = new Site({
      seed: 1,
      asics: 0,
      gpuHosts: 1,
      llm: name,
      baseAddress: '127.28.0.1',
      ports: NO_PORTS,
    })
    await site.open()
    try {
      const entry = siteConfigs(site, 'mqtt://127.0.0.1:1883').gpu.devices.find(
        (d) => d.driver === 'llm-server',
      )
      const { id, driver: _driver, location: _location, ...settings } = entry!
      const options = llmServer.settings.parse(settings)
      const [reading] = await llmServer.open({ id, host: '', options }).read(new AbortController().signal)
      expect(reading?.counters?.byOwner?.[0]?.owner).toEqual({ service: 'chat', model: 'demo-chat-70b' })
      expect(options.format).toBe(format)
    } finally {
      await site.close()
    }
  })
})

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
