import type { FirstAnswers } from '../plugin/first-answers.ts'

/**
 * Which firmware a miner runs, by the words of its first answers on the cgminer port. The order matters: aftermarket firmware
 * names the machine that it runs on ("Antminer S19k Pro") beside itself.
 */
const FIRMWARES: readonly (readonly [RegExp, string])[] = [
  [/BOSMINER|BOSER/, 'Braiins OS'],
  [/BTMINER|BITMICRO|WHATSMINER/, 'Whatsminer'],
  [/LUXMINER/, 'LuxOS'],
  [/HIVEON/, 'Hiveon'],
  [/KAONSU|MARAFW/, 'MARA firmware'],
  [/RWGLR/, 'mskminer'],
  [/VNISH/, 'VNish'],
  [/GCMINER|FLUXOS/, 'Auradine FluxOS'],
  [/BDMINER/, 'SealMiner'],
  // ePIC serves HTTP on the cgminer port
  [/^HTTP\/|\bEPIC\b/m, 'ePIC'],
  [/ANTMINER|BMMINER/, 'Antminer'],
  [/AVALON/, 'Avalon'],
]

/** By the first page of the web interface: less exact, and only where the cgminer port doesn't say it. */
const WEB_FIRMWARES: readonly (readonly [RegExp, string])[] = [
  [/ANTHILLOS/, 'VNish'],
  [/BRAIINS OS/, 'Braiins OS'],
  [/LUXOR FIRMWARE/, 'LuxOS'],
  [/MINER WEB DASHBOARD/, 'ePIC'],
  [/REALM="ANTMINER/, 'Antminer'],
]

/** What a machine's maker ships; all other firmware was put on it later, and says more than what it replaced. */
const STOCK = new Set(['Antminer', 'Whatsminer', 'Avalon', 'Auradine FluxOS', 'SealMiner'])

/** @param answer text of a first answer, in any case @returns the firmware's name, or undefined where no known word is in it */
export const firmwareOf = (...answers: (string | undefined)[]): string | undefined =>
  match(FIRMWARES, answers.join('\n'))

/** The firmware that the first answers together show. */
export function firmwareIn(answers: FirstAnswers): string | undefined {
  const { version4028, devdetails4028, stats4028, httpRoot } = answers
  const named = firmwareOf(version4028, devdetails4028, stats4028)
  if (named !== undefined && named !== 'Antminer') return named
  const { headers = {}, body = '' } = httpRoot ?? {}
  const web = match(WEB_FIRMWARES, `${headers['www-authenticate'] ?? ''}\n${body}`)
  // VNish and its like answer on the cgminer port as the Antminer that they run on
  return web ?? named
}

/** Whether nothing that answers later can be a better name for the machine. */
export const isAftermarket = (firmware: string | undefined): boolean =>
  firmware !== undefined && !STOCK.has(firmware)

const match = (table: typeof FIRMWARES, text: string): string | undefined => {
  const upper = text.toUpperCase()
  return table.find(([words]) => words.test(upper))?.[1]
}
