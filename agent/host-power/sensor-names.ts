/**
 * Names of power sensors in the field, in IPMI's SDR and Redfish's Sensors. They are compared in lower case, with spaces between the
 * words: `PSU1_PIN`, `PSU1 PIN` and `Psu1Pin` are one name.
 */

export type Side = 'input' | 'output' | 'unsaid'

/**
 * Whose power a sensor measures. A lower rank is surely the machine's; a higher one can be an enclosure's, seen from a node. `node` is
 * the number or letter of one machine among several. `isNode`: by its name it is one of several that share a frame and supplies. A hot-swap controller feeds a board; `isInput`: its name says that it measures
 * what goes in. `isOnly`: it has no number, so its board has no other; where the machine shows no other either, it feeds the whole.
 * `isStrange`: a supply's power whose name says more than is understood.
 */
export type Subject =
  | { of: 'machine'; rank: number; node?: string; isNode?: boolean }
  | { of: 'supply'; supply: string; side: Side; isStrange?: boolean }
  | { of: 'hot-swap'; controller: string; isInput: boolean; isOnly?: boolean }

const POWER = '(?:power|pwr|pw|watts|wattage)'
/** Which of several machines of one chassis. */
const NODE = '(?: ?\\d+| [a-h])?'
const TAIL = `(?: (?:in|input|usage|consumption|consumed|draw|total|reading))?`

/** Best first. Sources: see test/agent/host-power/sensor-names.test.ts. */
const MACHINE: readonly RegExp[] = [
  new RegExp(`^(?:node|blade|sled|server)(?: board)?${NODE}(?: total)?(?: input| ac| dc)? ?${POWER}${TAIL}$`),
  new RegExp(
    `^(?:sys|system|platform|machine|host)(?: board)?${NODE}(?: total)?(?: input| ac| dc)? ?${POWER}${TAIL}$`,
  ),
  new RegExp(`^${POWER} (?:node|blade|sled)${NODE}$`),
  new RegExp(`^${POWER} (?:sys|system|platform|node|server)$`),
  new RegExp(`^(?:avg|average|instantaneous|current|input|ac input|ac) ${POWER}$`),
  new RegExp(`^(?:ac |total )?${POWER} (?:consumption|usage|consumed|draw|meter|in|input)$`),
  // Huawei's iBMC calls the machine's input just Power
  /^(?:system level|power)$/,
  // Oracle's ILOM; VPS_MEMORY and the like are parts
  /^(?:sys )?vps$/,
  // OCP sleds and NVIDIA's trays have no supply of their own: the hot-swap controllers are their input
  new RegExp(`^(?:total )?hsc(?: input| in)? (?:pin|${POWER}(?: in| input)?)$`),
  new RegExp(`^(?:total|all)(?: (?:psus?|ps|supply|supplies))?(?: input| in| ac)? ?${POWER}${TAIL}$`),
  new RegExp(`^psus? total(?: input| in| ac)? ?${POWER}$`),
  new RegExp(`^chassis(?: total)?(?: input| ac)? ?${POWER}${TAIL}$`),
]

/** From this rank on, a sensor can be that of an enclosure. */
export const CHASSIS_RANK = MACHINE.length - 1
/** From this rank on, it can be the sum of all supplies of a frame. */
export const TOTAL_RANK = MACHINE.length - 3

/** `Node 2 Power`, `BLADE-3`, `Pwr Node B`, `sys1 power`; not the boards of one machine. */
const NODE_IN = /\b(?:node|blade|sled|server|sys|system|host|machine)(?: board)? ?(\d+|[a-h](?= |$))/
const A_NODE = /\b(?:node|blade|sled)(?: ?\d+| [a-h])?\b/
/**
 * `HSC 0 Power`, `MB HSC1 PIN`, `PDB 0 HSC 1 Pwr`; those of a GPU baseboard have its name in front, and are a part's. OCP sleds
 * (Yosemite) have one controller for the main board, without a number: `MB_HSC_INPUT_PWR_W`. The controller of a slot feeds one of several
 * machines, so a person must say which: `Slot1_HSC_Input_Power_W`.
 */
const HOT_SWAP = /^(?:(?:mb |board |chassis \d+ )?|([hv]?pdb ?\d* ))hsc ?(\d+|[a-d])(?: (.+))?$/
const SLOT_HOT_SWAP = /^slot ?(\d+) hsc(?: (.+))?$/
const ONLY_HOT_SWAP = /^(mb|board) hsc(?: (.+))?$/
const HOT_SWAP_POWER = new RegExp(`^(input|in)?(?: ?)(pin|${POWER}(?: (?:in|input))?)(?: w| \\d+)?$`)

/** Makers' words for a supply. `FPSU1`, `PSUR`: front or rear, left or right. */
const SUPPLY =
  /\b([flr]?)(?:ps|psu|crps|pmb|pws|pwr ?supply|pwr ?sup|power ?supply)(?: ?(\d+|[a-h])\b|([lr])\b|\b)/
/** Where the supply stands: supplies of one number at two places are two. */
const PLACE = /^(?:front|rear|left|right|top|bottom|upper|lower|sys|system|server|host|chassis)$/
/** `1`, `A`, `Bay2` */
const NUMBER = /^(?:bay|slot)?(\d+)$|^([a-h])$/
/** A name in an SDR has 16 letters, so makers shorten its words, or they are cut. */
const SUPPLY_WORDS =
  /^(?:p|w|pin|pout|in|inp|inpu|input|out|outp|outpu|output|ac|dc|pow|powe|powr|power|pwr|pw|watts?|wattage|consumption|cons|draw|total|main|sensor|reading|\d+vin|\d+vout)$/
