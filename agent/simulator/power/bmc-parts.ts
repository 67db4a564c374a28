import type { GpuHost } from '../gpu/host.ts'

export type Resource = Readonly<Record<string, unknown>>

/** A system or chassis. */
export interface Part {
  /** what stands below it, by path: `Power`, `Sensors/total_power` */
  pages?: Record<string, Resource>
  [field: string]: unknown
}
export interface Service {
  systems: Record<string, Part>
  chassis: Record<string, Part>
}

export const ROOT = '/redfish/v1'
export const at = (path: string) => ({ '@odata.id': `${ROOT}/${path}` })

/** @param links what else it names in its Links */
export const machine = (host: GpuHost, chassis: readonly string[], links: Resource = {}) => ({
  Manufacturer: 'Example Systems',
  Model: 'GPU Server X8',
  SerialNumber: `SIM-${host.name.toUpperCase()}`,
  PowerState: 'On',
  ...(chassis.length > 0 && { Links: { Chassis: chassis.map((id) => at(`Chassis/${id}`)), ...links } }),
})

/** A machine of one chassis, which it names. */
export const rackServer = (host: GpuHost, id: string, pages: Record<string, Resource>): Service => ({
  systems: { 1: machine(host, [id]) },
  chassis: { [id]: { ChassisType: 'RackMount', pages } },
})

/** A collection, and its members below it. @param where path of the chassis */
export const collection = (where: string, name: string, members: Record<string, Resource>) => ({
  [name]: { Members: Object.keys(members).map((id) => at(`${where}/${name}/${id}`)) },
  ...Object.fromEntries(Object.entries(members).map(([id, row]) => [`${name}/${id}`, { Id: id, ...row }])),
})

export const sensor = (name: string, watts: number): Resource => ({
  Name: name,
  ReadingType: 'Power',
  ReadingUnits: 'W',
  Reading: watts,
  Status: { State: 'Enabled', Health: 'OK' },
})
