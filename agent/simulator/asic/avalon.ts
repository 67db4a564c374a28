import { avalon8Stats } from './avalon-8.ts'
import { avalonBrackets } from './avalon-brackets.ts'
import { isNano } from './avalon-nano.ts'
import { cgminerDialect, type Dialect, type Reply } from './cgminer.ts'
import { poolRow411, rateFields, rejectedPercent, summaryRow, utility, workFields } from './cgminer-rows.ts'
import { elapsed, hardwareErrors, round } from './figures.ts'
import type { AsicMachine } from './machine.ts'
import { ASIC_MODELS } from './models.ts'

const cgminer = cgminerDialect(() => 'cgminer 4.11.1', {
  version: ['VERSION', (machine) => [version(machine)]],
  summary: ['SUMMARY', (machine) => [summary(machine)]],
  devs: ['DEVS', (machine) => [device(machine)]],
  estats: ['STATS', (machine) => stats(machine, true)],
  stats: ['STATS', (machine) => stats(machine, true)],
  litestats: ['STATS', (machine) => stats(machine, false)],
  pools: ['POOLS', (machine) => machine.pools.map((_, i) => pool(machine, i))],
})

/** Avalon A12 to A15 (cgminer 4.11.1). A JSON command gets a JSON reply, else text. Times are s since the start, not Unix time. */
export const avalon: Dialect = {
  ...cgminer,
  reply: (machine, command) => cgminer.reply(machine, command, elapsed(machine)),
}

const dna = (machine: AsicMachine): string => machine.mac.replaceAll(':', '').padStart(16, '0201')

/** Modules behind an AUC have a controller of their own, which knows nothing of the machine. */
const isModular = ({ model }: AsicMachine): boolean => model === ASIC_MODELS.a841

const version = (machine: AsicMachine): Reply =>
  isModular(machine) ? { CGMiner: '4.10.0', API: '3.7' } : ownVersion(machine)

const ownVersion = (machine: AsicMachine): Reply => ({
  CGMiner: '4.11.1',
  API: '3.7',
  STM8: '20.08.01',
  PROD: `${isNano(machine) ? 'Avalon' : 'AvalonMiner'} ${machine.model.name}`,
  MODEL: machine.model.name,
  HWTYPE: 'MM4v2_X3',
  SWTYPE: 'MM319',
  VERSION: machine.model.firmware,
  LOADER: 'd0d779de.00',
  DNA: dna(machine),
  MAC: machine.mac.replaceAll(':', ''),
  UPAPI: '2',
})

const summary = (machine: AsicMachine): Reply => ({
  ...summaryRow(machine),
  ...rateFields(machine, '30s'),
  Getworks: Math.floor(machine.uptimeS / 26.9),
})

const lastShare = ({ shares }: AsicMachine): number => Math.floor(shares.lastAtS ?? 0)

const device = (machine: AsicMachine): Reply => ({
  ASC: 0,
  Name: 'AVA10',
  ID: 0,
  Enabled: 'Y',
  Status: 'Alive',
  // there is no sensor, so the firmware writes absolute zero
  Temperature: -273,
  ...rateFields(machine, '30s'),
  ...workFields(machine),
  'Hardware Errors': hardwareErrors(machine),
  Utility: utility(machine).Utility,
  'Last Share Pool': 0,
  'Last Share Time': lastShare(machine),
  'Total MH': round(machine.hashes / 1e6, 0),
  'Diff1 Work': machine.shares.difficultyAccepted,
  'Last Share Difficulty': machine.shareDifficulty,
  'Last Valid Work': elapsed(machine),
  'Device Hardware%': 0,
  'Device Rejected%': rejectedPercent(machine.shares),
  'Device Elapsed': elapsed(machine),
})

const stats = (machine: AsicMachine, perChip: boolean): Reply[] => [
  isModular(machine) ? avalon8Stats(machine) : moduleStats(machine, perChip),
  ...machine.pools.map((_, i) => poolStats(machine, i)),
]

const moduleStats = (machine: AsicMachine, perChip: boolean): Reply => ({
  STATS: 0,
  ID: 'AVA100',
  Elapsed: elapsed(machine),
  Calls: 0,
  Wait: 0,
  Max: 0,
  Min: 99999999,
  'MM ID0': avalonBrackets(machine, dna(machine), perChip),
  'MM Count': 1,
  'Smart Speed': 1,
  'Voltage Level Offset': 0,
  'Nonce Mask': 25,
})

/** The entry that cgminer's `stats` appends for each pool. */
function poolStats(machine: AsicMachine, index: number): Reply {
  const mined = index === machine.stratum.active
  const difficulty = mined ? machine.shareDifficulty : 0
  const shares = machine.stratum.sharesOf(index)
  const sent = shares.accepted + shares.rejected + 3
  const received = sent + Math.floor(mined ? machine.uptimeS / 30 : 4)
  const traffic = { sent: sent * 176, received: received * 347 }
  return {
    STATS: index + 1,
    ID: `POOL${index}`,
    Elapsed: elapsed(machine),
    Calls: 0,
    Wait: 0,
    Max: 0,
    Min: 99999999,
    'Pool Calls': 0,
    'Pool Attempts': 0,
    'Pool Wait': 0,
    'Pool Max': 0,
    'Pool Min': 99999999,
    'Pool Av': 0,
    'Work Had Roll Time': false,
    'Work Can Roll': false,
    'Work Had Expire': false,
    'Work Roll Time': 0,
    'Work Diff': difficulty,
    'Min Diff': difficulty,
    'Max Diff': difficulty,
    'Min Diff Count': mined ? 2 : 0,
    'Max Diff Count': mined ? 2 : 0,
    'Times Sent': sent,
    'Bytes Sent': traffic.sent,
    'Times Recv': received,
    'Bytes Recv': traffic.received,
    'Net Bytes Sent': traffic.sent,
    'Net Bytes Recv': traffic.received,
  }
}

/** A pool's row. Without a clock the firmware's block height never changes, so it is computed for a fixed time. */
const pool = (machine: AsicMachine, index: number): Reply => ({
  ...poolRow411(machine, index, lastShare(machine), 1_760_000_000),
  'Has Vmask': true,
})
