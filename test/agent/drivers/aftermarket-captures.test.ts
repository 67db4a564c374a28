import { describe, expect, test } from 'vitest'
import antminer from '../../../agent/drivers/antminer/antminer.ts'
import braiins from '../../../agent/drivers/braiins/braiins.ts'
import luxos from '../../../agent/drivers/luxos.ts'
import vnish from '../../../agent/drivers/vnish.ts'
import { readFrom } from '../any-machine.ts'
import { captured, expectedOf, hasCaptures, WITH_CAPTURES } from '../captures.ts'

/** Captured files by the command or path that they answer. */
const answersOf = (device: string, files: Record<string, string>) =>
  Object.fromEntries(Object.entries(files).map(([asked, file]) => [asked, captured(device, `${file}.json`)]))

const same = (...names: string[]) => Object.fromEntries(names.map((name) => [name, name]))

const mac = (text: unknown) => String(text).toUpperCase()

describe.skipIf(!hasCaptures)(`real machines with Braiins OS, GraphQL ${WITH_CAPTURES}`, () => {
  const answers = (device: string) => {
    const parts = ['gql_system', 'gql_boards', 'gql_pools'].map((n) =>
      JSON.parse(captured(device, `${n}.json`)),
    )
    return {
      version: captured(device, 'version.json'),
      'cgi-bin_luci': '',
      'cgi-bin_luci_admin_network_iface_status_lan': captured(device, 'web_net_conf.json'),
      graphql: JSON.stringify(parts.reduce(merged)),
    }
  }

  test('S9 22.08', async () => {
    const device = 'bitmain-s9-braiinsos+-22.08-asicrs'
    const expected = expectedOf(device)
    const { identity, sample } = (await readFrom(braiins, answers(device))).reading
    expect(identity).toMatchObject({
      firmware: expected['firmware_version'],
      hardwareId: mac(expected['mac']),
      expectedHashrateHs: expect.closeTo(Number(expected['expected_hashrate_ths']) * 1e12, -3),
    })
    expect(sample).toMatchObject({
      state: 'hashing',
      hashrateHs: expect.closeTo(Number(expected['hashrate_ths']) * 1e12, -3),
      powerW: expected['wattage'],
      powerBasis: 'estimated',
      powerLimitW: expected['tuning_target_w'],
      boardsFitted: expected['hashboards'],
      chipsWorking: expected['total_chips'],
      tempC: 89.25,
      boardTempC: 75.375,
      // two of the four slots have a fan
      fanRpm: 4080,
    })
  })

  test('S21+ 25.03', async () => {
    const device = 'bitmain-s21plus-braiinsos+-25.03-asicrs'
    const expected = expectedOf(device)
    const { identity, sample } = (await readFrom(braiins, answers(device))).reading
    expect(identity).toMatchObject({
      firmware: expected['firmware_version'],
      hardwareId: mac(expected['mac']),
    })
    expect(sample).toMatchObject({
      state: expected['is_mining'] ? 'hashing' : 'idle',
      powerW: expected['wattage'],
      powerLimitW: expected['tuning_target_w'],
      boardsWorking: expected['hashboards'],
      hashrateHs: expect.closeTo(251_235_330.7059e6, -3),
      tempC: 75,
      boardTempC: 60,
      inletTempC: 39,
      fanRpm: 5998,
    })
  })

  test.each([
    ['bitmain-braiinsos+-24.09-asicrs', '2024-10-17-0-75912fc7-24.09-plus', 3572, 195, 71.4375],
    ['bitmain-braiinsos+-25.05-asicrs', '2025-06-25-0-45f356ea-25.05.1-plus', 3698, 165, 69.5],
  ])('%s', async (device, firmware, powerW, chipsWorking, tempC) => {
    const { identity, sample } = (await readFrom(braiins, answers(device))).reading
    expect(identity.firmware).toBe(firmware)
    expect(sample).toMatchObject({ state: 'hashing', powerW, chipsWorking, tempC, boardsWorking: 3 })
  })
})

