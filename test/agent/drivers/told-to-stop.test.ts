import { expect, test } from 'vitest'
import { DRIVERS } from '../../../agent/drivers/index.ts'
import { readFrom, without } from '../any-machine.ts'
import { edited, fixture } from '../asic-harness.ts'
import { changed } from '../machines.ts'

type Answers = Record<string, string>
/** Sets fields of a page's nested object. */
const set = (answers: Answers, page: string, fields: object, ...path: string[]): Answers => ({
  ...answers,
  [page]: changed(answers[page], (body: Record<string, object>) => {
    const inner = path.reduce((row, name) => row[name] as Record<string, object>, body)
    Object.assign(inner, fields)
  }),
})
const summary = (answers: Answers, fields: object): Answers =>
  edited(answers, 'summary', 'SUMMARY', () => ({ ...fields }))
const changedText = (answers: Answers, from: RegExp, to: string): Answers =>
  Object.fromEntries(Object.entries(answers).map(([name, text]) => [name, text.replace(from, to)]))
const refused = (msg: string) => JSON.stringify({ STATUS: [{ STATUS: 'E', Code: 302, Msg: msg }], id: 1 })

const S19 = fixture('antminer-s19pro')
const S9 = fixture('braiins-s9-port')
const UNKNOWN = fixture('cgminer-unknown')
const VNISH = fixture('vnish-s19xp')

/**
 * How each family shows that its operator, a schedule or a curtailment has stopped it, with the source of the field. The hashrate
 * is 0, the machine has run for hours, and no other sign is set.
 */
