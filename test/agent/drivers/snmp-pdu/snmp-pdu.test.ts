import { describe, expect, test } from 'vitest'
import { PDU_TABLES } from '../../../../agent/drivers/snmp-pdu/tables/index.ts'
import { DeviceAccumulator } from '../../../../agent/metering/accumulator.ts'
import type { Session } from '../../../../agent/plugin/driver.ts'
import { Poller } from '../../../../agent/polling/poller.ts'
import { createLog } from '../../../../protocol/kit/log.ts'
import { READER, walkOf } from '../../../snmpd.ts'
import { byPart, never, pduRig, WH } from './pdu-rig.ts'

const { pdu, linked, open } = pduRig()

test('SNMP 1, 2c and 3 give the same', async () => {
  const agent = await pdu(walkOf('snmp-pdu-sentry4-outlets'))
  const figures = async (settings: object) =>
    (await open(agent.port, settings).read(never)).map(({ part, behind, identity, sample, counters }) => [
      part,
      behind,
      identity,
      sample.powerW,
      counters,
    ])
  const v2 = await figures({ version: '2c' })
  expect(v2).toHaveLength(5)
  expect(await figures({ version: 1 })).toEqual(v2)
  expect(await figures({ v3: READER })).toEqual(v2)
})

describe('any other PDU is its OIDs', () => {
  const APC = '1.3.6.1.4.1.318.1.1.26'

  test('each part with its numbers, and what it is behind', async () => {
    const { port } = await pdu(walkOf('snmp-pdu-apc-rpdu2-outlets'))
    const session = open(port, {
      oids: [
        {
          part: 'feed',
          power: { oid: `${APC}.4.3.1.5.1`, scale: 10 },
          energy: { oid: `.${APC}.4.3.1.9.1`, scale: 100 },
        },
        { part: 'rack-4', behind: 'feed', power: { oid: `${APC}.9.4.3.1.7.5` } },
      ],
    })
    const parts = byPart(await session.read(never))
    expect(parts.get('feed')).toMatchObject({
      identity: { kind: 'meter' },
      sample: { powerW: 7230, powerBasis: 'metered' },
      counters: { energyJ: 17_098.2 * 3.6e6 },
    })
    expect(parts.get('rack-4')).toMatchObject({ behind: 'feed', sample: { powerW: 305 } })
  })

  test('a single one without a part is the device itself', async () => {
    const { port } = await pdu(walkOf('snmp-pdu-apc-rpdu1'))
    const [reading, ...more] = await open(port, {
      oids: [{ power: { oid: '1.3.6.1.4.1.318.1.1.12.1.16.0' } }],
    }).read(never)
    expect(reading).not.toHaveProperty('part')
    expect(reading?.sample.powerW).toBe(420)
    expect(more).toEqual([])
  })

  test('texts are read by their unit, a blank one is absent, and a signed one may flow out', async () => {
    // enterprise 32473 is for examples (RFC 5612)
    const at = '.1.3.6.1.4.1.32473.1'
    const { port } = await pdu(
      [
        '.1.3.6.1.2.1.1.2.0 = OID: .1.3.6.1.4.1.32473',
        `${at}.1.0 = STRING: "3452 W"`,
        `${at}.2.0 = STRING: " "`,
        `${at}.3.0 = STRING: "-979 W"`,
        `${at}.4.0 = STRING: "12.5 kWh"`,
        `${at}.5.0 = STRING: "15 A"`,
        `${at}.6.0 = STRING: "3,452 kW"`,
        `${at}.7.0 = STRING: "3,45 kW"`,
      ].join('\n'),
    )
    const oid = (n: number) => `${at}.${n}.0`
    const parts = byPart(
      await open(port, {
        oids: [
          { part: 'text', power: { oid: oid(1) }, energy: { oid: oid(4) } },
          { part: 'blank', power: { oid: oid(2) } },
          { part: 'grid', power: { oid: oid(3), signed: true }, exported: { oid: oid(4) } },
          { part: 'unsigned', power: { oid: oid(3) } },
          { part: 'turned', power: { oid: oid(3), signed: true, invert: true } },
          { part: 'amps', power: { oid: oid(5) } },
          { part: 'either', power: { oid: oid(6) } },
          { part: 'comma', power: { oid: oid(7) } },
        ],
      }).read(never),
    )
    expect(parts.get('text')).toMatchObject({ sample: { powerW: 3452 }, counters: { energyJ: 12.5 * 3.6e6 } })
    expect(parts.get('grid')).toMatchObject({
      sample: { powerW: -979 },
      counters: { exportedJ: 12.5 * 3.6e6 },
    })
    expect(parts.get('turned')?.sample.powerW).toBe(979)
    expect(parts.get('comma')?.sample.powerW).toBeCloseTo(3450)
    expect(parts.get('either')?.sample).not.toHaveProperty('powerW')
    expect(parts.get('either')?.sample).toMatchObject({
      state: 'unknown',
      faults: [expect.stringMatching(/^its power of "3,452 kW" is left out: the comma may stand/)],
    })
    for (const part of ['blank', 'unsigned', 'amps']) {
      expect(parts.get(part)?.sample, part).not.toHaveProperty('powerW')
      expect(parts.get(part)?.sample.state, part).toBe('unknown')
    }
  })

  test('what can’t be is absent: all ones, the ends of a number, a maker’s own words; a sign is kept', async () => {
    // enterprise 32473 is for examples (RFC 5612); RFC 2578, 7.1: the ranges of Integer32, Gauge32 and Counter32
    const at = '.1.3.6.1.4.1.32473.1'
    const values = [
      'Gauge32: 4294967295',
      'INTEGER: 2147483647',
      'INTEGER: -2147483648',
      'Counter32: 4294967295',
      'STRING: "N/A"',
      'STRING: "not available"',
      'STRING: "---"',
      'STRING: ""',
      'STRING: "4294967295"',
    ]
    const { port } = await pdu(
      [
        '.1.3.6.1.2.1.1.2.0 = OID: .1.3.6.1.4.1.32473',
        ...values.map((value, n) => `${at}.${n}.0 = ${value}`),
        `${at}.90.0 = Gauge32: 4294966317`,
        `${at}.91.0 = INTEGER: -2147483000`,
        `${at}.92.0 = INTEGER: -5`,
      ].join('\n'),
    )
    const oid = (n: number) => `${at}.${n}.0`
    const parts = byPart(
      await open(port, {
        oids: [
          ...values.map((_, n) => ({
            part: `none${n}`,
            power: { oid: oid(n), signed: true },
            ...(n !== 8 && { energy: { oid: oid(n) } }),
          })),
          { part: 'out', power: { oid: oid(90), signed: true } },
          { part: 'beyond', energy: { oid: oid(91) } },
          { part: 'below', energy: { oid: oid(92) } },
        ],
      }).read(never),
    )
    for (const part of [...values.map((_, n) => `none${n}`), 'below']) {
      expect(parts.get(part)?.sample, part).not.toHaveProperty('powerW')
      expect(parts.get(part), part).not.toHaveProperty('counters')
      expect(parts.get(part)?.sample.state, part).toBe('unknown')
    }
    expect(parts.get('out')?.sample.powerW).toBe(-979)
    expect(parts.get('beyond')?.counters?.energyJ).toBe((2 ** 32 - 2_147_483_000) * WH)
  })

  test('a list that says nothing is refused', () => {
    expect(() => open(1, { oids: [{ part: 'x' }] })).toThrow('expected power, energy or both')
    expect(() => open(1, { oids: [{ power: { oid: 'rPDUPower' } }] })).toThrow('expected an OID such as')
    expect(() => open(1, { oids: [{ power: { oid: '1.3.6.1', invert: true } }] })).toThrow(
      'expected signed: true beside it',
    )
  })
})

