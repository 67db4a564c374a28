import type { Location } from '../../protocol/device.ts'
import { UsageError } from '../../protocol/kit/errors.ts'

/** Where a machine stands, and, where somebody gave it one, its name. */
export interface Place {
  id?: string
  location?: Location
}

/** Says where the machine at an address, with this MAC or serial, stands; undefined where it doesn't know. */
export type Places = (machine: { host: string; hardwareId?: string | undefined }) => Place | undefined

const OCTET = /^\{(container|rack|slot)(?::([A-Za-z_]*)(0*)([+-]\d+)?)?\}$/

export const PLACE_HELP = `A pattern says where a machine stands by its address. Each of its four parts is a number, * (any number), or a name in
braces: {container}, {rack} or {slot}. After a colon comes how it is written: letters, a zero for each digit, and a number
to add or take away.
  --place '10.0.{container:C00}.{slot:S00-10}'   10.0.3.17 is container C03, slot S07
  --place '10.{container}.{rack:R0}.{slot:00}'   10.2.1.7 is container 2, rack R1, slot 07
A CSV file says it exactly; its first line names its columns, and a row needs mac (or serial) or address:
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

/** The first of these that knows the machine says its name and place; what it leaves open, the next says. */
export const firstPlace =
  (all: readonly Places[]): Places =>
  (machine) => {
    const known = all.flatMap((places) => places(machine) ?? [])
    return known.length === 0 ? undefined : Object.assign({}, ...known.reverse())
  }
