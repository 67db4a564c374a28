/** Places of a supply's list, as they stand in `PS[...]`. */
type Places = readonly (number | undefined)[]

/** What an Avalon's power supply draws. */
export interface Supply {
  /** at the wall */
  wallW?: number | undefined
  /** of the boards alone, DC */
  boardsW?: number | undefined
  /** what of the list is not used, and why */
  doubt?: string
}

/** Volts and amperes of the list are rounded. */
const TOLERANCE = 0.1
const SLACK_W = 20
const FANS_W = 400
/** The Nanos' watts are small, and their amperes are cut to whole ones. */
const NANO_TOLERANCE = 0.03
const NANO_SLACK_W = 2

/**
 * What the places of `PS` mean differs by family, and firmware does not say which it has. So each meaning is held against the
 * neighbours: watts must be volts x amperes. A list that fits none has a place too many or too few, or is of an unknown family.
 * @param list of `PS`; empty: the module has none
 * @param namedW the wall's watts by a name of their own; absent: it has none
 */
export function supplyOf(list: Places, namedW?: number): Supply {
  const read = FAMILIES.map((family) => family(list)).find((supply) => supply !== undefined)
  if (namedW) return { boardsW: read?.boardsW, wallW: namedW }
  return read ?? { doubt: `${shown(list)} is not used: its watts are not its volts x amperes` }
}

const shown = (list: Places): string =>
  `the power supply's list PS[${list.map((place) => place ?? '?').join(' ')}]`

const FAMILIES: readonly ((list: Places) => Supply | undefined)[] = [ofBoards, ofNano3s, ofNano3]

/**
 * A10 to A15, Mini 3 and Q: [error, controller V x 100, board V x 100, board A, board W, set V x 100, wall W]; on the A10 it ends
 * before the wall watts (Canaan, Avalon A10 API manual, `ascset|0,hashpower`).
 */
function ofBoards(list: Places): Supply | undefined {
  const [, , centivolts = 0, amperes = 0, boardsW, , wallW] = list
  const productW = (centivolts / 100) * amperes
  if (boardsW === undefined || Math.abs(productW - boardsW) > Math.max(TOLERANCE * boardsW, SLACK_W))
    return undefined
  // at the wall it is more, by losses, controller and fans
  if (wallW === undefined || (wallW >= boardsW && wallW <= 2 * boardsW + FANS_W)) return { boardsW, wallW }
  return {
    boardsW,
    doubt: `${shown(list)} is used for the boards alone: with ${boardsW} W there it cannot draw ${wallW} W at the wall`,
  }
}

/** Nano 3S: [error, 0, V x 1000, A, 0, set V x 1000, W] (Canaan-Creative/Avalon_Nano3s, driver-avalon.c: `vout iout voutcmd poutwall`) */
function ofNano3s([, none, millivolts = 0, amperes, boardsW, , wallW]: Places): Supply | undefined {
  if (none !== 0 || boardsW !== 0) return undefined
  return ofNano(millivolts / 1000, amperes, wallW)
}

/** Nano 3: [error, 0, 0, A, V x 100, W, set V x 100]; replies of firmware 24071801 and 25103101 in public tests */
function ofNano3([, none, nil, amperes, centivolts = 0, wallW]: Places): Supply | undefined {
  return none === 0 && nil === 0 ? ofNano(centivolts / 100, amperes, wallW) : undefined
}

/** A Nano is fed by 28 V of a power adapter or of USB. */
const NANO_V = [12, 50] as const

function ofNano(volts: number, amperes = 0, wallW?: number): Supply | undefined {
  if (wallW === undefined || volts < NANO_V[0] || volts > NANO_V[1]) return undefined
  const least = volts * Math.max(0, amperes - 0.5) * (1 - NANO_TOLERANCE) - NANO_SLACK_W
  const most = volts * (amperes + 1) * (1 + NANO_TOLERANCE) + NANO_SLACK_W
  return wallW >= least && wallW <= most ? { wallW } : undefined
}
