import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AgentInterval } from '../../collector/economics/ledger-row.ts'
import { createDuckdbStore } from '../../collector/stores/duckdb/duckdb.ts'
import type { AlertView } from '../../collector/views/alert.ts'
import { SILENT } from '../../protocol/kit/log.ts'
import { MINUTE_MS, minuteOf } from '../../protocol/units.ts'
import { FakeClock } from '../chaos/clock.ts'
import { Program } from '../chaos/part.ts'
import { eventually } from '../eventually.ts'
import { freePort } from '../mosquitto.ts'

const DAY_MS = 86_400_000
const TOKENS_PER_S = 1_000
const AGENTS = ['edge-1', 'edge-2', 'edge-3'] as const
type AgentName = (typeof AGENTS)[number]

const folder = mkdtempSync(join(tmpdir(), 'perwatt-clocks-'))
const clocks = new Map<string, FakeClock>()
const programs = new Map<string, Program>()
/** by agent, the counter that each of its readings saw, and when, by the right time */
const served = new Map<AgentName, { atMs: number; tokens: number }[]>(AGENTS.map((agent) => [agent, []]))
const canFake = FakeClock.create(join(folder, 'try')) !== undefined
let pages: Server
let url = ''

/** An LLM server whose counter grows by 1,000 tokens a second, so that each minute's are known. */
const startPages = async (): Promise<number> => {
  const beganMs = Date.now() - 60_000
  pages = createServer((request, response) => {
    const agent = request.url?.slice(1) as AgentName
    const atMs = Date.now()
    const tokens = Math.floor(((atMs - beganMs) * TOKENS_PER_S) / 1000)
    served.get(agent)?.push({ atMs, tokens })
    response.end(`# TYPE llamacpp:prompt_tokens_total counter
llamacpp:prompt_tokens_total ${tokens}
# TYPE llamacpp:tokens_predicted_total counter
llamacpp:tokens_predicted_total ${tokens}
`)
  })
  await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve))
  return (pages.address() as AddressInfo).port
}

async function start(name: string, file: string, config: unknown, offsetMs = 0): Promise<void> {
  const clock = FakeClock.create(join(folder, `clock-${name}`))
  if (!clock) throw new Error('libfaketime is not installed')
  if (offsetMs !== 0) clock.set(offsetMs)
  clocks.set(name, clock)
  const path = join(folder, `${name}.yaml`)
  writeFileSync(path, JSON.stringify(config))
  const program = new Program({
    name,
    command: process.execPath,
    args: () => [join('dist', file), 'run', '--config', path],
    env: () => clock.env,
    logFile: join(folder, `${name}.log`),
  })
  programs.set(name, program)
  await program.start()
}

const ask = async <T>(path: string): Promise<T | undefined> => {
  const answer = await fetch(`${url}${path}`).catch(() => undefined)
  return answer?.ok ? ((await answer.json()) as T) : undefined
}
const skews = async () =>
  ((await ask<AlertView[]>('/api/v1/alerts')) ?? []).filter(({ rule }) => rule === 'clock-skew')
interface SiteAnswer {
  agents: { agentId: string; spoolRecords?: number }[]
}
const spoolOf = async (agent: AgentName) =>
  (await ask<SiteAnswer>('/api/v1/site'))?.agents.find(({ agentId }) => agentId === agent)?.spoolRecords

/** Everything that the collector's store has, by device, wherever in time a wrong clock may have put it. */
async function stored(): Promise<AgentInterval[]> {
  const store = createDuckdbStore({
    path: join(folder, 'data', 'ledger.duckdb'),
    memoryLimitMb: 128,
    log: SILENT,
  })
  await store.open()
  const found = await store.intervals(0, Date.now() + 1000 * DAY_MS)
  const ledger = await store.ledger({
    fromMs: 0,
    toMs: Date.now() + 1000 * DAY_MS,
    stepMs: MINUTE_MS,
    groupBy: 'workload',
  })
  settledMinutes = ledger.map(({ startMs }) => startMs)
  await store.close()
  return found
}
let settledMinutes: number[] = []

