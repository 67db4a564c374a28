import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import dcgm from '../../../agent/drivers/dcgm/dcgm.ts'
import ipmi from '../../../agent/drivers/ipmi/ipmi.ts'
import { MODBUS_MAPS } from '../../../agent/drivers/modbus-meter/maps/index.ts'
import redfish from '../../../agent/drivers/redfish/redfish.ts'
import { agreeing } from '../../../agent/plugin/agreement.ts'
import { inRange } from '../../../agent/plugin/in-range.ts'
import type { Reading } from '../../../agent/plugin/reading.ts'
import { QUANTITIES } from '../../../protocol/quantities.ts'
import { walkOf } from '../../snmpd.ts'
import { soon } from '../asic-harness.ts'
import { type Resources, startBmc } from '../bmc-server.ts'
import { answers, fakeProgram } from '../fake-program.ts'
import { EXCHANGES, exchanged, type FigureInText, figuresIn } from '../figures-in-text.ts'
import { servePage, text } from '../page-server.ts'
import { meterRig, never } from './modbus-meter/meter-rig.ts'
import { pduRig } from './snmp-pdu/pdu-rig.ts'

type Figures = Map<string, number>
const COUNTERS = ['energyJ', 'exportedJ'] as const
/** A figure that no other of the reply is held against may be so many times another: only its range is known. */
const SCALES = new Set(['a thousand times', 'a thousandth', '1e15'])
const WORDS = new Set(['N/A', '--', 'blank', '4294967295', '18446744073709551615'])
/** A counter may stand anywhere in its range: it is held against its watts over minutes. 64 GiB is a memory that a GPU can have. */
const mayBe65535 = (name: string) => name.endsWith('J') || name.endsWith('Bytes')
/** Another place that tells the same figure, such as the output of a supply for its input, or a total without its reserve. */
const isNear = (now: number, value: number) => Math.abs(now - value) <= 0.1 * value

/** All figures of a device's parts after they were held against their ranges and each other, and the faults. */
function held(readings: readonly Reading[]): { figures: Figures; faults: string[] } {
  const figures: Figures = new Map()
  const faults: string[] = []
  for (const reading of readings) {
    const { sample, counters } = agreeing(inRange(reading))
    faults.push(...(sample.faults ?? []))
    for (const q of QUANTITIES) {
      const value = sample[q]
      if (value !== undefined) figures.set(`${reading.part ?? ''} ${q}`, value)
    }
    for (const q of COUNTERS) {
      const value = counters?.[q]
      if (value !== undefined) figures.set(`${reading.part ?? ''} ${q}`, value)
    }
  }
  return { figures, faults }
}

/** Whatever stands in a figure's place: no word for none becomes a figure, and no other figure is moved. */
async function exchangeEach(
  whole: string,
  figures: readonly FigureInText[],
  read: (text: string) => Promise<readonly Reading[]>,
): Promise<number> {
  const before = held(await read(whole)).figures
  const tried = async (figure: FigureInText, by: number | string) => {
    try {
      return held(await read(exchanged(whole, figure, by)))
    } catch {
      // a clear error is an answer too: the device then has no figures
      return { figures: new Map() as Figures, faults: ['error'] }
    }
  }
  const wrong: string[] = []
  let moved = 0
  for (const figure of figures) {
    const nudged = (await tried(figure, figure.value * 1.02 + 0.01)).figures
    const own = [...before].filter(([name, value]) => nudged.get(name) !== value).map(([name]) => name)
    if (own.length === 0 || own.length > 4) continue
    moved++
    for (const [words, by] of EXCHANGES) {
      const after = await tried(figure, by(figure.value))
      for (const [name, value] of before) {
        const now = after.figures.get(name)
        const where = `${figure.field}, ${words}: ${name}`
        if (!own.includes(name)) {
          if (now !== undefined && Math.abs(now - value) > 1e-9 * Math.abs(value))
            wrong.push(`${where} ${value} became ${now}, though it is another figure`)
          continue
        }
        if (now === undefined || SCALES.has(words)) continue
        if (WORDS.has(words) && !isNear(now, value)) wrong.push(`${where} ${value} became ${now}`)
        if (now < 0) wrong.push(`${where} is below 0`)
        if (words === '65535' && !mayBe65535(name) && !isNear(now, value) && after.faults.length === 0)
          wrong.push(`${where} ${value} became ${now}`)
      }
    }
  }
  expect(wrong).toEqual([])
  return moved
}

