import type { Location } from '../../protocol/device.ts'
import { UsageError } from '../../protocol/kit/errors.ts'

/** A machine's location, and its name if somebody gave it one. */
export interface Place {
  id?: string
  location?: Location
}

/** Finds the location of a machine by its address, MAC or serial number; undefined where it is unknown. */
export type Places = (machine: { host: string; hardwareId?: string | undefined }) => Place | undefined

const OCTET = /^\{(container|rack|slot)(?::([A-Za-z_]*)(0*)([+-]\d+)?)?\}$/

export const PLACE_HELP = `A pattern derives a machine's location from its address. Each of its four parts is a number, * (any number), or a name
in braces: {container}, {rack} or {slot}. The name may be followed by a colon and a format: letters, a zero for each digit,
and a number to add or subtract.
  --place '10.0.{container:C00}.{slot:S00-10}'   10.0.3.17 is container C03, slot S07
  --place '10.{container}.{rack:R0}.{slot:00}'   10.2.1.7 is container 2, rack R1, slot 07
A CSV file gives the location of each machine. Its first line names the columns, and a row needs a mac (or serial) or an address:
  mac,address,container,rack,slot,id`

/** @param pattern such as `10.0.{container:C00}.{slot:S00-10}` @throws UsageError */
export function placePattern(pattern: string): Places {
  const wrong = (what: string) =>
    new UsageError([`--place ${pattern}: ${what}; expected such as 10.0.{container:C00}.{slot:S00-10}`])
  const parts = pattern.split('.').map((part): ((octet: number) => Location | undefined) => {
    if (part === '*') return () => ({})
    if (/^\d{1,3}$/.test(part)) return (octet) => (octet === Number(part) ? {} : undefined)
    const [, name, letters = '', zeros = '', shift = '0'] = OCTET.exec(part) ?? []
    if (name === undefined) throw wrong(`${part} is no number, no * and no {container}, {rack} or {slot}`)
    return (octet) => {
      const n = octet + Number(shift)
      return n < 0 ? undefined : { [name]: `${letters}${String(n).padStart(zeros.length, '0')}` }
    }
  })
  if (parts.length !== 4) throw wrong(`has ${parts.length} parts where an address has 4`)
  return ({ host }) => {
    const octets = host.split('.').map(Number)
    const locations = parts.map((part, i) => part(octets[i] ?? -1))
    if (locations.includes(undefined)) return undefined
    return { location: Object.assign({}, ...locations) }
  }
}

/** Combines sources of locations: name, container, rack and slot come from the first source that has them. */
export const firstPlace =
  (all: readonly Places[]): Places =>
  (machine) => {
    const known = all.flatMap((places) => places(machine) ?? [])
    return known.length === 0 ? undefined : Object.assign({}, ...known.reverse())
  }
