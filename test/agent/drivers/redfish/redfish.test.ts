import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'

import redfish from '../../../../agent/drivers/redfish/redfish.ts'
import { powerOf } from '../../../../agent/drivers/redfish/resource.ts'
import { withDeadline } from '../../../../protocol/kit/retry.ts'
import { selfSigned } from '../../../tls.ts'
import { soon } from '../../asic-harness.ts'
import { type Bmc, type Resources, startBmc } from '../../bmc-server.ts'
import { captureOf, capturesIn, hasCapturesOf } from '../../host-captures.ts'

const fixture = (name: string): Resources =>
  JSON.parse(readFileSync(`test/fixtures/power/redfish-${name}.json`, 'utf8'))

const open = (bmc: Bmc, settings: object = {}) =>
  redfish.open({ id: 'gpu-01', host: '', options: redfish.settings.parse({ url: bmc.url, ...settings }) })
const readOne = async (bmc: Bmc, settings?: object) => (await open(bmc, settings).read(soon()))[0]

test('the old Power: the machine’s own control, and neither its parts nor what the supplies put out', async () => {
  const bmc = await startBmc(fixture('power'))
  expect(await readOne(bmc)).toEqual({
    identity: {
      kind: 'host',
      model: 'Example Systems GPU Server X8',
      firmware: '1.4.2',
      hardwareId: 'EX0000001',
    },
    sample: { state: 'ok', powerW: 612, powerBasis: 'reported' },
  })
})

test('EnvironmentMetrics: watts and a counter, of the chassis that the system stands in', async () => {
  const reading = await readOne(await startBmc(fixture('environment-metrics')))
  expect(reading?.sample.powerW).toBe(5230.75)
  expect(reading?.counters?.energyJ).toBeCloseTo(8123.4567 * 3.6e6, 0)
})

test('the power subsystem: the inputs of its supplies together, and their counters', async () => {
  const reading = await readOne(await startBmc(fixture('supplies')))
  expect(reading?.sample.powerW).toBe(331.5 + 318.25)
  expect(reading?.counters?.energyJ).toBeCloseTo((120.1234 + 119.5678) * 3.6e6, 0)
})

test('the chassis that is named is taken', async () => {
  const bmc = await startBmc(fixture('environment-metrics'))
  expect((await readOne(bmc, { chassis: 'HGX' }))?.sample.powerW).toBe(4100.5)
  await expect(readOne(bmc, { chassis: 'Sled9' })).rejects.toThrow(
    'no chassis of the BMC with the Id Sled9 shows a power; the BMC lists: HGX, Main.',
  )
})

test('the resource that is named is read, with no walk', async () => {
  const bmc = await startBmc({
    '/redfish/v1/PowerEquipment/RackPDUs/1/Metrics': {
      PowerWatts: { Reading: 6438 },
      EnergykWh: { Reading: 1.2345 },
    },
  })
  const session = open(bmc, { resource: '/redfish/v1/PowerEquipment/RackPDUs/1/Metrics' })
  expect((await session.read(soon()))[0]).toMatchObject({
    sample: { powerW: 6438 },
    counters: { energyJ: 4_444_200 },
  })
  expect(bmc.asked).toHaveLength(1)
})

test('the walk comes once; then only the power is asked for, by GET, and what may join it: the list, and a supply that rests', async () => {
  const bmc = await startBmc(fixture('supplies'))
  const session = open(bmc)
  await session.read(soon())
  bmc.asked.length = 0
  await session.read(soon())
  const list = 'GET /redfish/v1/Chassis/1/PowerSubsystem/PowerSupplies'
  expect(bmc.asked).toEqual([list, `${list}/Bay3`, `${list}/Bay1/Metrics`, `${list}/Bay2/Metrics`])
})

test('a supply that rests says nothing, and the others carry the machine', async () => {
  const bmc = await startBmc(fixture('supplies'))
  const session = open(bmc)
  await session.read(soon())
  const supplies = '/redfish/v1/Chassis/1/PowerSubsystem/PowerSupplies'
  bmc.resources[`${supplies}/Bay1/Metrics`] = { InputPowerWatts: { Reading: 652.5 } }
  bmc.resources[`${supplies}/Bay2/Metrics`] = { InputPowerWatts: { Reading: null } }
  const [reading] = await session.read(soon())
  expect(reading?.sample.powerW).toBe(652.5)
  expect(reading).not.toHaveProperty('counters')
})

test('a machine that is switched off has no power', async () => {
  const bmc = await startBmc(fixture('environment-metrics'))
  const session = open(bmc)
  await session.read(soon())
  bmc.resources['/redfish/v1/Chassis/Main/EnvironmentMetrics'] = { PowerWatts: { Reading: 0 } }
  expect((await session.read(soon()))[0]?.sample).toEqual({
    state: 'unknown',
    faults: ['the BMC has no power reading now; check that the machine is switched on'],
  })
})

