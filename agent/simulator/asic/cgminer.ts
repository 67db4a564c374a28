import type { AsicMachine } from './machine.ts'

/** A reply of a cgminer: STATUS and sections, each a list of rows; for Whatsminer's own commands one object. */
export type Reply = Record<string, unknown>

/** How one family answers cgminer's API. */
export interface Dialect {
  /** the reply to a command; undefined where the family has no such command */
  reply(machine: AsicMachine, command: string, nowS: number): Reply | undefined
  /** the program's name in `version` and in every STATUS */
  description(machine: AsicMachine): string
  /** the reply's bytes as the machine writes them, with its quirks and terminator */
  encode(machine: AsicMachine, reply: Reply, form: 'json' | 'text', command: string): string
}

/** The answer to a command: the name of a section, and its rows. */
export type Answer = readonly [
  section: string,
  rows: (machine: AsicMachine, nowS: number) => readonly Reply[],
]

/** A family that answers each command with one section, terminated by NUL. @param own what the family does differently */
export const cgminerDialect = (
  description: Dialect['description'],
  answers: Readonly<Record<string, Answer>>,
  own: Partial<Dialect> = {},
): Dialect => ({
  description,
  reply(machine, command, nowS) {
    const [section, rows] = Object.hasOwn(answers, command) ? (answers[command] ?? []) : []
    return rows && sectionReply(section ?? '', rows(machine, nowS), description(machine), nowS)
  },
  encode: (_machine, reply, form) => `${form === 'text' ? toText(reply) : JSON.stringify(reply)}\0`,
  ...own,
})

/** Codes of STATUS by section: cgminer's own, then those of LuxOS and FluxOS. */
const CODES: Readonly<Record<string, number>> = {
  POOLS: 7,
  DEVS: 9,
  SUMMARY: 11,
  VERSION: 22,
  CONFIG: 33,
  DEVDETAILS: 69,
  STATS: 70,
  COIN: 78,
  TEMPS: 201,
  FANS: 202,
  POWER: 311,
  PROFILES: 347,
  EVENTS: 357,
  ASCCount: 104,
  Fan: 510,
  LED: 530,
  Mode: 540,
  PSU: 570,
  Temperature: 590,
  IPReport: 620,
}

const MESSAGES: Readonly<Record<string, (rows: number) => string>> = {
  POOLS: (rows) => `${rows} Pool(s)`,
  DEVS: (rows) => `${rows} ASC(s)`,
  SUMMARY: () => 'Summary',
  VERSION: () => 'CGMiner versions',
  DEVDETAILS: () => 'Device Details',
  STATS: () => 'CGMiner stats',
}

const sectionReply = (section: string, rows: readonly Reply[], description: string, nowS: number): Reply => ({
  STATUS: [
    {
      STATUS: 'S',
      When: nowS,
      Code: CODES[section] ?? 0,
      Msg: MESSAGES[section]?.(rows.length) ?? section,
      Description: description,
    },
  ],
  [section]: rows,
  id: 1,
})

/** cgminer's error reply. Code 14: unknown command; 23: malformed JSON. */
export const errorReply = (code: 14 | 23, description: string, nowS: number): Reply => ({
  STATUS: [
    {
      STATUS: 'E',
      When: nowS,
      Code: code,
      Msg: code === 14 ? 'Invalid command' : 'Invalid JSON',
      Description: description,
    },
  ],
  id: 1,
})

/** A reply in cgminer's text form: `STATUS=S,When=1|SUMMARY,Elapsed=1,...|`. A row whose first field is its index has no name. */
export function toText(reply: Reply): string {
  let text = ''
  for (const [section, items] of Object.entries(reply)) {
    if (!Array.isArray(items)) continue
    for (const item of items as Reply[]) {
      const pairs = Object.entries(item).map(([key, value]) => `${key}=${String(value)}`)
      const indexed = ['STATUS', 'STATS', 'POOL', 'ASC'].includes(Object.keys(item)[0] ?? '')
      text += `${indexed ? '' : `${section},`}${pairs.join(',')}|`
    }
  }
  return text
}
