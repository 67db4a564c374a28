import { describe, expect, test } from 'vitest'
import whatsminerV3 from '../../../../agent/drivers/whatsminer-v3/whatsminer-v3.ts'
import { fixture, soon } from '../../asic-harness.ts'
import { captured, expectedOf, hasCaptures, WITH_CAPTURES } from '../../captures.ts'
import { changed, closeMachines, framedMachine, readAt } from '../../machines.ts'

closeMachines()

const recorded = fixture('whatsminer-v3')
const readFrom = async (answers: Record<string, string>) =>
  readAt(whatsminerV3, await framedMachine({ answers }))
const INFO = 'get.device.info'
const SUMMARY = 'get.miner.status summary'

describe('an M66S with API 3', () => {
  test('is read in full', async () => {
    const machine = await framedMachine({ answers: recorded })
    const { identity, sample, counters } = await readAt(whatsminerV3, machine)
    expect(identity).toEqual({
      kind: 'asic',
      model: 'Whatsminer M66S_VL40',
      firmware: '20250214.22.Rel1',
      hardwareId: '02:00:5E:00:61:01',
      expectedHashrateHs: 186e12,
    })
    expect(sample).toEqual({
      state: 'hashing',
      hashrateHs: 185.04e12,
      hashrateAvgHs: 184.62e12,
      powerW: 3411,
      powerBasis: 'reported',
      powerLimitW: 3700,
      boardsFitted: 3,
      boardsWorking: 3,
      chipsWorking: 234,
      tempC: 78.6,
      boardTempC: 59.4,
      inletTempC: 27.4,
      fanRpm: 5010,
      uptimeS: 86_500,
      paidRatio: 0.9996,
      holders: [
        {
          owner: { poolUrl: 'stratum+tcp://btc.pool.example:3333', poolUser: 'demosite.m66s01' },
          share: 1,
        },
      ],
    })
    // API 3 counts no accepted work: it stays unknown
    expect(counters).toBeUndefined()
    expect(machine.requests).toEqual([INFO, SUMMARY, 'get.miner.status pools', 'get.miner.status edevs'])
  })

  test('takes the supply’s own watts where the summary has none', async () => {
    const { sample } = await readFrom({
      ...recorded,
      [SUMMARY]: changed(recorded[SUMMARY], ({ msg }: { msg: { summary: Record<string, number> } }) => {
        msg.summary['power-realtime'] = 0
        delete msg.summary['power-5min']
      }),
    })
    expect(sample).toMatchObject({ powerW: 3402, powerBasis: 'reported' })
  })

  test('names the faults of its error list, and the board that is gone', async () => {
    const { sample } = await readFrom({
      ...recorded,
      [INFO]: changed(recorded[INFO], ({ msg }: { msg: Record<string, unknown> }) => {
        msg['error-code'] = [{ '531': '2026-05-12 14:52:35', reason: 'Slot1 not found.' }]
      }),
      'get.miner.status edevs': changed(
        recorded['get.miner.status edevs'],
        ({ msg }: { msg: { edevs: unknown[] } }) => msg.edevs.splice(1, 1),
      ),
    })
    expect(sample).toMatchObject({
      boardsFitted: 3,
      boardsWorking: 2,
      faults: ['error 531: hashboard 1 not found', '1 of 3 hashboards missing'],
    })
  })

  test('sleeps where its mining program is stopped and answers no more', async () => {
    const stopped = changed(recorded[INFO], ({ msg }: { msg: { miner: Record<string, string> } }) => {
      msg.miner['working'] = 'false'
    })
    const { sample } = await readFrom({ [INFO]: stopped })
    expect(sample).toMatchObject({ state: 'sleeping', powerW: 3402 })
    expect(sample).not.toHaveProperty('hashrateHs')
    expect(sample).not.toHaveProperty('holders')
  })

  const fanless = (type: string) => ({
    ...recorded,
    [INFO]: changed(recorded[INFO], ({ msg }: { msg: { miner: Record<string, string> } }) => {
      msg.miner['type'] = type
    }),
    [SUMMARY]: changed(recorded[SUMMARY], ({ msg }: { msg: { summary: Record<string, number> } }) => {
      Object.assign(msg.summary, { 'fan-speed-in': 0, 'fan-speed-out': 0 })
    }),
  })

  test.each(['M63S_VK30', 'M66S_VL40', 'M53S++_VL30'])('has no fans and no fan faults: %s', async (type) => {
    const { sample } = await readFrom(fanless(type))
    expect(sample).not.toHaveProperty('fanRpm')
    expect(sample).not.toHaveProperty('faults')
  })

  test('but an M60S needs its fans', async () => {
    expect((await readFrom(fanless('M60S_VK40'))).sample.faults).toHaveLength(2)
  })

  const climbing = (summary: Record<string, number>, status?: string) => ({
    ...recorded,
    [SUMMARY]: changed(recorded[SUMMARY], ({ msg }: { msg: { summary: Record<string, number> } }) => {
      Object.assign(msg.summary, summary)
    }),
    'get.miner.status edevs': changed(
      recorded['get.miner.status edevs'],
      ({ msg }: { msg: { edevs: Record<string, unknown>[] } }) => {
        for (const board of msg.edevs) Object.assign(board, status ? { status, 'hash-realtime': 0 } : {})
      },
    ),
  })

  test.each([
    ['its frequency climbs', climbing({ 'up-freq-finish': 0, elapsed: 400 })],
    ['its boards initialise', climbing({ 'hash-realtime': 0, 'hash-1min': 0 }, 'initialising')],
  ])('is starting while %s', async (_, answers) => {
    const { sample } = await readFrom(answers)
    expect(sample.state).toBe('starting')
    expect(sample).not.toHaveProperty('faults')
  })

  test('an implausible hashrate is flagged, not passed on', async () => {
    const { sample } = await readFrom({
      ...recorded,
      [SUMMARY]: changed(recorded[SUMMARY], ({ msg }: { msg: { summary: Record<string, number> } }) => {
        msg.summary['hash-realtime'] = 900
      }),
    })
    expect(sample).not.toHaveProperty('hashrateHs')
    expect(sample.faults).toEqual([
      'the hashrate reading of 900 TH/s is ignored: more than twice the expected 186 TH/s',
    ])
  })

  test.each([
    ['1.9 times', { 'hash-realtime': 351.6 }],
    ['a fifth of', { 'hash-realtime': 37, 'hash-1min': 37 }],
  ])('%s all its other hashrates is told, and the sum of its boards used', async (_what, figures) => {
    const { sample, uncountedWork } = await readFrom({
      ...recorded,
      [SUMMARY]: changed(recorded[SUMMARY], ({ msg }: { msg: { summary: Record<string, number> } }) => {
        Object.assign(msg.summary, figures)
      }),
    })
    expect(sample).toMatchObject({ state: 'hashing', powerW: 3411 })
    expect(sample.hashrateHs).toBeCloseTo(185.04e12, -9)
    expect(uncountedWork).toBe(true)
    expect(sample.faults).toEqual([
      expect.stringContaining(`its present hashrate of ${figures['hash-realtime']} TH/s is ignored`),
    ])
  })

  test('refuses in its own words', async () => {
    const machine = await framedMachine({
      answers: { [INFO]: JSON.stringify({ code: -4, when: 1, msg: 'no permission', desc: INFO }) },
    })
    await expect(readAt(whatsminerV3, machine)).rejects.toThrow(
      `127.0.0.1:${machine.port} refuses "get.device.info": no permission; check the API access and the firmware`,
    )
  })
})