const STOPPED: readonly (readonly [string, string, Answers])[] = [
  [
    'antminer',
    'an S17+ with `Mode` 254 (bug report in the form of case M5)',
    edited(summary(S19, { 'GHS 5s': 0 }), 'stats', 'STATS', (_, i) =>
      i === 1 ? { 'GHS 5s': '0.00', Mode: 254 } : { Type: 'Antminer S17+' },
    ),
  ],
  [
    'antminer',
    '`miner-mode` 1 (tetherto/miningos-wrk-miner-antminer, mock/routers/base.js)',
    edited(summary(S19, { 'GHS 5s': 0 }), 'stats', 'STATS', () => ({ 'GHS 5s': 0, 'miner-mode': 1 })),
  ],
  [
    'vnish',
    '`miner_state` stopped (VNish API 1.2)',
    {
      ...edited(summary(VNISH, { 'GHS 5s': 0 }), 'stats', 'STATS', () => ({
        state: 'stopped',
        'GHS 5s': '0',
      })),
      ...set(
        set(VNISH, 'api_v1_summary', { hr_realtime: 0 }, 'miner'),
        'api_v1_summary',
        { miner_state: 'stopped' },
        'miner',
        'miner_status',
      ),
      stats: edited(VNISH, 'stats', 'STATS', () => ({ state: 'stopped', 'GHS 5s': '0' }))['stats'] as string,
      summary: summary(VNISH, { 'GHS 5s': 0 })['summary'] as string,
    },
  ],
  [
    'luxos',
    '`CurtailMode` Sleep (LuxOS API, `curtail`)',
    edited(
      edited(
        edited(summary(fixture('luxos-s19jpro'), { 'GHS 5s': 0 }), 'config', 'CONFIG', () => ({
          CurtailMode: 'Sleep',
        })),
        'devs',
        'DEVS',
        () => ({ 'MHS 5s': 0 }),
      ),
      'stats',
      'STATS',
      () => ({ 'GHS 5s': 0 }),
    ),
  ],
  [
    'braiins',
    'status 3, paused (bos-plus-api, proto/bos/v1/miner.proto)',
    set(
      set(fixture('braiins-s19xp-rest'), 'api_v1_miner_details', { status: 3 }),
      'api_v1_miner_stats',
      { real_hashrate: { last_5s: { gigahash_per_second: 0 } } },
      'miner_stats',
    ),
  ],
  [
    'braiins',
    'status 1, stopped (bos-plus-api, proto/bos/v1/miner.proto)',
    set(
      set(fixture('braiins-s19xp-rest'), 'api_v1_miner_details', { status: 1 }),
      'api_v1_miner_stats',
      { real_hashrate: { last_5s: { gigahash_per_second: 0 } } },
      'miner_stats',
    ),
  ],
  [
    'braiins',
    '`devdetails` Unavailable (pyasic, braiins_os.py, `_is_mining`)',
    {
      ...summary(S9, { 'MHS 5s': 0, 'MHS 1m': 0, 'MHS 5m': 0, 'MHS 15m': 0, 'MHS 24h': 0 }),
      devdetails: refused('Unavailable'),
      devs: refused('Unavailable'),
    },
  ],
  [
    'axeos',
    '`miningPaused` (ESP-Miner, system_api_json.c)',
    set(fixture('axeos-gamma'), 'api_system_info', { miningPaused: true, hashRate: 0 }),
  ],
  ['avalon', '`SoftOFF` 4 (recording of a Home Q)', fixture('avalon-home-q-asleep')],
  [
    'epic',
    '`Operating State` Idling (ePIC PowerPlay API)',
    set(
      set(fixture('epic-s19jpro'), 'summary', { HBs: [] }),
      'summary',
      { 'Operating State': 'Idling' },
      'Status',
    ),
  ],
  [
    'sealminer',
    '`PM State` Suspended',
    edited(summary(fixture('sealminer-a2'), { 'MHS 5s': 0, 'MHS 1m': 0 }), 'stats', 'STATS', () => ({
      'PM State': 'Suspended',
      'MHS(Sample)': 0,
      'MHS(30s)': 0,
      'MHS(1m)': 0,
    })),
  ],
  [
    'auradine',
    '`Sleep` on (Auradine API reference, `mode`)',
    edited(summary(fixture('auradine-at2880'), { 'MHS 5s': 0, 'MHS 1m': 0 }), 'mode', 'Mode', () => ({
      Sleep: 'on',
    })),
  ],
  [
    'proto',
    '`status` Stopped (block/proto-fleet, MDK API)',
    set(fixture('proto-rig'), 'api_v1_mining', { status: 'Stopped', hashrate_ghs: 0 }, 'mining-status'),
  ],
  [
    'whatsminer',
    '`btmineroff` (Whatsminer API 1 and 2, `status`)',
    {
      ...summary(fixture('whatsminer-api1'), { 'HS RT': 0, 'MHS 5s': 0, 'MHS 1m': 0 }),
      status: '{"STATUS":"S","Code":131,"Msg":{"btmineroff":"true"}}',
    },
  ],
  [
    'whatsminer-v3',
    '`working` false (Whatsminer API 3, `get.device.info`)',
    set(
      set(fixture('whatsminer-v3'), 'get.device.info', { working: 'false' }, 'msg', 'miner'),
      'get.miner.status summary',
      { 'hash-realtime': 0, 'hash-1min': 0 },
      'msg',
      'summary',
    ),
  ],
  [
    'cgminer',
    'every board `Enabled` N (cgminer, API-README, `ascdisable`)',
    edited(summary(UNKNOWN, { 'MHS 5s': 0 }), 'devs', 'DEVS', () => ({ Enabled: 'N', 'MHS 5s': 0 })),
  ],
]

test.each(STOPPED)('%s that was told to stop sleeps: %s', async (name, _how, answers) => {
  const driver = DRIVERS.find((each) => each.name === name)
  if (!driver) throw new Error(`there is no driver ${name}`)
  // the recordings of these two have no page that logs in
  const login = name !== 'auradine' && name !== 'proto'
  const { sample } = (await readFrom(driver, answers, { login })).reading
  expect(sample.state).toBe('sleeping')
  expect(sample.holders ?? []).toEqual([])
})

const driverNamed = (name: string) => {
  const driver = DRIVERS.find((each) => each.name === name)
  if (!driver) throw new Error(`there is no driver ${name}`)
  return driver
}
const BRAIINS = driverNamed('braiins')
const AVALON = driverNamed('avalon')

