import { describe, expect, it } from 'vitest'
import { antminer } from '../../../agent/simulator/asic/antminer.ts'
import type { AsicModel } from '../../../agent/simulator/asic/asic-model.ts'
import { auradine } from '../../../agent/simulator/asic/auradine.ts'
import { avalon } from '../../../agent/simulator/asic/avalon.ts'
import { axeos } from '../../../agent/simulator/asic/axeos.ts'
import type { Dialect } from '../../../agent/simulator/asic/cgminer.ts'
import { epic } from '../../../agent/simulator/asic/epic.ts'
import { luxos } from '../../../agent/simulator/asic/luxos.ts'
import { ASIC_MODELS } from '../../../agent/simulator/asic/models.ts'
import { proto } from '../../../agent/simulator/asic/proto.ts'
import { sealminer } from '../../../agent/simulator/asic/sealminer.ts'
import { whatsminer } from '../../../agent/simulator/asic/whatsminer.ts'
import { whatsminerV3 } from '../../../agent/simulator/asic/whatsminer-v3.ts'
import { captured, hasCaptures, WITH_CAPTURES } from '../captures.ts'
import { machineOf } from './ask.ts'

type Shape = Record<string, unknown>

/** Names and types of all values, lists by their first and last item. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0]), shapeOf(value.at(-1))]
  if (value === null || typeof value !== 'object') return typeof value
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, shapeOf(v)]))
}

/** Without these names, at any depth. */
function without(shape: unknown, names: readonly string[]): unknown {
  if (Array.isArray(shape)) return shape.map((s) => without(s, names))
  if (shape === null || typeof shape !== 'object') return shape
  return Object.fromEntries(
    Object.entries(shape)
      .filter(([k]) => !names.includes(k))
      .map(([k, v]) => [k, without(v, names)]),
  )
}

/** Names of the one that the other hasn't, or has with another type; of lists, of all their items. */
function beyond(value: unknown, wanted: unknown, path = ''): string[] {
  if (Array.isArray(value)) {
    const items = Array.isArray(wanted) ? wanted : []
    if (value.some((v) => typeof v !== 'object')) return []
    const all = Object.assign({}, ...items) as object
    return [...new Set(value.flatMap((v) => (Array.isArray(v) ? [] : beyond(v, all, path))))]
  }
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => {
    const other = typeof wanted === 'object' && wanted !== null ? (wanted as Shape)[name] : undefined
    const at = path ? `${path}.${name}` : name
    if (other === undefined) return [at]
    const differs = typeof other !== typeof inner && other !== null && inner !== null
    return differs ? [`${at}: ${typeof inner}, not ${typeof other}`] : beyond(inner, other, at)
  })
}

const emulated = (dialect: Dialect, model: AsicModel, command: string): unknown =>
  shapeOf(dialect.reply(machineOf(model), command, 1_780_000_000))
const real = (device: string, file: string): unknown => shapeOf(JSON.parse(captured(device, file)))