describe('the connection', () => {
  test('is kept from poll to poll', async () => {
    const machine = await framedMachine({ answers: recorded })
    const session = whatsminerV3.open({ id: 'm1', host: machine.host, options: { port: machine.port } })
    for (let i = 0; i < 3; i++) await session.read(soon())
    expect(machine.connections).toBe(1)
    session.close?.()
    await expect.poll(() => machine.open()).toEqual([])
  })

  test('is opened again where the miner closed it between polls', async () => {
    const machine = await framedMachine({ answers: recorded })
    const session = whatsminerV3.open({ id: 'm1', host: machine.host, options: { port: machine.port } })
    await session.read(soon())
    for (const socket of machine.open()) socket.destroy()
    const [reading] = await session.read(soon())
    expect(reading?.sample.state).toBe('hashing')
    expect(machine.connections).toBe(2)
    session.close?.()
  })

  test('may be closed after each answer', async () => {
    const machine = await framedMachine({ answers: recorded, oneShot: true })
    expect((await readAt(whatsminerV3, machine)).sample.hashrateHs).toBe(185.04e12)
  })
})

test('it is recognised by its port where the older API doesn’t answer', () => {
  const recognises = (answers: object) => whatsminerV3.recognises?.(answers)
  expect(recognises({ port4433: true })).toBe(true)
  expect(
    recognises({
      port4433: true,
      httpRoot: { status: 307, headers: { location: 'https://192.0.2.61/' }, body: '' },
    }),
  ).toBe(true)
  expect(recognises({ port4433: true, version4028: 'BTMINER 4.9.2' })).toBe(false)
  expect(recognises({ port4433: true, httpRoot: { status: 200, headers: {}, body: 'a printer' } })).toBe(
    false,
  )
  expect(recognises({})).toBe(false)
})