test('a device that is no PDU is an error that says what to do', async () => {
  const { port } = await pdu('')
  await expect(open(port).read(never)).rejects.toMatchObject({
    code: 'not-a-pdu',
    message: `127.0.0.1:${port} has no power in the tables of ${[...new Set(PDU_TABLES.map(({ vendor }) => vendor))].join(', ')}; set vendor, or name its parts in oids`,
  })
  await expect(open(port, { vendor: 'apc' }).read(never)).rejects.toThrow('in the tables of apc;')
})

test('25 meters are read in four questions a poll once they are known, and only read', async () => {
  const link = await linked(await pdu(walkOf('snmp-pdu-apc-rpdu2-outlets')))
  const session = open(link.port, { version: '2c' })
  await session.read(never)
  const toKnow = link.asked.splice(0)
  expect(toKnow.length).toBeLessThan(20)
  await session.read(never)
  // 1 + 2 + 25 x 4 numbers
  expect(link.asked).toEqual(['get', 'get', 'get', 'get'])
  await open(link.port, { version: 1 }).read(never)
  expect(new Set([...toKnow, ...link.asked])).toEqual(new Set(['get', 'getbulk', 'getnext']))
})

describe('a counter of 0.1 kWh', () => {
  const withEnergy = (tenths: number) =>
    walkOf('snmp-pdu-apc-rpdu2-outlets').replace(
      '.4.3.1.9.1 = INTEGER: 170982',
      `.4.3.1.9.1 = INTEGER: ${tenths}`,
    )
  const inletOf = async (session: Session) => byPart(await session.read(never)).get('inlet')!

  test('is reported when it moves; between two steps the power speaks', async () => {
    const agent = await pdu(withEnergy(10))
    const session = open(agent.port, { version: '2c' })
    const seen = [(await inletOf(session)).counters?.energyJ, (await inletOf(session)).counters?.energyJ]
    await agent.restart(withEnergy(11))
    seen.push((await inletOf(session)).counters?.energyJ, (await inletOf(session)).counters?.energyJ)
    expect(seen).toEqual([3.6e6, undefined, 3.96e6, undefined])
  })

  test('that went back to 0 with its PDU yields no negative and no huge energy', async () => {
    const agent = await pdu(withEnergy(170_982))
    const session = open(agent.port, { version: '2c' })
    const meter = new DeviceAccumulator('pdu-3/inlet', 120_000)
    let steadyMs = 0
    const poll = async () => {
      steadyMs += 10_000
      meter.observe(await inletOf(session), { wallMs: 1_790_000_000_000 + steadyMs, steadyMs })
    }
    for (let i = 0; i < 5; i++) await poll()
    await agent.restart(withEnergy(0))
    for (let i = 0; i < 5; i++) await poll()
    await agent.restart(withEnergy(1))
    await poll()
    const milliJ = meter.closeAll().map((r) => r.energyMilliJ ?? 0)
    expect(Math.min(...milliJ)).toBeGreaterThanOrEqual(0)
    // ten stretches of 10 s at 7230 W, known to a step of the counter
    const total = milliJ.reduce((a, b) => a + b, 0) / 1000
    expect(Math.abs(total - 10 * 10 * 7230)).toBeLessThanOrEqual(360_000)
  })
})

