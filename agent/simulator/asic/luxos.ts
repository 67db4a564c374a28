import { antminerStats } from './antminer.ts'
import {
  averageHs,
  type Dialect,
  elapsed,
  lastShareAt,
  poolRow,
  type Reply,
  round,
  sectionReply,
  toText,
} from './cgminer.ts'
import type { AsicMachine } from './machine.ts'

const mhs = (hs: number): number => round(hs / 1e6, 2)
const ghs = (hs: number): number => round(hs / 1e9, 2)

const CODES: Readonly<Record<string, number>> = {
  VERSION: 22,
  CONFIG: 33,
  SUMMARY: 11,
  STATS: 70,
  DEVS: 9,
  FANS: 202,
  TEMPS: 201,
  POWER: 311,
  POOLS: 7,
  PROFILES: 347,
  EVENTS: 357,
}

/** LuxOS on an Antminer: every answer has one section, named after its command. */
export const luxos: Dialect = {
  description: ({ model }) => `LUXminer ${model.firmware}`,

  reply(machine, command, nowS) {
    const name = command.toUpperCase()
    const rows = rowsOf(machine, command, nowS)
    if (!rows) return undefined
    const status = { code: CODES[name] ?? 0, message: name, description: luxos.description(machine), nowS }
    return { ...sectionReply(name, rows, status), ...(command === 'temps' ? { METADATA: [SENSORS] } : {}) }
  },

  encode: (_machine, reply, form) => `${form === 'text' ? toText(reply) : JSON.stringify(reply)}\0`,
}

const SENSORS = {
  TopLeft: { Label: 'Board Exhaust (top)', Position: [0, 0] },
  BottomRight: { Label: 'Board Intake (bottom)', Position: [1, 1] },
}

function rowsOf(machine: AsicMachine, command: string, nowS: number): Reply[] | undefined {
  const { model, boards, averageHs: window } = machine
  const type = { Miner: model.firmware, CompileTime: 'Tue Jun 3 12:00:00 UTC 2025', Type: model.name }
  switch (command) {
    case 'version':
      return [{ API: '3.7', LUXminer: model.firmware, ...type }]
    case 'config':
      return [config(machine)]
    case 'profiles':
      return [{ 'Profile Name': 'default', Frequency: model.frequencyMHz, Watts: ratedW(machine), Step: '0' }]
    case 'summary':
      return [
        {
          Elapsed: elapsed(machine),
          'GHS 5s': ghs(window.s5),
          'GHS 1m': ghs(window.m1),
          'GHS av': ghs(averageHs(machine)),
          Accepted: machine.shares.accepted,
          Rejected: machine.shares.rejected,
          'Difficulty Accepted': machine.shares.difficultyAccepted,
        },
      ]
    case 'stats':
      return [type, antminerStats(machine)]
    case 'devs':
      return boards.map((b) => device(machine, b.index, nowS))
    case 'fans':
      return Array.from({ length: model.fans }, (_, i) => ({
        FAN: `FAN${i + 1}`,
        ID: i,
        RPM: Math.round(machine.fanRpm / 30) * 30,
        Speed: 50,
      }))
    case 'temps':
      return boards
        .filter((b) => !b.lost)
        .map((b) => ({
          TEMP: b.index,
          ID: b.index,
          TopLeft: round(b.chipTempC - 6, 1),
          BottomRight: round(b.chipTempC - 24, 1),
        }))
    case 'power':
      return [{ PSU: true, Watts: Math.round(machine.powerW) }]
    case 'pools':
      return machine.pools.map((_, i) => poolRow(machine, i))
    case 'events':
      return []
    default:
      return undefined
  }
}

const ratedW = ({ model }: AsicMachine): number =>
  Math.round((model.hashrateHs / 1e12) * model.efficiencyJPerTh)

const config = (machine: AsicMachine): Reply => ({
  'ASC Count': machine.boards.length,
  CurtailMode: machine.asleep ? 'Sleep' : 'None',
  Hostname: machine.id,
  ImmersionMode: false,
  IsTuning: machine.tuning,
  MACAddr: machine.mac,
  Model: machine.model.name,
  Profile: 'default',
  SystemStatus: 'Normal',
})

function device(machine: AsicMachine, index: number, nowS: number): Reply {
  const board = machine.boards[index]
  const rate = board?.hashrateHs ?? 0
  return {
    ASC: index,
    ID: index,
    Status: board?.lost ? 'Dead' : 'Alive',
    Enabled: 'Y',
    IsRamping: machine.warmingUp,
    IsUserShutdown: machine.asleep,
    'MHS 5s': mhs(rate),
    'MHS 1m': mhs(rate),
    'Nominal MHS': mhs(machine.model.hashrateHs / machine.model.boards),
    Temperature: round((board?.chipTempC ?? 0) - 6, 1),
    'Last Share Time': lastShareAt(machine, nowS),
  }
}
