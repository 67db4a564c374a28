/**
 * Which firmware a miner runs, by the words of its first answers. The order matters: aftermarket firmware names the
 * machine that it runs on ("Antminer S19k Pro") beside itself.
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
  [/^HTTP\/|\bEPIC\b/, 'ePIC'],
  [/ANTMINER|BMMINER/, 'Antminer'],
  [/AVALON/, 'Avalon'],
]

/** @param answer text of a first answer, in any case @returns the firmware's name, or undefined where no known word is in it */
export const firmwareOf = (...answers: (string | undefined)[]): string | undefined => {
  const text = answers.join(' ').toUpperCase()
  return FIRMWARES.find(([words]) => words.test(text))?.[1]
}