test('dcgm: each figure of each GPU, and no word for none moves another', async () => {
  const page = readFileSync('test/fixtures/gpu/dcgm-four-gpus.prom', 'utf8')
  const server = await servePage(text(page))
  const figures = [...page.matchAll(/^(\w+)\{gpu="0".*\} (\S+)$/gm)].map((row) => {
    const [line, field = '', value = ''] = row
    const from = row.index + line.length - value.length
    return { field, from, to: from + value.length, value: Number(value), bare: false }
  })
  const moved = await exchangeEach(page, figures, async (body) => {
    server.answer = text(body)
    const options = dcgm.settings.parse({ url: server.url })
    return dcgm.open({ id: 'gpu-01', host: '', options }).read(soon())
  })
  await server.close()
  expect(moved).toBeGreaterThan(4)
})

test('ipmi: the watts of DCMI and those of the sensors', async () => {
  const read = async (byArguments: Record<string, string>) =>
    ipmi
      .open({
        id: 'host-01',
        host: '',
        options: ipmi.settings.parse({ program: fakeProgram('ipmitool', answers(byArguments)) }),
      })
      .read(soon())
  const dcmi = readFileSync('test/fixtures/power/ipmi-dcmi.txt', 'utf8')
  expect(
    await exchangeEach(dcmi, figuresIn(dcmi).slice(0, 3), (said) => read({ 'dcmi power reading': said })),
  ).toBeGreaterThan(0)
})

test.each(['power', 'environment-metrics', 'supplies'])('redfish: each figure of %s', async (name) => {
  const whole = readFileSync(`test/fixtures/power/redfish-${name}.json`, 'utf8')
  const bmc = await startBmc(JSON.parse(whole) as Resources)
  // each by itself: several resources have figures of one name
  const figures = [...whole.matchAll(/"(\w+)":\s*(-?\d+(?:\.\d+)?)(?=[,\s}\]])/g)].map((found) => {
    const [all, field = '', value = ''] = found
    const from = found.index + all.length - value.length
    return { field, from, to: from + value.length, value: Number(value), bare: true }
  })
  const moved = await exchangeEach(whole, figures, async (body) => {
    bmc.resources = JSON.parse(body) as Resources
    return redfish
      .open({ id: 'host-01', host: '', options: redfish.settings.parse({ url: bmc.url }) })
      .read(soon())
  })
  expect(moved).toBeGreaterThan(0)
})

const pdus = pduRig()
/** Integers and texts of the walks, and what an agent may say in their place. */
const PDUS = ['apc-rpdu2-outlets', 'raritan-px3', 'vertiv-geist', 'sentry4-outlets', 'eaton'] as const
const SAID: readonly (readonly [string, string])[] = [
  ['STRING', '" "'],
  ['STRING', '"N/A"'],
  ['STRING', '"--"'],
  ['INTEGER', '-1'],
  ['INTEGER', '2147483647'],
  ['Gauge32', '4294967295'],
]

