/**
 * Whatsminer error codes in short words; the meanings are MicroBT's (API documents v2 and v3, fault code table). The last
 * digit of a hashboard code is the board's slot.
 */
const CODES: Readonly<Record<number, string>> = {
  110: 'intake fan speed wrong',
  111: 'exhaust fan speed wrong',
  120: 'intake fan 2000 rpm off',
  121: 'exhaust fan 2000 rpm off',
  130: 'intake fan 3000 rpm off',
  131: 'exhaust fan 3000 rpm off',
  140: 'fan too fast',
  200: 'no power supply found',
  201: 'power supply does not fit the configuration',
  202: 'power supply: output voltage wrong',
  203: 'power supply protects itself: surroundings too hot',
  204: 'power supply limits its current: surroundings too hot',
  205: 'power supply: current wrong',
  206: 'power supply: input voltage low',
  207: 'power supply protects itself: bad input',
  210: 'power supply in error state',
  213: 'power supply: input and output do not match',
  216: 'power does not change for long',
  217: 'power cannot be enabled',
  218: 'input below 230 V, too low for high power mode',
  236: 'power supply: output current too high',
  239: 'power supply: output voltage too high',
  240: 'power supply: output voltage too low',
  241: 'power supply: output currents uneven',
  253: 'power supply fan fails',
  254: 'power supply fan fails',
  263: 'power supply talks badly',
  264: 'power supply does not talk',
  267: 'power supply watchdog',
  274: 'power supply fan warning',
  275: 'power supply hot',
  329: 'control board temperature sensor does not talk',
  360: 'hashboard too hot',
  600: 'surroundings too hot',
  610: 'surroundings too hot for high power mode',
  701: 'control board does not support the chips',
  710: 'control board restarted by itself',
  712: 'control board restarted by itself',
  800: 'mining program checksum wrong',
  2010: 'all pools fail or are disabled',
  2020: 'pool 0 does not connect',
  2021: 'pool 1 does not connect',
  2022: 'pool 2 does not connect',
  2030: 'pool rejects much',
  2040: 'pool does not support version rolling',
  2310: 'hashrate too low',
  2320: 'hashrate too low',
  2340: 'hashrate loss too high',
  2350: 'hashrate loss too high',
  8410: 'software version wrong',
}

/** Codes of ten, one a board slot. */
const BOARD_CODES: Readonly<Record<number, string>> = {
  30: 'temperature sensor not found',
  32: 'temperature cannot be read',
  35: 'too hot',
  41: 'EEPROM not found',
  42: 'EEPROM content wrong',
  43: 'chip bin wrong',
  44: 'chip count wrong',
  45: 'EEPROM transfer fails',
  51: 'of another miner type',
  52: 'of another bin',
  53: 'not found',
  54: 'chip ids cannot be read',
  55: 'has bad chips',
  56: 'chips out of balance',
  507: 'water speed wrong',
  511: 'frequency does not come up',
}

/** `error 110: intake fan speed wrong`, `error 531: hashboard 1 not found`, `error 9999`. */
export function whatsminerFault(code: number): string {
  const meaning = CODES[code]
  if (meaning) return `error ${code}: ${meaning}`
  const board = BOARD_CODES[Math.floor(code / 10)]
  return board ? `error ${code}: hashboard ${code % 10} ${board}` : `error ${code}`
}
