import type { RequestListener } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { withDeadline } from '../../../../protocol/kit/retry.ts'
import { soon } from '../../asic-harness.ts'
import { type Resources, startBmc } from '../../bmc-server.ts'
import { IdleTime } from '../../idle-time.ts'
import { openBmc, powerOf, reported, watts } from '../../redfish-reading.ts'
import { chassis, redfishTree, subsystem, system } from '../../redfish-tree.ts'

const time = new IdleTime()
beforeAll(() => time.begin())
afterAll(() => time.end())

const ROOT = '/redfish/v1/Chassis/1'
const CONTROL = { PowerControl: [{ Name: 'System Power Control', PowerConsumedWatts: 500 }] }
const sensor = (Reading: number) => ({ Reading, ReadingUnits: 'W', ReadingType: 'Power' })
const machine = (pages: Record<string, unknown>) =>
  redfishTree(
    { 1: { Links: { Chassis: [chassis('1')] } } },
    { 1: { ChassisType: 'RackMount', Links: { ComputerSystems: [system('1')] }, pages } },
  )

type Answer = (response: Parameters<RequestListener>[1]) => unknown
/** Answers the pages whose path matches in another way, the others as usual. */
async function startWith(resources: Resources, which: RegExp, answer: Answer) {
  const bmc = await startBmc(resources)
  bmc.answer = (request, response) => {
    if (which.test(request.url ?? '')) return void answer(response)
    const page = bmc.resources[request.url ?? '']
    response.writeHead(page === undefined ? 404 : 200).end(JSON.stringify(page ?? {}))
  }
  return bmc
}
const status =
  (code: number): Answer =>
  (response) =>
    response.writeHead(code).end('{}')
const WITHOUT_END: Answer = () => undefined