describe.skipIf(!hasCaptures)(`real machines with Braiins OS, REST ${WITH_CAPTURES}`, () => {
  test.each([
    ['bitmain-s19xp-braiinsos+-25.11-asicrs', 'Antminer S19 XP', 121_015.409_028e9],
    ['bitmain-s21pro-braiinsos+-26.04-asicrs', 'Antminer S21 Pro', 248_186.677_2e9],
  ])('%s', async (device, model, hashrateHs) => {
    const expected = expectedOf(device)
    const pages = {
      api_v1_miner_details: 'miner_details',
      api_v1_miner_stats: 'miner_stats',
      api_v1_miner_hw_hashboards: 'miner_hw_hashboards',
      api_v1_cooling_state: 'cooling_state',
      'api_v1_performance_tuner-state': 'performance_tuner_state',
      api_v1_pools: 'pools',
      api_v1_miner_errors: 'miner_errors',
    }
    const answers = { ...answersOf(device, pages), api_v1_auth_login: '{"token":"t"}' }
    const { identity, sample } = (await readFrom(braiins, answers)).reading
    expect(identity).toMatchObject({
      model,
      firmware: expected['firmware_version'],
      hardwareId: mac(expected['mac']),
    })
    expect(sample).toMatchObject({
      state: expected['is_mining'] ? 'hashing' : 'idle',
      hashrateHs: expect.closeTo(hashrateHs, -3),
      powerW: expected['wattage'],
      // the configured target; the tuner may run below it
      powerLimitW: expected['tuning_target_w'],
      boardsFitted: expected['hashboards'],
      boardsWorking: expected['hashboards'],
    })
    // their error lists end days before their last share
    expect(sample).not.toHaveProperty('faults')
    // these captures lack the cgminer port's pools, the only source of the shares' difficulty
    expect(sample.holders?.[0]?.share).toBe(1)
  })
})

describe.skipIf(!hasCaptures)(`a real S19k Pro with LuxOS ${WITH_CAPTURES}`, () => {
  test('2025.4.8', async () => {
    const device = 'bitmain-s19kpro-luxos-2025.4.8-asicrs'
    const expected = expectedOf(device)
    const { identity, sample, counters } = (await readFrom(luxos, answersOf(device, same(...luxos.requests))))
      .reading
    expect(identity).toMatchObject({ model: 'Antminer S19k Pro', hardwareId: mac(expected['mac']) })
    expect(identity.firmware).toContain(expected['firmware_version'])
    expect(sample).toMatchObject({
      state: 'hashing',
      hashrateHs: 59_756.06e9,
      powerW: expected['wattage'],
      // the power supply does not measure: PSU is false
      powerBasis: 'estimated',
      powerLimitW: expected['tuning_target_w'],
      boardsWorking: 3,
      chipsWorking: 3 * Number(expected['board0_chips']),
      boardTempC: 47,
      inletTempC: 33,
      fanRpm: 1920,
    })
    // two events after the last share: they were captured half a year after the other replies
    expect(sample.faults).toHaveLength(Number(expected['messages']))
    expect(counters?.byOwner?.filter((o) => o.workDiff1)).toHaveLength(Number(expected['pool_groups']))
  })
})

