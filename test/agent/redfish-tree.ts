import type { Resources } from './bmc-server.ts'

type Row = Record<string, unknown>
type Part = Row & { pages?: Row }

const ROOT = '/redfish/v1'
export const system = (id: string) => ({ '@odata.id': `${ROOT}/Systems/${id}` })
export const chassis = (id: string) => ({ '@odata.id': `${ROOT}/Chassis/${id}` })

/**
 * The pages of a Redfish service. Each system and chassis has its own fields, and in `pages` the resources below it, which it links to:
 * `{ Power: {...}, 'Sensors/TotalPower': {...} }`. A path with a slash becomes a member of the collection before it.
 */
export function redfishTree(systems: Record<string, Part>, chassisById: Record<string, Part>): Resources {
  const pages: Resources = {
    [`${ROOT}/`]: {
      Systems: { '@odata.id': `${ROOT}/Systems` },
      Chassis: { '@odata.id': `${ROOT}/Chassis` },
    },
  }
  for (const [name, parts] of [
    ['Systems', systems],
    ['Chassis', chassisById],
  ] as const) {
    pages[`${ROOT}/${name}`] = membersOf(Object.keys(parts).map((id) => `${ROOT}/${name}/${id}`))
    for (const [id, { pages: below = {}, ...row }] of Object.entries(parts))
      addPart(pages, `${ROOT}/${name}/${id}`, { Id: id, ...row }, below)
  }
  return pages
}

function addPart(pages: Resources, path: string, row: Row, below: Row): void {
  const links: Row = {}
  const members = new Map<string, string[]>()
  for (const [name, page] of Object.entries(below)) {
    pages[`${path}/${name}`] = page
    const at = name.lastIndexOf('/')
    if (at < 0) links[name] = { '@odata.id': `${path}/${name}` }
    else {
      const collection = name.slice(0, at)
      members.set(collection, [...(members.get(collection) ?? []), `${path}/${name}`])
      if (!collection.includes('/')) links[collection] = { '@odata.id': `${path}/${collection}` }
    }
  }
  for (const [collection, paths] of members) pages[`${path}/${collection}`] ??= membersOf(paths)
  pages[path] = { ...links, ...row }
}

const membersOf = (paths: string[]): Row => ({ Members: paths.map((path) => ({ '@odata.id': path })) })

/** A PowerSubsystem with the metrics of each supply. */
export const subsystem = (path: string, supplies: Record<string, Row>): Row => ({
  PowerSubsystem: { PowerSupplies: { '@odata.id': `${path}/PowerSubsystem/PowerSupplies` } },
  'PowerSubsystem/PowerSupplies': membersOf(
    Object.keys(supplies).map((id) => `${path}/PowerSubsystem/PowerSupplies/${id}`),
  ),
  ...Object.fromEntries(
    Object.entries(supplies).flatMap(([id, metrics]) => [
      [
        `PowerSubsystem/PowerSupplies/${id}`,
        { Metrics: { '@odata.id': `${path}/PowerSubsystem/PowerSupplies/${id}/Metrics` } },
      ],
      [`PowerSubsystem/PowerSupplies/${id}/Metrics`, metrics],
    ]),
  ),
})
