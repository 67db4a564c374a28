import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { WrittenTruth } from '../../agent/simulator/run-site.ts'
import { TruthLog } from './truth.ts'

const folder = mkdtempSync(join(tmpdir(), 'perwatt-truth-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const written = (atMs: number, elapsedS: number, forgetful: string[] = []): WrittenTruth => ({
  atMs,
  paused: false,
  elapsedS,
  energyJ: { 'miner-1': 10 * elapsedS },
  workDiff1: { pool: elapsedS },
  tokensIn: elapsedS,
  tokensOut: 2 * elapsedS,
  overheadEnergyJ: 0,
  siteEnergyJ: 10 * elapsedS,
  counted: { 'miner-1': { workDiff1: 5 * elapsedS } },
  through: { 'pdu-1/inlet': { energyJ: elapsedS, countedMilliJ: 1000 * elapsedS } },
  forgetful,
})

test('machines that begin again go on from what they did before', () => {
  const file = join(folder, 'truth.json')
  const log = new TruthLog(file)
  const look = (truth: WrittenTruth) => {
    writeFileSync(file, JSON.stringify(truth))
    log.look()
  }
  look(written(1_000, 0))
  look(written(61_000, 60, ['miner-2']))
  look(written(90_000, 0))
  look(written(100_000, 7))
  expect(log.latest).toMatchObject({
    atMs: 100_000,
    elapsedS: 67,
    energyJ: { 'miner-1': 670 },
    siteEnergyJ: 670,
    tokensOut: 134,
    counted: { 'miner-1': { workDiff1: 335 } },
    through: { 'pdu-1/inlet': { energyJ: 67, countedMilliJ: 67_000 } },
    forgetful: ['miner-2'],
  })
  look(written(120_000, 0))
  look(written(130_000, 3))
  expect(log.latest?.counted['miner-1']).toEqual({ workDiff1: 350 })
  expect(log.series.map((t) => t.elapsedS)).toEqual([0, 60, 60, 67, 67, 70])
})
