import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MINUTE_MS } from '../../protocol/units.ts'
import { balance, countedTruth, exactlyOnce } from './checks.ts'
import { fakeTimeLibrary } from './clock.ts'
import { collectEvidence, type Evidence } from './evidence.ts'
import { countedLosses } from './losses.ts'
import { allDelivered, allRead, allSettled, moveWorld } from './rest.ts'
import { AGENTS, ChaosSite } from './site.ts'

const SPEED = 8
const AWAY_MINUTES = 30

describe.skipIf(fakeTimeLibrary() === undefined)(
  `an InfluxDB that is away for ${AWAY_MINUTES} minutes at ${SPEED} times the speed, while every program is killed once (skipped where libfaketime is not installed)`,
  () => {
    let folder: string
    let site: ChaosSite
    let evidence: Evidence

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'perwatt-away-'))
      site = new ChaosSite({
        ...{ seed: 11, store: 'influx', folder, dist: resolve('dist') },
        ...{ speed: SPEED, pollMs: 10_000 },
      })
      const { pace } = site
      const startedMs = pace.nowMs()
      await site.open()
      expect(await allRead(site, 0)).toBeUndefined()
      await pace.wait(3 * site.pollMs)
      await moveWorld(site, true)
      await pace.wait(5 * MINUTE_MS)
      await site.parts.get('influx')?.end('SIGTERM')
      await pace.wait((AWAY_MINUTES / 2) * MINUTE_MS)
      // so nothing of the first half is in anybody's memory
      for (const name of [...AGENTS, 'collector']) {
        await site.parts.get(name)?.end('SIGKILL')
        if (name !== 'collector') await site.lookAtDisk(name)
        await site.parts.get(name)?.start()
      }
      await pace.wait((AWAY_MINUTES / 2) * MINUTE_MS)
      await site.alerts.look()
      await site.parts.get('influx')?.start()
      await pace.wait(5 * MINUTE_MS)
      await moveWorld(site, false)
      expect(await allRead(site, pace.nowMs())).toBeUndefined()
      expect(await allDelivered(site)).toBeUndefined()
      evidence = collectEvidence(site, await allSettled(site, startedMs))
    }, 900_000)
    afterAll(async () => {
      await site?.close()
      rmSync(folder, { recursive: true, force: true })
    })

    test('has every record of that time in the end, once and unchanged', () => {
      const minutes = new Set(evidence.stored.intervals.map((i) => Math.floor(i.startMs / MINUTE_MS)))
      expect(minutes.size).toBeGreaterThan(AWAY_MINUTES)
      expect(exactlyOnce(evidence).problems).toEqual([])
      expect(countedLosses(evidence).problems).toEqual([])
      expect(evidence.stored.losses).toEqual([])
    })

    test('and its ledger has what the machines counted, and balances with the meter', () => {
      expect(countedTruth(evidence).problems).toEqual([])
      expect(balance(evidence).problems).toEqual([])
    })

    test('was told meanwhile', () => {
      const still = evidence.alerts.filter(({ rule }) => rule === 'standing-still')
      expect(still.map(({ summary }) => summary).join('\n')).toMatch(/InfluxDB/)
    })
  },
)
