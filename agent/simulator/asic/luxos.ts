import { antminerStats } from './antminer.ts'
import { type Answer, cgminerDialect, type Dialect, type Reply } from './cgminer.ts'
import { poolRow, workFields } from './cgminer-rows.ts'
import { averageHs, elapsed, fanRpms, ghs, lastShareAt, mhs, ratedW, round } from './figures.ts'
import type { AsicMachine } from './machine.ts'

const ANSWERS: Readonly<Record<string, Answer>> = {
  version: ['VERSION', (machine) => [{ API: '3.7', LUXminer: machine.model.firmware, ...type(machine) }]],
  config: ['CONFIG', (machine) => [config(machine)]],
  profiles: [
    'PROFILES',
    (machine) => [
      {
        'Profile Name': 'default',
        Frequency: machine.model.frequencyMHz,
        Watts: ratedW(machine),
        Step: '0',
      },
    ],
  ],
  summary: [
    'SUMMARY',
    (machine) => [
      {
        Elapsed: elapsed(machine),
        'GHS 5s': ghs(machine.averageHs.s5),
        'GHS 1m': ghs(machine.averageHs.m1),
        'GHS av': ghs(averageHs(machine)),
        ...workFields(machine),
      },
    ],
  ],
  stats: ['STATS', (machine) => [type(machine), antminerStats(machine)]],
  devs: ['DEVS', (machine, nowS) => machine.boards.map((b) => device(machine, b.index, nowS))],
  fans: [
    'FANS',
    (machine) => fanRpms(machine).map((RPM, i) => ({ FAN: `FAN${i + 1}`, ID: i, RPM, Speed: 50 })),
  ],
  temps: ['TEMPS', temps],
  power: ['POWER', (machine) => [{ PSU: true, Watts: Math.round(machine.powerW) }]],
  pools: ['POOLS', (machine) => machine.pools.map((_, i) => poolRow(machine, i))],
  events: ['EVENTS', () => []],
}

const cgminer = cgminerDialect(({ model }) => `LUXminer ${model.firmware}`, ANSWERS)

/** LuxOS on an Antminer. Every reply has one section, named after its command. */
export const luxos: Dialect = {
  ...cgminer,
  reply(machine, command, nowS) {
    const reply = cgminer.reply(machine, command, nowS)
    return reply && command === 'temps' ? { ...reply, METADATA: [SENSORS] } : reply
  },
}

const SENSORS = {
  TopLeft: { Label: 'Board Exhaust (top)', Position: [0, 0] },
  BottomRight: { Label: 'Board Intake (bottom)', Position: [1, 1] },
}

const type = ({ model }: AsicMachine): Reply => ({
  Miner: model.firmware,
  CompileTime: 'Tue Jun 3 12:00:00 UTC 2025',
  Type: model.name,
})

function temps({ boards }: AsicMachine): Reply[] {
  const alive = boards.filter((b) => !b.lost)
  return alive.map((b) => ({
    TEMP: b.index,
    ID: b.index,
    TopLeft: round(b.chipTempC - 6, 1),
    BottomRight: round(b.chipTempC - 24, 1),
  }))
}

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