/** The same signs beside a hashrate that stays where it was, or falls slowly. It was told to stop, so it does no work. */
const RESIDUES: readonly (readonly [string, Answers])[] = [
  ['antminer', edited(S19, 'stats', 'STATS', () => ({ 'miner-mode': 1 }))],
  ['vnish', edited(without(VNISH, /^api_/), 'stats', 'STATS', () => ({ state: 'stopped' }))],
  ['luxos', edited(fixture('luxos-s19jpro'), 'config', 'CONFIG', () => ({ CurtailMode: 'Idle' }))],
  ['braiins', set(fixture('braiins-s19xp-rest'), 'api_v1_miner_details', { status: 3 })],
  ['axeos', set(fixture('axeos-gamma'), 'api_system_info', { miningPaused: true, hashRate: 400 })],
  ['avalon', changedText(fixture('avalon-a1566'), /SoftOFF\[0\]/g, 'SoftOFF[1]')],
  ['epic', set(fixture('epic-s19jpro'), 'summary', { 'Operating State': 'Idling' }, 'Status')],
  ['sealminer', edited(fixture('sealminer-a2'), 'stats', 'STATS', () => ({ 'PM State': 'Suspended' }))],
  ['auradine', edited(fixture('auradine-at2880'), 'mode', 'Mode', () => ({ Sleep: 'on' }))],
  ['proto', set(fixture('proto-rig'), 'api_v1_mining', { status: 'Stopped' }, 'mining-status')],
  ['whatsminer', { ...fixture('whatsminer-api2.2'), status: '{"STATUS":"S","Msg":{"mineroff":"true"}}' }],
  ['whatsminer-v3', set(fixture('whatsminer-v3'), 'get.device.info', { working: 'false' }, 'msg', 'miner')],
  ['cgminer', edited(UNKNOWN, 'devs', 'DEVS', () => ({ Enabled: 'N' }))],
]

test.each(RESIDUES)(
  '%s that was told to stop sleeps, whatever hashrate it still shows',
  async (name, answers) => {
    const driver = DRIVERS.find((each) => each.name === name)
    if (!driver) throw new Error(`there is no driver ${name}`)
    const login = name !== 'auradine' && name !== 'proto'
    const { sample } = (await readFrom(driver, answers, { login })).reading
    expect(sample).toMatchObject({ state: 'sleeping', hashrateHs: 0 })
    expect(sample.holders ?? []).toEqual([])
  },
)

/** The answer that tells it, by family; AxeOS tells everything on one page. */
const TELLS: Readonly<Record<string, RegExp>> = {
  antminer: /^stats$/,
  vnish: /^stats$/,
  luxos: /^config$/,
  braiins: /^api_v1_miner_details$/,
  avalon: /^estats$/,
  epic: /^summary$/,
  sealminer: /^stats$/,
  auradine: /^mode$/,
  proto: /^api_v1_mining$/,
  whatsminer: /^status$/,
  'whatsminer-v3': /^get\.device\.info$/,
  cgminer: /^devs$/,
}

test.each(RESIDUES.filter(([name]) => name !== 'axeos'))(
  '%s that was told to stop sleeps on while the answer that tells it is refused, also over a restart of the agent',
  async (name, answers) => {
    const login = name !== 'auradine' && name !== 'proto'
    const tells = TELLS[name] ?? /./
    const later = without(answers, tells)
    expect(Object.keys(later)).toHaveLength(Object.keys(answers).length - 1)
    for (const agentRestarts of [false, true]) {
      const { sample } = (await readFrom(driverNamed(name), answers, { login, later, agentRestarts })).reading
      expect(sample).toMatchObject({ state: 'sleeping', hashrateHs: 0 })
      expect(sample.holders ?? []).toEqual([])
    }
  },
)

test('a bosminer that sleeps, sleeps on beside an empty list of boards, whatever becomes of the other answer', async () => {
  const devs = JSON.stringify({ STATUS: [{ STATUS: 'S' }], DEVS: [], id: 1 })
  const empty = JSON.stringify({ STATUS: [{ STATUS: 'S' }], DEVDETAILS: [], id: 1 })
  const stopped = { ...S9, devs, devdetails: refused('Unavailable') }
  for (const devdetails of [undefined, '', empty, refused('busy')])
    for (const agentRestarts of [false, true]) {
      const later = {
        ...without({ ...S9, devs }, /^devdetails$/),
        ...(devdetails !== undefined && { devdetails }),
      }
      const { sample } = (await readFrom(BRAIINS, stopped, { later, agentRestarts })).reading
      expect(sample).toMatchObject({ state: 'sleeping', hashrateHs: 0 })
    }
})