const A_POWER = /^(?:pin|pout|in|out|input|output|pow|powe|powr|power|pwr|pw|watts?|wattage)$/
/** A name with one of these is of something else: a rating, a limit, a rail, a fan. */
const NO_SUPPLY_POWER =
  /^(?:fans?|max|maximum|min|minimum|peak|limit|cap|capping|capacity|rated|rating|budget|threshold|avail(?:able)?|alloc(?:ated)?|volts?|voltage|amps?|curr|current|temp|temperature|rpm|speed|eff|efficiency|status|stat|state|mode|redund\w*|health|fault|fail\w*|good|ok|present|presence|lost|loss|warn\w*|p?\d+v\d*\w*|v?sb|stby|standby|aux|rail|factor|percent|pct|energy|led|unit|spare|hours?)$/

/** Undefined for the sensor of a part: a CPU, a GPU, a fan, a drive, a rail. */
export function subjectOf(name: string): Subject | undefined {
  const words = wordsOf(name)
  const supply = supplyOf(words)
  if (supply) return supply
  for (const form of [words, unnumbered(words)]) {
    const rank = MACHINE.findIndex((pattern) => pattern.test(form))
    if (rank >= 0) return withNode(rank, nodeIn(form), A_NODE.test(form))
  }
  return hotSwapOf(words)
}

const withNode = (rank: number, node: string | undefined, isNode: boolean): Subject => ({
  of: 'machine',
  rank,
  ...(node !== undefined && { node }),
  ...(isNode && { isNode }),
})

const nodeIn = (words: string): string | undefined => NODE_IN.exec(words)?.[1]

/** The number or letter of the node that a name is about: `2` of `Node 2 Power`. Undefined: it names none. */
export const nodeOf = (name: string): string | undefined => nodeIn(wordsOf(name))

function hotSwapOf(words: string): Subject | undefined {
  const [, slot, ofSlot = ''] = SLOT_HOT_SWAP.exec(words) ?? []
  if (slot !== undefined && HOT_SWAP_POWER.test(ofSlot))
    return { of: 'hot-swap', controller: `slot${slot}`, isInput: false }
  const [, board = '', number, behind = ''] = HOT_SWAP.exec(words) ?? []
  const [, only, rest = behind] = ONLY_HOT_SWAP.exec(words) ?? []
  const controller = number === undefined ? only : board + number
  if (controller === undefined || !HOT_SWAP_POWER.test(rest)) return undefined
  return {
    of: 'hot-swap',
    controller,
    isInput: /\b(?:pin|in|input)\b/.test(rest),
    ...(number === undefined && { isOnly: true }),
  }
}

/** A name in one form: lower case, with spaces between the words. */
export const wordsOf = (name: string): string =>
  name
    .replace(/([a-z\d])([A-Z][a-z])|([a-z])([A-Z])/g, '$1$3 $2$4')
    .replace(/[^A-Za-z0-9]+/g, ' ')
    .trim()
    .toLowerCase()

/** Without what NVIDIA's names (`Chassis_0_TotalHSC_Power_0`, on Grace Hopper `Baseboard_0_...`) and bmcweb's (`power_total_power`) put around them. */
const unnumbered = (words: string): string =>
  words
    .replace(/^(?:chassis|baseboard|system) \d+ (?=total )/, '')
    .replace(/^power (?=.*\b(?:power|pwr)\b)/, '')
    .replace(/(?<=\bhsc power|\btotal power|\bsystem power) \d+$/, '')

function supplyOf(words: string): Subject | undefined {
  const found = SUPPLY.exec(words)
  if (!found) return undefined
  const all = words.replace(found[0], ' ').trim().split(/\s+/).filter(Boolean)
  const places = all.filter((word) => PLACE.test(word))
  // `PSU Input Power 1`: the number stands behind
  const numbers = all.filter((word) => NUMBER.test(word))
  const rest = all.filter((word) => !places.includes(word) && !numbers.includes(word))
  if (!rest.some((word) => A_POWER.test(word))) return undefined
  const isStrange = !rest.every((word) => SUPPLY_WORDS.test(word))
  if (isStrange && rest.some((word) => NO_SUPPLY_POWER.test(word) && !SUPPLY_WORDS.test(word)))
    return undefined
  const [, side = '', number, behind] = found
  const said = numbers.flatMap((word) => NUMBER.exec(word)?.slice(1).filter(Boolean) ?? [])
  const known = [number ?? behind, ...said].filter((one) => one !== undefined)
  const has = (...some: RegExp[]) => rest.some((word) => some.some((one) => one.test(word)))
  if (known.length === 0 && has(/^total$/)) return undefined
  const supply = [side, ...places, (known[0] ?? '').replace(/^0+(?=\d)/, '')].filter(Boolean).join(' ')
  return {
    of: 'supply',
    supply,
    side: has(/^(?:pin|in|inp|inpu|input|ac|\d+vin)$/)
      ? 'input'
      : has(/^(?:pout|out|outp|outpu|output|dc|\d+vout)$/)
        ? 'output'
        : 'unsaid',
    ...((isStrange || known.length > 1) && { isStrange: true }),
  }
}
