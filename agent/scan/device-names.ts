import type { Location } from '../../protocol/device.ts'
import { hardwareKey } from '../polling/hardware-watch.ts'

/** What a device's name may hold, in lower case. */
const slug = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[._-]+|[._-]+$/g, '')

/** `c03-s07`: a part that is a bare number gets the letter of what it counts. */
function nameByPlace(location: Location | undefined): string | undefined {
  const parts = (['container', 'rack', 'slot'] as const).flatMap((part) => {
    const name = slug(location?.[part] ?? '')
    return name === '' ? [] : [/^\d/.test(name) ? `${part[0]}${name}` : name]
  })
  return parts.length > 0 ? parts.join('-').slice(0, 60) : undefined
}

/** A name for a machine that has none: by its place, by what stays when its address changes, or by its address. */
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