describe.skipIf(!canFake)('clocks that are wrong (skipped where libfaketime is not installed)', () => {
  let startedMs = 0
  beforeAll(async () => {
    if (!existsSync('dist/perwatt-agent.js')) throw new Error('dist/ is not built; run npm run build')
    startedMs = Date.now()
    const [pagePort, httpPort, brokerPort] = [await startPages(), await freePort(), await freePort()]
    url = `http://127.0.0.1:${httpPort}`
    await start('collector', 'perwatt-collector.js', {
      site: { id: 'plains' },
      dataFolder: join(folder, 'data'),
      mqtt: { embedded: { port: brokerPort } },
      http: { port: httpPort },
      ledger: { settleDelay: '1s' },
      workloads: [
        {
          name: 'chat',
          kind: 'tokens',
          usdPerMillionTokensIn: 1,
          usdPerMillionTokensOut: 1,
          match: [{ service: '*' }],
        },
        { name: 'rent', kind: 'fixed', usdPerMonth: 43_200 },
      ],
      alerts: { rules: [{ rule: 'clock-skew', for: '1s', clearFor: '1s' }] },
    })
    for (const agent of AGENTS)
      await start(
        agent,
        'perwatt-agent.js',
        {
          site: 'plains',
          agent,
          mqtt: { url: `mqtt://127.0.0.1:${brokerPort}` },
          pollInterval: '1s',
          spool: { folder: join(folder, `spool-${agent}`) },
          devices: [
            {
              id: `llm-${agent}`,
              driver: 'llm-server',
              url: `http://127.0.0.1:${pagePort}/${agent}`,
              service: 'chat',
              model: 'm',
            },
          ],
        },
        agent === 'edge-3' ? 500 * DAY_MS + 40_000 : 0,
      )
  })
  afterAll(async () => {
    for (const program of programs.values()) await program.end('SIGKILL')
    pages?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test('an agent that starts 500 days ahead is named, and its records wait', async () => {
    const [alert] = await eventually(skews, (found) => found.length === 1)
    expect(alert?.summary).toMatch(/^the clock of agent edge-3 is 500 d ahead; check its NTP/)
    // until its first minute is over
    await eventually(
      () => spoolOf('edge-3'),
      (records) => (records ?? 0) >= 1,
      180_000,
    )
    expect(await spoolOf('edge-3')).toBeGreaterThan(0)
  })

  test('once its clock is set, the alert ends', async () => {
    clocks.get('edge-3')?.set(0)
    await eventually(skews, (found) => found.length === 0)
  })

  test('a collector whose clock leaps a day back says that it is its own, and takes nothing until it is set', async () => {
    clocks.get('collector')?.set(-DAY_MS)
    const [alert] = await eventually(skews, (found) => found.length === 1)
    expect(alert?.summary).toMatch(
      /^the collector’s own clock is 1 d behind: 3 of \d clocks agree with each other/,
    )
    // until a minute is over
    await eventually(
      () => spoolOf('edge-1'),
      (records) => (records ?? 0) > 0,
      180_000,
    )
    clocks.get('collector')?.set(0)
    await eventually(skews, (found) => found.length === 0)
  })

  test('a collector that starts 500 days ahead says so, and pays no rent for that time', async () => {
    await programs.get('collector')?.end('SIGTERM')
    clocks.get('collector')?.set(500 * DAY_MS)
    await programs.get('collector')?.start()
    // before the second agent comes, no third clock says whose is wrong
    await eventually(
      skews,
      ([alert, ...others]) =>
        others.length === 0 && /^the collector’s own clock is 500 d ahead/.test(alert?.summary ?? ''),
    )
    clocks.get('collector')?.set(0)
    await eventually(skews, (found) => found.length === 0)
  })

  test('in the end every token is in the store once, in its right minute', async () => {
    // records were held while the clocks disagreed
    for (const agent of AGENTS)
      await eventually(
        () => spoolOf(agent),
        (records) => records === 0,
      )
    // what the agents read last is in the records that they close as they stop
    await Promise.all(AGENTS.map((agent) => programs.get(agent)?.end('SIGTERM')))
    const endedMs = Date.now()
    await programs.get('collector')?.end('SIGTERM')
    const records = await stored()
    for (const agent of AGENTS) {
      const readings = served.get(agent) ?? []
      const [first] = readings
      const own = records.filter(({ deviceId }) => deviceId === `llm-${agent}`)
      const sum = own.reduce((tokens, { tokensOut = 0 }) => tokens + tokensOut, 0)
      // a poll reads a page, and asks again whether several servers answer; one that was on its way as the agent stopped is in no reading
      const ends = readings.slice(-4).map(({ tokens }) => tokens - (first?.tokens ?? 0))
      expect(ends, `${agent} has ${sum}`).toContain(sum)
      for (const { startMs, durationMs } of own) {
        expect(startMs).toBeGreaterThanOrEqual(startedMs - 5_000)
        expect(startMs + durationMs).toBeLessThanOrEqual(endedMs + 5_000)
      }
      const minutes = new Map<number, number>()
      for (const { startMs, tokensOut = 0 } of own)
        minutes.set(minuteOf(startMs), (minutes.get(minuteOf(startMs)) ?? 0) + tokensOut)
      const whole = [...minutes.keys()].sort((a, b) => a - b).slice(1, -1)
      expect(whole.length).toBeGreaterThan(0)
      // a step is seen within a second, and a reading takes its time
      for (const minute of whole) {
        const ratio = (minutes.get(minute) ?? 0) / (60 * TOKENS_PER_S)
        expect(ratio).toBeGreaterThan(0.95)
        expect(ratio).toBeLessThan(1.05)
      }
    }
    expect(Math.max(...settledMinutes)).toBeLessThanOrEqual(endedMs)
    expect(Math.min(...settledMinutes)).toBeGreaterThanOrEqual(minuteOf(startedMs))
  })
})
