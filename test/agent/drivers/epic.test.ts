import { describe, expect, test } from 'vitest'
import epic from '../../../agent/drivers/epic.ts'
import { fixture } from '../asic-harness.ts'
import { captured, expectedOf, hasCaptures, WITH_CAPTURES } from '../captures.ts'
import { changed, closeMachines, pages, readAt, webMachine } from '../machines.ts'

closeMachines()

const recorded = pages(fixture('epic-s19jpro'))
const readFrom = async (answers: Record<string, string>) => readAt(epic, await webMachine(answers))

type Summary = Record<string, Record<string, unknown>> & {
  HBs: unknown[]
  HBStatus: Record<string, unknown>[]
}
const withSummary = (change: (summary: Summary) => void) =>
  readFrom({ ...recorded, '/summary': changed(recorded['/summary'], change) })

describe('an S19j Pro with PowerPlay', () => {
  test('is read in full', async () => {
    const { identity, sample, counters } = await readFrom(recorded)
    expect(identity).toEqual({
      kind: 'asic',
      model: 'AntMiner S19j Pro',
      firmware: 'PowerPlay-BM v1.16.2',
      hardwareId: '02:00:5E:00:EC:01',
      // the tuner's target, not the 100 TH/s of the model
      expectedHashrateHs: 104e12,
    })
    expect(sample).toEqual({
      state: 'hashing',
      hashrateHs: 103.21e12,
      hashrateAvgHs: 102.9e12,
      powerW: 3041.5,
      powerBasis: 'reported',
      powerLimitW: 3050,
      boardsFitted: 3,
      boardsWorking: 3,
      chipsFitted: 378,
      chipsWorking: 376,
      boardTempC: 63.5,
      fanRpm: 4760,
      uptimeS: 100_000,
      paidRatio: expect.closeTo(0.99956, 5),
      holders: [
        {
          // the name that the pool sees, with the unique worker id
          owner: { poolUrl: 'stratum+tcp://btc.pool.example:3333', poolUser: 'demosite.epic01-0x2x63' },
          share: 1,
        },
      ],
    })
    expect(counters).toBeUndefined()
  })

  test.each([
    [{ Coin: 'Sia', Algorithm: 'Blake2b' }, 'blake2b'],
    [{ Coin: 'Sia' }, 'blake2b'],
    [{ Coin: 'BTC', Algorithm: 'SHA-256' }, undefined],
    [{}, undefined],
  ])('that mines %j is known by it, else by its model: %s', async (mining, algorithm) => {
    const { identity, sample } = await withSummary((s) => {
      s['Mining'] = mining
    })
    expect(identity.algorithm).toBe(algorithm)
    expect(sample.hashrateHs === undefined).toBe(algorithm !== undefined)
  })

  test('never shows the passwords that its pages hold', async () => {
    const reading = JSON.stringify(await readFrom(recorded))
    expect(reading).not.toMatch(/password/i)
  })

  test('without a pool it idles, and is not asleep', async () => {
    const { sample } = await withSummary((s) => {
      s['Status']!['Operating State'] = 'Idling'
      s['Stratum']!['IsPoolConnected'] = false
      s.HBs = []
    })
    expect(sample).toMatchObject({ state: 'idle', holders: [], faults: ['no pool is alive'] })
  })

  test.each(['Stopping', 'Curtailed'])('in state %s it sleeps, with or without a pool', async (state) => {
    for (const connected of [true, false]) {
      const { sample } = await withSummary((s) => {
        s['Status']!['Operating State'] = state
        s['Stratum']!['IsPoolConnected'] = connected
      })
      expect(sample).toMatchObject({ state: 'sleeping', hashrateHs: 0, holders: [] })
    }
  })

  test('stopped by its operator it sleeps', async () => {
    const { sample } = await withSummary((s) => {
      s['Status']!['Operating State'] = 'Idling'
      s.HBs = []
    })
    expect(sample).toMatchObject({ state: 'sleeping' })
    expect(sample).not.toHaveProperty('boardsWorking')
  })

  test('a board that is not detected, a fan that stands still, its own last error', async () => {
    const { sample } = await withSummary((s) => {
      s.HBs.splice(1, 1)
      s.HBStatus[1]!['Detected'] = false
      s['Fans Rpm']!['Fans Speed 3'] = 0
      s['Status']!['Last Error'] = 'Board 1 failed to initialise'
    })
    expect(sample).toMatchObject({ boardsFitted: 3, boardsWorking: 2, fanRpm: 0 })
    expect(sample.faults).toEqual([
      'Board 1 failed to initialise',
      'hashboard 1: not detected',
      'fan 3: 0 rpm',
    ])
  })

  test('a reading of more than twice the target is ignored', async () => {
    const { sample } = await withSummary((s) => {
      s.HBs = [{ Index: 0, Hashrate: [900e6, 100, 0] }]
    })
    expect(sample).not.toHaveProperty('hashrateHs')
    expect(sample.faults?.at(-1)).toContain('900 TH/s is ignored')
  })

  test('older firmware without the detail pages is read from its summary', async () => {
    const { identity, sample } = await readFrom({ '/summary': recorded['/summary'] ?? '' })
    expect(identity.expectedHashrateHs).toBe(104e12)
    expect(sample).toMatchObject({ hashrateHs: 103.21e12, boardsWorking: 3 })
    expect(sample).not.toHaveProperty('chipsWorking')
  })
})

test('it is recognised by HTTP on the cgminer port, or by its web page', () => {
  expect(epic.recognises?.({ version4028: 'HTTP/1.1 400 BAD REQUEST' })).toBe(true)
  const body = '<title>Miner Web Dashboard</title>'
  expect(epic.recognises?.({ httpRoot: { status: 200, headers: {}, body } })).toBe(true)
  expect(epic.recognises?.({ httpRoot: { status: 200, headers: {}, body: '' } })).toBe(false)
})

test.skipIf(!hasCaptures)(`a real S19 XP with one dead board ${WITH_CAPTURES}`, async () => {
  const device = 'bitmain-s19xp-epic-asicrs'
  const expected: Record<string, number> = expectedOf(device)
  const { identity, sample } = await readFrom({
    '/hashrate': captured(device, 'chip_hashrates.json'),
    ...Object.fromEntries(
      ['summary', 'capabilities', 'network', 'temps'].map((n) => [`/${n}`, captured(device, `${n}.json`)]),
    ),
  })
  expect(identity).toMatchObject({ model: 'AntMiner S19 XP', expectedHashrateHs: 143e12 })
  expect(sample).toMatchObject({
    state: 'hashing',
    hashrateHs: (49_440_724 + 49_925_124) * 1e6,
    uptimeS: expected['uptime_s'],
    powerW: expected['wattage'],
    // this power supply reports no input voltage: the watts are the firmware's estimate
    powerBasis: 'estimated',
    boardsFitted: expected['hashboards'],
    boardsWorking: 2,
    chipsFitted: 330,
    chipsWorking: expected['board0_working_chips']! + 2 * expected['board1_working_chips']!,
    boardTempC: 67,
    faults: ['hashboard 0: disabled by the firmware', 'fan 2: 0 rpm'],
  })
})
