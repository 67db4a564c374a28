import type { Location } from '../../protocol/device.ts'
import { hardwareKey } from '../wire/loose-json/hardware-id.ts'

/** The text in lower case, with every character that a device's name may not contain replaced. */
const slug = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[._-]+|[._-]+$/g, '')

/** A name such as `c03-s07`. A part of the location that is only a number gets its first letter: c, r or s. */
function nameByPlace(location: Location | undefined): string | undefined {
  const parts = (['container', 'rack', 'slot'] as const).flatMap((part) => {
    const name = slug(location?.[part] ?? '')
    return name === '' ? [] : [/^\d/.test(name) ? `${part[0]}${name}` : name]
  })
  return parts.length > 0 ? parts.join('-').slice(0, 60) : undefined
}

/** A name for a new machine: from its location, else from its MAC or serial number, else from its address. */
export function nameOf(machine: {
  host: string
  driver: string
  hardwareId?: string | undefined
  location?: Location | undefined
}): string {
  const { host, driver, hardwareId, location } = machine
  const tail = slug(hardwareKey(hardwareId ?? '').replaceAll(':', '')).slice(-6)
  return nameByPlace(location) ?? `${driver}-${tail || host.replaceAll('.', '-')}`
}
