import { afterEach, beforeEach } from 'vitest'
import llmServer from '../../../../agent/drivers/llm-server/llm-server.ts'
import { sumByOwner } from '../../../../agent/metering/owner-quantities.ts'
import type { Session } from '../../../../agent/plugin/driver.ts'
import type { Reading } from '../../../../agent/plugin/reading.ts'
import { type PageServer, servePage, text } from '../../page-server.ts'

/** A metrics page for each test of the file that calls this, and sessions that read it. */
export function llmRig() {
  let page: PageServer
  beforeEach(async () => {
    page = await servePage(text(''))
  })
  afterEach(() => page.close())
  const open = (settings: object = {}): Session =>
    llmServer.open({
      id: 'llm-01',
      host: '',
      options: llmServer.settings.parse({ url: page.url, service: 'chat', ...settings }),
    })
  return {
    get page() {
      return page
    },
    open,
    /**
     * What one page says, its counters added up by owner: each series of a page has a counter of its own (every-series.test.ts).
     * @param body the page's text
     */
    async read(body: string, settings?: object): Promise<Reading> {
      page.answer = text(body)
      const [reading] = await open(settings).read(new AbortController().signal)
      const { byOwner, ...counters } = reading!.counters ?? {}
      if (byOwner === undefined) return reading!
      const named = byOwner.map(({ counter: _, ...own }) => own)
      return { ...reading!, counters: { ...counters, byOwner: [...sumByOwner(named).values()] } }
    },
  }
}