describe.skipIf(!hasCaptures)(`real machines with VNish ${WITH_CAPTURES}`, () => {
  const device = 'bitmain-s21pro-vnish-1.2.7-protofleet'
  const port = { stats: 'rpc_stats', summary: 'rpc_summary', pools: 'rpc_pools' }
  const web = { api_v1_unlock: 'web_unlock', api_v1_info: 'web_info', api_v1_summary: 'web_summary' }

  test.each([
    ['its cgminer port', port, 'estimated', undefined],
    ['its web interface', web, 'reported', '02:95:23:B3:E0:79'],
    ['both', { ...port, ...web }, 'reported', '02:95:23:B3:E0:79'],
  ] as const)('S21 Pro 1.2.7, by %s', async (_, files, powerBasis, hardwareId) => {
    const expected = expectedOf(device)
    const { identity, sample, counters } = (await readFrom(vnish, answersOf(device, files))).reading
    // the other project writes the model in one word
    expect(identity.model?.replace(/Antminer|\s/g, '')).toBe(expected['model'])
    expect(identity).toMatchObject({
      firmware: `Vnish ${expected['firmware_version']}`,
      expectedHashrateHs: 196_517.17e9,
    })
    expect(identity.hardwareId).toBe(hardwareId)
    expect(sample).toMatchObject({
      state: 'hashing',
      hashrateHs: 173_870.94e9,
      powerW: 2583,
      powerBasis,
      boardsWorking: 3,
      chipsWorking: 195,
      tempC: 65,
      boardTempC: 50,
    })
    expect(counters?.byOwner?.find((o) => o.owner['poolRole'] === 'devfee')?.workDiff1).toBe(3_884_032)
    expect(sample.holders).toHaveLength(1)
    expect(sample.holders?.[0]?.owner).not.toHaveProperty('poolRole')
  })

  test('S19 XP 1.2.0-rc1', async () => {
    const old = 'bitmain-s19xp-vnish-1.2.0-rc1-cgminer'
    const { identity, sample } = (await readFrom(vnish, answersOf(old, same('stats', 'summary')))).reading
    expect(identity).toMatchObject({ model: 'Antminer S19 XP', firmware: 'Vnish 1.2.0-rc1' })
    expect(sample).toMatchObject({
      state: 'hashing',
      hashrateHs: expect.closeTo(Number(expectedOf(old)['summary_GHS_5s']) * 1e9, -3),
      tempC: 75,
      boardTempC: 60,
      fanRpm: 2790,
      chipsFitted: 330,
    })
    // every chain reports 0 W; it runs at the rated 140 TH/s
    expect(sample).toMatchObject({ powerW: expect.closeTo(3015.6, 1), powerBasis: 'modelled' })
  })

  test('is not read as the stock firmware of its machine', async () => {
    await expect(readFrom(antminer, answersOf(device, port))).rejects.toMatchObject({
      code: 'another-firmware',
      message: expect.stringMatching(/ runs VNish, not Antminer; check the driver that is set for it/),
    })
  })
})

describe.skipIf(!hasCaptures)(`the web interface of real stock Antminers ${WITH_CAPTURES}`, () => {
  test('S19', async () => {
    const device = 'bitmain-s19-stock-protofleet'
    const files = { version: 'rpc_version', summary: 'rpc_summary', stats: 'web_stats', pools: 'rpc_pools' }
    const answers = answersOf(device, {
      ...files,
      'cgi-bin_get_system_info.cgi': 'web_get_system_info',
      'cgi-bin_get_miner_conf.cgi': 'web_get_miner_conf',
    })
    expect((await readFrom(antminer, answers)).reading.identity.hardwareId).toBe('02:B3:B9:8C:1E:C8')
  })

  test('S19 Pro, whose MAC was made unreadable', async () => {
    const device = 'bitmain-s19pro-stock-49.0.1.3-asicrs'
    const files = {
      ...same('version', 'summary', 'stats', 'pools'),
      'cgi-bin_get_system_info.cgi': 'system_info',
    }
    const { identity } = (await readFrom(antminer, answersOf(device, files))).reading
    expect(identity.hardwareId).toBe('THQING0BDJAB024NF')
  })
})

/** Merges the replies to one command that were captured in parts. */
function merged(a: Record<string, unknown>, b: Record<string, unknown>): Record<string, unknown> {
  const both = { ...a }
  for (const [name, value] of Object.entries(b)) {
    const before = both[name]
    both[name] =
      typeof before === 'object' && before !== null
        ? merged(before as Record<string, unknown>, value as Record<string, unknown>)
        : value
  }
  return both
}
