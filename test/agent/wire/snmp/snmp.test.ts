import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { SNMP_ACCESS } from '../../../../agent/wire/snmp/access.ts'
import { Snmp } from '../../../../agent/wire/snmp/snmp.ts'
import { READER, type Snmpd, startSnmpd, walkOf } from '../../../snmpd.ts'
import { linkTo, type UdpLink } from '../../udp-link.ts'

const PX3 = '1.3.6.1.4.1.13742.6'
const OUTLET_POWER = (n: number) => `${PX3}.5.4.3.1.4.1.${n}.5`
const NOTHING = '1.3.6.1.4.1.13742.7.1.0'
const SchemaOfAccess = z.strictObject(SNMP_ACCESS)
const never = new AbortController().signal

let agent: Snmpd
let link: UdpLink
const opened: Snmp[] = []
beforeAll(async () => {
  agent = await startSnmpd({ walk: walkOf('snmp-pdu-raritan-px3') })
})
afterAll(() => agent.stop())
beforeEach(async () => {
  link = await linkTo(agent.port)
})
afterEach(async () => {
  for (const snmp of opened.splice(0)) snmp.close()
  await link.close()
})

const open = (access: object = {}, port = link.port) => {
  const snmp = new Snmp({ host: '127.0.0.1', port }, SchemaOfAccess.parse(access))
  opened.push(snmp)
  return snmp
}

describe.each([
  ['1', { version: 1 }],
  ['2c', { version: '2c' }],
  ['3, signed and encrypted', { v3: READER }],
])('version %s', (_, access) => {
  test('gives numbers and text, and leaves out what the agent does not have', async () => {
    const values = await open(access).get(
      [OUTLET_POWER(1), NOTHING, `${PX3}.3.2.1.1.3.1`, OUTLET_POWER(99), OUTLET_POWER(13)],
      never,
    )
    expect([...values]).toEqual([
      [OUTLET_POWER(1), 143],
      [`${PX3}.3.2.1.1.3.1`, 'PX3-5493U-K2'],
      [OUTLET_POWER(13), 390],
    ])
  })

  test('walks a column to its end, and no further', async () => {
    const labels = await open(access).walk(`${PX3}.3.5.3.1.2`, never)
    expect([...labels]).toEqual(Array.from({ length: 24 }, (_, i) => [`1.${i + 1}`, String(i + 1)]))
    expect(await open(access).walk('1.3.9', never)).toEqual(new Map())
  })

  test('an ended signal asks nothing', async () => {
    await expect(open(access).get([NOTHING], AbortSignal.abort(new Error('stopped')))).rejects.toThrow(
      'stopped',
    )
    expect(link.asked).toEqual([])
  })
})

describe('few packets', () => {
  const everything = Array.from({ length: 8 }, (_, n) =>
    [1, 4, 5, 6, 7, 8].map((sensor) => `${PX3}.5.4.3.1.4.1.${n + 1}.${sensor}`),
  ).flat()

  test('48 numbers are two questions, and a column is one', async () => {
    const snmp = open({ version: '2c' })
    expect((await snmp.get(everything, never)).size).toBe(48)
    await snmp.walk(`${PX3}.3.5.3.1.2`, never)
    expect(link.asked).toEqual(['get', 'get', 'getbulk'])
  })

  test('an agent with smaller packets is asked for half as many values, then and later', async () => {
    link.most = 10
    const snmp = open({ version: '2c' })
    expect((await snmp.get(everything, never)).size).toBe(48)
    // 32 and 16 values were too many for one packet
    expect(link.asked).toHaveLength(2 + 6)
    await snmp.get(everything, never)
    expect(link.asked).toHaveLength(2 + 6 + 6)
  })

  test('an agent that answers tooBig to one number is an error', async () => {
    link.most = 0
    await expect(open({ version: '2c' }).get([NOTHING], never)).rejects.toMatchObject({
      code: 'snmp-refused',
      message: `127.0.0.1:${link.port} answers TooBig; check that the community may read all of it`,
    })
  })

  test('a walk whose pages are too big is walked by single steps', async () => {
    link.most = 0
    const walking = open({ version: '2c' }).walk(`${PX3}.3.5.3.1.2`, never)
    await expect(walking).rejects.toThrow('TooBig')
    expect(link.asked).toEqual(['getbulk', 'getbulk', 'getbulk', 'getnext'])
  })
})

describe('the version, where none is configured', () => {
  test('is 2c where that is answered', async () => {
    const values = await open().get([OUTLET_POWER(1)], never)
    expect(values.get(OUTLET_POWER(1))).toBe(143)
    expect(link.asked).toEqual(['get', 'get'])
  })

  test('is 1 where nothing else is answered', async () => {
    const old = await startSnmpd({ walk: walkOf('snmp-pdu-apc-rpdu1'), onlyV1: true })
    try {
      const values = await open({}, old.port).get(['1.3.6.1.4.1.318.1.1.12.1.16.0'], never)
      expect([...values.values()]).toEqual([420])
    } finally {
      await old.stop()
    }
  })
})

