import { describe, expect, test } from 'vitest'
import sealminer from '../../../agent/drivers/sealminer.ts'
import { closeReplays, edited, fixture, readOnce } from '../asic-harness.ts'
import { captured, expectedOf, hasCaptures, WITH_CAPTURES } from '../captures.ts'

closeReplays()

const recorded = fixture('sealminer-a2')
const withStats = (fields: Record<string, unknown>) =>
  readOnce(
    sealminer,
    edited(recorded, 'stats', 'STATS', () => fields),
  )

describe('a SealMiner A2', () => {
  test('is read in full, with the work that each pool accepted', async () => {
    const { identity, sample, counters } = await readOnce(sealminer, recorded)
    expect(identity).toEqual({
      kind: 'asic',
      model: 'SealMiner A2',
      firmware: '2025110701',
      hardwareId: '02:00:5E:00:5E:A1',
      expectedHashrateHs: 226e12,
    })
    const owner = { poolUrl: 'stratum+tcp://btc.pool.example:3333', poolUser: 'demosite.seal01' }
    expect(sample).toEqual({
      state: 'hashing',
      // measured at the chips; the 401 TH/s of "MHS 5s" are estimated from a few shares
      hashrateHs: 222_610_001e6,
      hashrateAvgHs: 223_100_000.5e6,
      powerW: 3690,
      powerBasis: 'reported',
      powerLimitW: 3700,
      boardsFitted: 3,
      boardsWorking: 3,
      chipsFitted: 450,
      chipsWorking: 447,
      tempC: 70,
      fanRpm: 3540,
      uptimeS: 90_100,
      holders: [{ owner, share: 1 }],
    })
    expect(counters?.byOwner).toEqual([
      { owner, workDiff1: 4_773_642_240 },
      { owner: { ...owner, poolUrl: 'stratum+tcp://backup.pool.example:3333' }, workDiff1: 0 },
    ])
  })

  test('names what it calls wrong', async () => {
    const { sample } = await withStats({
      'Error Code': 'E12',
      'PSU Error': '0x00000004',
      '1 Online': false,
      '1 MHS(Sample)': 0,
      '0 Speed': 0,
    })
    expect(sample).toMatchObject({ boardsFitted: 3, boardsWorking: 2 })
    expect(sample.faults).toEqual([
      'error E12',
      'power supply: error 0x00000004',
      'hashboard 1: offline',
      'fan 0: 0 rpm',
    ])
  })

  test('sleeps when it is suspended, and starts while its frequency climbs', async () => {
    const still = { 'MHS(Sample)': 0, 'MHS(30s)': 0, 'MHS(1m)': 0, 'PSU Input Power': 41 }
    expect((await withStats({ ...still, 'PM State': 'Suspended' })).sample).toMatchObject({
      state: 'sleeping',
      powerW: 41,
    })
    expect((await withStats({ ...still, 'Raise Freq Done': false })).sample.state).toBe('starting')
  })

  test('with water has no fans to miss', async () => {
    const { sample } = await withStats({ 'Liquid Cooling': true, '0 Speed': 0 })
    expect(sample).not.toHaveProperty('faults')
    expect(sample).not.toHaveProperty('fanRpm')
  })

  test('that was flashed with other firmware is another machine', async () => {
    const stats = { STATS: [{ Type: 'Antminer S19 (Vnish 1.2.0)' }] }
    await expect(readOnce(sealminer, { ...recorded, stats: JSON.stringify(stats) })).rejects.toThrow(
      /runs VNish, not SealMiner; check the driver/,
    )
  })
})

test.skipIf(!hasCaptures)(`a real SealMiner A2 ${WITH_CAPTURES}`, async () => {
  const device = 'bitdeer-sealminer-a2-2025091001-asicrs'
  const expected: Record<string, number | string> = expectedOf(device)
  const { identity, sample, counters } = await readOnce(
    sealminer,
    Object.fromEntries(
      ['version', 'summary', 'stats', 'pools'].map((n) => [n, captured(device, `${n}.json`)]),
    ),
  )
  expect(identity).toMatchObject({
    model: 'SealMiner A2',
    firmware: expected['firmware_version'],
    hardwareId: String(expected['mac']).toUpperCase(),
  })
  expect(identity.expectedHashrateHs).toBeCloseTo(Number(expected['expected_hashrate_ths']) * 1e12, -6)
  // the other project shows the average since the start, 41 minutes ago, as the present hashrate
  expect(sample.hashrateAvgHs).toBe(Number(expected['hashrate_ths']) * 1e12)
  expect(sample).toMatchObject({
    hashrateHs: expect.closeTo(220_377_998_845_846, -3),
    powerW: expected['wattage'],
    powerLimitW: expected['tuning_target_w'],
    boardsWorking: expected['hashboards'],
    chipsWorking: 3 * Number(expected['board0_working_chips']),
    fanRpm: 3723,
  })
  expect(counters?.byOwner).toMatchObject([{ workDiff1: 41_746_432 }])
  expect(counters?.byOwner).toHaveLength(Number(expected['pools']))
})
