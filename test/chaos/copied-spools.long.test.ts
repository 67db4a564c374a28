import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { LossView } from '../../collector/books/audit-views.ts'
import type { AlertView } from '../../collector/views/alert.ts'
import { MINUTE_MS } from '../../protocol/units.ts'
import { eventually } from '../eventually.ts'
import { countedTruth } from './checks.ts'
import { deviceStory } from './device-story.ts'
import { collectEvidence, type Evidence } from './evidence.ts'
import { allCounted, allDelivered, allRead, allSettled, moveWorld } from './rest.ts'
import { POLL_MS } from './settings.ts'
import { ChaosSite } from './site.ts'

/** Some readings long. */
const A_WHILE_MS = 8 * POLL_MS

let folder: string
let site: ChaosSite
let evidence: Evidence
let isExact = false
const told = new Map<string, { losses: LossView[]; alert: AlertView | undefined }>()

const spool = () => site.spoolFolder('mining')
const agent = () => site.parts.get('mining')
const collector = () => site.parts.get('collector')
const api = async <T>(path: string): Promise<T> =>
  (await fetch(`${site.screens}${path}`)).json() as Promise<T>

/** Waits until the collector tells something new about the spool since a moment. */
async function notice(name: string, sinceMs: number): Promise<void> {
  const losses = await eventually(
    () => api<LossView[]>('/api/v1/losses').catch(() => []),
    (all) => all.some((loss) => Date.parse(loss.at) >= sinceMs),
    150_000,
  )
  const alerts = await eventually(
    () => api<AlertView[]>('/api/v1/alerts'),
    (all) => all.some((a) => a.rule === 'agent-numbers'),
  )
  told.set(name, { losses, alert: alerts.find((a) => a.rule === 'agent-numbers') })
}

function backup(): string {
  const copy = join(folder, `backup-${told.size}`)
  cpSync(spool(), copy, { recursive: true })
  return copy
}

/** Puts a copy in the place of the spool of the stopped agent. */
function restore(copy: string): void {
  for (const name of readdirSync(spool())) rmSync(join(spool(), name), { recursive: true })
  cpSync(copy, spool(), { recursive: true })
}

/** The emulated world goes on while each scenario runs; the agent that reads its miners keeps its name. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'perwatt-copied-'))
  site = new ChaosSite({ seed: 7, store: 'duckdb', folder, dist: resolve('dist') })
  const startedMs = Date.now()
  await site.open()
  expect(await allRead(site, 0)).toBeUndefined()
  expect(await allCounted(site)).toBeUndefined()
  await sleep(3 * POLL_MS)
  await moveWorld(site, true)

  // restored from a backup of the running agent, while the collector was away
  const early = backup()
  await sleep(MINUTE_MS + A_WHILE_MS)
  await collector()?.end('SIGKILL')
  await sleep(A_WHILE_MS)
  await agent()?.end('SIGKILL')
  restore(early)
  let sinceMs = Date.now()
  await agent()?.start()
  await sleep(A_WHILE_MS)
  await collector()?.start()
  await notice('restored', sinceMs)

  // rolled back to a moment at which everything was acknowledged, after more was
  await agent()?.end('SIGTERM')
  const acknowledged = backup()
  await agent()?.start()
  await sleep(A_WHILE_MS)
  await agent()?.end('SIGTERM')
  restore(acknowledged)
  sinceMs = Date.now()
  await agent()?.start()
  await notice('rolled back', sinceMs)

  // copied while it runs, to a second machine, which is kept out; the first then ends, and the copy goes on in its place
  await site.openCopy('mining', backup())
  await eventually(
    () => api<AlertView[]>('/api/v1/alerts'),
    (all) => all.some((a) => a.rule === 'name-twice' && a.subject.agentId === 'mining'),
  )
  await sleep(A_WHILE_MS)
  await agent()?.end('SIGTERM')
  sinceMs = Date.now()
  await notice('copied', sinceMs)
  await sleep(A_WHILE_MS)
  await site.parts.get('mining copy')?.end('SIGTERM')
  sinceMs = Date.now()
  await agent()?.start()
  await notice('returned', sinceMs)

  // what two copies saw at other moments is evened out as the machines go on
  await sleep(MINUTE_MS)
  await moveWorld(site, false)
  const stoodMs = Date.now()
  expect(await allRead(site, stoodMs)).toBeUndefined()
  expect(await allDelivered(site, stoodMs)).toBeUndefined()
  evidence = collectEvidence(site, await allSettled(site, startedMs))
}, 900_000)
afterAll(async () => {
  await site?.close()
  if (isExact) rmSync(folder, { recursive: true, force: true })
})

/** What there is to find the cause by: the run's folder with its logs and stores stays, too. */
async function story(problems: readonly string[]): Promise<string> {
  const store = site.createStore()
  await store.open()
  const kept = [await store.highWaters(), await store.held({}, 1000), await store.losses(1000)] as const
  await store.close()
  const devices = new Set(problems.map((problem) => problem.split(':')[0] as string))
  return [
    `${problems.length} problems; logs, spools and store are kept in ${folder}`,
    ...problems,
    `unsettled: ${evidence.stored.unsettledMinutes.map((ms) => new Date(ms).toISOString())}`,
    `quarantined: ${JSON.stringify(evidence.stored.quarantined)}`,
    `marks: ${JSON.stringify([...kept[0]])}`,
    `held: ${JSON.stringify(kept[1])}`,
    `losses: ${JSON.stringify(kept[2])}`,
    ...[...devices].flatMap((id) => [`${id}:`, ...deviceStory(evidence, id)]),
  ].join('\n')
}

describe('a spool that is restored, rolled back and copied', () => {
  test('leaves a ledger that has what the machines counted, to the unit', async () => {
    const { problems } = countedTruth(evidence)
    isExact = problems.length === 0
    expect(problems, isExact ? '' : await story(problems)).toEqual([])
  })

  test.each(['restored', 'rolled back', 'copied', 'returned'])(
    '%s, is told with an alert and a loss that has its cause',
    (name) => {
      const { losses, alert } = told.get(name) ?? { losses: [] }
      expect(losses[0]).toMatchObject({
        agentId: 'mining',
        kind: expect.stringMatching(/went-back|another-spool/),
      })
      expect(alert).toMatchObject({ subject: { agentId: 'mining' }, severity: 'critical' })
    },
  )

  test('counts the minutes of machines in which nothing was observed as lost', () => {
    const minutes = new Map<string, Set<number>>()
    for (const r of evidence.stored.intervals)
      if (r.agentId === 'mining' && r.coveredMs > 0)
        minutes.set(r.deviceId, (minutes.get(r.deviceId) ?? new Set()).add(Math.floor(r.startMs / MINUTE_MS)))
    const missing = [...minutes.values()].map((all) => Math.max(...all) - Math.min(...all) + 1 - all.size)
    const { losses = [] } = told.get('returned') ?? {}
    expect(minutes.size).toBeGreaterThan(0)
    expect(losses.reduce((sum, loss) => sum + loss.records, 0)).toBeGreaterThanOrEqual(
      missing.reduce((sum, n) => sum + n, 0),
    )
  })
})
