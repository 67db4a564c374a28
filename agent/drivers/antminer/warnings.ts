/** Codes of the page `/warning`, from miningos-wrk-miner-antminer, workers/lib/util/errors.js. J is a hashboard, L a voltage level. */
const WARNINGS: Readonly<Record<string, string>> = {
  'R:1': 'hashrate low',
  'N:1': 'hashrate high',
  'V:1': 'power supply does not start',
  'V:2': 'power supply not calibrated',
  'P:1': 'stopped itself: too hot',
  'P:2': 'stopped itself: too cold',
  'M:1': 'out of memory',
  'J:2': 'chips missing',
  'J:4': 'EEPROM content wrong',
  'J:6': 'temperature sensor fails',
  'J:8': 'hashboards missing',
  'L:1': 'voltage or frequency above its limit',
  'L:2': 'voltage and frequency do not match',
}

/** `warning P:2: stopped itself: too cold`, `warning J3:4: hashboard 3: EEPROM content wrong`, `warning X:9` */
export function warningFault(code: string): string {
  const [, letter = '', slot, number = ''] = /^([A-Z])(\d*):(\d+)$/.exec(code) ?? []
  const words = WARNINGS[`${letter}:${number}`]
  if (!words) return `warning ${code}`
  // slot 0 stands for the machine
  return `warning ${code}: ${letter === 'J' && slot !== '0' ? `hashboard ${slot}: ` : ''}${words}`
}