describe('a sick agent', () => {
  test('that stays silent costs the deadline, and is asked again on a new socket', async () => {
    const snmp = open({ version: '2c' })
    link.lost = true
    await expect(snmp.get([OUTLET_POWER(1)], AbortSignal.timeout(100))).rejects.toMatchObject({
      name: 'TimeoutError',
    })
    link.lost = false
    expect((await snmp.get([OUTLET_POWER(1)], never)).size).toBe(1)
  })

  test('that says nothing at all while its version is looked for costs the deadline too', async () => {
    link.lost = true
    await expect(open().get([OUTLET_POWER(1)], AbortSignal.timeout(100))).rejects.toMatchObject({
      name: 'TimeoutError',
    })
  })

  test('whose packet is lost once is asked once more', async () => {
    const snmp = open({ version: '2c' })
    link.lost = true
    const asking = snmp.get([OUTLET_POWER(1)], never)
    await expect.poll(() => link.losses).toBe(1)
    link.lost = false
    expect((await asking).get(OUTLET_POWER(1))).toBe(143)
    expect(link.asked).toHaveLength(2)
  })

  test.each<[string, (answer: Buffer) => Buffer]>([
    ['text', () => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['the half of an answer', (answer) => answer.subarray(0, answer.length / 2)],
    ['nothing', () => Buffer.alloc(0)],
    ['noise', (answer) => Buffer.from(answer.map((byte, i) => (i % 7 === 0 ? byte ^ 0x55 : byte)))],
  ])('that answers %s costs the deadline, and ends nothing', async (_, garble) => {
    for (const access of [{ version: '2c' }, { v3: READER }]) {
      link.garble = garble
      const snmp = open(access)
      await expect(snmp.get([OUTLET_POWER(1)], AbortSignal.timeout(150))).rejects.toBeInstanceOf(Error)
      link.garble = undefined
      expect((await snmp.get([OUTLET_POWER(1)], never)).size).toBe(1)
    }
  })

  test('that is not there is an error at once, or costs the deadline', async () => {
    await expect(open({ version: '2c' }, 9).get([NOTHING], AbortSignal.timeout(100))).rejects.toBeInstanceOf(
      Error,
    )
  })
})

describe('a refusal says who and what to check', () => {
  test.each([
    ['an unknown user', { user: 'nobody' }, /refuses: .*[Uu]nknown.*[Uu]ser/],
    ['a wrong password', { auth: { ...READER.auth, password: 'wrong-pass-1' } }, /refuses: .*[Dd]igest/],
  ])('%s', async (_, wrong, words) => {
    const asking = open({ v3: { ...READER, ...wrong } }).get([OUTLET_POWER(1)], never)
    await expect(asking).rejects.toMatchObject({
      code: 'snmp-refused',
      message: expect.stringMatching(words),
    })
    await expect(asking).rejects.toThrow('check user, passwords and protocols')
    await expect(asking).rejects.not.toThrow('wrong-pass')
  })

  test('a wrong community is silence, as SNMP has it', async () => {
    const asking = open({ version: '2c', community: 'secret-word' }).get([NOTHING], AbortSignal.timeout(100))
    await expect(asking).rejects.toMatchObject({ name: 'TimeoutError' })
  })

  test('SNMPv3 goes on after the agent booted', async () => {
    const other = await startSnmpd({ walk: walkOf('snmp-pdu-raritan-px3') })
    try {
      const snmp = open({ v3: READER }, other.port)
      await snmp.get([OUTLET_POWER(1)], never)
      await other.restart(
        walkOf('snmp-pdu-raritan-px3').replace(
          '.5.4.3.1.4.1.1.5 = Gauge32: 143',
          '.5.4.3.1.4.1.1.5 = Gauge32: 7',
        ),
      )
      await expect
        .poll(() => snmp.get([OUTLET_POWER(1)], never).then((v) => v.get(OUTLET_POWER(1)), String))
        .toBe(7)
    } finally {
      await other.stop()
    }
  })
})

test.each([
  [{ v3: { user: 'x', privacy: READER.privacy } }, 'expected auth beside privacy'],
  [{ v3: { ...READER, auth: { password: 'short' } } }, 'expected at least 8 characters'],
  [{ version: 3 }, 'expected 1, 2c or auto'],
])('an access that can not be is refused: %j', (access, words) => {
  expect(() => SchemaOfAccess.parse(access)).toThrow(words)
})