test.each(PDUS)(
  'snmp-pdu %s: a value that is none is no figure, and takes no other with it',
  async (name) => {
    const walk = walkOf(`snmp-pdu-${name}`)
    const read = async (lines: string) => {
      const { figures } = held(
        await pdus
          .open((await pdus.pdu(lines)).port)
          .read(never)
          .catch(() => []),
      )
      // each agent has been up for its own time
      return new Map([...figures].filter(([figure]) => !figure.endsWith('uptimeS')))
    }
    const before = await read(walk)
    expect([...before.keys()].filter((figure) => figure.endsWith('powerW')).length).toBeGreaterThan(0)
    // the power of the first part, found by what moves it
    const lines = walk.split('\n')
    const [part, powerW = 0] =
      [...before].find(([figure, value]) => figure.endsWith('powerW') && value > 1) ?? []
    const digits = new Set([1, 10, 100, 1000].flatMap((n) => [powerW * n, powerW / n]).map(String))
    const places = lines.flatMap((line, i) =>
      digits.has(/: "?(-?[\d.]+)"?$/.exec(line)?.[1] ?? '') ? [i] : [],
    )
    let moved = 0
    for (const at of places) {
      const say = (type: string, value: string) =>
        lines.map((line, i) => (i === at ? line.replace(/= .*$/, `= ${type}: ${value}`) : line)).join('\n')
      for (const [type, value] of SAID) {
        const after = await read(say(type, value))
        const now = after.get(part ?? '')
        if (now === powerW) continue
        moved++
        expect([value, now]).toEqual([value, undefined])
        for (const [other, was] of before)
          if (other !== part && after.has(other))
            expect([value, other, after.get(other)]).toEqual([value, other, was])
      }
      if (moved > 0) break
    }
    expect(moved).toBeGreaterThan(0)
  },
)

const meters = meterRig()
/** What meters hold where they have no value: all ones, the ends of a signed range, a float that is none. */
const NONE = ['ff', '7f', '80'] as const

test.each(MODBUS_MAPS.map((map) => [map.name, map] as const))(
  'modbus-meter %s: registers without a value are no figure, and take no other with them',
  async (name, map) => {
    const recorded = JSON.parse(readFileSync(`test/fixtures/modbus/${name}.json`, 'utf8')) as {
      holding?: Record<string, string>
      input?: Record<string, string>
    }
    const fill = () => {
      for (const table of ['holding', 'input'] as const)
        for (const [address, hex] of Object.entries(recorded[table] ?? {}))
          Buffer.from(hex.replaceAll(' ', ''), 'hex').copy(meters.server[table], 2 * Number(address))
    }
    fill()
    const before = held([await meters.read({ map: name })]).figures
    expect(before.size).toBeGreaterThan(1)
    for (const [quantity, figure] of [
      ['powerW', map.power],
      ['energyJ', map.energy],
      ['exportedJ', map.exported],
    ] as const) {
      if (!figure || !('address' in figure)) continue
      const table = figure.function === 4 ? meters.server.input : meters.server.holding
      const bytes = { '16': 2, '32': 4, '64': 8 }[/\d+$/.exec(figure.type)?.[0] ?? ''] ?? 2
      const float = figure.type.startsWith('float')
      const unsigned = figure.type.startsWith('u')
      for (const none of NONE) {
        if (unsigned ? none !== 'ff' : !float && none === 'ff') continue
        fill()
        const word = Buffer.alloc(bytes, float || none === 'ff' || none === '7f' ? 0xff : 0x00)
        if (none !== 'ff') word[0] = none === '7f' ? 0x7f : 0x80
        if (float && none === '80') continue
        const wire = figure.wordOrder === 'little' ? swapped(word) : word
        wire.copy(table, 2 * figure.address)
        const session = meters.open({ map: name })
        const after = held(await session.read(never).catch(() => [])).figures
        expect([none, after.get(` ${quantity}`)]).toEqual([none, undefined])
        for (const [other, value] of before)
          if (other !== ` ${quantity}` && after.has(other))
            expect([other, after.get(other)]).toEqual([other, value])
      }
    }
  },
)

/** The same words, the last first. */
const swapped = (bytes: Buffer): Buffer =>
  Buffer.concat(
    Array.from({ length: bytes.length / 2 }, (_, i) => bytes.subarray(2 * i, 2 * i + 2)).toReversed(),
  )
