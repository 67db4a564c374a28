import { describe, expect, test } from 'vitest'
import antminer from '../../../agent/drivers/antminer/antminer.ts'
import { closeReplays, readOnce } from '../asic-harness.ts'
import { captured, expectedOf, hasCaptures, WITH_CAPTURES } from '../captures.ts'

closeReplays()

describe.skipIf(!hasCaptures)(`real stock Antminers ${WITH_CAPTURES}`, () => {
  test('S19 Pro 49.0.1.3', async () => {
    const device = 'bitmain-s19pro-stock-49.0.1.3-asicrs'
    const expected = expectedOf(device)
    const names = ['version', 'summary', 'stats', 'pools']
    const { identity, sample, counters } = await readOnce(
      antminer,
      Object.fromEntries(names.map((n) => [n, captured(device, `${n}.json`)])),
    )
    expect(identity).toMatchObject({ model: 'Antminer S19 Pro', hardwareId: '8144d5ca79104814' })
    // the other project's firmware_version is from another machine's web interface (its own note: MIXED)
    expect(identity.firmware).toBe('1.0.0 49.0.1.3 Tue Dec 6 16:12:30 CST 2022')
    expect(identity.expectedHashrateHs).toBe(Number(expected['expected_hashrate_ths']) * 1e12)
    expect(sample).toMatchObject({
      state: 'hashing',
      hashrateHs: Number(expected['hashrate_ths']) * 1e12,
      boardsFitted: expected['hashboards'],
      boardsWorking: expected['hashboards'],
      chipsWorking: 342,
      chipsFitted: 342,
      tempC: 78,
      boardTempC: 73,
      fanRpm: 5040,
      powerW: expect.closeTo(110.56689 * 29.5, 3),
      powerBasis: 'modelled',
    })
    expect(sample).not.toHaveProperty('faults')
    expect(counters?.byOwner?.reduce((sum, o) => sum + (o.workDiff1 ?? 0), 0)).toBe(1_305_083_904)
  })

  test('S19 with the newer form', async () => {
    const device = 'bitmain-s19-stock-protofleet'
    const expected = expectedOf(device)
    const names = ['version', 'summary', 'pools']
    const { identity, sample } = await readOnce(antminer, {
      ...Object.fromEntries(names.map((n) => [n, captured(device, `rpc_${n}.json`)])),
      // its web interface answers in the newer form, as the port does with new_api
      'stats+new_api': captured(device, 'web_stats.json'),
    })
    expect(identity.model).toBe(expected['model'])
    expect(identity.firmware).toContain(expected['firmware_version'])
    expect(sample).toMatchObject({
      hashrateHs: 88_422e9,
      tempC: 70,
      boardTempC: 49,
      boardsWorking: 3,
      chipsWorking: 264,
    })
    expect(sample).toMatchObject({
      fanRpm: 3690,
      powerBasis: 'modelled',
      powerW: expect.closeTo(88.422 * 34.2, 3),
    })
  })
})