test('user and password are sent as Basic authentication', async () => {
  const bmc = await startBmc(fixture('power'))
  await readOne(bmc, { username: 'monitor', password: 'sesame' })
  expect(bmc.authorization).toBe(`Basic ${Buffer.from('monitor:sesame').toString('base64')}`)
})

test('credentials that are refused are not sent again by the session, and never shown', async () => {
  const bmc = await startBmc({})
  bmc.answer = (_, response) => response.writeHead(401).end('{}')
  const session = open(bmc, { username: 'monitor', password: 'sesame', url: bmc.url.replace('//', '//a:b@') })
  for (const _ of [1, 2]) {
    const error = await session.read(soon()).catch((e) => e)
    expect(error).toMatchObject({ code: 'credentials-refused' })
    expect(error.message).toContain('check the user and password')
    expect(error.message).not.toMatch(/sesame|a:b/)
  }
  expect(bmc.asked).toHaveLength(1)
})

test.each([
  ['<html>BMC is starting</html>', 'no JSON object'],
  ['{"Chassis": ', 'no JSON object'],
  ['[]', 'no JSON object'],
])('an answer such as %j is an error that names it', async (answer, words) => {
  const bmc = await startBmc({ '/redfish/v1/': answer })
  await expect(readOne(bmc)).rejects.toThrow(words)
})

test('a link that leads elsewhere is not followed with the password', async () => {
  const bmc = await startBmc({
    ...fixture('power'),
    '/redfish/v1/Chassis/1U': { Power: { '@odata.id': '//198.51.100.9/redfish/v1/Power' } },
  })
  await expect(readOne(bmc, { username: 'a', password: 'b' })).rejects.toThrow(
    'no chassis of the BMC shows a power',
  )
})

test('a page that is broken or missing costs only what is behind it', async () => {
  const bmc = await startBmc(fixture('environment-metrics'))
  delete bmc.resources['/redfish/v1/Systems/1']
  delete bmc.resources['/redfish/v1/Chassis/HGX']
  expect(await readOne(bmc)).toMatchObject({ identity: { kind: 'host' }, sample: { powerW: 5230.75 } })
})

test('a slow BMC is walked once, over as many polls as it takes', async () => {
  const bmc = await startBmc(fixture('power'))
  const waiting: (() => void)[] = []
  bmc.answer = (request, response) =>
    waiting.push(() => response.end(JSON.stringify(bmc.resources[request.url ?? ''] ?? {})))
  const session = open(bmc)
  const poll = new AbortController()
  const first = session.read(poll.signal)
  await vi.waitFor(() => expect(waiting).toHaveLength(1))
  poll.abort(new Error('the poll is over'))
  await expect(first).rejects.toThrow('the poll is over')
  const second = session.read(soon())
  const release = setInterval(() => waiting.shift()?.(), 5)
  try {
    expect((await second)[0]?.sample.powerW).toBe(612)
  } finally {
    clearInterval(release)
  }
  expect(bmc.asked.filter((ask) => ask === 'GET /redfish/v1/')).toHaveLength(1)
})

test('a BMC that stalls in mid-answer costs its own poll', async () => {
  const bmc = await startBmc(fixture('power'))
  const session = open(bmc)
  await session.read(soon())
  bmc.answer = (_, response) => response.write('{"PowerControl": [')
  // on a busy machine the whole reading's deadline may pass before the answer's own part of it
  await expect(withDeadline((signal) => session.read(signal), 1000)).rejects.toThrow(/no answer in \d+ ms/)
  bmc.answer = undefined
  expect(await session.read(soon())).toHaveLength(1)
})