test('a bosminer that says "Unavailable" for its boards sleeps beside any left-over hashrate, also where it ran before', async () => {
  const stopped = { ...S9, devdetails: refused('Unavailable') }
  const sleeps = { state: 'sleeping', hashrateHs: 0 }
  expect((await readFrom(BRAIINS, stopped)).reading.sample).toMatchObject(sleeps)
  expect((await readFrom(BRAIINS, S9, { later: stopped })).reading.sample).toMatchObject(sleeps)
  // and so does one whose web interface tells the left-over hashrate
  const graphql = fixture('braiins-s21-graphql')
  const later = { ...graphql, devdetails: refused('Unavailable') }
  expect((await readFrom(BRAIINS, graphql, { later })).reading.sample).toMatchObject(sleeps)
  expect((await readFrom(BRAIINS, stopped, { later: without(S9, /^dev/) })).reading.sample).toMatchObject(
    sleeps,
  )
  expect((await readFrom(BRAIINS, stopped, { later: S9 })).reading.sample.state).toBe('hashing')
})

test('a Braiins OS that has suspended mining does not hash, whatever hashrate it still shows', async () => {
  // MINER_STATUS_SUSPENDED (bos-plus-api, proto/bos/v1/miner.proto)
  const suspended = set(fixture('braiins-s19xp-rest'), 'api_v1_miner_details', { status: 4 })
  const { sample } = (await readFrom(BRAIINS, suspended)).reading
  expect(sample).toMatchObject({ state: 'idle', hashrateHs: 0, holders: [] })
})

test('a bosminer that starts has no boards yet, and does not sleep', async () => {
  const quiet = { 'MHS 5s': 0, 'MHS 1m': 0, 'MHS 5m': 0, 'MHS 15m': 0, 'MHS 24h': 0, Elapsed: 50 }
  const starts = { ...summary(S9, quiet), devdetails: refused('Unavailable'), devs: refused('Unavailable') }
  expect((await readFrom(BRAIINS, starts)).reading.sample.state).toBe('starting')
})

test('a bosminer that refuses its boards as unavailable sleeps, though `summary` keeps its last hashrate', async () => {
  const answers = fixture('braiins-s9-port')
  const stopped = { ...answers, devdetails: refused('Unavailable'), devs: refused('Unavailable') }
  expect((await readFrom(BRAIINS, stopped)).reading.sample).toMatchObject({
    state: 'sleeping',
    hashrateHs: 0,
  })
  // another refusal says nothing of it
  const busy = { ...answers, devdetails: refused('busy'), devs: refused('busy') }
  expect((await readFrom(BRAIINS, busy)).reading.sample.state).toBe('hashing')
})

test('an Avalon of which one module is off sleeps only once all are', async () => {
  const answers = fixture('avalon-a1566')
  const two = (first: number, second: number) => {
    const body = JSON.parse(answers['estats'] ?? '') as { STATS: Record<string, unknown>[] }
    for (const row of body.STATS) {
      const module = row['MM ID0']
      if (typeof module !== 'string') continue
      row['MM ID0'] = module.replace(/SoftOFF\[\d\]/, `SoftOFF[${first}]`)
      row['MM ID1'] = module.replace(/SoftOFF\[\d\]/, `SoftOFF[${second}]`)
    }
    return { ...answers, estats: JSON.stringify(body) }
  }
  const stateOf = async (first: number, second: number) =>
    (await readFrom(AVALON, two(first, second))).reading.sample.state
  expect([await stateOf(1, 0), await stateOf(1, 1)]).toEqual(['hashing', 'sleeping'])
})

test('every family of miners is tried with a hashrate that stays', () => {
  expect(RESIDUES.map(([name]) => name).sort()).toEqual([...new Set(STOPPED.map(([name]) => name))].sort())
})

test('every family of miners is tried', () => {
  const tried = new Set(STOPPED.map(([name]) => name))
  expect(DRIVERS.filter((driver) => driver.kind === 'asic').map((driver) => driver.name)).toEqual(
    DRIVERS.map((driver) => driver.name).filter((name) => tried.has(name)),
  )
})
