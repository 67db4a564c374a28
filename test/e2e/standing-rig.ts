import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { vi } from 'vitest'
import { z } from 'zod'
import { Agent } from '../../agent/composition/agent.ts'
import { type AgentNote, readNote } from '../../agent/composition/status-file.ts'
import { agentConfigSchema } from '../../agent/config/config.ts'
import { defineDriver } from '../../agent/plugin/driver.ts'
import { status } from '../../collector/commands/status.ts'
import { Collector } from '../../collector/composition/collector.ts'
import { CollectorConfigSchema } from '../../collector/config/config.ts'
import type { AlertView } from '../../collector/views/alert.ts'
import type { StandingView } from '../../collector/views/standing.ts'
import { parseConfig } from '../../protocol/kit/config.ts'
import { createLog } from '../../protocol/kit/log.ts'

/** A container of miners that answer as one machine with parts. */
const container = defineDriver({
  name: 'container',
  summary: 'for these tests',
  kind: 'asic',
  needsHost: false,
  requests: [],
  settings: z.object({ machines: z.number().default(3) }),
  open: ({ options: { machines } }) => ({
    read: async () =>
      Array.from({ length: machines }, (_, i) => ({
        part: `m${i}`,
        identity: { kind: 'asic' as const, model: 'Container Miner' },
        sample: { state: 'hashing' as const, powerW: 3_000, hashrateHs: 2e14 },
      })),
  }),
})

/** A site in this process, on a broker of its own or of the test. */
export interface StandingSite {
  url: string
  lines: string[]
  agent: Agent
  get<T>(path: string): Promise<T>
  alerts(): Promise<AlertView[]>
  standing(): Promise<StandingView>
  /** what `perwatt-agent status` reads */
  note(): AgentNote
  /** the answer of /readyz */
  ready(): Promise<{ code: number; text: string }>
  stop(): Promise<void>
}

export async function startSite(options: {
  site: string
  broker: string
  machines?: number
  /** more of the collector's configuration, and of the agent's */
  config?: object
  agentConfig?: object
}): Promise<StandingSite> {
  const { site, broker, machines = 3 } = options
  const folder = mkdtempSync(join(tmpdir(), 'perwatt-standing-'))
  const lines: string[] = []
  const log = createLog({ write: (line) => lines.push(line) })
  const config = parseConfig(
    CollectorConfigSchema,
    JSON.stringify({
      site: { id: site },
      dataFolder: folder,
      mqtt: { url: broker },
      http: { port: 1 },
      store: { store: 'duckdb', memoryLimitMb: 64 },
      ledger: { settleDelay: '1s' },
      prices: { energyUsdPerKwh: 0.05 },
      ...options.config,
    }),
    'test',
  )
  // port 0: the system chooses a port, which a configuration file may not ask for
  config.http.port = 0
  const collector = new Collector({ config, assets: {}, version: 'test', log })
  const url = (await collector.start()).screenUrl
  const agent = new Agent({
    config: parseConfig(
      agentConfigSchema([container]),
      JSON.stringify({
        site,
        agent: 'edge',
        mqtt: { url: broker },
        pollInterval: '1s',
        spool: { folder: join(folder, 'spool') },
        devices: [{ id: 'c1', driver: 'container', machines }],
        ...options.agentConfig,
      }),
      'test',
    ),
    drivers: [container],
    version: 'test',
    log,
  })
  void agent.start()
  const get = async <T>(path: string) => (await (await fetch(`${url}${path}`)).json()) as T
  return {
    url,
    lines,
    agent,
    get,
    alerts: () => get('/api/v1/alerts'),
    standing: () => get('/api/v1/standing'),
    note: () => readNote(join(folder, 'spool')),
    async ready() {
      const answer = await fetch(`${url}/readyz`)
      return { code: answer.status, text: await answer.text() }
    },
    async stop() {
      await agent.stop()
      await collector.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** What `perwatt-collector status` prints, and its exit status. */
export async function statusOf(url: string): Promise<{ text: string; exit: number }> {
  let text = ''
  const written = vi.spyOn(process.stdout, 'write').mockImplementation((piece) => {
    text += String(piece)
    return true
  })
  const before = process.exitCode
  process.exitCode = 0
  try {
    await status({ config: '', url })
    return { text, exit: Number(process.exitCode) }
  } finally {
    process.exitCode = before
    written.mockRestore()
  }
}
