import type { FirstAnswers } from '../plugin/first-answers.ts'

/**
 * The firmware by words in a miner's first replies on the cgminer port. The first match counts, so aftermarket firmware is
 * listed before the maker's: its replies name the machine ("Antminer S19k Pro") as well as itself.
 */
const FIRMWARES: readonly (readonly [RegExp, string])[] = [
  [/BOSMINER|BOSER/, 'Braiins OS'],
  [/BTMINER|BITMICRO|WHATSMINER/, 'Whatsminer'],
  [/LUXMINER/, 'LuxOS'],
  [/HIVEON/, 'Hiveon'],
  [/KAONSU|MARAFW/, 'MARA firmware'],
  [/RWGLR/, 'mskminer'],
  // VNish under another seller's name keeps its form: "Antminer T21 (7Miners v1.2.6-rc1)", "(XM 1.2.7)", "(HashOS-1.2.6)"
  [/VNISH|ANTMINER [A-Z0-9+. ]+\((?=[^()"]*[A-Z]{2})[^()"]*[ _-]V?\d+\.\d+\.\d+[^()"]*\)/, 'VNish'],
  [/GCMINER|FLUXOS/, 'Auradine FluxOS'],
  [/BDMINER/, 'SealMiner'],
  // ePIC serves HTTP on the cgminer port
  [/^HTTP\/|\bEPIC\b/m, 'ePIC'],
  [/ANTMINER|BMMINER/, 'Antminer'],
  // the modules of an Avalon have numbers: "MM ID0"
  [/AVALON|\bMM ID\d/, 'Avalon'],
  // VNish that refuses `version` names its board's driver in `devdetails`: "bitmain_s21pro_drv"
  [/\bBITMAIN_[A-Z0-9]+_DRV\b/, 'VNish'],
]

/**
 * Whatsminer's API 2.2 refuses `version`, `stats` and `devdetails`; its own commands answer in fields that no other firmware has.
 * A Whatsminer that is powered off answers `status` only.
 */
const WHATSMINER_FIELDS =
  /"MINER_TYPE"\s*:\s*"M\d|"(?:BT)?MINEROFF"\s*:|"FW_VER"\s*:|"HS RT"\s*:.*"FACTORY GHS"\s*:/s

/** The firmware by words in the first page of the web interface: less exact, for where the cgminer port does not name it. */
const WEB_FIRMWARES: readonly (readonly [RegExp, string])[] = [
  [/ANTHILLOS/, 'VNish'],
  // its page `/api/v1/info`, which needs no login, has this form under every seller's name
  [/"FW_NAME"\s*:[^{}]*"(?:INSTALL_TYPE|HR_MEASURE)"\s*:/, 'VNish'],
  [/BRAIINS OS/, 'Braiins OS'],
  [/LUXOR FIRMWARE/, 'LuxOS'],
  [/MINER WEB DASHBOARD/, 'ePIC'],
  [/REALM="ANTMINER/, 'Antminer'],
]

/** The makers' own firmware; all other firmware is aftermarket. */
const STOCK = new Set(['Antminer', 'Whatsminer', 'Avalon', 'Auradine FluxOS', 'SealMiner'])

/** @param answers texts of first replies, in upper or lower case @returns the firmware's name; undefined where none is recognised */
export const firmwareOf = (...answers: (string | undefined)[]): string | undefined =>
  match(FIRMWARES, answers.join('\n'))

/** The firmware by all first answers of a machine. */
export function firmwareIn(answers: FirstAnswers): string | undefined {
  const { version4028, devdetails4028, stats4028, estats4028, httpRoot } = answers
  const { getVersion4028, summary4028, status4028 } = answers
  const own = [getVersion4028, summary4028, status4028].join('\n')
  // any of them may be refused or late, so each alone names the maker
  const named =
    firmwareOf(version4028, devdetails4028, stats4028, estats4028, getVersion4028, summary4028, status4028) ??
    (WHATSMINER_FIELDS.test(own) ? 'Whatsminer' : undefined)
  if (named !== undefined && named !== 'Antminer') return named
  const { headers = {}, body = '' } = httpRoot ?? {}
  const web = match(
    WEB_FIRMWARES,
    `${headers['www-authenticate'] ?? ''}\n${body}\n${answers.apiV1Info ?? ''}`,
  )
  // VNish and similar firmware answer on the cgminer port as a plain Antminer
  return web ?? named
}

/**
 * Whether firmware that should be `expected` may answer as `named` on the cgminer port. VNish is sold under other sellers' names,
 * and then names only the machine: "Antminer T21 (7Miners 1.2.6-rc1)", "Antminer S21".
 */
export const answersAs = (expected: string, named: string): boolean =>
  expected === named || (expected === 'VNish' && named === 'Antminer')

/** Whether the name is final: answers that come later can only replace a maker's own firmware. */
export const isAftermarket = (firmware: string | undefined): boolean =>
  firmware !== undefined && !STOCK.has(firmware)

const match = (table: typeof FIRMWARES, text: string): string | undefined => {
  const upper = text.toUpperCase()
  return table.find(([words]) => words.test(upper))?.[1]
}
