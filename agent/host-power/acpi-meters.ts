/**
 * ACPI power meters tell what they measure only by a text of their firmware (ACPI 6.5, 10.4.1, OEM information). NVIDIA's Grace has
 * four a socket: the module contains its GPU and Grace, and Grace contains the CPU's and the SysIO's rails (NVIDIA, Grace Performance
 * Tuning Guide, Power and Thermals). A meter without such a text or with another one measures the whole machine.
 */
export interface AcpiMeter {
  /** `module0`, `grace0`, `cpu0`, `sysio0`; absent: the whole machine */
  part?: string
  /** index of the meter whose reading includes this one; absent: no other meter does */
  behind?: number
}

interface Place {
  depth: number
  socket: string
  part?: string
}

/** Widest first. Other firmware for Grace and Vera calls the socket `Total Power in uW socket 0`, and SysIO `SoC Rail`. */
const PARTS: readonly (readonly [RegExp, string, number])[] = [
  [/\bmodule\b/i, 'module', 1],
  [/\bgrace\b|\btotal\b.*\bsocket\b/i, 'grace', 2],
  [/\bcpu\b/i, 'cpu', 3],
  [/\b(sysio|soc)\b/i, 'sysio', 3],
  [/\bgpu\b/i, 'gpu', 3],
  [/\b(dram|memory)\b/i, 'memory', 3],
]

/** @param sensors label: the OEM information; isAcpi false: another chip's sensor, which no meter includes */
export function acpiMeters(sensors: readonly { isAcpi: boolean; label?: string | undefined }[]): AcpiMeter[] {
  const places = sensors.map(({ isAcpi, label }) => (isAcpi ? placeOf(label) : undefined))
  return places.map((place) => {
    if (!place) return {}
    const wholes = places.flatMap((whole, i) =>
      whole && includes(whole, place) ? [{ i, depth: whole.depth }] : [],
    )
    const nearest = wholes.sort((a, b) => b.depth - a.depth)[0]
    return { ...(place.part !== undefined && { part: place.part }), ...(nearest && { behind: nearest.i }) }
  })
}

const includes = (whole: Place, part: Place): boolean =>
  whole.depth < part.depth && (whole.depth === 0 || whole.socket === part.socket)

function placeOf(oemInfo = ''): Place {
  const label = oemInfo.replaceAll(/[_-]+/g, ' ')
  const socket = /\bsocket\s*(\w+)/i.exec(label)?.[1] ?? ''
  const [, name, depth] = PARTS.find(([pattern]) => pattern.test(label)) ?? []
  return name === undefined || depth === undefined
    ? { depth: 0, socket: '' }
    : { depth, socket, part: `${name}${socket}` }
}
