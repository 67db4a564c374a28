import { dirname } from 'node:path'
import type { ImportGraph } from './import-graph.ts'
import type { Room } from './rooms.ts'

/** What of a graph the table of rooms does not allow, one line each. */
export function roomFaults(graph: ImportGraph, rooms: Readonly<Record<string, Room>>): string[] {
  return [...graph].flatMap(([file, imported]) => {
    if (!/\.tsx?$/.test(file)) return [`${file} is no TypeScript; write it as .ts or .tsx`]
    const name = roomOf(file, rooms)
    const room = rooms[name ?? '']
    if (name === undefined || room === undefined)
      return [`${file} is in no room; add ${dirname(file)} to test/build/rooms.ts`]
    return [...imported].flatMap((target) => {
      const fault = graph.has(target)
        ? roomFault(file, target, name, room, rooms)
        : packageFault(target, name, room)
      return fault === undefined ? [] : [`${file} imports ${target}: ${fault}`]
    })
  })
}

/** What is wrong with the table itself, one line each. */
export function tableFaults(graph: ImportGraph, rooms: Readonly<Record<string, Room>>): string[] {
  const names = Object.keys(rooms)
  const used = new Map<string, Set<string>>(names.map((name) => [name, new Set()]))
  for (const [file, imported] of graph)
    for (const target of imported) {
      const room = roomOf(file, rooms)
      const to = graph.has(target) ? roomOf(target, rooms) : target
      if (room !== undefined && to !== undefined) used.get(room)?.add(to)
    }
  return names.flatMap((name, i) => {
    const { imports, packages } = rooms[name] as Room
    const has = (wanted: string) =>
      wanted === 'node:*'
        ? [...(used.get(name) ?? [])].some((to) => to.startsWith('node:'))
        : used.get(name)?.has(wanted)
    return [
      ...imports
        .filter((other) => !names.slice(0, i).includes(other))
        .map((other) => `${name} may import ${other}, which stands below it in the table`),
      ...[...imports, ...packages]
        .filter((wanted) => !has(wanted) && !FOUNDATION.has(wanted))
        .map((wanted) => `${name} may import ${wanted}, and does not: take it out`),
    ]
  })
}

/** Every room may use these, whether it does today or not. */
const FOUNDATION = new Set(['protocol', 'protocol/kit', 'zod'])

/** A folder's own room; a folder inside a room of parts belongs to that room. */
function roomOf(file: string, rooms: Readonly<Record<string, Room>>): string | undefined {
  const folder = dirname(file)
  if (rooms[folder]) return folder
  const parent = Object.keys(rooms)
    .filter((name) => rooms[name]?.parts && folder.startsWith(`${name}/`))
    .sort((a, b) => b.length - a.length)[0]
  return parent
}

function roomFault(
  file: string,
  target: string,
  name: string,
  room: Room,
  rooms: Readonly<Record<string, Room>>,
): string | undefined {
  const other = roomOf(target, rooms)
  if (other === name) {
    if (!room.parts || file === `${name}/index.ts` || partOf(file, name) === partOf(target, name)) return
    return `parts of ${name} do not import each other; what they share belongs in a room below`
  }
  if (other !== undefined && room.imports.includes(other)) return
  return `${name} may not import ${other ?? 'it'}`
}

const partOf = (file: string, room: string): string | undefined => file.slice(room.length + 1).split('/')[0]

function packageFault(target: string, name: string, { packages }: Room): string | undefined {
  if (packages.includes(target) || (target.startsWith('node:') && packages.includes('node:*'))) return
  return `${name} may not import this package`
}
