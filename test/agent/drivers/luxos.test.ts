import { describe, expect, test } from 'vitest'
import luxos from '../../../agent/drivers/luxos.ts'
import { closeReplays, edited, fixture, readOnce } from '../asic-harness.ts'

closeReplays()

const LUXOS = fixture('luxos-s19jpro')
const owner = { poolUrl: 'stratum+tcp://eu.pool.example:3333', poolUser: 'acme.rack2-03' }

describe('an S19j Pro with LuxOS', () => {
  test('is read in full', async () => {
    expect(await readOnce(luxos, LUXOS)).toEqual({
      identity: {
        kind: 'asic',
        model: 'Antminer S19j Pro',
        firmware: '2025.6.3.120000-0a1b2c3d',
        hardwareId: '02:00:5E:00:19:03',
        expectedHashrateHs: 105e12,
      },
      sample: {
        state: 'hashing',
        hashrateHs: 104_200.5e9,
        hashrateAvgHs: 103_900.25e9,
        powerW: 3055,
        powerBasis: 'reported',
        powerLimitW: 3100,
        boardsFitted: 3,
        boardsWorking: 3,
        chipsFitted: 378,
        chipsWorking: 377,
        // the sensors are on the boards: the chips' own temperatures are unknown
        boardTempC: 59,
        inletTempC: 41,
        fanRpm: 3000,
        uptimeS: 40_000,
        holders: [{ owner, share: 1 }],
      },
      counters: {
        byOwner: [
          { owner, workDiff1: 976_224_256 },
          { owner: { ...owner, poolUrl: 'stratum+tcp://backup.pool.example:443' }, workDiff1: 0 },
        ],
      },
      shares: { accepted: 3200, difficulty: 305_070.08 },
    })
  })

  test('watts without a supply that measures are an estimate', async () => {
    const { sample } = await readOnce(
      luxos,
      edited(LUXOS, 'power', 'POWER', () => ({ PSU: false })),
    )
    expect(sample).toMatchObject({ powerW: 3055, powerBasis: 'estimated' })
  })

  describe('without any watts', () => {
    const silent = { ...LUXOS, power: '{"STATUS":[{"STATUS":"E","Msg":"no"}]}' }

    test('has those of its model near the rated hashrate, marked as modelled', async () => {
      const { sample } = await readOnce(luxos, silent)
      expect(sample.hashrateHs).toBeCloseTo(104.2e12, -12)
      expect(sample).toMatchObject({ powerW: expect.closeTo(3073.9, 1), powerBasis: 'modelled' })
    })

    test('has none where it is tuned away from it: its J/TH are not the rated ones', async () => {
      const slow = edited(
        edited(silent, 'summary', 'SUMMARY', () => ({ 'GHS 5s': 80_000 })),
        'stats',
        'STATS',
        () => ({
          'GHS 5s': 80_000,
        }),
      )
      const { sample } = await readOnce(luxos, slow)
      expect(sample.hashrateHs).toBe(80e12)
      expect(sample).not.toHaveProperty('powerW')
    })
  })

  test('boards are told apart by their slot, in whatever order they are listed', async () => {
    const dead = edited(LUXOS, 'devs', 'DEVS', (row) =>
      row['ASC'] === 0 ? { Status: 'Dead', 'MHS 5s': 0 } : {},
    )
    const { sample } = await readOnce(luxos, dead)
    expect(sample).toMatchObject({ boardsWorking: 2, faults: ['hashboard 1: status Dead'] })
  })

  test('curtailed it sleeps, and is not at fault', async () => {
    const still: Record<string, Record<string, unknown>> = {
      CONFIG: { CurtailMode: 'Sleep', IsPowerSupplyOn: false },
      SUMMARY: { 'GHS 5s': 0 },
      DEVS: { 'MHS 5s': 0 },
      FANS: { RPM: 0 },
    }
    const asleep = Object.entries(still).reduce(
      (answers, [section, fields]) => edited(answers, section.toLowerCase(), section, () => fields),
      LUXOS,
    )
    const { sample } = await readOnce(luxos, asleep)
    expect(sample).toMatchObject({ state: 'sleeping', holders: [] })
    expect(sample).not.toHaveProperty('faults')
  })

  test('an event after the last share is a fault, one before it is over', async () => {
    const now = edited(LUXOS, 'events', 'EVENTS', () => ({ CreatedAt: '2026-06-01T08:00:00+00:00' }))
    expect((await readOnce(luxos, now)).sample.faults).toEqual([
      'REBOOT_NOT_HASHING: Board reboot due to it not hashing.',
    ])
  })

  test('that went back to stock firmware is noticed', async () => {
    await expect(readOnce(luxos, fixture('antminer-s19pro'))).rejects.toMatchObject({
      code: 'another-firmware',
    })
  })
})