describe.skipIf(!hasCaptures)(`real Whatsminers with API 3 ${WITH_CAPTURES}`, () => {
  const device = 'microbt-m60s-api3.0.2-20251209-asicrs'
  const m60s = (info: string) => ({
    [INFO]: captured(device, info),
    ...Object.fromEntries(
      ['summary', 'edevs', 'pools'].map((n) => [
        `get.miner.status ${n}`,
        captured(device, `get_miner_status_${n}.json`),
      ]),
    ),
  })

  test('M60S', async () => {
    const expected: Record<string, number | string> = expectedOf(device)
    const { identity, sample } = await readFrom(m60s('get_device_info.json'))
    expect(identity).toMatchObject({
      hardwareId: expected['mac'],
      firmware: expected['firmware_version'],
      expectedHashrateHs: Number(expected['expected_hashrate_ths']) * 1e12,
    })
    expect(sample).toMatchObject({
      state: 'hashing',
      hashrateHs: Number(expected['hashrate_ths']) * 1e12,
      powerW: expected['wattage'],
      powerLimitW: expected['tuning_target_w'],
      uptimeS: expected['uptime_s'],
      boardsWorking: 3,
      chipsWorking: 225,
      fanRpm: 5280,
    })
  })

  test('M60S with errors: every code, not only the two that the other project’s test looks at', async () => {
    const { sample } = await readFrom(m60s('get_device_info_with_errors.json'))
    expect(sample.faults?.map((f) => /\d+/.exec(f)?.[0])).toEqual(['264', '265', '266', '267', '270'])
  })

  test('M30S++ of MicroBT’s document', async () => {
    const doc = 'microbt-m30s++vh70-api3.0.0-20240722-doc'
    const { sample } = await readFrom({
      [INFO]: captured(doc, 'get.device.info.json'),
      [SUMMARY]: captured(doc, 'get.miner.status_summary.json'),
    })
    // the other project takes the five-minute average (3247.641 W); `power-realtime` is the present power
    expect(sample).toMatchObject({
      hashrateAvgHs: 101.847e12,
      powerW: 3268,
      powerBasis: 'reported',
      inletTempC: 34.8,
      boardTempC: 72.3,
      tempC: 100.3,
      faults: ['error 531: hashboard 1 not found', 'error 532: hashboard 2 not found'],
    })
  })
})
