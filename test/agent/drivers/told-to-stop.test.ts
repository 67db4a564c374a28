import { expect, test } from 'vitest'
import { DRIVERS } from '../../../agent/drivers/index.ts'
import { readFrom, without } from '../any-machine.ts'
import { fixture } from '../asic-harness.ts'
import { refused, set, stopsOf, summary } from './stops.ts'

const S9 = fixture('braiins-s9-port')
const families = await Promise.all(
  DRIVERS.filter(({ kind }) => kind === 'asic').map(async (driver) => ({
    name: driver.name,
    driver,
    stops: await stopsOf(driver.name),
  })),
)
const STOPS = families.flatMap(({ name, driver, stops }) =>
  stops && 'stopped' in stops ? [{ name, driver, stops }] : [],
)

test.each(families)(
  '$name has a file in stops/ that says how it shows that it was told to stop, or why never',
  ({ stops }) => {
    expect(stops).toBeDefined()
    expect(stops && 'never' in stops ? stops.never : stops?.stopped).not.toHaveLength(0)
  },
)

test.each(
  STOPS.flatMap(({ stops, ...family }) =>
    stops.stopped.map((told) => ({ ...family, ...told, login: stops.login })),
  ),
)('$name that was told to stop sleeps: $how', async ({ driver, answers, login }) => {
  const { sample } = (await readFrom(driver, answers, { login: login ?? true })).reading
  expect(sample.state).toBe('sleeping')
  expect(sample.holders ?? []).toEqual([])
})

test.each(STOPS)(
  '$name that was told to stop sleeps, whatever hashrate it still shows',
  async ({ driver, stops }) => {
    const { residue, login = true } = stops
    const { sample } = (await readFrom(driver, residue, { login })).reading
    expect(sample).toMatchObject({ state: 'sleeping', hashrateHs: 0 })
    expect(sample.holders ?? []).toEqual([])
  },
)

test.each(
  STOPS.flatMap(({ stops, ...family }) => (stops.tells ? [{ ...family, stops, tells: stops.tells }] : [])),
)(
  '$name that was told to stop sleeps on while the answer that tells it is refused, also over a restart of the agent',
  async ({ driver, stops: { residue, login = true }, tells }) => {
    const later = without(residue, tells)
    expect(Object.keys(later)).toHaveLength(Object.keys(residue).length - 1)
    for (const agentRestarts of [false, true]) {
      const { sample } = (await readFrom(driver, residue, { login, later, agentRestarts })).reading
      expect(sample).toMatchObject({ state: 'sleeping', hashrateHs: 0 })
      expect(sample.holders ?? []).toEqual([])
    }
  },
)

const driverNamed = (name: string) => {
  const driver = DRIVERS.find((each) => each.name === name)
  if (!driver) throw new Error(`there is no driver ${name}`)
  return driver
}
const BRAIINS = driverNamed('braiins')
const AVALON = driverNamed('avalon')

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