describe.skipIf(!hasCaptures)(`the emulated replies have the shape of the real ones ${WITH_CAPTURES}`, () => {
  it.each(['version', 'summary', 'stats', 'pools', 'devs'])('Antminer S19 Pro %s', (command) => {
    expect(emulated(antminer, ASIC_MODELS.s19pro, command)).toEqual(
      real('bitmain-s19pro-stock-49.0.1.3-asicrs', `${command}.json`),
    )
  })

  // the newer of the two firmwares that one builder stands for has these
  const newer = ['Env Temp', 'Frequency', 'Factory GHS']
  it.each(['summary', 'devs', 'pools', 'get_version', 'get_psu', 'status'])('Whatsminer API 1.4 %s', (c) => {
    const reply = without(emulated(whatsminer, ASIC_MODELS.m30spp, c), newer)
    expect(reply).toEqual(without(real('microbt-m20s-api1.4-20210322-asicrs', `${c}.json`), newer))
  })

  // that capture was thinned by hand: what it has, the emulated one has
  it.each([
    'summary',
    'devs',
    'pools',
    'get_version',
    'get_psu',
    'status',
    'get_error_code',
    'get_miner_info',
  ])('Whatsminer API 2.0 %s', (c) => {
    const reply = emulated(whatsminer, ASIC_MODELS.m50s, c) as Shape
    expect(reply).toMatchObject(real('microbt-m50s-api2.0.5-20230803-asicrs', `${c}.json`) as Shape)
  })

  it.each(['version', 'stats', 'estats', 'pools', 'devs'])('Avalon A1566 %s', (command) => {
    expect(emulated(avalon, ASIC_MODELS.a1566, command)).toEqual(
      real('canaan-avalon1566-24102401-pyasic', `rpc_${command}.json`),
    )
  })

  // what the emulated one has, the real one has, of the same type; the real one has more that nobody reads
  it.each([
    ['get.device.info', '', 'get_device_info_with_errors.json', []],
    ['get.miner.status', 'summary', 'get_miner_status_summary.json', []],
    ['get.miner.status', 'edevs', 'get_miner_status_edevs.json', ['edevs.slot']],
    [
      'get.miner.status',
      'pools',
      'get_miner_status_pools.json',
      // of MicroBT's document; this recording was thinned by hand
      ['pools.id', 'pools.reject-rate', 'pools.last-share-time'],
    ],
  ] as const)('Whatsminer API 3 %s %s', (cmd, param, file, more) => {
    const { msg } = JSON.parse(captured('microbt-m60s-api3.0.2-20251209-asicrs', file)) as { msg: unknown }
    expect(beyond(whatsminerV3(machineOf(ASIC_MODELS.m60s), cmd, param, 0), msg)).toEqual([
      ...more,
      ...(cmd === 'get.device.info' ? ['power.vin', 'power.pin'] : []),
    ])
  })

  it('AxeOS 2.11, but for what 2.4.5 did not have yet', () => {
    const page = axeos.page(machineOf(ASIC_MODELS.gamma), '/api/system/info', 0)
    expect(
      beyond(page, JSON.parse(captured('bitaxe-supra401-axeos-2.4.5-asicrs', 'system_info.json'))),
    ).toEqual([
      'hashRate_1m',
      'hashRate_10m',
      'hashRate_1h',
      'expectedHashrate',
      'axeOSVersion',
      'miningPaused',
      'poolDifficulty',
      'hashrateMonitor',
    ])
  })

  it.each([
    ['/summary', 'summary.json', ['PerpetualTune.Algorithm.ChipTune']],
    ['/capabilities', 'capabilities.json', []],
    ['/network', 'network.json', []],
    ['/temps', 'temps.json', []],
    ['/hashrate', 'chip_hashrates.json', []],
  ] as const)('ePIC %s', (path, file, more) => {
    const page = epic.page(machineOf(ASIC_MODELS.s19xpEpic), path, 0)
    expect(beyond(page, JSON.parse(captured('bitmain-s19xp-epic-asicrs', file)))).toEqual(more)
  })

  it.each([
    [
      'SealMiner',
      sealminer,
      ASIC_MODELS.sealminerA2,
      'bitdeer-sealminer-a2-2025091001-asicrs',
      ['version', 'summary', 'stats', 'pools'],
    ],
    [
      'Auradine FluxOS',
      auradine,
      ASIC_MODELS.at2880,
      'auradine-at1500-2023.12.27-asicrs',
      [
        'version',
        'summary',
        'devs',
        'pools',
        'ipreport',
        'asccount',
        'psu',
        'fan',
        'temperature',
        'mode',
        'led',
      ],
    ],
  ] as const)(
    '%# of bdminer and FluxOS have the names of the real ones',
    (_name, dialect, model, device, commands) => {
      for (const name of commands) {
        const reply = dialect.reply(machineOf(model), name, 0)
        const wanted = JSON.parse(captured(device, `${name}.json`))
        expect(beyond(reply, wanted), name).toEqual([])
      }
    },
  )

  it('ProtoOS, but for what the recorded simulator of it did not have', () => {
    const pages = ['system', 'network', 'hardware', 'mining', 'cooling', 'pools'] as const
    const more = pages.flatMap((name) =>
      beyond(
        proto.page(machineOf(ASIC_MODELS.protoRig), `/api/v1/${name}`, 0),
        JSON.parse(captured('proto-rig-1.8.0-asicrs', `${name}.json`)),
      ),
    )
    expect(more).toEqual([
      // of ProtoOS' open API
      'pools.current_difficulty',
      'pools.difficulty_accepted_shares',
      'pools.difficulty_rejected_shares',
    ])
    const telemetry = proto.page(machineOf(ASIC_MODELS.protoRig), '/api/v1/telemetry', 0)
    expect(beyond(telemetry, JSON.parse(captured('proto-rig-1.8.0-asicrs', 'telemetry_full.json')))).toEqual(
      [],
    )
  })

  it.each(['version', 'summary', 'stats', 'pools', 'devs', 'fans', 'temps', 'power', 'config'])(
    'LuxOS %s has the sections of a real one',
    (command) => {
      const reply = luxos.reply(machineOf(ASIC_MODELS.s19jproLuxos), command, 0)
      const wanted = JSON.parse(
        captured('bitmain-s19kpro-luxos-2025.4.8-asicrs', `${command}.json`),
      ) as object
      expect(Object.keys(wanted)).toEqual(expect.arrayContaining(Object.keys(reply ?? {})))
    },
  )

  const bracketKeys = (text: string) => [...text.matchAll(/([A-Za-z_0-9]+)\[/g)].map((m) => m[1]).sort()
  it.each([
    [ASIC_MODELS.a1566, 'canaan-avalon1566-24102401-pyasic', 'rpc_estats.json'],
    [ASIC_MODELS.a1246, 'canaan-avalon-homeq+a1246-asicrs', 'avalon_a_stats.json'],
  ] as const)('Avalon bracket keys of $name', (model, device, file) => {
    const reply = avalon.reply(machineOf(model), 'estats', 0) as { STATS: { 'MM ID0': string }[] }
    const wanted = JSON.parse(captured(device, file)) as { STATS: { 'MM ID0': string }[] }
    expect(bracketKeys(reply.STATS[0]!['MM ID0'])).toEqual(bracketKeys(wanted.STATS[0]!['MM ID0']))
  })

  it('Avalon text replies have the names of the manual', () => {
    for (const [command, section] of [
      ['summary', 'SUMMARY'],
      ['pools', 'POOL='],
    ] as const) {
      const reply = avalon.reply(machineOf(ASIC_MODELS.a1566), command, 0)!
      const names = (text: string) =>
        text
          .slice(text.indexOf(section))
          .split('|')[0]!
          .split(',')
          .map((pair) => pair.split('=')[0])
          .sort()
      const text = avalon.encode(machineOf(ASIC_MODELS.a1566), reply, 'text', command)
      expect(names(text)).toEqual(names(captured('canaan-a1066-19101244-manual', `${command}.raw.txt`)))
    }
  })
})

it('an Antminer S9 forgets the comma between the objects of stats, and only there', () => {
  const machine = machineOf(ASIC_MODELS.s9)
  const text = (command: string) =>
    antminer.encode(machine, antminer.reply(machine, command, 0)!, 'json', command)
  expect(text('stats')).toContain('}{"STATS":0,"ID":"BC50"')
  expect(() => JSON.parse(text('stats').replace('}{', '},{').slice(0, -1))).not.toThrow()
  expect(() => JSON.parse(text('summary').slice(0, -1))).not.toThrow()
})
