import { DeviceIdSchema, LocationSchema } from '../../protocol/device.ts'
import { UsageError } from '../../protocol/kit/errors.ts'
import { hardwareKey } from '../wire/loose-json/hardware-id.ts'
import type { Place, Places } from './places.ts'

const COLUMNS = {
  mac: 'hardwareId',
  serial: 'hardwareId',
  hardwareid: 'hardwareId',
  address: 'host',
  host: 'host',
  ip: 'host',
  container: 'container',
  rack: 'rack',
  slot: 'slot',
  id: 'id',
} as const
type Field = (typeof COLUMNS)[keyof typeof COLUMNS]

/**
 * Reads a CSV file with the columns `mac,address,container,rack,slot,id` in any order, separated by comma, semicolon or tab. A row
 * with a MAC or serial number applies to that machine at any address; a row with only an address applies to any machine there.
 * @throws UsageError that names the line
 */
export function parsePlaces(text: string, file: string): Places {
  const [head = '', ...lines] = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  const separator = [',', ';', '\t'].find((s) => head.includes(s)) ?? ','
  const columns = cells(head, separator).map((name) => {
    const field: Field | undefined = COLUMNS[name.toLowerCase() as keyof typeof COLUMNS]
    if (field === undefined)
      throw new UsageError([
        `${file}: line 1: there is no column ${name}; expected ${Object.keys(COLUMNS).join(', ')}`,
      ])
    return field
  })
  const byHardware = new Map<string, Place>()
  const byHost = new Map<string, Place>()
  for (const [i, line] of lines.entries()) {
    if (line.trim() === '') continue
    const wrong = (what: string) => new UsageError([`${file}: line ${i + 2}: ${what}`])
    const row: Partial<Record<Field, string>> = {}
    for (const [c, cell] of cells(line, separator).entries()) {
      const field = columns[c]
      if (field === undefined && cell !== '')
        throw wrong(`${cell} has no column; add a name to the first line`)
      if (field !== undefined && cell !== '') row[field] = cell
    }
    const { hardwareId, host, id, ...location } = row
    if (hardwareId === undefined && host === undefined)
      throw wrong('names neither a mac nor an address; give one of them')
    if (id !== undefined && !DeviceIdSchema.safeParse(id).success)
      throw wrong(`${id} is no name of a device; use letters, digits, ".", "_" and "-"`)
    if (!LocationSchema.safeParse(location).success)
      throw wrong('container, rack or slot is longer than 64 characters; shorten it')
    const place: Place = {
      ...(id === undefined ? {} : { id }),
      ...(Object.keys(location).length === 0 ? {} : { location }),
    }
    if (hardwareId !== undefined) byHardware.set(hardwareKey(hardwareId), place)
    else if (host !== undefined) byHost.set(host, place)
  }
  return ({ host, hardwareId }) =>
    (hardwareId === undefined ? undefined : byHardware.get(hardwareKey(hardwareId))) ?? byHost.get(host)
}

/** Splits a line. A cell that contains the separator is in quotes, and a quote inside is doubled (RFC 4180). */
function cells(line: string, separator: string): string[] {
  const found: string[] = []
  let rest = line
  for (;;) {
    const [quoted, inner] = /^\s*"((?:[^"]|"")*)"\s*/.exec(rest) ?? []
    const end = rest.indexOf(separator, quoted?.length ?? 0)
    const raw = end < 0 ? rest : rest.slice(0, end)
    found.push(inner === undefined ? raw.trim() : inner.replaceAll('""', '"'))
    if (end < 0) return found
    rest = rest.slice(end + 1)
  }
}