describe('each page fails alone: the next place of the power is read', () => {
  test.each<[string, Answer]>([
    ['a web page', (response) => response.end('<html>busy</html>')],
    ['nothing', (response) => response.end()],
    ['a list', (response) => response.end('[]')],
    ['half an object', (response) => response.end('{"PowerWatts": {')],
    ['a cut connection', (response) => response.destroy()],
    ['status 401', status(401)],
    ['status 403', status(403)],
    ['status 404', status(404)],
    ['status 500', status(500)],
    ['status 503', status(503)],
  ])('EnvironmentMetrics that answer with %s', async (_, answer) => {
    const resources = machine({ EnvironmentMetrics: watts(1), Power: CONTROL })
    const session = openBmc(await startWith(resources, /EnvironmentMetrics/, answer))
    const [first] = await session.read(soon())
    expect(first?.sample).toMatchObject(reported(500))
    expect((await session.read(soon()))[0]?.sample).toEqual(reported(500))
  })

  test('a page that fails is a fault once, with its cause', async () => {
    const resources = machine({ EnvironmentMetrics: watts(1), Power: CONTROL })
    const bmc = await startWith(resources, /EnvironmentMetrics/, (response) => response.end('<html>'))
    const [first] = await openBmc(bmc).read(soon())
    expect(first?.sample.faults).toEqual([
      expect.stringMatching(/^EnvironmentMetrics of chassis 1 is passed over: .* no JSON object/),
    ])
  })

  test('one that never answers takes its share of a poll, then of no later poll', async () => {
    const resources = machine({ EnvironmentMetrics: watts(1), Power: CONTROL })
    const bmc = await startWith(resources, /EnvironmentMetrics/, WITHOUT_END)
    const session = openBmc(bmc)
    const poll = async () => (await withDeadline((signal) => session.read(signal), 2000))[0]?.sample
    expect(await poll()).toMatchObject(reported(500))
    bmc.asked.length = 0
    expect(await poll()).toEqual(reported(500))
    expect(bmc.asked).toEqual([`GET ${ROOT}/Power`])
  })

  test('the page of the present place that falls silent leads to another place within the poll', async () => {
    const bmc = await startBmc(machine({ EnvironmentMetrics: watts(510), Power: CONTROL }))
    const session = openBmc(bmc)
    expect((await session.read(soon()))[0]?.sample).toEqual(reported(510))
    bmc.answer = (request, response) => {
      if (!/EnvironmentMetrics/.test(request.url ?? ''))
        response.end(JSON.stringify(bmc.resources[request.url ?? ''] ?? {}))
    }
    const [reading] = await withDeadline((signal) => session.read(signal), 2000)
    expect(reading?.sample).toMatchObject(reported(500))
  })

  test('a broken Power leads to the Sensors, and broken metrics of one supply never to the sum of the others', async () => {
    const total = { 'Sensors/total_power': sensor(910) }
    expect(await powerOf(machine({ Power: [], ...total }))).toMatchObject(reported(910))
    const supplies = (second: unknown) => {
      const pages = machine({
        ...subsystem(ROOT, { Bay1: { InputPowerWatts: { Reading: 500 } }, Bay2: {} }),
        ...total,
      })
      pages[`${ROOT}/PowerSubsystem/PowerSupplies/Bay2/Metrics`] = second
      return pages
    }
    expect(await powerOf(supplies('{"x'))).toMatchObject(reported(910))
    const alone = supplies('{"x')
    delete alone[`${ROOT}/Sensors/total_power`]
    await expect(powerOf(alone)).rejects.toThrow('Bay2/Metrics answered something that is no JSON object')
  })

  test('a page that holds several places is one fault', async () => {
    const sample = await powerOf(machine({ Power: '<html>', 'Sensors/total_power': sensor(910) }))
    expect(sample).toMatchObject(reported(910))
    expect(sample?.faults).toHaveLength(1)
  })

  test('where all fail, the error is that of the likeliest', async () => {
    const bmc = await startWith(
      machine({ EnvironmentMetrics: watts(1), Power: CONTROL }),
      /EnvironmentMetrics|Power$/,
      (response) => response.end('<html>'),
    )
    await expect(openBmc(bmc).read(soon())).rejects.toThrow('EnvironmentMetrics answered something')
  })

  test('no other chassis stands in for a machine whose own pages fail', async () => {
    const resources = redfishTree(
      { 1: { Links: { Chassis: [chassis('1')] } } },
      {
        1: { ChassisType: 'RackMount', pages: { Power: '<html>' } },
        2: { ChassisType: 'RackMount', pages: { Power: CONTROL } },
      },
    )
    await expect(powerOf(resources)).rejects.toThrow('Chassis/1/Power answered something')
  })
})

describe('a refused page beside others that come', () => {
  const ACCOUNT = { username: 'monitor', password: 'sesame' }

  test('is not asked for again for a while, and the login stands', async () => {
    const resources = machine({ EnvironmentMetrics: watts(1), Power: CONTROL })
    const bmc = await startWith(resources, /EnvironmentMetrics/, status(401))
    const session = openBmc(bmc, ACCOUNT)
    for (const _ of [1, 2, 3]) await session.read(soon())
    expect(bmc.asked.filter((line) => line.includes('EnvironmentMetrics'))).toHaveLength(1)
  })

  test('is a changed password where the next ones are refused too, before the BMC locks the account', async () => {
    const bmc = await startBmc(
      machine({
        EnvironmentMetrics: watts(700),
        Power: CONTROL,
        PowerSubsystem: {},
        'Sensors/total_power': sensor(910),
      }),
    )
    const session = openBmc(bmc, ACCOUNT)
    await session.read(soon())
    bmc.asked.length = 0
    bmc.answer = (_, response) => response.writeHead(401).end('{}')
    for (const _ of [1, 2, 3, 4])
      await expect(session.read(soon())).rejects.toMatchObject({ code: 'credentials-refused' })
    expect(bmc.asked).toHaveLength(3)
  })
})