test('after a restart of the PDU its parts are listed again: an outlet that was added is there', async () => {
  const small = walkOf('snmp-pdu-sentry4-outlets').replaceAll(
    /^\.1\.3\.6\.1\.4\.1\.1718\.4\.1\.8\.\d\.1\.\d+\.1\.2\.1 .*\n/gm,
    '',
  )
  const agent = await pdu(small)
  const session = open(agent.port, { version: '2c' })
  expect(byPart(await session.read(never)).has('outlet2.1')).toBe(false)
  // longer than the agent may need to answer again on a busy machine: only an uptime that went back tells a restart
  await expect.poll(async () => (await session.read(never))[0]?.sample.uptimeS).toBeGreaterThan(4)
  await agent.restart(walkOf('snmp-pdu-sentry4-outlets'))
  await expect.poll(async () => byPart(await session.read(never)).has('outlet2.1')).toBe(true)
})

test('a PDU that is too slow to be known in one poll is known after some', async () => {
  const link = await linked(await pdu(walkOf('snmp-pdu-apc-rpdu2-outlets')))
  const session = open(link.port)
  // more than ten questions are needed, and five fit in a poll
  link.delayMs = 80
  const poll = () =>
    session.read(AbortSignal.timeout(480)).then(
      (readings) => readings.length,
      () => 0,
    )
  await expect.poll(poll).toBe(25)
})

test('a PDU that answers slowly, and one that hangs, fail alone', async () => {
  const agents = await Promise.all([1, 2, 3].map(() => pdu(walkOf('snmp-pdu-sentry4-outlets'))))
  const slow = await linked(agents[0]!)
  slow.delayMs = 60_000
  agents[1]!.hang(true)
  const seen = { slow: 0, hung: 0, well: 0 }
  const failed: string[] = []
  const pollers = Object.entries({ slow: slow.port, hung: agents[1]!.port, well: agents[2]!.port }).map(
    ([id, port]) =>
      new Poller(
        {
          id,
          driver: 'snmp-pdu',
          open: async () => ({ session: open(port), driver: 'snmp-pdu' }),
        },
        {
          intervalMs: 20,
          timeoutMs: 2_000,
          index: 0,
          of: 1,
          log: createLog({ level: 'error', write: () => {} }),
          onReadings: () => seen[id as keyof typeof seen]++,
          onFailure: (error) => failed.push(error.message),
        },
      ),
  )
  for (const poller of pollers) poller.start()
  await expect.poll(() => new Set(failed).size).toBe(2)
  const before = seen.well
  await expect.poll(() => seen.well).toBeGreaterThan(before + 3)
  expect(seen).toMatchObject({ slow: 0, hung: 0 })
  const advice = 'check power and network, that SNMP is on, and the community'
  expect([...new Set(failed)].sort()).toEqual([
    `snmp-pdu hung: no answer in 2000 ms from 127.0.0.1:${agents[1]!.port}; ${advice}`,
    `snmp-pdu slow: no answer in 2000 ms from 127.0.0.1:${slow.port}; ${advice}`,
  ])
  // both come back by themselves
  slow.delayMs = 0
  agents[1]!.hang(false)
  await expect.poll(() => Math.min(seen.slow, seen.hung)).toBeGreaterThan(0)
  await Promise.all(pollers.map((p) => p.stop()))
})