test('a certificate that nobody signed is taken only where that is set, or its authority is named', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'perwatt-redfish-'))
  try {
    const bmc = await startBmc(fixture('power'), selfSigned(folder))
    await expect(readOne(bmc)).rejects.toThrow('or set insecureTls: true')
    expect((await readOne(bmc, { insecureTls: true }))?.sample.powerW).toBe(612)
    expect((await readOne(bmc, { caFile: join(folder, 'cert.pem') }))?.sample.powerW).toBe(612)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('without an address the error says what to set', async () => {
  const session = redfish.open({ id: 'x', host: '', options: redfish.settings.parse({}) })
  await expect(session.read(soon())).rejects.toThrow('no BMC is named; set host or url')
})

test('a counter of whole kWh gives way to watts, and is better than nothing', () => {
  const kWh = (Reading: number) => ({ EnergykWh: { Reading } })
  const watts = { PowerWatts: { Reading: 500 } }
  expect(powerOf({ ...watts, ...kWh(325675) })).toEqual({ powerW: 500 })
  expect(powerOf({ ...watts, ...kWh(325675.12) })).toEqual({ powerW: 500 })
  expect(powerOf({ ...watts, ...kWh(325675.123) }).energyJ).toBeCloseTo(325675.123 * 3.6e6, -2)
  expect(powerOf(kWh(10))).toEqual({ energyJ: 36e6 })
  expect(powerOf({ EnergyJoules: { Reading: 5, LifetimeReading: 700 } })).toEqual({ energyJ: 700 })
})

test('an average stands in for the moment where it is of this minute', () => {
  const control = (IntervalInMin: number) => ({ PowerMetrics: { AverageConsumedWatts: 148, IntervalInMin } })
  expect(powerOf({ PowerControl: [control(0.083)] })).toEqual({ powerW: 148 })
  expect(powerOf({ PowerControl: [control(20)] })).toEqual({})
})

test.skipIf(!hasCapturesOf('power/redfish'))(
  'the answers of real BMCs and PDUs give what stands in them (needs ../shared/captures; skipped without)',
  async () => {
    const read = new Set<string>()
    const capture = (file: string) => {
      read.add(file)
      return captureOf('power/redfish', file)
    }
    const dell = (file: string) => capture(`telegraf/dell/dell_${file}.json`)
    const chassis = '/redfish/v1/Chassis/System.Embedded.1'
    const idrac = await startBmc({
      '/redfish/v1/': capture('telegraf/base.json'),
      '/redfish/v1/Systems/': dell('available_systems'),
      '/redfish/v1/Systems/System.Embedded.1': dell('systems'),
      '/redfish/v1/Chassis/': { Members: [{ '@odata.id': chassis }] },
      [chassis]: dell('chassis'),
      [`${chassis}/Power`]: dell('power'),
      [`${chassis}/Thermal`]: dell('thermal'),
    })
    const [reading] = await open(idrac).read(soon())
    expect(reading?.identity.model).toBe('Dell Inc. PowerEdge R640')
    expect(reading?.sample.powerW).toBe(JSON.parse(dell('power')).PowerControl[0].PowerConsumedWatts)
    expect(reading?.sample.powerW).toBe(429)
    expect(idrac.asked).not.toContain(`GET ${chassis}/Thermal`)
    for (const [path, file] of [
      ['/redfish/v1/Systems/System.Embedded.1', 'systemsinvalid'],
      [chassis, 'chassisinvalid'],
      [`${chassis}/Power`, 'powerinvalid'],
    ] as const) {
      const bmc = await startBmc({ ...idrac.resources, [path]: dell(file) })
      await expect(readOne(bmc), file).rejects.toThrow(`${path} answered something that is no JSON object`)
    }
    // nothing reads temperatures, so that broken ones harm nothing
    const bmc = await startBmc({ ...idrac.resources, [`${chassis}/Thermal`]: dell('thermalinvalid') })
    expect((await readOne(bmc))?.sample.powerW).toBe(429)

    const gofish = (file: string) => {
      const text = capture(`gofish/${file}.json`)
      return readOneResource(text.replace(/\}\s*\}\s*$/, (end) => (isJson(text) ? end : '}')))
    }
    expect(await gofish('power-0-L15')).toMatchObject({ powerW: 100 })
    expect(await gofish('power-1-L142.partial')).toMatchObject({ powerW: 148 })
    expect(await gofish('power-2-L514')).toMatchObject({ powerW: 152 })
    expect(await gofish('environmentmetrics-0-L13')).toMatchObject({ powerW: 12.87 })
    expect(await gofish('powersupplymetrics-0-L15')).toMatchObject({ powerW: 937.4 })
    expect(await gofish('powerdistributionmetrics-0-L15')).toMatchObject({ powerW: 6438 })
    expect(await gofish('outlet-0-L13')).toMatchObject({ powerW: 197.4 })
    expect(await gofish('outletgroup-0-L13')).toMatchObject({ powerW: 412.36 })
    expect(await gofish('circuit-0-L15')).toMatchObject({ powerW: 937.4 })
    // a report of the past is no power of now
    expect(await gofish('metricreport-0-L13')).toMatchObject({ state: 'unknown' })
    expect([...read].sort()).toEqual(capturesIn('power/redfish').sort())
  },
)

const isJson = (text: string): boolean => {
  try {
    return JSON.parse(text) !== undefined
  } catch {
    return false
  }
}

async function readOneResource(text: string) {
  const bmc = await startBmc({ '/redfish/v1/Captured': text })
  return (await readOne(bmc, { resource: '/redfish/v1/Captured' }))?.sample
}
